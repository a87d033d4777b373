"""Feeds are polled politely, each item is taken in once, and neither a bad site nor a killed worker loses anything."""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import psycopg
import pytest

from services.core.eventstore.store import EventStore, open_pool
from services.core.feeds import store
from services.core.settings import Settings
from services.ingest.feed_items import FeedIntake
from tests.integration.feed_site import WORDS, Answer, Asked, Site, feed_site, item, rss, whole_item
from tests.integration.pipeline import Pipeline, eventually, log_of, of_type, pipeline
from tests.integration.processes import started
from workers import feeds
from workers.feeds import Polled, poll

HALF_HOUR = dt.timedelta(minutes=30)


@pytest.fixture(scope="module")
def server() -> Iterator[Site]:
    with feed_site() as made:
        yield made


@pytest.fixture
def site(server: Site) -> Site:
    server.answers.clear()
    server.asked.clear()
    return server


@pytest.fixture
def log(database_url: str) -> Iterator[EventStore]:
    made = EventStore(open_pool(database_url))
    yield made
    made.pool.close()


class Desk:
    """Adds feeds and polls them here and now."""

    pause = 0.0

    def __init__(self, database_url: str, **more: Any) -> None:
        self.settings = Settings(
            database_url=database_url,
            **{"feed_networks": ("127.0.0.1",), "feed_contact": "desk@news.example", **more},
        )

    def add(self, url: str, **more: Any) -> UUID:
        async def work() -> UUID:
            async with await self._connect() as conn:
                return await store.add(conn, url, HALF_HOUR, **more)

        return asyncio.run(work())

    def poll(self, feed_id: UUID, *, due_only: bool = False, intake: Any = None) -> Polled:
        taking = intake or FeedIntake(self.settings)
        return asyncio.run(
            poll(self.settings, taking, feed_id, due_only=due_only, jitter=lambda: 1.0, pause=self.pause)
        )

    def feed(self, feed_id: UUID) -> store.Feed:
        async def work() -> store.Feed:
            async with await self._connect() as conn:
                return await store.find(conn, feed_id)

        return asyncio.run(work())

    def run(self, statement: str) -> None:
        with psycopg.connect(self.settings.database_url or "", autocommit=True) as conn:
            conn.execute(statement)

    async def _connect(self) -> store.Connection:
        return await psycopg.AsyncConnection.connect(self.settings.database_url or "", autocommit=True)


@pytest.fixture
def desk(database_url: str) -> Desk:
    return Desk(database_url)


def until_next(feed: store.Feed) -> dt.timedelta:
    assert feed.polled_at is not None
    return feed.due_at - feed.polled_at


def test_items_are_articles_once(desk: Desk, site: Site, log: EventStore) -> None:
    site.answers["/feed.xml"] = Answer(rss(whole_item(2), whole_item(1), item(3)))
    feed_id = desk.add(f"{site.url}/feed.xml")
    assert desk.poll(feed_id).items == {"received": 2, "without-text": 1}
    one, two = of_type(log, "ArticleReceived")
    assert one.data["url"] == "https://wire.example/1"  # the oldest first, the address canonical
    assert (one.data["outlet"], one.data["language"], one.data["tags"]) == ("Example Wire", "en-GB", ["arms"])
    assert one.data["published_at"] == "2019-08-02T18:05:00+02:00"
    assert one.data["received_as"] == f"feed:{feed_id}"
    before = len(log_of(log))
    assert desk.poll(feed_id).items == {"seen before": 3}
    assert len(log_of(log)) == before
    edited = whole_item(2).replace("nobody", "everybody")
    site.answers["/feed.xml"] = Answer(rss(edited, whole_item(1), item(3)))
    assert desk.poll(feed_id).items == {"seen before": 2, "revised": 1}
    (revised,) = of_type(log, "ArticleRevised")
    assert revised.data["article_id"] == two.data["article_id"]
    asked = site.asked[-1].headers
    assert asked["user-agent"].startswith("Treatyline/")
    assert "desk@news.example" in asked["user-agent"]
    assert next(event.type for event in log_of(log)) == "FeedAdded"
    again = desk.add(f"{site.url}/other.xml", outlet="The Desk's Name")
    site.answers["/other.xml"] = Answer(rss(whole_item(7)))
    assert desk.poll(again).items == {"received": 1}
    assert of_type(log, "ArticleReceived")[-1].data["outlet"] == "The Desk's Name"


