"""IPTC ninjs in each of its versions becomes the article that was meant."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from services.core.domain.article import article_id
from services.core.domain.commands import HoldArticle, SubmitArticle, WithdrawArticle
from services.ingest.formats import ninjs
from services.ingest.schemas import checked, posted_value
from tests.unit.ingest.posted_forms import (
    HTML,
    NINJS_1,
    NINJS_2,
    NINJS_3,
    TEXT,
    read,
    refused,
    taken,
)


def test_ninjs_3() -> None:
    assert taken(NINJS_3) == SubmitArticle(
        text=TEXT,
        title="Delegates meet again",
        url="https://wire.example/items/4711",
        outlet="Example Wire",
        published_at="2019-08-02T18:05:00+02:00",
        language="en",
        author="Ann Writer and Ben Stringer",
        tags=("arms control", "treaties"),
        received_as="ninjs",
        key_id="desk",
    )


def test_ninjs_2_named_by_a_urn() -> None:
    command = taken(NINJS_2)
    assert (command.url, command.uri) == (None, "urn:newsml:wire.example:20190802:4711")
    assert (command.text, command.published_at) == (TEXT, "2019-08-02T16:05:00Z")
    assert (command.outlet, command.language, command.title) == (
        "Example Wire",
        "en-GB",
        "Delegates meet again",
    )


def test_ninjs_1_as_far_as_it_goes() -> None:
    command = taken(NINJS_1)
    assert (command.text, command.author, command.outlet) == (TEXT, "Ann Writer", "Example Wire")
    assert command.uri == "tag:wire.example,2019:4711"
    assert taken({**NINJS_1, "body_text": None}).text == TEXT


def test_an_address_among_the_other_ids_of_a_ninjs_item() -> None:
    ids = [{"role": "slug", "value": "talks"}, {"role": "web", "value": "https://news.example/talks"}]
    for key in ("altIds", "altids"):
        command = taken({**NINJS_2, key: ids})
        assert (command.url, command.uri) == ("https://news.example/talks", None)


def test_a_canceled_ninjs_item_is_withdrawn_under_the_id_that_it_was_posted_under() -> None:
    by_url = read({"uri": NINJS_3["uri"], "pubStatus": "canceled"})
    by_urn = read({**NINJS_2, "pubstatus": "canceled"})
    assert by_url == WithdrawArticle(
        article_id=article_id("https://wire.example/items/4711", ""), reason=ninjs.REASON, key_id="desk"
    )
    assert isinstance(by_urn, WithdrawArticle)
    assert by_urn.article_id == article_id(None, "", "urn:newsml:wire.example:20190802:4711")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"pubStatus": "withheld"}, "pubStatus"),
        ({"pubStatus": "killed"}, "pubStatus"),
        ({"pubStatus": 5}, "pubStatus"),
        ({"pubStatus": "canceled", "uri": None}, "uri"),
        ({"pubStatus": "canceled", "uri": "4711"}, "uri"),
        ({"uri": "4711"}, "uri"),
        ({"uri": ["https://wire.example/a"]}, "uri"),
        ({"uri": "https://me:secret@wire.example/a"}, "uri"),
        ({"embargoedUntil": "2199-01-01T00:00:00Z"}, "embargoedUntil"),
        ({"embargoedUntil": "2099-01-01"}, "embargoedUntil"),
        ({"embargoedUntil": "soon"}, "embargoedUntil"),
        ({"versionCreated": "yesterday"}, "versionCreated"),
        ({"versionCreated": "0001-01-01T00:00:00Z"}, "versionCreated"),
        ({"bodies": []}, "bodies"),
        ({"bodies": [{"role": "main", "value": 5}]}, "bodies"),
        ({"bodies": [{"contentType": "text/html", "value": "<p></p>"}]}, "bodies"),
        ({"bodies": [{"value": "Word"}]}, "bodies"),
        ({"headlines": [{"value": "x" * 1001}]}, "headlines"),
        ({"language": "English"}, "language"),
        ({"type": "picture", "bodies": None}, "bodies"),
    ],
)
def test_what_is_wrong_with_a_ninjs_item_is_named_as_it_names_it(change: dict[str, Any], named: str) -> None:
    assert refused({**NINJS_3, **change}) == [named]


@pytest.mark.parametrize("text", ["2019-08-02T18:00:00", "2019-08-02 18:00"])
def test_an_embargo_without_an_offset_ends_when_its_time_has_come_everywhere(text: str) -> None:
    """In no time zone is it let out early: it ends in the morning in London where it says six in the evening."""
    made = read({**NINJS_3, "embargoedUntil": text})
    assert isinstance(made, HoldArticle)
    assert made.until == dt.datetime(2019, 8, 3, 6, tzinfo=dt.UTC)
    assert made.article == taken({key: NINJS_3[key] for key in NINJS_3 if key != "embargoedUntil"})


def test_a_day_as_an_embargo_has_come_when_it_has_begun_everywhere() -> None:
    plain = {"text": TEXT, "embargoed_until": "2019-08-02"}
    made = checked(posted_value(plain), max_characters=10_000)
    assert isinstance(made, HoldArticle)
    assert made.until == dt.datetime(2019, 8, 2, 12, tzinfo=dt.UTC)


def test_of_roles_that_are_the_senders_own_the_longest_body_is_the_article() -> None:
    bodies = [{"role": "teaser", "value": "Delegates met."}, {"role": "story", "value": TEXT}]
    assert taken({**NINJS_3, "bodies": bodies}).text == TEXT
    assert taken({**NINJS_3, "bodies": TEXT}).text == TEXT
    assert taken({**NINJS_3, "bodies": {"value": HTML}}).text == TEXT
