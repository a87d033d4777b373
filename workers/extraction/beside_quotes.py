"""Who said a quotation, read off the words right beside its marks: '"…," the envoy, a veteran, said'.

The parser often loses its way around quotation marks; the order of words there hardly ever varies.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from services.core.domain.reading import Span
from workers.extraction import speech_verbs as words
from workers.extraction.attribution_spans import (
    OPEN_MARKS,
    QUOTE_MARKS,
    Attribution,
    cue_of,
    end_of,
    lemma_of,
    noun_phrase,
    trim,
    what_is_left,
)
from workers.extraction.document import Document

_FINITE = frozenset({"VBD", "VBZ", "VBP"})
_ENDS = frozenset({".", ";", ":", "?", "!"})
_SUBORDINATE = frozenset({"who", "which", "whose", "that"})
_REACH = 18  # tokens between the closing mark and the verb


def beside_quotes(
    document: Document, quoted: Sequence[Span], known: Sequence[Attribution]
) -> list[Attribution]:
    """Attributions of quotations that no attribution in `known` has found."""
    heads = {a.head.i for a in known if a.contents}
    made: list[Attribution] = []
    for quote in quoted:
        if any(c.start < quote.end and c.end > quote.start for a in known if a.inserted for c in a.contents):
            continue
        found = _after(document, quote) or _before(document, quote, heads)
        if found is not None and found.contents:
            made.append(found)
    return made


def _index_at(document: Document, offset: int) -> int:
    return bisect_left(document.doc, offset, key=lambda t: t.idx)


def _says(token: Any) -> bool:
    return lemma_of(token) in words.SAYING and (
        token.tag_ in _FINITE or token.lower_ in {"said", "says", "told"}
    )


def _after(document: Document, quote: Span) -> Attribution | None:
    doc = document.doc
    first = _index_at(document, quote.end)
    if first < len(doc) and doc[first].text == ",":
        first += 1
    limit = document.paragraphs[document.paragraph_index(quote.start)].end
    inside = False
    for i in range(first, min(first + _REACH, len(doc))):
        token = doc[i]
        if token.idx >= limit or token.text in _ENDS or token.text in QUOTE_MARKS:
            return None
        if _says(token) and not inside:
            return _inserted(document, quote, first, i)
        if token.lower_ in _SUBORDINATE:
            inside = True
        elif token.tag_ in _FINITE or token.tag_ == "MD":
            if not inside:
                return None
            inside = False
    return None


def _inserted(document: Document, quote: Span, first: int, verb: int) -> Attribution | None:
    doc = document.doc
    sentence = document.sentence_at(doc[verb].idx)
    if sentence is None:
        return None
    if verb == first:  # said Jane Doe
        subject = next((c for c in doc[verb].rights if c.dep_ == "nsubj"), None)
        if subject is None and verb + 1 < len(doc) and doc[verb + 1].pos_ in {"PROPN", "PRON", "NOUN", "DET"}:
            subject = next((t for t in doc[verb + 1 : verb + 8] if t.pos_ in {"PROPN", "NOUN", "PRON"}), None)
        source = noun_phrase(subject, doc[verb])
        last = _index_at(document, source.end) - 1 if source else verb
        cue = cue_of(doc[verb], doc[verb])
    else:
        left = verb
        while left > first and (doc[left - 1].pos_ in {"AUX", "ADV", "PART"} or doc[left - 1].text == ","):
            left -= 1
        if left == first or doc[first].pos_ in {"CCONJ", "ADP", "SCONJ", "VERB"}:
            return None
        if not any(t.pos_ in {"NOUN", "PROPN", "PRON"} for t in doc[first:left]):
            return None
        source = trim(doc, first, left - 1)
        last = verb
        cue = Span(doc[left].idx if doc[left].text != "," else doc[verb].idx, end_of(doc[verb]))
    if source is None:
        return None
    chunk = Span(min(source.start, cue.start), max(source.end, cue.end))
    made = Attribution(doc[verb], source, cue, inserted=True)
    made.contents = what_is_left(sentence, chunk, doc[verb], last)
    if not any(c.start < quote.end and c.end > quote.start for c in made.contents):
        made.contents.insert(0, quote)
    return made


def _before(document: Document, quote: Span, heads: set[int]) -> Attribution | None:
    """'The minister said on Monday: "…"'."""
    doc = document.doc
    i = _index_at(document, quote.start) - 1
    sentence = document.sentence_at(quote.start)
    if sentence is None or i < 1:
        return None
    colon = doc[i].text == ":"
    while i > 0 and (doc[i].text in {",", ":"} or doc[i].text in OPEN_MARKS):
        i -= 1
    for verb in range(i, max(i - (12 if colon else 1), -1), -1):
        token = doc[verb]
        if token.idx < sentence.start or token.text in QUOTE_MARKS:
            return None
        if _says(token) or (token.tag_ == "VBG" and lemma_of(token) in words.SAYING):
            if verb in heads:
                return None
            subject = next((c for c in token.lefts if c.dep_ == "nsubj"), None)
            if subject is None:
                subject = next((t for t in reversed(doc[max(0, verb - 6) : verb]) if t.dep_ == "nsubj"), None)
            source = noun_phrase(subject, token)
            return Attribution(token, source, cue_of(token, token), [quote], inserted=True)
    return None
