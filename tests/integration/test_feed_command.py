"""`treatyline feed`: added, listed, polled and removed on the command line, and told plainly when that cannot be."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from rich.console import Console
from typer.testing import CliRunner

from services.cli import feeds
from services.cli.main import app
from tests.integration.feed_site import Answer, Site, item, rss, whole_item
from tests.integration.ingest_client import events


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    monkeypatch.setenv("TREATYLINE_DATABASE_URL", database_url)
    monkeypatch.setenv("TREATYLINE_FEED_NETWORKS", "127.0.0.1")
    monkeypatch.setattr(feeds, "out", Console(width=300))  # a console keeps the width that it was made with


def feed(*arguments: str, exits: int = 0) -> Any:
    done = CliRunner().invoke(app, ["feed", *arguments])
    assert done.exit_code == exits, done.output
    return done


def lines(done: Any) -> list[Any]:
    return [orjson.loads(line) for line in done.stdout.splitlines()]


def test_from_added_to_removed(site: Site, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    site.answers["/feed.xml"] = Answer(rss(whole_item(2), item(1)))
    assert feed("list").stdout == ""
    added = feed("add", f"{site.url}/feed.xml", "--every", "15m", "--outlet", "The  Desk")
    feed_id = added.stdout.strip()
    assert UUID(feed_id)
    assert "TREATYLINE_FEED_CONTACT" in added.stderr
    monkeypatch.setenv("TREATYLINE_FEED_CONTACT", "desk@news.example")
    again = feed("add", f"{site.url}/feed.xml", "--every", "2h", "--json")
    assert (lines(again), again.stderr) == ([{"id": feed_id}], "")
    assert site.asked == []  # adding asks nobody
    assert lines(feed("poll", "--json")) == [
        {"id": feed_id, "outcome": "read", "items": {"received": 1, "without-text": 1}}
    ]
    assert "desk@news.example" in site.asked[-1].headers["user-agent"]
    assert feed("poll", feed_id).stdout.split() == [feed_id, "read:", "2", "seen", "before"]
    (listed,) = lines(feed("list", "--json"))
    assert (listed["every_seconds"], listed["outlet"], listed["outcome"]) == (7200, "The Desk", "read")
    shown = feed("list").stdout
    assert all(word in shown for word in (feed_id, "/feed.xml", "The Desk", "120 min", "active", "read"))
    assert "removed" in feed("remove", feed_id).stderr
    assert lines(feed("list", "--json")) == []
    kinds = [event["type"] for event in events(database_url)]
    assert kinds == ["FeedAdded", "FeedAdded", "ArticleReceived", "FeedRemoved"]


def test_what_cannot_be_done_is_told(site: Site) -> None:
    site.answers["/gone.xml"] = Answer(status=410)
    site.answers["/feed.xml"] = Answer(rss(whole_item(1)))
    gone = feed("add", f"{site.url}/gone.xml").stdout.strip()
    good = feed("add", f"{site.url}/feed.xml").stdout.strip()
    polled = feed("poll", "--json", exits=1)  # one of them could not be read: the other was
    assert {one["id"]: one["outcome"] for one in lines(polled)} == {gone: "gone", good: "read"}
    assert "disabled: gone" in feed("list").stdout
    assert [one["id"] for one in lines(feed("poll", "--json"))] == [good]  # what is disabled is not asked
    for arguments in (("remove", str(uuid4())), ("poll", str(uuid4()))):
        assert "no such feed" in feed(*arguments, exits=1).stderr
    for wrong in (
        ("add", "ftp://news.example/feed.xml"),
        ("add", "http://169.254.169.254/latest"),
        ("add", "https://me:secret@news.example/feed.xml"),
        ("add", f"{site.url}/feed.xml", "--every", "5s"),
        ("add", f"{site.url}/feed.xml", "--every", "often"),
        ("add", f"{site.url}/feed.xml", "--outlet", "x" * 300),
        ("remove", "4711"),
        ("poll", "4711"),
    ):
        feed(*wrong, exits=2)


def test_a_database_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREATYLINE_DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/nothing")
    told = feed("list", exits=1).stderr
    assert "error:" in told
    assert "secret" not in told
