"""Is an article about a dossier's subject at all? A sum of weights over words, before anything is parsed."""

from __future__ import annotations

from collections.abc import Iterable

from services.core.domain.dossier import Dossier
from services.core.domain.dossier_records import RelevanceTerm
from workers.extraction.required_words import Words

#: A core term that only stands in the title says what an article is about just as well.
_SEPARATOR = "\n\n"


def score(text: str, title: str | None, dossier: Dossier) -> float:
    """Sum of the weights of the terms found; 0 where no core term is."""
    whole = f"{title}{_SEPARATOR}{text}" if title else text
    relevance = dossier.relevance
    words = Words(whole)
    core = _weight(relevance.core, whole, words)
    return core + _weight(relevance.context, whole, words) if core else 0.0


def _weight(terms: Iterable[RelevanceTerm], text: str, words: Words) -> float:
    return sum(
        term.weight
        for term in terms
        if words.may_match(term.pattern) and term.pattern.search(text) is not None
    )


def is_relevant(text: str, title: str | None, dossier: Dossier) -> bool:
    """Whether positions and political events of the dossier are to be looked for in the article."""
    return score(text, title, dossier) >= dossier.relevance.threshold
