"""What an article calls groundless, false, a pretext: the words that it says so of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.core.domain.reading import Span
from workers.extraction.contents import trimmed

if TYPE_CHECKING:
    from workers.extraction.frames import Operators


_TRUE = frozenset({"true", "correct", "accurate", "right"})


def called_false(token: Any, operators: Operators) -> tuple[Span, ...]:
    """What the word calls groundless; empty where it calls nothing so."""
    affirmed = token.lemma_.lower() in _TRUE and any(c.dep_ == "neg" for c in token.head.children)
    if not (affirmed or token.lemma_.lower() in operators.falsehoods) or token.pos_ not in {
        "ADJ",
        "NOUN",
        "VERB",
        "ADV",
    }:
        return ()
    target = None
    extraposed = next(
        (c for c in token.head.children if c.dep_ in {"ccomp", "csubj", "xcomp"} and c.i > token.i), None
    ) or next((c for c in token.children if c.dep_ == "ccomp"), None)
    if (
        extraposed is not None
        and token.dep_ in {"acomp", "attr"}
        and any(c.lower_ == "it" for c in token.head.children)
    ):
        target = extraposed
    elif token.dep_ in {"acomp", "attr", "oprd", "conj"}:
        head = token.head if token.dep_ != "conj" else token.head.head
        target = next((c for c in head.children if c.dep_ in {"nsubj", "dobj", "nsubjpass"}), None)
    elif token.dep_ == "amod":
        target = token.head
    elif token.dep_ in {"pobj", "pcomp", "advcl"} and token.head.lower_ == "as":
        target = next((c for c in token.head.head.children if c.dep_ in {"dobj", "nsubjpass"}), None)
        if token.head.head.lemma_.lower() in {"dismiss", "reject", "deny"}:
            return ()
    elif token.dep_ == "ccomp" and token.head.lemma_.lower() in {"call", "consider", "describe", "deem"}:
        target = next((c for c in token.children if c.dep_ == "nsubj"), None)
    if target is None or (target.pos_ == "PRON" and target.lower_ not in {"this", "these", "that"}):
        return ()
    spans = tuple(trimmed(list(target.subtree), token))
    negated = (
        not affirmed and any(c.dep_ == "neg" for c in token.head.children)
        if token.dep_ in {"acomp", "attr"}
        else False
    )
    return () if negated else spans
