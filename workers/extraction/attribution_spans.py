"""Spans of sources, cues and contents, cut out of spaCy's parse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from services.core.domain.reading import Span
from workers.extraction import speech_verbs as words

OPEN_MARKS = frozenset('"“„«‘') | {"''", "``"}
DOUBLE_QUOTES = frozenset('"“”„«»') | {"''", "``"}
QUOTE_MARKS = DOUBLE_QUOTES | frozenset("'‘’`")
STOPS = frozenset({",", ".", ";", ":", "—", "–", "--", "-", "!", "?"})
_COMMENTS = frozenset({"who", "which", "whose", "where", "when", "after", "while"})
_PRONOUNS_OF_CLAUSES = frozenset({"who", "which", "that"})
MAX_SOURCE = 40  # tokens


@dataclass(slots=True)
class Attribution:
    """`head` is the cue's main token; contents are in text order."""

    head: Any
    source: Span | None
    cue: Span
    contents: list[Span] = field(default_factory=list)
    subject: Any = None
    inserted: bool = False  # stands beside or within its content: "..., X said"


_LEMMAS = {"hop": "hope"}  # what the small model makes of "hoped"


def lemma_of(token: Any) -> str:
    """The lemma in lower case, with the model's standing slips mended."""
    lemma = str(token.lemma_).lower()
    return _LEMMAS.get(lemma, lemma)


def over_quotes(contents: list[Span], quoted: Sequence[Span]) -> list[Span]:
    """Grow a content that cuts into a quotation to all of it."""
    grown: list[Span] = []
    for span in contents:
        start, end = span.start, span.end
        for quote in quoted:
            if quote.start < end and quote.end > start:
                start, end = min(start, quote.start), max(end, quote.end)
            elif quote.start >= end:
                break
        grown.append(Span(start, end))
    return grown


def what_is_left(sentence: Span, chunk: Span, head: Any, last: int | None = None) -> list[Span]:
    """What is left of the sentence before and after an inserted attribution.

    `chunk` covers source and cue, `last` is its last token (else it is searched from `head` on). In "which,
    according to X, violates it" the content starts with the relative pronoun.
    """
    doc = head.doc
    before = clean(doc, _clause_start(doc, sentence, chunk), chunk.start)
    opens = before is not None and _only_opens(doc, before)
    after = _after_chunk(
        doc, sentence, chunk, last + 1 if last is not None else head.i, alone=before is None or opens
    )
    if before is None or (opens and not (after is not None and _goes_on(doc, after))):
        return [] if after is None else [after]
    return [before] if after is None else [before, after]


def _after_chunk(doc: Any, sentence: Span, chunk: Span, i: int, *, alone: bool) -> Span | None:
    """What follows the chunk and its adverbials; `alone`: nothing that is said came before it."""
    while i < len(doc) and doc[i].idx < chunk.end:
        i += 1
    while (
        i < len(doc)
        and doc[i].idx < sentence.end
        and doc[i].text not in STOPS
        and doc[i].text not in QUOTE_MARKS
    ):
        i += 1  # "said", "on Monday in Geneva"
    if i >= len(doc) or doc[i].idx >= sentence.end:
        return None
    if not alone and doc[i].text not in {",", "—", "–", "--"} and doc[i].text not in QUOTE_MARKS:
        return None
    start = i + 1 if doc[i].text in STOPS else i
    if start >= len(doc) or doc[start].idx >= sentence.end:
        return None
    opening = doc[start]
    if not alone and (is_participle(opening) or opening.lower_ in _COMMENTS):
        return None
    return clean(doc, opening.idx, sentence.end)


def _goes_on(doc: Any, span: Span) -> bool:
    """Whether a finite verb opens the words: their subject stands before the insertion."""
    piece = doc.char_span(span.start, span.end, alignment_mode="expand")
    return piece is not None and piece[0].tag_ in {"VBD", "VBZ", "VBP", "MD"}


