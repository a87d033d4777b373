"""A sentence as a line of signs: actors become tags, the dossier's concepts become tags, words lemmas.

"Moscow denies that the 9M729 violates the INF Treaty" reads `@russia deny that #9m729 violate #treaty`.
Articles and possessive endings are left out, so that patterns (patterns.py) need not name them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from services.core.domain.reading import Span
from workers.extraction.patterns import load_rules
from workers.extraction.required_words import Sought, lowered

if TYPE_CHECKING:
    from workers.extraction.document import Document
    from workers.extraction.mention import Mention

_REFERENCE = 3  # sentences back that "such missiles" may refer to
_SKIPPED = frozenset(["the", "a", "an", "'s", "’s", "'", "’", '"', "“", "”", "‘", "``", "''"])


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign: its code, its tokens `doc[first:last]`, and the actor's mention it stands for."""

    code: str
    first: int
    last: int
    mention: Mention | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A pattern found in a line: the signs from `first` to before `last`, named signs by name."""

    line: Line
    first: int
    last: int
    names: Mapping[str, int]

    def sign(self, name: str) -> Sign | None:
        """The named sign, None where that part of the pattern was not used."""
        number = self.names.get(name)
        return None if number is None else self.line.signs[number]

    def token(self, name: str = "h") -> Any:
        """The last token of the named sign, else of the hit's first sign."""
        sign = self.line.signs[self.names.get(name, self.first)]
        return self.line.doc[sign.last - 1]

    @property
    def span(self) -> Span:
        """The characters that the hit covers."""
        return self.line.chars(self.first, self.last)


