"""Items of a JSON Feed and what a Miniflux sends become the articles that were meant."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest

from services.core.domain.commands import SubmitArticle
from services.core.errors import InvalidInput
from services.ingest.formats import miniflux, shapes
from services.ingest.formats.posted import Posted
from services.ingest.schemas import checked
from tests.unit.ingest.posted_forms import (
    FEED_ITEM,
    NEW_ENTRIES,
    SECRET,
    TEXT,
    refused,
    taken,
)


def test_an_item_of_a_json_feed() -> None:
    assert taken(FEED_ITEM) == SubmitArticle(
        text=TEXT,
        title="Delegates meet again",
        url="https://news.example/talks",
        published_at="2019-08-02T18:05:00+02:00",
        language="en",
        author="Ann Writer",
        tags=("arms control", "treaties"),
        received_as="feed-item",
        key_id="desk",
    )


def test_a_feed_items_text_goes_before_its_html_and_its_id_may_be_its_address() -> None:
    command = taken(
        {**FEED_ITEM, "content_text": TEXT + "\n", "url": None, "author": {"name": "X"}, "authors": None}
    )
    assert (command.text, command.url, command.author) == (TEXT + "\n", "https://news.example/talks", "X")
    assert taken({"id": 7, "content_text": TEXT}, shapes.FEED).url is None
    assert taken({"id": "7", "content_text": TEXT}).uri is None
    assert taken({"id": "tag:news.example,2019:7", "content_text": TEXT}).uri == "tag:news.example,2019:7"


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ({**FEED_ITEM, "content_html": 5}, "content_html"),
        ({**FEED_ITEM, "content_html": ""}, "content_text"),
        ({**FEED_ITEM, "content_html": "<p></p>"}, "content_html"),
        ({**FEED_ITEM, "date_published": "Fri, 2 Aug 2019"}, "date_published"),
        ({**FEED_ITEM, "url": "javascript:alert(1)"}, "url"),
        ({"version": "https://jsonfeed.org/version/1.1", "title": "News", "items": [FEED_ITEM]}, "items"),
    ],
)
def test_what_is_wrong_with_a_feed_item(value: Any, named: str) -> None:
    assert refused(value) == [named]


def test_entries_of_miniflux() -> None:
    first, second, third = miniflux.read(NEW_ENTRIES)
    assert (first.id, second.id, third.id) == (231, 232, None)
    assert isinstance(first.article, Posted)
    command = checked(first.article, max_characters=10_000)
    assert isinstance(command, SubmitArticle)
    assert (command.text, command.outlet, command.author) == (TEXT, "Example News", "Ann Writer")
    assert (command.published_at, command.received_as) == ("2019-08-02T18:05:00+02:00", "miniflux")
    assert isinstance(second.article, InvalidInput)
    assert isinstance(third.article, InvalidInput)
    saved = miniflux.read(
        {"event_type": "save_entry", "entry": {**NEW_ENTRIES["entries"][0], "feed": {"title": "X"}}}
    )
    assert isinstance(saved[0].article, Posted)
    assert saved[0].article.outlet == "X"


@pytest.mark.parametrize(
    "value",
    [None, [], {}, {"event_type": "x"}, {"event_type": ["new_entries"]}, {"event_type": "save_entry"},
     {"event_type": "new_entries"}, {"event_type": "new_entries", "entries": {}}],
)  # fmt: skip
def test_what_is_no_webhook_of_miniflux(value: Any) -> None:
    with pytest.raises(InvalidInput):
        miniflux.read(value)


def test_a_signature_is_of_the_whole_body_and_the_secret() -> None:
    signature = hmac.new(SECRET.encode(), b"{}", hashlib.sha256).hexdigest()
    assert miniflux.is_signed(b"{}", signature, SECRET)
    assert miniflux.is_signed(b"{}", signature.upper(), SECRET)
    for body, other in ((b"{} ", signature), (b"{}", signature[:-1]), (b"{}", ""), (b"{}", "ä" * 64)):
        assert not miniflux.is_signed(body, other, SECRET)
    assert not miniflux.is_signed(b"{}", signature, SECRET + "x")