def test_atom_and_json_feeds(desk: Desk, site: Site, log: EventStore) -> None:
    site.answers["/atom"] = Answer(
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>Atom</title><id>x</id><updated>2019-08-02T00:00:00Z</updated>'
        '<entry><id>a</id><title>A</title><link href="https://a.example/1"/><updated>2019-08-02T00:00:00Z</updated>'
        f'<content type="html">&lt;p&gt;{WORDS}&lt;/p&gt;</content></entry></feed>'.encode(),
        headers={"Content-Encoding": "gzip"},
    )
    packed = site.answers["/atom"]
    assert isinstance(packed, Answer)
    site.answers["/atom"] = Answer(gzip.compress(packed.body), headers=packed.headers)
    json_feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "JSON",
        "items": [{"id": "1", "url": "https://j.example/1", "content_text": f"{WORDS} In JSON."}],
    }
    site.answers["/json"] = Answer(orjson.dumps(json_feed), headers={"Content-Type": "application/feed+json"})
    for path in ("/atom", "/json"):
        assert desk.poll(desk.add(site.url + path)).items == {"received": 1}
    urls = [event.data["url"] for event in of_type(log, "ArticleReceived")]
    assert urls == ["https://a.example/1", "https://j.example/1"]


def test_unchanged_feeds_are_not_sent_again(desk: Desk, site: Site) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.headers.get("if-none-match") == '"v1"':
            assert asked.headers["if-modified-since"] == "Fri, 02 Aug 2019 16:05:00 GMT"
            return Answer(status=304)
        headers = {"ETag": '"v1"', "Last-Modified": "Fri, 02 Aug 2019 16:05:00 GMT"}
        return Answer(rss(whole_item(1)), headers=headers)

    site.answers["/feed.xml"] = answer
    feed_id = desk.add(f"{site.url}/feed.xml")
    assert [desk.poll(feed_id).outcome for _ in range(3)] == ["read", "unchanged", "unchanged"]
    assert until_next(desk.feed(feed_id)) == HALF_HOUR
    assert [asked.path for asked in site.asked].count("/robots.txt") == 1  # once a day


def test_sites_that_fail_are_asked_less_often(desk: Desk, site: Site) -> None:
    feed_id = desk.add(f"{site.url}/feed.xml")
    site.answers["/feed.xml"] = Answer(status=503)
    pauses = []
    for _ in range(3):
        assert desk.poll(feed_id).outcome == "status-503"
        pauses.append(until_next(desk.feed(feed_id)))
    assert pauses == [2 * HALF_HOUR, 4 * HALF_HOUR, 8 * HALF_HOUR]
    assert desk.poll(feed_id, due_only=True).outcome == "waits"  # a message that came twice
    site.answers["/feed.xml"] = Answer(status=429, headers={"Retry-After": "86400"})
    assert desk.poll(feed_id).outcome == "status-429"
    assert until_next(desk.feed(feed_id)) == dt.timedelta(days=1)
    before = len(site.asked)
    assert desk.poll(feed_id).outcome == "waits"  # nobody asks before the site said, whoever wants it
    assert len(site.asked) == before
    desk.run("UPDATE feeds SET not_before = NULL")
    site.answers["/feed.xml"] = Answer(rss(whole_item(1)))
    assert desk.poll(feed_id).outcome == "read"
    assert (desk.feed(feed_id).failures, until_next(desk.feed(feed_id))) == (0, HALF_HOUR)


def test_a_feed_that_is_gone_is_polled_no_more(desk: Desk, site: Site, log: EventStore) -> None:
    site.answers["/feed.xml"] = Answer(status=410)
    feed_id = desk.add(f"{site.url}/feed.xml")
    assert desk.poll(feed_id).outcome == "gone"
    feed = desk.feed(feed_id)
    assert (feed.state, feed.disabled_reason) == ("disabled", "gone")
    before = len(site.asked)
    assert desk.poll(feed_id).outcome == "gone"
    assert len(site.asked) == before
    assert log_of(log)[-1].type == "FeedDisabled"
    assert desk.add(f"{site.url}/feed.xml") == feed_id  # said again: taken up again
    assert desk.feed(feed_id).state == "active"


