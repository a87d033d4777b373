"""Attributions that stand beside or within what they attribute: "…, X said", "according to X, …", "as X put it"."""

from __future__ import annotations

from typing import Any

from services.core.domain.reading import Span
from workers.extraction import speech_verbs as words
from workers.extraction.attribution_spans import (
    MAX_SOURCE,
    QUOTE_MARKS,
    STOPS,
    Attribution,
    end_of,
    is_participle,
    noun_phrase,
    trim,
    what_is_left,
)


def according_to(sentence: Span, token: Any) -> Attribution | None:
    """'According to X, …' and '…, according to X'; `token` is "according"."""
    doc = token.doc
    if token.i + 1 >= len(doc) or doc[token.i + 1].lower_ != "to":
        return None
    to = doc[token.i + 1]
    inside = next((c for c in to.rights if c.dep_ in {"pobj", "pcomp"}), None)
    source = noun_phrase(inside, None)
    if inside is None or source is None:
        return None
    made = Attribution(token, source, Span(token.idx, end_of(to)), subject=inside, inserted=True)
    made.contents = what_is_left(sentence, Span(token.idx, source.end), token)
    if not made.contents:  # the parser took what follows into the source: it ends at the first comma
        comma = next((t for t in doc[to.i + 2 : inside.right_edge.i + 1] if t.text == ","), None)
        if comma is not None:
            made.source = trim(doc, to.i + 1, comma.i - 1)
            made.contents = what_is_left(sentence, Span(token.idx, made.source.end), token)
    return made


def fill_if_inserted(sentence: Span, verb: Any, subject: Any, made: Attribution) -> bool:
    """Fill `contents` if the clause of saying stands after or within what it attributes, or is 'as X said'."""
    doc = verb.doc
    if subject is None or subject.head.i != verb.i:
        return False
    starts = [verb.i, subject.left_edge.i]
    if made.source is not None:  # a longer left edge holds what is said
        starts[1] = max(starts[1], _index_from(doc, made.source.start, subject.left_edge.i))
    first = min(starts)
    first = min(
        [first, *(c.i for c in verb.lefts if c.dep_ in {"aux", "neg", "advmod"} and c.i >= first - 3)]
    )
    last = max(verb.i, min(subject.right_edge.i, subject.i + MAX_SOURCE) if subject.i > verb.i else verb.i)
    before = doc[first - 1] if first > 0 and doc[first - 1].idx >= sentence.start else None
    if before is None:
        return False
    if before.lower_ == "as":
        first -= 1
    elif not _is_beside(verb, before, last):
        return False
    made.contents = what_is_left(sentence, Span(doc[first].idx, end_of(doc[last])), verb, last)
    return bool(made.contents)


def _index_from(doc: Any, offset: int, i: int) -> int:
    while i < len(doc) and doc[i].idx < offset:
        i += 1
    return i


def _is_beside(verb: Any, before: Any, last: int) -> bool:
    """Whether what is said came before: a stop or a closing mark stands there and no complement follows."""
    closing = before.text in QUOTE_MARKS
    if before.text == ":" or not (closing or before.text in STOPS):
        return False
    following = verb.doc[last + 1] if last + 1 < len(verb.doc) else None
    right = [c for c in verb.rights if c.dep_ in {"ccomp", "xcomp"} and c.i > last and not is_participle(c)]
    if right:
        that = any(m.lower_ == "that" for c in right for m in c.lefts)
        return (closing and not that) or (following is not None and following.text in STOPS)
    if closing:
        return True
    if any(c.dep_ == "dobj" and c.i > last for c in verb.rights) and verb.lemma_ not in words.ADDRESSING:
        return False
    if following is not None and following.text in {",", ":"} and _opens_quote(verb.doc, last + 2):
        return verb.dep_ in {"parataxis", "ccomp", "advcl"} or any(
            c.dep_ in {"ccomp", "parataxis"} for c in verb.lefts
        )
    return True


def _opens_quote(doc: Any, i: int) -> bool:
    return bool(i < len(doc) and doc[i].text in QUOTE_MARKS)
