"""What feeds hold, and when they are asked again."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import orjson
import pytest

from services.core.feeds.addresses import FeedAddressRefused, checked_address
from services.core.feeds.reading import NotAFeed, published_at, read_feed
from services.core.feeds.schedule import LONGEST_ASKED, next_poll
from services.core.webhooks.addresses import Reach
from tests.integration.feed_site import WORDS, item, rss, whole_item

YEAR = 2026
URL = "https://wire.example/feed.xml"

ATOM = f"""<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fr"><title>Le Fil</title>
<entry><id>tag:fil.example,2019:1</id><title type="html">Le trait&amp;eacute; &lt;b&gt;fini&lt;/b&gt;</title>
<link href="https://fil.example/1"/><published>2019-08-02T09:00:00+02:00</published>
<updated>2019-08-03T09:00:00Z</updated><author><name>B. Plume</name></author><category term="armes"/>
<content type="html">&lt;p&gt;{WORDS}&lt;/p&gt;</content></entry>
<entry><id>tag:fil.example,2019:2</id><title>Kurz</title><link href="/2"/><updated>2019-08-03T09:00:00Z</updated>
<content type="text" xml:lang="de">{WORDS}</content></entry>
<entry><id>tag:fil.example,2019:3</id><title>Bref</title><link href="/3"/><updated>2019-08-03T09:00:00Z</updated>
<summary>{WORDS}</summary></entry>
<entry><id>tag:fil.example,2019:4</id><title>Autre</title><link href="/4"/><updated>2019-08-03T09:00:00Z</updated>
<source><title>Another Outlet</title></source>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>{WORDS}</p></div></content></entry>
</feed>""".encode()


def test_rss_with_whole_texts() -> None:
    found = read_feed(rss(whole_item(1)), "application/rss+xml", URL, YEAR)
    assert found.title == "Example Wire"
    (one,) = found.items
    assert (one.key, one.url) == ("wire-1", "https://wire.example/1?utm_source=rss")
    assert one.html is not None
    assert WORDS in one.html
    assert (one.title, one.outlet, one.language) == ("Report 1", "Example Wire", "en-GB")
    assert one.published_at == "2019-08-02T18:05:00+02:00"  # with its own offset
    assert (one.author, one.tags) == ("A. Writer", ("arms",))


def test_a_summary_is_no_article_even_said_twice() -> None:
    twice = item(1).replace("</item>", f"<dc:description>{WORDS}</dc:description></item>")
    for body in (rss(item(1)), rss(twice), rss(item(1).replace("In short", WORDS))):
        (one,) = read_feed(body, "application/rss+xml", URL, YEAR).items
        assert not one.has_text


LONG = "".join(f"&lt;p&gt;{WORDS} {WORDS} Paragraph {n} of what was said.&lt;/p&gt;" for n in range(12))


@pytest.mark.parametrize(
    ("description", "whole"),
    [
        (LONG, True),
        (LONG.replace("&lt;/p&gt;", "&lt;br&gt;\n&lt;br/&gt;"), True),
        (LONG.replace("&lt;p&gt;", "").replace("&lt;/p&gt;", " "), False),  # one paragraph
        (LONG[:900], False),
        (LONG + "&lt;p&gt;The talks in Geneva […]&lt;/p&gt;", False),
        (LONG + "&lt;p&gt;The talks in Geneva ...&lt;/p&gt;", False),
        (LONG + "&lt;a href=&quot;x&quot;&gt;Read more »&lt;/a&gt;", False),
        (LONG + "&lt;p&gt;Continue reading Talks at Example Wire&lt;/p&gt;", False),
        ("&lt;p&gt;&lt;/p&gt;" * 400, False),
    ],
)
def test_a_description_that_is_plainly_the_whole_text_is_the_article(description: str, whole: bool) -> None:
    body = rss(item(1).replace("In short, 1.", description))
    (one,) = read_feed(body, "application/rss+xml", URL, YEAR).items
    assert one.has_text == whole
    beside = rss(item(1).replace("In short, 1.", description), whole_item(2))
    assert [two.has_text for two in read_feed(beside, "application/rss+xml", URL, YEAR).items] == [
        False,
        True,
    ]


def test_atom() -> None:
    one, two, three, four = read_feed(ATOM, "application/atom+xml", "https://fil.example/atom", YEAR).items
    assert (one.title, one.published_at) == ("Le traité fini", "2019-08-02T09:00:00+02:00")
    assert (one.author, one.tags, one.language, one.outlet) == ("B. Plume", ("armes",), "fr", "Le Fil")
    assert one.html is not None
    assert WORDS in one.html
    assert (two.text, two.url, two.language) == (WORDS, "https://fil.example/2", "de")
    assert two.published_at == "2019-08-03T09:00:00+00:00"
    assert not three.has_text
    assert four.html is not None
    assert WORDS in four.html
    assert four.outlet == "Another Outlet"


def test_json_feed() -> None:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "JSON Wire",
        "language": "en",
        "items": [
            {
                "id": 1, "url": "/1", "title": "One", "content_html": f"<p>{WORDS}</p>", "content_text": "x",
                "date_published": "2019-08-02T10:00:00-04:00", "authors": [{"name": "C"}, {"name": "D"}],
                "tags": ["arms", 7],
            },
            {"id": "2", "url": "https://j.example/2", "content_text": WORDS, "language": "de"},
            {"id": "3", "url": "https://j.example/3", "summary": WORDS},
            {"url": 3}, "nonsense",
        ],
    }  # fmt: skip
    found = read_feed(
        b"\xef\xbb\xbf" + orjson.dumps(feed), "application/feed+json", "https://j.example/f", YEAR
    )
    one, two, three = found.items
    assert (one.key, one.url, one.html, one.text) == ("1", "https://j.example/1", f"<p>{WORDS}</p>", None)
    assert (one.author, one.tags, one.outlet, one.language) == ("C, D", ("arms",), "JSON Wire", "en")
    assert one.published_at == "2019-08-02T10:00:00-04:00"
    assert (two.text, two.language) == (WORDS, "de")
    assert not three.has_text


def test_one_broken_address_spoils_only_its_item() -> None:
    items = [{"id": "1", "url": "http://[", "content_text": WORDS}, {"id": "2", "content_text": WORDS}]
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": items}
    found = read_feed(orjson.dumps(feed), "application/feed+json", URL, YEAR)
    assert [(item.key, item.url) for item in found.items] == [("1", "http://["), ("2", None)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"plain words",
        b"<html><body><p>Not found</p></body></html>",
        rss(whole_item(1))[:-40],  # cut off
        b'{"version": "https://jsonfeed.org/version/1.1"}',
        b'{"items": []}',
        b"{",
        str(Path(__file__)).encode(),  # never opened
        rss(whole_item(1))
        + b"<!---->" * 200
        + b"x",  # not in as many steps as there are ways to part comments
        b'<rss version="2.0"><channel><title>half &#xD800;</title></channel></rss>',
    ],
)
def test_what_is_no_feed(body: bytes) -> None:
    with pytest.raises(NotAFeed):
        read_feed(body, "application/xml", URL, YEAR)


def test_entities_are_not_expanded() -> None:
    bomb = rss(whole_item(1)).replace(
        b"<rss ", b'<!DOCTYPE rss [<!ENTITY a "lol"><!ENTITY f SYSTEM "file:///etc/passwd">]><rss '
    )
    with pytest.raises(NotAFeed):
        read_feed(bomb, "application/rss+xml", URL, YEAR)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Fri, 02 Aug 2019 18:05:00 GMT", "2019-08-02T18:05:00+00:00"),
        ("Fri, 02 Aug 2019 18:05:00 EST", "2019-08-02T18:05:00-05:00"),
        ("2019-08-02T18:05:00.123Z", "2019-08-02T18:05:00+00:00"),
        ("2019-08-02", "2019-08-02"),
        ("2019-08-02T18:05:00", "2019-08-02"),
        ("yesterday", None),
        ("Fri, 99 Aug 2019 18:05:00 GMT", None),
        ("2219-08-02", None),
        (None, None),
        (7, None),
    ],
)
def test_dates_keep_their_offset(said: object, kept: str | None) -> None:
    assert published_at(said, YEAR) == kept


def test_pauses() -> None:
    every, none = dt.timedelta(minutes=30), dt.timedelta(0)
    assert next_poll(every, 0, none, 1.0) == every
    assert [next_poll(every, n, none, 1.0) for n in (1, 2, 3)] == [2 * every, 4 * every, 8 * every]
    assert next_poll(every, 30, none, 1.0) == dt.timedelta(days=1)
    assert next_poll(every, 0, dt.timedelta(hours=3), 1.0) == dt.timedelta(hours=3)
    assert next_poll(every, 1, dt.timedelta(days=400), 1.0) == LONGEST_ASKED
    assert next_poll(every, 0, none, 0.9) < every < next_poll(every, 0, none, 1.1)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "http://user:secret@news.example/feed",
        "http://127.0.0.1/feed",
        "http://localhost:8377/feed",
        "http://169.254.169.254/latest",
        "http://[::1]/feed",
        "feed.xml",
        "http://news.example/\nfeed",
    ],
)
def test_addresses_that_are_not_asked(url: str) -> None:
    with pytest.raises(FeedAddressRefused):
        checked_address(url, Reach())


def test_addresses_that_are() -> None:
    assert (
        str(checked_address("http://news.example/feed?key=1#top", Reach()))
        == "http://news.example/feed?key=1"
    )
    assert checked_address("http://127.0.0.1:1/f", Reach(["127.0.0.1"])).port == 1
