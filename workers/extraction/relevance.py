"""Is an article about a dossier's subject at all? A sum of weights over words, before anything is parsed."""

from __future__ import annotations

from services.core.domain.dossier import Dossier

#: A core term that only stands in the title says what an article is about just as well.
_SEPARATOR = "\n\n"


def score(text: str, title: str | None, dossier: Dossier) -> float:
    """Sum of the weights of the terms found; 0 where no core term is."""
    whole = f"{title}{_SEPARATOR}{text}" if title else text
    relevance = dossier.relevance
    core = sum(term.weight for term in relevance.core if term.pattern.search(whole))
    if not core:
        return 0.0
    return core + sum(term.weight for term in relevance.context if term.pattern.search(whole))


def is_relevant(text: str, title: str | None, dossier: Dossier) -> bool:
    """Whether positions and political events of the dossier are to be looked for in the article."""
    return score(text, title, dossier) >= dossier.relevance.threshold
