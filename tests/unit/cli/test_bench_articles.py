"""Generated articles: the same for the same seed, some on the subject, some copies."""

from __future__ import annotations

from itertools import islice

from services.cli.bench_articles import Mix, article, articles
from services.core.domain.dossier import load_dossier
from workers.extraction.language import detect_language
from workers.extraction.relevance import is_relevant

MIX = Mix(on_topic=0.2, copies=0.25, seed=3)


def test_an_article_depends_on_seed_and_number_alone() -> None:
    assert [article(MIX, 7), article(MIX, 8)] == list(islice(articles(MIX, 7), 2))
    assert article(MIX, 7) != article(Mix(on_topic=0.2, copies=0.25, seed=4), 7)
    assert len({article(MIX, number)["url"] for number in range(200)}) == 200


def test_the_shares_are_those_of_the_mix() -> None:
    made = list(islice(articles(MIX), 300))
    dossier = load_dossier("inf")
    heads = [one["text"].split("\n\n")[0] for one in made]
    copies = sum(head in heads[:place] for place, head in enumerate(heads))
    assert 0.15 < copies / 300 < 0.35
    about = sum(is_relevant(one["text"], None, dossier) for one in made)
    assert 0.1 < about / 300 < 0.35
    none = islice(articles(Mix(on_topic=0, copies=0, seed=3)), 100)
    assert not any(is_relevant(one["text"], one["title"], dossier) for one in none)
    assert {detect_language(one["text"]) for one in made} == {"en"}
