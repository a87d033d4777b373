"""A parsed document as plain objects: what spaCy's tokens are to the rules, at a fraction of the cost of asking them.

Words, stretches and documents answer to the names that spaCy's tokens, spans and documents have. What is seldom asked
is left to spaCy's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from spacy.attrs import DEP, HEAD, IDX, ORTH, TAG

if TYPE_CHECKING:
    from workers.extraction.word_classes import Kind, WordClasses


class Word:
    """A token; `children` are those whose head it is, in text order."""

    __slots__ = ("children", "dep_", "doc", "head", "i", "idx", "lemma_", "lower_", "pos_", "tag_", "text")

    def __init__(self, doc: Tree, i: int, idx: int, kind: Kind) -> None:
        self.doc, self.i, self.idx = doc, i, idx
        self.text, self.lower_, self.lemma_ = kind.text, kind.lower, kind.lemma
        self.pos_, self.tag_, self.dep_ = kind.pos, kind.tag, kind.dep
        self.head = self
        self.children: list[Word] = []

    def __len__(self) -> int:
        return len(self.text)

    def __repr__(self) -> str:
        return self.text

    def __getattr__(self, name: str) -> Any:
        """What is asked of few words."""
        return getattr(self.doc.parsed[self.i], name)

    @property
    def is_space(self) -> bool:
        """Whether it is nothing but white space."""
        return self.text.isspace()

    @property
    def lefts(self) -> list[Word]:
        """The children before it."""
        return [child for child in self.children if child.i < self.i]

    @property
    def rights(self) -> list[Word]:
        """The children after it."""
        return [child for child in self.children if child.i > self.i]

    @property
    def subtree(self) -> Iterator[Word]:
        """It and all that hangs on it."""
        met = False
        for child in self.children:
            if not met and child.i > self.i:
                met = True
                yield self
            yield from child.subtree
        if not met:
            yield self

    @property
    def left_edge(self) -> Word:
        """The first word of all that hangs on it."""
        place: int = self.doc.parsed[self.i].left_edge.i
        return self.doc[place]

    @property
    def right_edge(self) -> Word:
        """The last word of all that hangs on it."""
        place: int = self.doc.parsed[self.i].right_edge.i
        return self.doc[place]

    def nbor(self, by: int = 1) -> Word:
        """The word so many places on."""
        return self.doc[self.i + by]


class Stretch:
    """Words in a row: `doc[start:end]`."""

    __slots__ = ("_words", "doc", "end", "start")

    def __init__(self, doc: Tree, start: int, words: list[Word]) -> None:
        self.doc, self._words = doc, words
        self.start, self.end = start, start + len(words)

    def __len__(self) -> int:
        return len(self._words)

    def __iter__(self) -> Iterator[Word]:
        return iter(self._words)

    def __getitem__(self, place: int) -> Word:
        return self._words[place]

    def __getattr__(self, name: str) -> Any:
        """What is asked of few stretches."""
        return getattr(self.doc.parsed[self.start : self.end], name)

    @property
    def root(self) -> Word:
        """The word that is highest in the tree."""
        place: int = self.doc.parsed[self.start : self.end].root.i
        return self.doc[place]


class Tree:
    """The words of a document; `parsed` is spaCy's own, tagged and parsed."""

    def __init__(self, parsed: Any, classes: WordClasses) -> None:
        self.parsed = parsed
        self.text: str = parsed.text
        self._words: list[Word] = []
        if not len(parsed):
            return
        values = parsed.to_array([ORTH, TAG, DEP, IDX, HEAD])
        kinds = classes.kinds(parsed, [(one, two, three) for one, two, three in values[:, :3].tolist()])
        places = values[:, 3].tolist()
        words = self._words
        words += [Word(self, i, idx, kind) for i, (idx, kind) in enumerate(zip(places, kinds, strict=True))]
        for word, up in zip(words, values[:, 4].astype(np.int64).tolist(), strict=True):
            if up:
                word.head = words[word.i + up]
                word.head.children.append(word)

    def __len__(self) -> int:
        return len(self._words)

    def __iter__(self) -> Iterator[Word]:
        return iter(self._words)

    @overload
    def __getitem__(self, place: int) -> Word: ...

    @overload
    def __getitem__(self, place: slice) -> Stretch: ...

    def __getitem__(self, place: int | slice) -> Word | Stretch:
        if not isinstance(place, slice):
            return self._words[place]
        start, end, _ = place.indices(len(self._words))
        return Stretch(self, start, self._words[start:end])

    def char_span(self, start: int, end: int, alignment_mode: str = "strict") -> Stretch | None:
        """The words between two characters, as spaCy's documents give them."""
        found = self.parsed.char_span(start, end, alignment_mode=alignment_mode)
        return None if found is None else self[found.start : found.end]
