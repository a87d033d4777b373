"""Is an article about a dossier's subject at all? A sum of weights over words, before anything is parsed."""

from __future__ import annotations

import re
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
    searched = _Searched(whole)
    core = searched.weight(relevance.core)
    return core + searched.weight(relevance.context) if core else 0.0


class _Searched:
    """A text in which each pattern is looked for once, and only where the words that it takes are there."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._words = Words(text)
        self._found: dict[re.Pattern[str], bool] = {}

    def weight(self, terms: Iterable[RelevanceTerm]) -> float:
        """Sum of the weights of those that are there in the company that they need."""
        return sum(term.weight for term in terms if self._counts(term))

    def _counts(self, term: RelevanceTerm) -> bool:
        return (
            self._words.may_match(term.pattern)
            and all(map(self._has, term.needs))  # first: company is cheaper to find than most terms
            and self._has(term.pattern)
            and not any(map(self._has, term.without))
        )

    def _has(self, pattern: re.Pattern[str]) -> bool:
        found = self._found.get(pattern)
        if found is None:
            found = self._words.may_match(pattern) and pattern.search(self._text) is not None
            self._found[pattern] = found
        return found


def is_relevant(text: str, title: str | None, dossier: Dossier) -> bool:
    """Whether positions and political events of the dossier are to be looked for in the article."""
    return score(text, title, dossier) >= dossier.relevance.threshold