def test_redirects(desk: Desk, site: Site, log: EventStore) -> None:
    site.answers["/new"] = Answer(rss(whole_item(1)))
    site.answers["/for-now"] = Answer(status=302, headers={"Location": "/new"})
    site.answers["/for-good"] = Answer(status=301, headers={"Location": f"{site.url}/new?key=secret"})
    site.answers["/new?key=secret"] = Answer(rss(whole_item(1)))
    site.answers["/round"] = Answer(status=307, headers={"Location": "/round"})
    site.answers["/inside"] = Answer(status=302, headers={"Location": "http://169.254.169.254/latest"})
    for_now, for_good = desk.add(f"{site.url}/for-now"), desk.add(f"{site.url}/for-good")
    assert desk.poll(for_now).outcome == "read"
    assert desk.feed(for_now).url == f"{site.url}/for-now"
    assert desk.poll(for_good).outcome == "read"
    assert desk.feed(for_good).url == f"{site.url}/new?key=secret"
    moved = of_type(log, "FeedMoved")
    assert [event.data["origin"] for event in moved] == [site.url]  # without the key
    assert desk.poll(desk.add(f"{site.url}/round")).outcome == "redirects"
    assert desk.poll(desk.add(f"{site.url}/inside")).outcome == "redirect-refused"


def test_robots_txt_is_heeded(desk: Desk, site: Site) -> None:
    rules = b"User-agent: *\nDisallow: /\n\nUser-agent: Treatyline\nDisallow: /private/*.xml\n"
    site.answers["/robots.txt"] = Answer(rules)
    for path in ("/feed.xml", "/private/feed.xml"):
        site.answers[path] = Answer(rss(whole_item(1)))
    site.answers["/door"] = Answer(status=302, headers={"Location": "/private/feed.xml"})
    assert desk.poll(desk.add(f"{site.url}/feed.xml")).outcome == "read"
    closed = desk.add(f"{site.url}/private/feed.xml")
    assert desk.poll(closed).outcome == "robots"
    assert until_next(desk.feed(closed)) >= dt.timedelta(days=1)
    assert desk.poll(desk.add(f"{site.url}/door")).outcome == "robots"  # nor through the back door
    assert site.paths() == ["/feed.xml", "/door"]
    desk.run("DELETE FROM feed_robots")
    site.answers["/robots.txt"] = Answer(status=500)
    assert desk.poll(closed).outcome == "robots-unknown"  # who cannot say has not allowed it ...
    soon = desk.add(f"{site.url}/feed.xml")
    assert desk.poll(soon).outcome == "robots-unknown"
    assert until_next(desk.feed(soon)) < dt.timedelta(hours=3)  # ... nor forbidden it for a day


def test_a_page_whose_site_cannot_say_is_fetched_when_it_can(
    database_url: str, site: Site, log: EventStore
) -> None:
    paragraphs = "".join(f"<p>{WORDS} Paragraph {n} of the whole report.</p>" for n in range(5))
    page = f"<html lang='en'><head><title>Whole</title></head><body><article>{paragraphs}</article></body></html>"
    desk = Desk(database_url, feed_pages=True)
    with feed_site() as other:
        other.answers["/page"] = Answer(page.encode(), headers={"Content-Type": "text/html; charset=utf-8"})
        other.answers["/robots.txt"] = Answer(status=503)
        site.answers["/feed.xml"] = Answer(rss(item(1, link=f"{other.url}/page")))
        feed_id = desk.add(f"{site.url}/feed.xml")
        polled = desk.poll(feed_id)
        assert (polled.outcome, polled.items, other.paths()) == ("unfinished", {}, [])
        desk.run("DELETE FROM feed_robots")
        other.answers["/robots.txt"] = Answer(status=404)
        assert desk.poll(feed_id).items == {"received": 1}
    assert len(of_type(log, "ArticleReceived")) == 1


@pytest.mark.parametrize("kind", ["large", "bomb", "nonsense", "cut off", "no feed", "badly packed"])
def test_bad_answers(kind: str, database_url: str, site: Site, log: EventStore) -> None:
    desk = Desk(database_url, feed_max_bytes=100_000)
    bomb = zlib.compressobj(wbits=31)
    body = {
        "large": rss(whole_item(1)) + b" " * 200_000,
        "bomb": bomb.compress(b"\0" * 50_000_000) + bomb.flush(),
        "nonsense": bytes(range(256)) * 10,
        "cut off": rss(whole_item(1), whole_item(2))[:-200],
        "no feed": b"<html><body>moved</body></html>",
        "badly packed": b"not gzip at all",
    }[kind]
    packed = kind in {"bomb", "badly packed"}
    site.answers["/feed.xml"] = Answer(body, headers={"Content-Encoding": "gzip"} if packed else {})
    feed_id = desk.add(f"{site.url}/feed.xml")
    outcome = desk.poll(feed_id).outcome
    assert outcome == {"large": "too-large", "bomb": "too-large", "badly packed": "badly-packed"}.get(
        kind, "not-a-feed"
    )
    assert desk.feed(feed_id).failures == 1
    assert of_type(log, "ArticleReceived") == []


