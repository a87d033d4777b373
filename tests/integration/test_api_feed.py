"""The feed of changes, whatever happened and however it is read: the same changes, in order, each once."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

from services.api.feed import Change, ChangeId, found_by_search, read_changes
from services.api.filters import TimelineFilter
from tests.conftest import Database
from tests.integration.api_client import world_of
from tests.integration.read_tables import clear, project, steps, write

FIRST = ChangeId(0, 0)


async def read(url: str, after: ChangeId, *, upto: int, limits: list[int]) -> list[Change]:
    """Everything after an id, in portions of the given sizes."""
    found: list[Change] = []
    async with await psycopg.AsyncConnection.connect(url, row_factory=dict_row) as conn:
        turn = 0
        while changes := await read_changes(conn, after, upto=upto, limit=limits[turn % len(limits)]):
            found += changes
            after = changes[-1].id
            turn += 1
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happened=steps, sizes=st.lists(st.integers(1, 9), min_size=1, max_size=4), data=st.data())
def test_any_prefix_and_what_follows_it_are_the_whole(
    database: Database, happened: list[tuple[Any, ...]], sizes: list[int], data: st.DataObject
) -> None:
    with world_of(database.superuser_url) as world:
        start = world.conn.execute("SELECT coalesce(max(global_position), 0) FROM events").fetchone()
        assert start is not None
        clear(world.conn)
        write(world, [(w, f"{start[0]}{a}", t, p, f"{start[0]}{s}") for w, a, t, p, s in happened])
        upto = project(world.conn, sizes=sizes, after=start[0])
    url = database.services_url
    whole = asyncio.run(read(url, FIRST, upto=upto, limits=[10_000]))
    ids = [change.id for change in whole]
    assert ids == sorted(set(ids))
    assert asyncio.run(read(url, FIRST, upto=upto, limits=sizes)) == whole
    seen = data.draw(st.integers(0, len(whole)))
    after = whole[seen - 1].id if seen else FIRST
    assert asyncio.run(read(url, after, upto=upto, limits=sizes)) == whole[seen:]
    middle = data.draw(st.integers(0, upto))
    until = asyncio.run(read(url, FIRST, upto=middle, limits=sizes))
    rest = asyncio.run(read(url, ChangeId.end_of(middle), upto=upto, limits=sizes))
    assert until + rest == whole


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happened=steps)
def test_followed_from_the_beginning_the_changes_add_up_to_the_timeline(
    database: Database, happened: list[tuple[Any, ...]]
) -> None:
    with world_of(database.superuser_url) as world:
        start = world.conn.execute("SELECT coalesce(max(global_position), 0) FROM events").fetchone()
        assert start is not None
        clear(world.conn)
        write(world, [(w, f"{start[0]}{a}", t, p, f"{start[0]}{s}") for w, a, t, p, s in happened])
        upto = project(world.conn, after=start[0])
        live = {
            str(id_): version
            for id_, version in world.conn.execute(
                "SELECT id, version FROM read.entries WHERE to_position IS NULL AND change IN ('added', 'changed')"
            )
        }
    followed: dict[str, int] = {}
    for change in asyncio.run(read(database.services_url, FIRST, upto=upto, limits=[50])):
        id_ = change.subject["id"]
        if change.name == "entry.added":
            assert id_ not in followed
        elif change.name != "position.changed":
            assert id_ in followed
        if change.name in {"entry.merged", "entry.removed"}:
            del followed[id_]
        elif change.name != "position.changed":
            followed[id_] = change.subject["version"]
    assert followed == live


@pytest.mark.parametrize("text", ["1.1", "0.0", f"{2**63}.1"])
def test_change_ids_are_read_back(text: str) -> None:
    assert str(ChangeId.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", ".", "1", "1.", ".1", "1.1.1", "+1.1", "1.-1", " 1.1", "1_0.1", "²." + "1"]
)
def test_nothing_else_is_a_change_id(text: str) -> None:
    with pytest.raises(ValueError, match="not a change id"):
        ChangeId.parse(text)


@pytest.mark.anyio
async def test_a_search_of_nothing_finds_nothing(database: Database) -> None:
    async with await psycopg.AsyncConnection.connect(database.services_url, row_factory=dict_row) as conn:
        assert await found_by_search(conn, [], TimelineFilter(dossier="inf", q="100% %s")) == set()
