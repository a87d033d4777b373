"""Sites that are polled are asked politely, and only where they and we allow it."""

from __future__ import annotations

import datetime as dt
import time

import psycopg

from services.core.eventstore.store import EventStore
from services.core.feeds.store import LOCK_SITE
from tests.integration.feed_desk import HALF_HOUR, Desk, until_next
from tests.integration.feed_site import Answer, Site, rss, whole_item
from tests.integration.pipeline import log_of, of_type


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


def test_a_feed_that_is_gone_is_polled_no_more(desk: Desk, site: Site, store: EventStore) -> None:
    site.answers["/feed.xml"] = Answer(status=410)
    feed_id = desk.add(f"{site.url}/feed.xml")
    assert desk.poll(feed_id).outcome == "gone"
    feed = desk.feed(feed_id)
    assert (feed.state, feed.disabled_reason) == ("disabled", "gone")
    before = len(site.asked)
    assert desk.poll(feed_id).outcome == "gone"
    assert len(site.asked) == before
    assert log_of(store)[-1].type == "FeedDisabled"
    assert desk.add(f"{site.url}/feed.xml") == feed_id  # said again: taken up again
    assert desk.feed(feed_id).state == "active"


def test_redirects(desk: Desk, site: Site, store: EventStore) -> None:
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
    moved = of_type(store, "FeedMoved")
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


def test_no_address_inside_unless_named(database_url: str, site: Site) -> None:
    desk = Desk(database_url, feed_networks=())
    assert desk.poll(desk.add(f"{site.url}/feed.xml")).outcome == "address-refused"
    by_name = f"http://localhost.localdomain:{site.url.rpartition(':')[2]}/feed.xml"
    assert desk.poll(desk.add(by_name)).outcome in {"address-refused", "not-resolved"}
    assert site.asked == []


def test_a_site_is_asked_one_thing_at_a_time(desk: Desk, site: Site) -> None:
    """Whichever of its feeds it is about, and with a pause between two."""
    site.answers["/one.xml"] = site.answers["/two.xml"] = Answer(rss(whole_item(1)))
    one, two = desk.add(f"{site.url}/one.xml"), desk.add(f"{site.url}/two.xml")
    with psycopg.connect(desk.settings.database_url or "", autocommit=True) as other:
        other.execute(LOCK_SITE, [site.url])  # as who polls another feed of it
        assert desk.poll(one).outcome == "busy"
        assert site.asked == []
        assert desk.feed(one).due_at > dt.datetime.now(dt.UTC) + dt.timedelta(seconds=5)
    assert desk.poll(one).outcome == "read"
    desk.pause = 1.0
    began = time.monotonic()
    assert desk.poll(two).outcome == "read"
    assert desk.feed(two).polled_at - desk.feed(one).polled_at > dt.timedelta(seconds=0.9)  # type: ignore[operator]
    assert time.monotonic() - began < 60