def test_slow_drips_come_to_an_end(database_url: str, site: Site) -> None:
    desk = Desk(database_url, feed_seconds=2.0)
    site.answers["/feed.xml"] = Answer(rss(whole_item(1)), drip=0.2)
    began = time.monotonic()
    assert desk.poll(desk.add(f"{site.url}/feed.xml")).outcome == "timeout"
    assert time.monotonic() - began < 60


def test_no_address_inside_unless_named(database_url: str, site: Site) -> None:
    desk = Desk(database_url, feed_networks=())
    assert desk.poll(desk.add(f"{site.url}/feed.xml")).outcome == "address-refused"
    by_name = f"http://localhost.localdomain:{site.url.rpartition(':')[2]}/feed.xml"
    assert desk.poll(desk.add(by_name)).outcome in {"address-refused", "not-resolved"}
    assert site.asked == []


def test_pages_are_fetched_where_that_is_allowed(database_url: str, site: Site, log: EventStore) -> None:
    site.answers["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /closed\n")
    paragraphs = "".join(f"<p>{WORDS} Paragraph {n} of the whole report.</p>" for n in range(5))
    page = f"<html lang='en'><head><title>Whole</title></head><body><article>{paragraphs}</article></body></html>"
    site.answers["/page"] = Answer(page.encode(), headers={"Content-Type": "text/html; charset=utf-8"})
    site.answers["/feed.xml"] = Answer(
        rss(item(1, link=f"{site.url}/page"), item(2, link=f"{site.url}/closed"))
    )
    shy = Desk(database_url)
    feed_id = shy.add(f"{site.url}/feed.xml")
    assert shy.poll(feed_id).items == {"without-text": 2}
    desk = Desk(database_url, feed_pages=True)
    assert desk.poll(feed_id).items == {"robots": 1, "received": 1}
    assert desk.poll(feed_id).items == {"seen before": 2}
    assert site.paths().count("/page") == 1
    assert "/closed" not in site.paths()
    (article,) = of_type(log, "ArticleReceived")
    assert article.data["published_at"] == "2019-08-02T18:05:00+02:00"
    assert article.data["characters"] > 5 * len(WORDS)


def test_pages_that_may_be_fetched_later_are(database_url: str, site: Site, log: EventStore) -> None:
    """Though the feed itself has not changed since: 304 would say so for ever."""

    def unchanged(asked: Asked) -> Answer:
        if "if-none-match" in asked.headers:
            return Answer(status=304)
        return Answer(rss(item(1, link=f"{site.url}/page")), headers={"ETag": '"v1"'})

    page = f"<html><body><article>{''.join(f'<p>{WORDS} Part {n}.</p>' for n in range(5))}</article></body></html>"
    site.answers["/page"] = Answer(page.encode(), headers={"Content-Type": "text/html"})
    site.answers["/feed.xml"] = unchanged
    shy, desk = Desk(database_url), Desk(database_url, feed_pages=True)
    feed_id = shy.add(f"{site.url}/feed.xml")
    assert [shy.poll(feed_id).outcome for _ in range(2)] == ["read", "unchanged"]
    assert desk.poll(feed_id).items == {"received": 1}
    assert desk.poll(feed_id).outcome == "unchanged"
    assert len(of_type(log, "ArticleReceived")) == 1


