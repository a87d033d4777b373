"""What a token is, as spaCy's attribute ruler and lemmatizer tell it, remembered by kind of token.

All but a few of the ruler's patterns look at one token alone: at its letters, its tag and its relation to its head. What
they and the lemmatizer make of it is worked out once for all tokens alike in these, by spaCy itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from spacy.attrs import DEP, TAG
from spacy.matcher import Matcher
from spacy.tokens import Doc

_MOST = 100_000  # kinds of tokens remembered: some 30 MB

_Match = tuple[int, int, int, int]  # a pattern's number, its name, the first token and the one after the last


@dataclass(frozen=True, slots=True)
class Kind:
    """What tokens that are alike have in common; `patterns`: those of the ruler that made them so."""

    text: str
    lower: str
    lemma: str
    pos: str
    tag: str
    dep: str
    patterns: tuple[int, ...] = ()


class WordClasses:
    """Does what the attribute ruler and the lemmatizer of a pipeline do, for documents that are tagged and parsed."""

    def __init__(self, vocab: Any, ruler: Any, lemmatizer: Any) -> None:
        self._vocab, self._ruler, self._lemmatizer = vocab, ruler, lemmatizer
        self._known: dict[tuple[int, int, int], Kind] = {}
        self._several = Matcher(vocab)
        for number, pattern in enumerate(ruler.patterns):
            long = [tokens for tokens in pattern["patterns"] if len(tokens) > 1]
            if long:
                self._several.add(str(number), long)

    def kinds(self, doc: Any, keys: list[tuple[int, int, int]]) -> list[Kind]:
        """The kind of each token; `keys` are their letters, tags and relations, as spaCy numbers them."""
        if len(self._known) > _MOST:
            self._known.clear()
        known = self._known
        unknown = sorted({key for key in keys if key not in known})
        if unknown:
            known.update(zip(unknown, self._worked_out(unknown), strict=True))
        found = [known[key] for key in keys]
        several: dict[int, list[_Match]] = {}
        for name, start, end in self._several(doc, allow_missing=True):
            number = int(self._vocab.strings[name])
            place = doc[start:end][self._ruler.indices[number]].i
            several.setdefault(place, []).append((number, name, start, end))
        for place, matches in several.items():
            alone = [(number, 0, place, place + 1) for number in found[place].patterns]
            self._ruler.set_annotations(doc, sorted([*alone, *matches]))
            found[place] = self._told(doc[place])
        return found

    def _worked_out(self, keys: list[tuple[int, int, int]]) -> list[Kind]:
        """By a document of such tokens, each of which is looked at alone."""
        doc = Doc(self._vocab, words=[self._vocab.strings[letters] for letters, _, _ in keys])
        given: Any = np.array([key[1:] for key in keys], dtype=np.uint64)
        doc.from_array([TAG, DEP], given)
        matches = [match for match in self._ruler.match(doc) if match[3] - match[2] == 1]
        self._ruler.set_annotations(doc, matches)
        patterns: list[list[int]] = [[] for _ in keys]
        for number, _, place, _ in matches:
            patterns[place].append(number)
        return [self._told(token, tuple(made)) for token, made in zip(doc, patterns, strict=True)]

    def _told(self, token: Any, patterns: tuple[int, ...] = ()) -> Kind:
        lemma = token.lemma_ or self._lemmatizer.lemmatize(token)[0]
        return Kind(token.text, token.lower_, lemma, token.pos_, token.tag_, token.dep_, patterns)
