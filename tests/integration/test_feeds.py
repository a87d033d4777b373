"""Each item of a feed is taken in once, and neither a bad site nor a killed worker loses anything."""

from __future__ import annotations

import gzip
import time
import zlib
from typing import Any
from uuid import UUID

import orjson
import pytest

from services.core.eventstore.store import EventStore
from services.ingest.feed_items import FeedIntake
from tests.integration.feed_desk import HALF_HOUR, Desk, until_next
from tests.integration.feed_site import WORDS, Answer, Asked, Site, item, rss, whole_item
from tests.integration.pipeline import Pipeline, eventually, log_of, of_type
from tests.integration.processes import started


def test_items_are_articles_once(desk: Desk, site: Site, store: EventStore) -> None:
    site.answers["/feed.xml"] = Answer(rss(whole_item(2), whole_item(1), item(3)))
    feed_id = desk.add(f"{site.url}/feed.xml")
    assert desk.poll(feed_id).items == {"received": 2, "without-text": 1}
    one, two = of_type(store, "ArticleReceived")
    assert one.data["url"] == "https://wire.example/1"  # the oldest first, the address canonical
    assert (one.data["outlet"], one.data["language"], one.data["tags"]) == ("Example Wire", "en-GB", ["arms"])
    assert one.data["published_at"] == "2019-08-02T18:05:00+02:00"
    assert one.data["received_as"] == f"feed:{feed_id}"
    before = len(log_of(store))
    assert desk.poll(feed_id).items == {"seen before": 3}
    assert len(log_of(store)) == before
    edited = whole_item(2).replace("nobody", "everybody")
    site.answers["/feed.xml"] = Answer(rss(edited, whole_item(1), item(3)))
    assert desk.poll(feed_id).items == {"seen before": 2, "revised": 1}
    (revised,) = of_type(store, "ArticleRevised")
    assert revised.data["article_id"] == two.data["article_id"]
    asked = site.asked[-1].headers
    assert asked["user-agent"].startswith("Treatyline/")
    assert "desk@news.example" in asked["user-agent"]
    assert next(event.type for event in log_of(store)) == "FeedAdded"
    again = desk.add(f"{site.url}/other.xml", outlet="The Desk's Name")
    site.answers["/other.xml"] = Answer(rss(whole_item(7)))
    assert desk.poll(again).items == {"received": 1}
    assert of_type(store, "ArticleReceived")[-1].data["outlet"] == "The Desk's Name"


def test_atom_and_json_feeds(desk: Desk, site: Site, store: EventStore) -> None:
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
    urls = [event.data["url"] for event in of_type(store, "ArticleReceived")]
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


@pytest.mark.parametrize("kind", ["large", "bomb", "nonsense", "cut off", "no feed", "badly packed"])
def test_bad_answers(kind: str, database_url: str, site: Site, store: EventStore) -> None:
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
    assert of_type(store, "ArticleReceived") == []


def test_slow_drips_come_to_an_end(database_url: str, site: Site) -> None:
    desk = Desk(database_url, feed_seconds=2.0)
    site.answers["/feed.xml"] = Answer(rss(whole_item(1)), drip=0.2)
    began = time.monotonic()
    assert desk.poll(desk.add(f"{site.url}/feed.xml")).outcome == "timeout"
    assert time.monotonic() - began < 60


def test_killed_in_the_middle(desk: Desk, site: Site, store: EventStore) -> None:
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
    assert len(of_type(store, "ArticleReceived")) == 3
    assert desk.feed(feed_id).etag is None  # or the rest would never be sent again
    assert desk.poll(feed_id, due_only=True).items == {"seen before": 2, "same": 1, "received": 2}
    assert len(of_type(store, "ArticleReceived")) == 5


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
