"""A NewsArticle of schema.org becomes the article that was meant, wherever it stands in its document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.core.domain.commands import SubmitArticle
from services.ingest.formats import shapes
from tests.unit.ingest.posted_forms import (
    GRAPH,
    HTML,
    NEWS_ARTICLE,
    TEXT,
    refused,
    taken,
)


def test_a_news_article() -> None:
    assert taken(NEWS_ARTICLE) == SubmitArticle(
        text=TEXT,
        title="Delegates meet again",
        url="https://news.example/talks",
        outlet="Example News",
        published_at="2019-08-02T18:05:00+02:00",
        language="en-GB",
        author="Ann Writer, Ben Stringer",
        tags=("arms control", "treaties"),
        received_as="news-article",
        key_id="desk",
    )


@pytest.mark.parametrize(
    "wrap", [lambda a: [a], lambda a: {"@graph": a}, lambda a: {"@type": "WebPage", "mainEntity": a}]
)
def test_a_news_article_within_something(wrap: Callable[[Any], Any]) -> None:
    assert taken(wrap(NEWS_ARTICLE)) == taken(NEWS_ARTICLE)


def test_a_graph_whose_nodes_refer_to_each_other() -> None:
    command = taken(GRAPH, shapes.LINKED_DATA)
    assert (command.text, command.url) == (TEXT, "https://news.example/talks")
    assert (command.author, command.outlet, command.language) == ("Ann Writer", "Example News", "en")
    assert command.published_at == "2019-08-02"


@pytest.mark.parametrize(
    ("author", "byline"),
    [
        ("Ann Writer", "Ann Writer"),
        ({"name": "Ann  Writer"}, "Ann Writer"),
        ({"name": ["Ann Writer", "A. W."]}, "Ann Writer"),
        (["Ann Writer", {"name": "Ben Stringer"}, 5, None, {}], "Ann Writer, Ben Stringer"),
        ([], None),
        (5, None),
    ],
)
def test_authors_in_every_way(author: Any, byline: str | None) -> None:
    assert taken({**NEWS_ARTICLE, "author": author}).author == byline


def test_an_article_body_that_is_html() -> None:
    assert taken({**NEWS_ARTICLE, "articleBody": HTML}).text == TEXT
    plain = "Two < three & four > one, they said."
    assert taken({**NEWS_ARTICLE, "articleBody": plain}).text == plain


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ({"@type": "Person", "name": "Ann"}, "@type"),
        ({"@context": "https://schema.org"}, "@type"),
        ({**NEWS_ARTICLE, "articleBody": None}, "articleBody"),
        ({**NEWS_ARTICLE, "articleBody": {"a": 1}}, "articleBody"),
        ({**NEWS_ARTICLE, "datePublished": "2 August"}, "datePublished"),
        ({**NEWS_ARTICLE, "url": "ftp://news.example/a", "mainEntityOfPage": None}, "url"),
        ({**NEWS_ARTICLE, "inLanguage": "English"}, "inLanguage"),
        ([NEWS_ARTICLE, {**NEWS_ARTICLE, "articleBody": "Quite another one."}], ""),
    ],
)
def test_what_is_wrong_with_a_news_article(value: Any, named: str) -> None:
    assert refused(value) == [named]
