"""`GET /v1/events`: the log as CloudEvents 1.0 (https://github.com/cloudevents/spec, 1.0.2)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Database
from tests.integration.api_client import World, api_client, ok, refused, world_of
from tests.integration.log_writer import Telling

pytestmark = pytest.mark.anyio

TEXT = "They met in Geneva."
MET = Telling("They met in Geneva", "2019-08-02", "consultation", ("usa",))
REQUIRED = {"specversion", "id", "source", "type"}
OPTIONAL = {"datacontenttype", "dataschema", "subject", "time", "data"}


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    with world_of(database.owner_url) as world:
        yield world


async def test_every_event_follows_the_rules_of_cloudevents(database: Database, world: World) -> None:
    world.article("a", TEXT, [MET])
    world.withdraw("a")
    async with api_client(database.services_url) as client:
        answer = await ok(client, "/v1/events", order="asc")
        # The log itself, not what was made of it: nothing is projected yet.
        assert answer["position"] == 4
        events = answer["data"]
        assert [e["type"] for e in events] == [
            "ArticleReceived", "ArticleJudgedOriginal", "ExtractionCompleted", "ArticleWithdrawn",
        ]  # fmt: skip
        assert len({(e["source"], e["id"]) for e in events}) == len(events)
        assert [e["sequence"] for e in events] == sorted(e["sequence"] for e in events)
        for number, event in enumerate(events, 1):
            assert event.keys() >= REQUIRED
            assert all(re.fullmatch("[a-z0-9]{1,20}", name) for name in event)
            extensions = event.keys() - REQUIRED - OPTIONAL
            assert all(isinstance(event[name], str) and event[name] for name in extensions | REQUIRED)
            assert event["specversion"] == "1.0"
            assert event["datacontenttype"] == "application/json"
            assert (event["subject"], int(event["sequence"])) == ("article-a", number)
            assert dt.datetime.fromisoformat(event["time"]).tzinfo is not None
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", event["time"])
            assert event["data"]["article_id"] == "a"


async def test_filters_and_following_the_log(database: Database, world: World) -> None:
    world.article("a", TEXT, [MET])
    world.article("b", TEXT + "b", [MET])
    async with api_client(database.services_url) as client:

        async def sequence(**asked: Any) -> list[int]:
            return [int(e["sequence"]) for e in (await ok(client, "/v1/events", **asked))["data"]]

        assert await sequence() == [6, 5, 4, 3, 2, 1]
        assert await sequence(type="ArticleReceived") == [4, 1]
        assert await sequence(subject="article-b", order="asc") == [4, 5, 6]
        assert await sequence(type="Nothing") == []
        assert await sequence(after=4, order="asc") == [5, 6]
        assert await sequence(after=6) == []
        assert await sequence(after=2**62) == []
        world.withdraw("b")
        assert await sequence(after=6, order="asc") == [7]
        for wrong in ({"after": -1}, {"after": 2**63}, {"after": "x"}):
            assert await refused(client, "/v1/events", **wrong) == ["after"]
        assert await refused(client, "/v1/events", type="\x00") == ["type"]
        assert await refused(client, "/v1/events", subject="x" * 301) == ["subject"]


async def test_what_is_answered_was_flushed_first(database: Database, world: World) -> None:
    """A crash must not take back what somebody outside has seen: the answer waits for the flush."""
    world.article("a", TEXT, [MET])
    flushed = "SELECT pg_current_wal_flush_lsn() >= pg_current_wal_insert_lsn()"
    world.conn.execute("SET synchronous_commit = off")
    async with api_client(database.services_url) as client:
        behind = False
        for number in range(20):
            world.receive(f"x{number}", f"Words {number}.")
            row = world.conn.execute(flushed).fetchone()
            assert row is not None
            behind = behind or not row[0]
            before = world.conn.execute("SELECT pg_current_wal_insert_lsn()").fetchone()
            assert before is not None
            await ok(client, "/v1/events", limit=1)
            after = world.conn.execute("SELECT pg_current_wal_flush_lsn() >= %s::pg_lsn", before).fetchone()
            assert after == (True,)
        assert behind, "the test writes nothing that a flush is needed for"
