"""Each form, in each of its versions, becomes the article that was meant; odd shapes of it become an error."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.core.domain.article import article_id
from services.core.domain.commands import HoldArticle, SubmitArticle, WithdrawArticle
from services.core.errors import InvalidInput
from services.core.web.problems import Problem
from services.ingest.formats import json_feed, miniflux, news_article, ninjs, shapes, values
from services.ingest.formats.posted import Canceled, Posted
from services.ingest.schemas import Command, checked, posted_value

TEXT = "GENEVA, August 2. – Delegates met on Friday.\n\nThey will meet again, a spokesman said."
HTML = (
    "<p>GENEVA, August 2. – Delegates met on <b>Friday</b>.</p><p>They will meet again, a spokesman said.</p>"
)

NINJS_3 = {
    "uri": "https://wire.example/items/4711",
    "standard": {
        "name": "ninjs",
        "version": "3.1",
        "schema": "https://www.iptc.org/std/ninjs/ninjs-schema_3.1.json",
    },
    "type": "text",
    "representationType": "complete",
    "profile": "text-photo",
    "version": "2",
    "firstCreated": "2019-08-02T17:00:00+02:00",
    "versionCreated": "2019-08-02T18:05:00+02:00",
    "embargoedUntil": "2019-08-02T18:00:00+02:00",
    "pubStatus": "usable",
    "urgency": 4,
    "copyrightHolder": "Example Holdings",
    "language": "en",
    "by": "Ann Writer and Ben Stringer",
    "slugline": "TREATY-TALKS",
    "headlines": [
        {"role": "short", "value": "Talks go on"},
        {"role": "main", "contentType": "text/html", "value": "Delegates <i>meet</i> again"},
    ],
    "bodies": [
        {"role": "summary", "contentType": "text/plain", "value": "Delegates met."},
        {"role": "main", "contentType": "text/html", "charCount": 99, "value": HTML},
        {"role": "main", "contentType": "text/plain", "wordCount": 12, "value": TEXT},
    ],
    "subjects": [
        {"name": "arms control", "uri": "medtop:20000601", "relevance": 90},
        {"literal": "treaties"},
    ],
    "infoSources": [
        {"name": "A stringer", "role": "reporter"},
        {"name": "Example Wire", "role": "publisher"},
    ],
    "altIds": [{"role": "internal", "value": "X-4711"}],
    "renditions": [{"name": "photo", "href": "https://wire.example/p.jpg"}],
}
NINJS_2 = {
    "uri": "urn:newsml:wire.example:20190802:4711",
    "standard": {"name": "ninjs", "version": "2.1"},
    "type": "text",
    "versioncreated": "2019-08-02T16:05:00Z",
    "pubstatus": "usable",
    "language": "en-GB",
    "by": "Ann Writer",
    "headlines": [{"value": "Delegates meet again"}],
    "bodies": [{"contenttype": "text/html", "value": HTML}],
    "infosources": [{"name": "Example Wire"}],
    "subjects": [{"name": "arms control"}],
}
NINJS_1 = {
    "uri": "tag:wire.example,2019:4711",
    "type": "text",
    "versioncreated": "2019-08-02T16:05:00Z",
    "pubstatus": "usable",
    "headline": "Delegates meet again",
    "byline": "Ann Writer",
    "source": "Example Wire",
    "body_html": HTML,
    "body_text": TEXT,
    "subject": [{"name": "arms control"}],
}
NEWS_ARTICLE = {
    "@context": "https://schema.org",
    "@type": "NewsArticle",
    "mainEntityOfPage": {"@type": "WebPage", "@id": "https://news.example/talks"},
    "headline": "Delegates meet again",
    "datePublished": "2019-08-02T18:05+0200",
    "dateModified": "2019-08-03T09:00:00+02:00",
    "author": [
        {"@type": "Person", "name": "Ann Writer"},
        "Ben Stringer",
        {"@type": "Person", "name": "Ann Writer"},
    ],
    "publisher": {"@type": "NewsMediaOrganization", "name": "Example News", "logo": {"@type": "ImageObject"}},
    "inLanguage": "en_GB",
    "keywords": "arms control, treaties",
    "articleBody": TEXT,
}
GRAPH = {
    "@context": {"@vocab": "http://schema.org/"},
    "@graph": [
        {"@type": "Organization", "@id": "https://news.example/#org", "name": "Example News"},
        {"@type": ["Person"], "@id": "#ann", "name": {"@value": "Ann Writer", "@language": "en"}},
        {"@type": "WebPage", "@id": "https://news.example/talks", "name": "Talks"},
        {
            "@type": ["http://schema.org/NewsArticle", "schema:Article"],
            "@id": "https://news.example/talks#article",
            "headline": {"@value": "Delegates meet again"},
            "articleBody": [
                "GENEVA, August 2. – Delegates met on Friday.",
                "They will meet again, a spokesman said.",
            ],
            "author": {"@id": "#ann"},
            "publisher": [{"@id": "https://news.example/#org"}],
            "datePublished": "2019-08-02",
            "inLanguage": {"@type": "Language", "name": "English", "alternateName": "en"},
        },
    ],
}
FEED_ITEM = {
    "id": "https://news.example/talks",
    "url": "https://news.example/talks?utm_source=feed",
    "title": "Delegates meet again",
    "content_html": HTML,
    "summary": "They met.",
    "date_published": "2019-08-02T18:05:00+02:00",
    "authors": [{"name": "Ann Writer", "url": "https://news.example/ann"}],
    "tags": ["arms control", "treaties"],
    "language": "en",
    "_desk": {"seen": True},
}


def read(value: Any, media_type: str = shapes.JSON) -> Command:
    def plain(_: dict[str, Any]) -> Posted:
        raise AssertionError("taken for the plain form")

    return checked(shapes.read_json(value, media_type, plain), max_characters=10_000, key_id="desk")


def taken(value: Any, media_type: str = shapes.JSON) -> SubmitArticle:
    command = read(value, media_type)
    if isinstance(command, HoldArticle):
        return command.article
    assert isinstance(command, SubmitArticle)
    return command


def refused(value: Any, media_type: str = shapes.JSON) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        read(value, media_type)
    return [error.field for error in caught.value.errors]


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


def test_a_form_is_told_from_json_as_deep_as_it_may_be() -> None:
    deep = orjson.loads(b'{"version":' + b"[" * 1000 + b"]" * 1000 + b"}")
    assert shapes.foreign(deep) is None


def test_of_a_document_no_more_is_looked_at_than_is_there() -> None:
    wide: list[Any] = [[1] * 1000] * 1000
    assert len(list(values.within(wide, "@graph"))) == 0
    assert len(list(values.within([{"a": 1}, *wide, {"b": 2}], "@graph"))) == 1, "the first thousand"
    assert len(list(values.within({"@graph": [{"item": [{}]}, 5, None, {}]}, "@graph", "item"))) == 4


def test_of_roles_that_are_the_senders_own_the_longest_body_is_the_article() -> None:
    bodies = [{"role": "teaser", "value": "Delegates met."}, {"role": "story", "value": TEXT}]
    assert taken({**NINJS_3, "bodies": bodies}).text == TEXT
    assert taken({**NINJS_3, "bodies": TEXT}).text == TEXT
    assert taken({**NINJS_3, "bodies": {"value": HTML}}).text == TEXT


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


SECRET = "a secret of some length"
NEW_ENTRIES: dict[str, Any] = {
    "event_type": "new_entries",
    "feed": {"id": 8, "feed_url": "https://news.example/feed", "title": "Example News"},
    "entries": [
        {"id": 231, "url": "https://news.example/talks", "title": "Delegates meet again", "content": HTML,
         "published_at": "2019-08-02T18:05:00+02:00", "author": "Ann Writer", "tags": ["arms control"], "hash": "x"},
        {"id": 232, "url": "https://news.example/empty", "title": 5, "content": ""},
        "entry",
    ],
}  # fmt: skip


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