def test_a_page_that_never_answers_is_left_at_last(
    database_url: str, site: Site, log: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And keeps those behind it waiting for one poll only."""
    monkeypatch.setattr(feeds, "MOST_UNANSWERED", 3)
    page = f"<html><body><article>{''.join(f'<p>{WORDS} Part {n}.</p>' for n in range(5))}</article></body></html>"
    site.answers["/page"] = Answer(page.encode(), headers={"Content-Type": "text/html"})
    site.answers["/never"] = Answer(status=503)
    site.answers["/feed.xml"] = Answer(
        rss(item(2, link=f"{site.url}/page"), item(1, link=f"{site.url}/never")), headers={"ETag": '"v1"'}
    )
    desk = Desk(database_url, feed_pages=True)
    feed_id = desk.add(f"{site.url}/feed.xml")
    polled = [desk.poll(feed_id) for _ in range(4)]
    assert [(one.outcome, one.items) for one in polled] == [
        ("unfinished", {}),
        ("unfinished", {"received": 1}),
        ("read", {"seen before": 1, "no-answer": 1}),
        ("read", {"seen before": 2}),
    ]
    assert site.paths().count("/never") == 3
    assert desk.feed(feed_id).etag == '"v1"'


def test_a_site_is_asked_one_thing_at_a_time(desk: Desk, site: Site) -> None:
    """Whichever of its feeds it is about, and with a pause between two."""
    site.answers["/one.xml"] = site.answers["/two.xml"] = Answer(rss(whole_item(1)))
    one, two = desk.add(f"{site.url}/one.xml"), desk.add(f"{site.url}/two.xml")
    with psycopg.connect(desk.settings.database_url or "", autocommit=True) as other:
        other.execute(store.LOCK_SITE, [site.url])  # as who polls another feed of it
        assert desk.poll(one).outcome == "busy"
        assert site.asked == []
        assert desk.feed(one).due_at > dt.datetime.now(dt.UTC) + dt.timedelta(seconds=5)
    assert desk.poll(one).outcome == "read"
    desk.pause = 1.0
    began = time.monotonic()
    assert desk.poll(two).outcome == "read"
    assert desk.feed(two).polled_at - desk.feed(one).polled_at > dt.timedelta(seconds=0.9)  # type: ignore[operator]
    assert time.monotonic() - began < 60


def test_killed_in_the_middle(desk: Desk, site: Site, log: EventStore) -> None:
    site.answers["/feed.xml"] = Answer(
        rss(*(whole_item(n) for n in range(5, 0, -1))), headers={"ETag": '"v1"'}
    )
    feed_id = desk.add(f"{site.url}/feed.xml")
    real = FeedIntake(desk.settings)
    taken: list[str] = []

    async def dying(conn: Any, feed: UUID, one: Any) -> Any:
        answer = await real(conn, feed, one)  # in the log, and not yet noted as seen
        taken.append(one.key)
        if len(taken) == 3:
            raise SystemExit
        return answer

    with pytest.raises(SystemExit):
        desk.poll(feed_id, intake=dying)
    assert len(of_type(log, "ArticleReceived")) == 3
    assert desk.feed(feed_id).etag is None  # or the rest would never be sent again
    assert desk.poll(feed_id, due_only=True).items == {"seen before": 2, "same": 1, "received": 2}
    assert len(of_type(log, "ArticleReceived")) == 5


def test_what_ends_the_process_again_and_again_waits(desk: Desk, site: Site) -> None:
    site.answers["/feed.xml"] = Answer(rss(whole_item(1)))
    feed_id = desk.add(f"{site.url}/feed.xml")

    async def deadly(*_: Any) -> Any:
        raise SystemExit

    for _ in range(3):
        with pytest.raises(SystemExit):
            desk.poll(feed_id, due_only=True, intake=deadly)
    assert desk.poll(feed_id, due_only=True).outcome == "lost"
    assert until_next(desk.feed(feed_id)) > HALF_HOUR


@pytest.fixture
def pipe(database_url: str, valkey_url: str, tmp_path: Path) -> Iterator[Pipeline]:
    made = pipeline(database_url, valkey_url, tmp_path)
    yield made
    made.stop()


@pytest.mark.timeout(600)
def test_from_a_feed_to_the_timeline(pipe: Pipeline, site: Site) -> None:
    """The relay sends what is due, also after the broker forgot it; the worker polls; the projector shows it."""
    text = (
        "NATO Secretary General Jens Stoltenberg said on Friday that Russia bears sole responsibility for the end of "
        "the INF Treaty. Russia violated the INF Treaty by deploying SSC-8 missiles, he said on August 2, 2019."
    )
    site.answers["/feed.xml"] = Answer(rss(item(1, text)))
    desk = Desk(pipe.settings.database_url or "")
    feed_id = desk.add(f"{site.url}/feed.xml")
    servers = {"database_url": pipe.settings.database_url or "", "redis_url": pipe.settings.redis_url or ""}

    def shown() -> bool:
        with pipe.store.pool.connection() as conn:
            row = conn.execute("SELECT count(*) FROM read.entries").fetchone()
            return row is not None and row[0] > 0

    with pipe.relay():
        import redis  # noqa: PLC0415

        with redis.Redis.from_url(servers["redis_url"]) as broker:
            eventually(lambda: broker.llen("feeds") == 1, "the feed is sent", 120)
            broker.flushall()
            eventually(lambda: broker.llen("feeds") == 1, "it is sent again", 120)
        with started("worker", feed_networks="127.0.0.1", **servers), started("projector", **servers):
            eventually(shown, "the article is on the timeline", 500)
    assert site.paths() == ["/feed.xml"]
    assert desk.feed(feed_id).outcome == "read"
