"""`GET /v1/timeline/stream`: every change once and in order, whoever breaks off where, with every filter."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from services.api import hub as hub_module
from services.api.feed import ChangeId
from services.api.hub import Hub
from tests.conftest import Database
from tests.integration.api_client import World, api_client, refused, world_of
from tests.integration.stream_client import (
    COARSE,
    LEFT,
    MET,
    SCHEMAS,
    SPOKE,
    STATED,
    TEXT,
    Told,
    everything,
    order,
    served,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    with world_of(database.owner_url) as world:
        yield world


def write_history(world: World) -> None:
    """Something of every kind: added, changed, merged, removed, positions that come and go."""
    world.article("coarse", TEXT, [COARSE, MET])
    world.article("fine", TEXT, [LEFT, STATED], outlet="Courier")
    world.article("copy", TEXT, [LEFT], story="fine", of="fine", outlet="Echo", published_at="2019-08-04")
    world.article("spoke", TEXT, [SPOKE, STATED], outlet="Post", published_at="2019-08-06")
    world.project()
    world.withdraw("coarse")
    world.withdraw("spoke")
    world.withdraw("fine")
    world.project()


async def test_every_kind_of_change_is_told_once_and_in_order(database: Database, world: World) -> None:
    write_history(world)
    whole = await everything(database)
    assert {name for _, name in whole} == set(SCHEMAS)
    ids = [ChangeId.parse(id_) for id_, _ in whole]
    assert ids == sorted(set(ids))
    async with served(database) as server:
        assert order(await server.take(len(whole))) == whole
        (merged,) = (t for t in await server.take(len(whole)) if t.name == "entry.merged")
        assert merged.data["merged_into"] == next(
            t.data["id"] for t in await server.take(len(whole)) if t.data.get("actors") == ["usa"]
        )


async def test_breaking_off_anywhere_and_resuming_gives_the_whole_feed(
    database: Database, world: World
) -> None:
    write_history(world)
    whole = await everything(database)
    async with served(database) as server:
        for seen in range(len(whole)):
            last = "0.0" if seen == 0 else whole[seen - 1][0]
            for by_query in (False, True):
                rest = await server.take(len(whole) - seen, last, by_query=by_query)
                assert whole[:seen] + order(rest) == whole


async def test_changes_arrive_as_they_come_and_a_client_that_keeps_breaking_off_misses_none(
    database: Database, world: World
) -> None:
    async with served(database) as server:
        collected: list[Told] = []

        async def listen(total: int) -> None:
            last = "0.0"
            while len(collected) < total:
                async with server.stream(last) as events:
                    for _ in range(1 + len(collected) % 3):
                        if len(collected) < total:
                            collected.append(await anext(events))
                            last = collected[-1].id

        total = 24
        listener = asyncio.create_task(listen(total))
        for number in range(total // 2):
            world.article(f"a{number}", TEXT, [LEFT, MET], outlet=f"Outlet {number}")
            world.project()
            await asyncio.sleep(0.01)
        await asyncio.wait_for(listener, 20)
        assert order(collected) == await everything(database)


async def test_without_an_id_it_begins_now_and_says_where_that_is(database: Database, world: World) -> None:
    world.article("before", TEXT, [MET])
    at = world.project()
    async with served(database) as server, server.client.stream("GET", "/v1/timeline/stream") as response:
        lines = response.aiter_lines()
        opening = [await anext(lines) for _ in range(3)]
        # Who loses the connection before anything came still knows where it was.
        assert opening == ["retry: 2000", f"id: {at}.32768", ""]
        world.article("after", TEXT, [LEFT])
        world.project()
        told = [await anext(lines) for _ in range(3)]
        assert told[0] == "event: entry.added"
        assert told[2].startswith('data: {"id":')
        resumed = await server.take(1, f"{at}.32768")
        assert resumed[0].data["actors"] == ["usa"]


async def test_many_clients_each_get_everything_from_one_reading(
    database: Database, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served(database, database_pool_size=2) as server:
        world.article("first", TEXT, [MET])
        world.project()
        await server.take(1)
        reads = 0
        original = hub_module.read_changes

        async def counted(*args: Any, **more: Any) -> Any:
            nonlocal reads
            reads += 1
            return await original(*args, **more)

        monkeypatch.setattr(hub_module, "read_changes", counted)
        hub: Hub = server.app.state.hub
        newest = str(ChangeId.end_of(hub.position))
        listeners = [asyncio.create_task(server.take(10, newest)) for _ in range(60)]
        await asyncio.sleep(0.5)
        for number in range(10):
            world.article(f"a{number}", TEXT, [LEFT], outlet=f"Outlet {number}")
            world.project()
        results = await asyncio.wait_for(asyncio.gather(*listeners), 20)
        whole = await everything(database)
        assert all(order(told) == whole[1:] for told in results)
        # Ten new positions at most, however many listen; sixty streams opened meanwhile read none.
        assert reads <= 12


FILTERS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["entry.added"] * 3 + ["position.changed"]),
    ({"actor": "usa"}, ["entry.added:usa"]),
    ({"actor": "russia"}, ["entry.added:russia", "position.changed"]),
    ({"actor": "russia", "proposition": "moratorium"}, ["entry.added:russia", "position.changed"]),
    ({"proposition": "us-complied"}, []),
    ({"recipient": "nato"}, ["entry.added:russia"]),
    ({"kind": ["consultation", "statement"]}, ["entry.added:nato", "entry.added:russia"]),
    ({"status": "planned"}, ["entry.added:nato"]),
    ({"from": "2019-08-03"}, ["entry.added:russia"]),
    ({"to": "2019-01-01"}, ["entry.added:nato"]),
    ({"speaker": "Lavrov"}, ["entry.added:russia"]),
    ({"q": "geneva"}, ["entry.added:nato"]),
    ({"outlet": "wire"}, ["entry.added"] * 3),
    ({"outlet": "nowhere"}, []),
    ({"min_outlets": 2}, []),
    ({"plover": "SUPPORT"}, ["entry.added"] * 3),
]


async def test_filters_are_those_of_the_timeline(
    database: Database, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "HEARTBEAT_SECONDS", 0.02)
    world.article("a", TEXT, [LEFT, MET, SPOKE, STATED])
    world.project()
    async with served(database) as server:
        for asked, expected in FILTERS:
            got: list[str] = []
            async with server.client.stream(
                "GET", "/v1/timeline/stream", params=asked | {"last_event_id": "0.0"}
            ) as response:
                async for line in response.aiter_lines():
                    if line == ": waiting":  # nothing more
                        break
                    name, _, value = line.partition(": ")
                    if name == "event":
                        got.append(value)
                    elif name == "data" and got[-1] == "entry.added" and ":" in "".join(expected):
                        got[-1] += ":" + orjson.loads(value)["actors"][0]
            assert sorted(got) == sorted(expected), asked


async def test_who_asks_for_what_told_an_entry_hears_that_it_is_gone(
    database: Database, world: World
) -> None:
    world.article("a", TEXT, [MET])
    world.project()
    world.withdraw("a")
    world.project()
    async with served(database) as server:
        told = await server.take(1, "0.0", kind="consultation")
        assert [t.name for t in told] == ["entry.added"]
        gone = await server.take(2, "0.0", kind="consultation", actor="nato")
        assert gone[1].name == "entry.removed"
        assert gone[1].data["cause"] == "withdrawal"


async def test_an_id_that_cannot_be_is_refused(database: Database) -> None:
    wrong = ["", "x", "1", "1.", ".1", "-1.0", "1.0.0", "1.x", "٣.1", "9" * 40 + ".1", "1e3.0", "99.0"]
    async with api_client(database.services_url) as client:
        for given in wrong:
            assert await refused(client, "/v1/timeline/stream", last_event_id=given) == ["last_event_id"]
            if given.isascii():
                response = await client.get("/v1/timeline/stream", headers={"Last-Event-ID": given})
                assert response.status_code == 422
                assert response.json()["errors"][0]["in"] == "header"
        assert await refused(client, "/v1/timeline/stream", actr="usa") == ["actr"]
        assert await refused(client, "/v1/timeline/stream", kind="dance", limit=5) == ["limit"]


async def test_quiet_times_are_bridged_by_comments_that_move_the_id_on(
    database: Database, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "HEARTBEAT_SECONDS", 0.2)
    async with (
        served(database) as server,
        server.client.stream("GET", "/v1/timeline/stream", params={"actor": "china"}) as response,
    ):
        lines = response.aiter_lines()
        assert [await anext(lines) for _ in range(3)][1] == "id: 0.32768"
        assert [await anext(lines) for _ in range(3)] == [": waiting", "id: 0.32768", ""]
        world.article("a", TEXT, [MET])
        at = world.project()
        seen = ""
        while seen != f"id: {at}.32768":
            seen = await asyncio.wait_for(anext(lines), 20)