def _clause_start(doc: Any, sentence: Span, chunk: Span) -> int:
    piece = doc.char_span(sentence.start, chunk.start, alignment_mode="contract")
    if piece is None or len(piece) < 2:
        return sentence.start
    last = piece[-1] if piece[-1].text != "," else piece[-2]
    return int(last.idx) if last.lower_ in _PRONOUNS_OF_CLAUSES and last.i > piece.start else sentence.start


def _only_opens(doc: Any, span: Span) -> bool:
    """'But', 'In Geneva on Friday': words before the attribution that are no clause."""
    piece = doc.char_span(span.start, span.end, alignment_mode="expand")
    return (
        piece is not None
        and len(piece) <= 12
        and not any(t.pos_ in {"VERB", "AUX"} or t.text in QUOTE_MARKS for t in piece)
    )


def end_of(token: Any) -> int:
    return int(token.idx) + len(token)


def subtree(token: Any, before: int | None = None) -> Span:
    right = token.right_edge
    if before is not None and right.i >= before > token.i:
        right = token.doc[before - 1]
    return trim(token.doc, token.left_edge.i, right.i)


def join(tokens: list[Any]) -> Span:
    left = min(t.left_edge.i for t in tokens)
    right = max(t.right_edge.i for t in tokens)
    return trim(tokens[0].doc, left, right)


def trim(doc: Any, left: int, right: int) -> Span:
    while right > left and (doc[right].is_space or doc[right].text in STOPS):
        right -= 1
    while left < right and (doc[left].is_space or doc[left].text in STOPS):
        left += 1
    return Span(doc[left].idx, end_of(doc[right]))


def clean(doc: Any, start: int, end: int) -> Span | None:
    piece = doc.char_span(start, end, alignment_mode="contract")
    if piece is None or not any(t.is_alpha or t.like_num for t in piece):
        return None
    return trim(doc, piece.start, piece.end - 1)


def noun_phrase(token: Any, verb: Any) -> Span | None:
    """The whole phrase of a source, without a heading or dateline before it and without what only comments on it."""
    if token is None:
        return None
    doc = token.doc
    left, right = token.left_edge.i, token.right_edge.i
    if verb is not None:
        if left < verb.i <= right and token.i < verb.i:
            right = verb.i - 1
        elif left <= verb.i < right and token.i > verb.i:
            left = verb.i + 1
    if right - left > MAX_SOURCE:
        right = token.i
    for i in range(token.i - 1, left - 1, -1):
        if doc[i].text in {":", "—", "–", "--"} or doc[i].text in DOUBLE_QUOTES:
            left = i + 1
            break
    for child in token.rights:
        if child.i <= right and doc[child.left_edge.i - 1].text == "," and _only_comments(child):
            right = child.left_edge.i - 1
            break
    return trim(doc, left, right)


def _only_comments(child: Any) -> bool:
    """', speaking to reporters', ', who said that Y' are not part of a source."""
    if child.tag_ == "VBG":
        return True
    return bool(child.dep_ == "relcl" and child.lemma_ in words.SAYING | words.THINKING | words.TREATING)


def cue_of(verb: Any, top: Any) -> Span:
    first = (
        top
        if top.i < verb.i and all(t.pos_ in {"VERB", "AUX", "PART", "ADV"} for t in verb.doc[top.i : verb.i])
        else verb
    )
    left = first.i
    while left > 0:
        token = verb.doc[left - 1]
        if (
            token.head.i == first.i
            and token.dep_ in {"aux", "auxpass", "neg", "advmod"}
            and token.tag_ not in {"WRB", "WDT"}
        ):
            left -= 1
        else:
            break
    right = verb.i
    if right + 1 < len(verb.doc) and verb.doc[right + 1].dep_ == "prt":
        right += 1
    return Span(verb.doc[left].idx, end_of(verb.doc[right]))


def is_participle(token: Any) -> bool:
    return bool(token.tag_ == "VBG" and not any(c.dep_ == "mark" for c in token.lefts))
