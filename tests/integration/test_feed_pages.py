"""The pages that a feed links to are fetched, where that is wanted and allowed."""

from __future__ import annotations

import pytest

from services.core.eventstore.store import EventStore
from tests.integration.feed_desk import Desk
from tests.integration.feed_site import WORDS, Answer, Asked, Site, feed_site, item, rss
from tests.integration.pipeline import of_type
from workers import feeds


def test_pages_are_fetched_where_that_is_allowed(database_url: str, site: Site, store: EventStore) -> None:
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
    (article,) = of_type(store, "ArticleReceived")
    assert article.data["published_at"] == "2019-08-02T18:05:00+02:00"
    assert article.data["characters"] > 5 * len(WORDS)


def test_a_page_whose_site_cannot_say_is_fetched_when_it_can(
    database_url: str, site: Site, store: EventStore
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
    assert len(of_type(store, "ArticleReceived")) == 1


def test_pages_that_may_be_fetched_later_are(database_url: str, site: Site, store: EventStore) -> None:
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
    assert len(of_type(store, "ArticleReceived")) == 1


def test_a_page_that_never_answers_is_left_at_last(
    database_url: str, site: Site, store: EventStore, monkeypatch: pytest.MonkeyPatch
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