@dataclass(frozen=True)
class Line:
    """One sentence's signs and the string of their codes that patterns are matched against."""

    number: int
    span: Span
    doc: Any
    signs: tuple[Sign, ...]
    code: str = field(init=False)
    lowered: str | None = field(init=False, repr=False)  # the code, to look for words in
    _starts: list[int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        starts, at = [], 1
        for sign in self.signs:
            starts.append(at)
            at += len(sign.code) + 1
        object.__setattr__(self, "_starts", starts)
        code = " " + "".join(s.code + " " for s in self.signs)
        object.__setattr__(self, "code", code)
        object.__setattr__(self, "lowered", lowered(code))

    def find(self, pattern: re.Pattern[str]) -> Iterator[Hit]:
        """The matches of a pattern, left to right, one for each start; they may overlap."""
        at = 0
        while True:
            found = pattern.search(self.code, at)
            if found is None:
                return
            at = found.start() + 1
            names = {
                name.partition("__")[0]: self._at(found.start(name))
                for name in pattern.groupindex
                if found[name] is not None
            }
            yield Hit(self, self._at(found.start()), self._at(found.end() - 1) + 1, names)

    def has(self, pattern: re.Pattern[str]) -> bool:
        """Whether the pattern is found at all."""
        return pattern.search(self.code) is not None

    def chars(self, first: int, last: int) -> Span:
        """The characters of the signs from `first` to before `last`."""
        start = self.doc[self.signs[first].first]
        end = self.doc[self.signs[last - 1].last - 1]
        return Span(start.idx, end.idx + len(end))

    def sign_of(self, token_number: int) -> int | None:
        """The number of the sign that holds a token of the document, None for one left out."""
        for number, sign in enumerate(self.signs):
            if sign.first <= token_number < sign.last:
                return number
        return None

    def before(self, number: int, count: int) -> str:
        """The codes of up to `count` signs before one, as text with spaces around."""
        return " " + "".join(s.code + " " for s in self.signs[max(0, number - count) : number])

    def after(self, number: int, count: int) -> str:
        """The codes of up to `count` signs after one, as text with spaces around."""
        return " " + "".join(s.code + " " for s in self.signs[number + 1 : number + 1 + count])

    def _at(self, offset: int) -> int:
        return max(0, bisect_right(self._starts, offset) - 1)


@dataclass(frozen=True, slots=True)
class Concepts:
    """What of the dossier's subject a text names: tag -> expressions, and how generic nouns are read."""

    patterns: tuple[tuple[str, Sought], ...]
    treaty_nouns: frozenset[str]
    new_before: re.Pattern[str]
    other_before: re.Pattern[str]


@cache
def load_concepts(dossier_id: str) -> Concepts:
    """The concepts of a dossier (`signs.yaml`), compiled once."""
    data = load_rules(dossier_id, "signs")
    return Concepts(
        patterns=tuple(
            (tag, Sought.of(re.compile(source, re.VERBOSE)))
            for tag, sources in data["concepts"].items()
            for source in sources
        ),
        treaty_nouns=frozenset(data["treaty_nouns"]),
        new_before=re.compile(data["new_before"], re.VERBOSE),
        other_before=re.compile(data["other_before"], re.VERBOSE),
    )


def read_lines(document: Document, mentions: list[Mention], concepts: Concepts) -> list[Line]:
    """The signs of every sentence, in order."""
    by_start: dict[int, Mention] = {}
    for mention in mentions:
        known = by_start.get(mention.span.start)
        if known is None or mention.span.end > known.span.end:
            by_start[mention.span.start] = mention
    lines: list[Line] = []
    for number, span in enumerate(document.sentences):
        signs = list(_signs(document, span, by_start, concepts))
        before = " ".join(line.code for line in lines[-_REFERENCE:])
        signs = [_referred(s, before + " ".join(o.code for o in signs)) for s in signs]
        lines.append(Line(number, span, document.doc, tuple(signs)))
    return lines


def _referred(sign: Sign, context: str) -> Sign:
    """ "Such missiles" are those of the subject where it was just named, else any weapons."""
    if sign.code != "#inf-such":
        return sign
    named = any(
        code in context for code in ("#treaty", "#inf ", "#inf-banned", "#9m729", "#moratorium", "#usmissile")
    )
    return replace(sign, code="#inf" if named else "weapon")


def _signs(
    document: Document, span: Span, mentions: Mapping[int, Mention], concepts: Concepts
) -> Iterator[Sign]:
    tokens = document.tokens_in(span)
    if not len(tokens):
        return
    named = _concept_spans(document.text, span, concepts)
    number, end = tokens.start, tokens.end
    subject = ""  # the last treaty named in the sentence
    while number < end:
        token = document.doc[number]
        here = _best(token.idx, named, mentions)
        if here is None:
            code = token.lemma_.lower() or token.lower_
            if token.lower_ in _SKIPPED or token.is_space:
                number += 1
                continue
            if token.lower_ == "'d" or code == "’d":
                code = "would"
            if token.pos_ in {"NOUN", "PROPN"} and code in concepts.treaty_nouns:
                code = _generic(document.text, span, token, subject, concepts)
            if token.pos_ == "PRON":
                code = token.lower_
            yield Sign(code, number, number + 1)
            number += 1
            continue
        code, stop, mention = here
        last = number + 1
        while last < end and document.doc[last].idx < stop:
            last += 1
        if code in {"#treaty", "#other"}:
            subject = code
        yield Sign(code, number, last, mention)
        number = last


def _best(
    start: int, named: Mapping[int, tuple[str, int]], mentions: Mapping[int, Mention]
) -> tuple[str, int, Any] | None:
    concept, mention = named.get(start), mentions.get(start)
    if concept and (mention is None or concept[1] >= mention.span.end):
        return concept[0], concept[1], None
    if mention is not None and mention.actor:
        return f"@{mention.actor}", mention.span.end, mention
    if mention is not None and mention.person:
        return "@nobody", mention.span.end, mention
    return None


def _concept_spans(text: str, span: Span, concepts: Concepts) -> dict[int, tuple[str, int]]:
    sentence = text[span.start : span.end].replace("\n", " ").replace("\u2011", "-").replace("’", "'")
    words = lowered(sentence)
    found: dict[int, tuple[str, int]] = {}
    for tag, sought in concepts.patterns:
        if not sought.may_be_in(words):
            continue
        for match in sought.pattern.finditer(sentence):
            start, stop = span.start + match.start(), span.start + match.end()
            if start not in found or found[start][1] < stop:
                found[start] = (tag, stop)
    return found


def code_is_private(lemma: str, before: str, after: str) -> bool:
    """ "Its agreement with Washington" of whatever kind is not the treaty."""
    return lemma in {"agreement", "deal", "accord"} and bool(
        re.search(r"(?i)\b(?:its|their|an|a|his|her|[A-Z]\w+'s) $", before)
        and re.match(r"\s+(?:with|to)\b", after)
    )


def _generic(text: str, span: Span, token: Any, subject: str, concepts: Concepts) -> str:
    before = text[max(span.start, token.idx - 60) : token.idx]
    if code_is_private(token.lemma_, before, text[token.idx + len(token) : token.idx + len(token) + 12]):
        return str(token.lemma_)
    if token.lemma_ == "deal" and re.search(r"(?i)\b(?:good|great) $", before):
        return "deal"
    if concepts.other_before.search(before):
        return "#other"
    if concepts.new_before.search(before):
        return "#newtreaty"
    return subject or "#treaty"
