"""The stream when things go wrong: slow clients, withdrawn words, a database that goes away, a server that stops."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import psycopg
import pytest

from services.api import hub as hub_module
from services.api.feed import ChangeId
from services.api.filters import TimelineFilter
from services.api.hub import Hub
from tests.conftest import Database
from tests.integration.api_client import World, api_client, world_of
from tests.integration.stream_client import (
    LEFT,
    MET,
    STATED,
    TEXT,
    everything,
    has_read,
    order,
    served,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    with world_of(database.owner_url) as world:
        yield world


async def test_an_id_that_the_log_has_and_the_tables_not_yet_is_waited_for(
    database: Database, world: World
) -> None:
    """After a crash of the database the read tables may for a moment be behind what was streamed."""
    world.article("a", TEXT, [MET])
    async with served(database) as server:
        listener = asyncio.create_task(server.take(1, "3.0"))
        await asyncio.sleep(0.2)
        world.project()
        (told,) = await asyncio.wait_for(listener, 20)
        assert told.id == "3.1"


async def test_no_connection_to_the_database_is_held_while_streaming(
    database: Database, world: World
) -> None:
    world.article("a", TEXT, [MET])
    world.project()
    async with served(database, database_pool_size=1, database_timeout=2.0) as server:
        async with server.stream("0.0") as one, server.stream("0.0", q="geneva") as two:
            assert (await anext(one)).id == (await anext(two)).id == "3.1"
            for _ in range(3):
                response = await server.client.get("/v1/timeline")
                assert response.status_code == 200
        pool = server.app.state.reads.pool
        assert pool.get_stats()["pool_available"] == 1


async def test_a_stream_far_behind_reads_the_tables_until_it_has_caught_up(
    database: Database, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "KEPT", 4)
    monkeypatch.setattr(hub_module, "BATCH", 3)
    async with served(database) as server:
        async with server.stream("0.0") as slow:
            for number in range(10):
                world.article(f"a{number}", TEXT, [LEFT, MET], outlet=f"Outlet {number}")
                world.project()
                await asyncio.sleep(0.02)
            hub: Hub = server.app.state.hub
            assert len(hub._recent) <= 4
            assert hub.since(ChangeId(0, 0)) is None
            told = [await anext(slow) for _ in range(20)]
        assert order(told) == await everything(database)
        assert order(await server.take(20)) == order(told)


async def test_withdrawn_words_leave_memory_and_are_not_sent_again(database: Database, world: World) -> None:
    async with served(database) as server:
        async with server.stream("0.0") as live:
            hub: Hub = server.app.state.hub
            world.article("a", TEXT, [LEFT, STATED])
            await has_read(hub, world.project())
            first = [await anext(live) for _ in range(2)]
            assert "Washington left" in repr(first[0].data)
            assert any(b"Washington left" in change.data for change in hub._recent)
            # The current revision tells nothing: the withdrawal itself changes no entry any more.
            world.receive("a", "Nothing to see.", revision=2)
            world.skip("a", revision=2)
            world.project()
            gone = [await anext(live) for _ in range(2)]
            assert [t.name for t in gone] == ["entry.removed", "position.changed"]
            world.withdraw("a")
            await has_read(hub, world.project())
            assert not any(b"Washington" in c.data or b"moratorium," in c.data for c in hub._recent)
        again = await server.take(4)
        assert order(again) == order(first) + order(gone)
        assert "Washington left" not in repr(again)
        assert again[0].data["summary"] is None


async def test_words_withdrawn_while_a_client_was_slow_do_not_reach_it(
    database: Database, world: World
) -> None:
    async with api_client(database.services_url) as client:
        app: Any = client._transport
        hub: Hub = app.app.state.hub
        reads = app.app.state.reads
        feed = hub_module.follow(hub, reads, ChangeId(0, 0), TimelineFilter(dossier="inf"))
        world.article("kept", TEXT, [MET])
        world.article("gone", TEXT, [LEFT])
        world.project()
        first: Any = await anext(feed)  # the second waits in this stream's hands
        assert first.subject["kind"] == "consultation"
        world.withdraw("gone")
        await has_read(hub, world.project())
        second: Any = await anext(feed)
        assert (second.name, second.subject["actors"]) == ("entry.added", ["usa"])
        assert b"Washington" not in second.data
        third: Any = await anext(feed)
        assert third.name == "entry.removed"
        await feed.aclose()


async def test_a_database_that_goes_away_breaks_no_stream(database: Database, world: World) -> None:
    async with served(database) as server, server.stream("0.0") as live:
        world.article("a", TEXT, [MET])
        world.project()
        assert (await anext(live)).id == "3.1"
        with psycopg.connect(database.superuser_url, autocommit=True) as conn:
            conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " AND application_name IN ('treatyline-api', '') AND pid <> pg_backend_pid()"
                " AND usename = 'treatyline_services'"
            )
        world.article("b", TEXT, [LEFT])
        world.project()
        told = await asyncio.wait_for(anext(live), 15)
        assert told.data["actors"] == ["usa"]


async def test_head_says_what_it_would_be_and_ends(database: Database) -> None:
    async with served(database) as server:
        response = await asyncio.wait_for(server.client.head("/v1/timeline/stream"), 20)
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")


def test_a_server_that_is_told_to_stop_ends_its_open_streams(database: Database) -> None:
    code = (
        "import sys, uvicorn\n"
        "from services.api.app import create_app\n"
        "from services.core.settings import Settings\n"
        "app = create_app(Settings(database_url=sys.argv[1]))\n"
        "uvicorn.run(app, port=int(sys.argv[2]), log_config=None, timeout_graceful_shutdown=30)\n"
    )
    port = _free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TREATYLINE_")}
    with subprocess.Popen(
        [sys.executable, "-c", code, database.services_url, str(port)], env=environment
    ) as server:
        try:
            with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
                deadline = time.monotonic() + 30
                while True:
                    try:
                        client.get("/healthz")
                        break
                    except httpx2.ConnectError:
                        assert time.monotonic() < deadline
                        time.sleep(0.1)
                with (
                    client.stream("GET", "/v1/timeline/stream") as one,
                    client.stream("GET", "/v1/timeline/stream?last_event_id=0.0") as two,
                ):
                    lines = one.iter_lines(), two.iter_lines()
                    assert all(next(each).startswith("retry") for each in lines)
                    server.send_signal(signal.SIGTERM)
                    for each in lines:
                        list(each)  # ends properly: no broken chunk
                server.wait(25)  # seconds; streams that it has to cut off would cost it thirty
        finally:
            server.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
