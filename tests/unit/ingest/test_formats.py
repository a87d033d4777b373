"""Forms are told apart, times are read as people write them; odd shapes of anything become an error."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.core.domain.commands import HoldArticle, WithdrawArticle
from services.core.errors import InvalidInput
from services.core.web.problems import Problem
from services.ingest.formats import json_feed, news_article, ninjs, shapes, values
from services.ingest.formats.posted import Canceled, Posted
from services.ingest.schemas import checked, posted_value
from tests.unit.ingest.posted_forms import (
    FEED_ITEM,
    HTML,
    NEWS_ARTICLE,
    NINJS_1,
    NINJS_2,
    NINJS_3,
    TEXT,
    refused,
    taken,
)


def test_a_form_is_told_from_json_as_deep_as_it_may_be() -> None:
    deep = orjson.loads(b'{"version":' + b"[" * 1000 + b"]" * 1000 + b"}")
    assert shapes.foreign(deep) is None


def test_of_a_document_no_more_is_looked_at_than_is_there() -> None:
    wide: list[Any] = [[1] * 1000] * 1000
    assert len(list(values.within(wide, "@graph"))) == 0
    assert len(list(values.within([{"a": 1}, *wide, {"b": 2}], "@graph"))) == 1, "the first thousand"
    assert len(list(values.within({"@graph": [{"item": [{}]}, 5, None, {}]}, "@graph", "item"))) == 4


def test_the_plain_form_stays_what_it_was() -> None:
    posted = posted_value({"text": TEXT, "url": "https://news.example/talks"})
    assert isinstance(posted, Posted)
    assert posted.received_as == "json"
    with pytest.raises(InvalidInput) as caught:
        posted_value({"text": TEXT, "uri": "https://news.example/talks"})
    assert [error.field for error in caught.value.errors] == ["uri"]


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("2019-08-02", "2019-08-02"),
        ("2019-08-02T10:30Z", "2019-08-02T10:30:00Z"),
        ("2019-08-02t10:30:15.123456789z", "2019-08-02T10:30:15Z"),
        ("2019-08-02 10:30:15 +0530", "2019-08-02T10:30:15+05:30"),
        ("2019-08-02T10:30:15+02", "2019-08-02T10:30:15+02:00"),
        ("2019-08-02T10:30:15", "2019-08-02"),
        (" 2019-08-02 ", "2019-08-02"),
        ("2019-08", "2019-08"),
        ("2019-08-02 or so", "2019-08-02 or so"),
    ],
)
def test_times_as_people_write_them(given: str, normal: str) -> None:
    assert values.normal_time(given) == normal


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(
        ["", " ", "main", "Two words", HTML, "https://a.example/b", "urn:a:b", "2019-08-02T10:30Z", "text/html",
         "canceled", "usable", "NewsArticle", "\ud800", "\x00 a b"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["@id", "@type", "@graph", "@value", "name", "value", "role", "contentType", "url", "mainEntity"]),
        inner, max_size=4,
    ),
    max_leaves=6,
)  # fmt: skip


KEYS = sorted(
    {*NINJS_3, *NINJS_2, *NINJS_1, *NEWS_ARTICLE, *FEED_ITEM, "content_text", "@graph", "@id", "items"}
)


# Slow to draw on a busy machine, and a document of nothing but odd members is large.
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(
    st.dictionaries(st.sampled_from(KEYS), JSON, max_size=8),
    st.sampled_from([NINJS_3, NEWS_ARTICLE, FEED_ITEM, {}]),
)
def test_whatever_shape_it_has_it_is_an_article_or_an_error(
    odd: dict[str, Any], base: dict[str, Any]
) -> None:
    for reader in (posted_value, ninjs.read, news_article.read, json_feed.read):
        try:
            article = reader({**base, **odd})
            assert isinstance(article, Posted | Canceled)
            command = checked(article, max_characters=1000)
            command = command.article if isinstance(command, HoldArticle) else command
            assert isinstance(command, WithdrawArticle) or len(command.text.split()) > 1
        except (InvalidInput, Problem):
            pass


def test_deep_and_wide_documents_are_not_followed_to_their_end() -> None:
    deep: Any = NEWS_ARTICLE
    for _ in range(500):
        deep = {"@type": "WebPage", "mainEntity": deep}
    assert refused(deep) == ["@type"]
    nested: Any = "Ann"
    for _ in range(500):
        nested = [nested]
    assert taken({**NEWS_ARTICLE, "author": nested}).author is None
    assert len(taken({**NEWS_ARTICLE, "keywords": [f"tag {n}" for n in range(5000)]}).tags) == 100
