"""Whether a dossier's rule files can be used: all of them compiled, and an article read by them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from services.core.domain.dossier import Dossier
from services.core.domain.reading import ArticleText
from workers.extraction.attitudes import attitude_words
from workers.extraction.frames import Operators
from workers.extraction.patterns import PatternError, lexicon, load_rules
from workers.extraction.reader import Reader
from workers.extraction.signs import load_concepts

#: Of the kinds of sentences that rules look at; the actors are those of the dossier.
_ARTICLE = (
    "{one} said on Monday that it would keep the treaty. {other} accused {one} of violating the treaty. {one} rejected"
    " inspections and a moratorium. {other} left the agreement on August 2, because {one} had deployed missiles."
)


def check_rules(dossier: Dossier) -> None:
    """Raises PatternError naming the file whose rules are none, or what a reader stumbles over."""
    _tried("signs.yaml", lambda: load_concepts(dossier.id))
    _tried("operators.yaml", lambda: Operators(load_rules(dossier.id, "operators")))
    _tried(
        "attitudes.yaml", lambda: [attitude_words(dossier.id, t) for t in load_rules(dossier.id, "attitudes")]
    )
    _tried("position_patterns.yaml", lambda: lexicon(dossier.id).compile_all())
    names = [actor.name for actor in dossier.actors.values()]
    text = _ARTICLE.format(one=names[0], other=names[-1])
    about_anything = replace(dossier, relevance=replace(dossier.relevance, threshold=0))
    _tried(
        "reading an article",
        lambda: Reader(about_anything).read(ArticleText(text, published_at="2019-08-05")),
    )


def _tried(what: str, work: Callable[[], Any]) -> None:
    try:
        work()
    except PatternError as error:
        raise PatternError(f"{what}: {error}") from error
    except KeyError as error:
        raise PatternError(f"{what}: {error} is not there") from error
    except (AttributeError, IndexError, TypeError, ValueError, re.error) as error:
        raise PatternError(f"{what}: {error}") from error
