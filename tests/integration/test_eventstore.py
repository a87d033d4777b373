"""The append function and the reads: versions, ids, positions, bytes, durability of answers."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from services.core.domain.events import ArticleWithdrawn, data_of
from services.core.errors import EventIdConflict, WrongExpectedVersion
from services.core.eventstore import locks
from services.core.eventstore.bodies import Body, BodyWrite, get_body
from services.core.eventstore.store import (
    NO_STREAM,
    AsyncEventStore,
    EventStore,
    NewEvent,
    StreamWrite,
    append,
    last_position,
    make_event,
    open_async_pool,
    open_pool,
    read_all,
    read_stream,
)
from tests.integration.noted import with_body, write

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def pool(database_url: str) -> Iterator[ConnectionPool[Any]]:
    with open_pool(database_url) as pool:
        yield pool


@pytest.fixture
def store(pool: ConnectionPool[Any]) -> EventStore:
    return EventStore(pool)


def names(store: EventStore) -> list[str]:
    return [record.data["name"] for record in store.read_all(0, 1000)]


def test_positions_in_the_log_and_in_each_stream(store: EventStore) -> None:
    first = store.append([write("a", "a0", "a1"), write("b", "b0")])
    second = store.append([write("a", "a2", expected=1)])
    assert (list(first.global_positions), first.last, first.new) == ([1, 2, 3], 3, True)
    assert (list(second.global_positions), second.last, second.new) == ([4], 4, True)
    assert [(r.stream_name, r.position, r.global_position) for r in store.read_all(0, 10)] == [
        ("a", 0, 1),
        ("a", 1, 2),
        ("b", 0, 3),
        ("a", 2, 4),
    ]
    assert [r.data["name"] for r in store.read_stream("a", after=0)] == ["a1", "a2"]
    assert [r.global_position for r in store.read_all(1, 2)] == [2, 3]
    assert store.read_stream("nobody") == []


def test_a_new_stream_must_be_new_and_an_old_one_where_it_was(store: EventStore) -> None:
    store.append([write("a", "a0", expected=NO_STREAM)])
    with pytest.raises(WrongExpectedVersion, match="stream a is at position 0, expected was -1"):
        store.append([write("a", "other", expected=NO_STREAM)])
    with pytest.raises(WrongExpectedVersion, match="stream a is at position 0, expected was 3"):
        store.append([write("a", "other", expected=3)])
    with pytest.raises(WrongExpectedVersion, match="stream b is at position -1, expected was 0"):
        store.append([write("b", "other", expected=0)])
    assert names(store) == ["a0"]


def test_a_conflict_in_one_stream_keeps_all_out(store: EventStore) -> None:
    store.append([write("a", "a0")])
    with pytest.raises(WrongExpectedVersion):
        store.append([write("b", "b0", expected=NO_STREAM), write("a", "a1", expected=5)])
    assert names(store) == ["a0"]
    assert store.append([write("c", "c0")]).last == 2  # what failed left no gap


def test_the_same_ids_again_change_nothing_and_are_checked_before_the_version(store: EventStore) -> None:
    first = store.append([write("a", "a0", "a1", expected=NO_STREAM)])
    again = store.append([write("a", "a0", "a1", expected=NO_STREAM)])
    assert (list(again.global_positions), again.last, again.new) == ([1, 2], first.last, False)
    assert names(store) == ["a0", "a1"]


def test_a_write_that_is_there_does_not_hold_up_the_others(store: EventStore) -> None:
    store.append([write("a", "a0")])
    mixed = store.append([write("a", "a0", expected=NO_STREAM), write("b", "b0", "b1", expected=NO_STREAM)])
    assert (list(mixed.global_positions), mixed.last, mixed.new) == ([1, 2, 3], 3, True)
    mixed = store.append([write("c", "c0"), write("b", "b0", "b1")])
    assert (list(mixed.global_positions), mixed.last, mixed.new) == ([4, 2, 3], 4, True)
    assert names(store) == ["a0", "b0", "b1", "c0"]


@pytest.mark.parametrize(
    "second",
    [
        [write("a", "a0", "new")],  # some there, others not
        [write("b", "a0")],  # there, in another stream
        [write("c", "c0"), write("b", "a0", "a1")],
    ],
)
def test_ids_that_are_partly_there_or_elsewhere_are_a_conflict(
    store: EventStore, second: list[StreamWrite]
) -> None:
    store.append([write("a", "a0", "a1")])
    with pytest.raises(EventIdConflict):
        store.append(second)
    assert names(store) == ["a0", "a1"]


def test_streams_of_every_length_in_one_append(store: EventStore) -> None:
    """Each write goes on where its own stream ends, also beside one that is there already."""
    store.append([write("a", "a0", "a1"), write("b", "b0")])
    mixed = store.append(
        [
            write("new", "n0", "n1", expected=NO_STREAM),
            write("b", "b0", expected=NO_STREAM),
            write("a", "a2", "a3", "a4", expected=1),
            write("c", "c0"),
        ]
    )
    assert (list(mixed.global_positions), mixed.last) == ([4, 5, 3, 6, 7, 8, 9], 9)
    streams = {
        name: [(r.position, r.data["name"]) for r in store.read_stream(name)] for name in ("new", "a", "c")
    }
    assert streams == {
        "new": [(0, "n0"), (1, "n1")],
        "a": [(0, "a0"), (1, "a1"), (2, "a2"), (3, "a3"), (4, "a4")],
        "c": [(0, "c0")],
    }


def test_events_of_a_stream_that_do_not_stand_together_are_refused(
    store: EventStore, database_url: str
) -> None:
    """Nothing here calls the function so; whoever does leaves no gap in a stream."""
    with (
        psycopg.connect(database_url) as conn,
        pytest.raises(psycopg.errors.NotNullViolation, match="position"),
    ):
        conn.execute(
            "SELECT append_events(array['a', 'b'], array[-1, -1], array[1, 2, 1],"
            " array[gen_random_uuid(), gen_random_uuid(), gen_random_uuid()], array['T', 'T', 'T'],"
            " array['{}', '{}', '{}'], array['{}', '{}', '{}'], '{}', '{}', '{}', '{}', '{}', '{}', false)"
        )
    assert store.read_all(0, 9) == []


def test_words_arrive_whole_from_a_connection_in_another_encoding(
    store: EventStore, database_url: str
) -> None:
    event = NewEvent(uuid.uuid4(), "Noté", {"name": "Genève"}, {"schema_version": 1})
    with psycopg.connect(database_url, client_encoding="LATIN1") as conn:
        append(conn, [StreamWrite("café", [event])], [BodyWrite("café", "x", Body("Été", None, "Où ?"))])
        with pytest.raises(UnicodeEncodeError):
            append(conn, [write("a", "слово")])
    (record,) = store.read_all(0, 9)
    assert (record.stream_name, record.type, record.data) == ("café", "Noté", {"name": "Genève"})
    with store.pool.connection() as conn:
        assert get_body(conn, Body("Été", None, "Où ?").sha256) == Body("Été", None, "Où ?")


@pytest.mark.parametrize(
    "writes",
    [
        [],
        [StreamWrite("a", [])],
        [write("a", "a0"), write("a", "a1")],
        [write("a", "a0", "a0")],
        [write("a", "a0"), write("b", "a0")],
    ],
)
def test_writes_that_make_no_sense(store: EventStore, writes: list[StreamWrite]) -> None:
    with pytest.raises(ValueError, match="append"):
        store.append(writes)


def test_json_is_kept_to_the_byte(store: EventStore, pool: ConnectionPool[Any]) -> None:
    data = {"z": 1.10, "a": [1e-7, None], "ключ": "“слово” \u0000\u2028", "name": "n"}
    store.append([StreamWrite("a", [NewEvent(uuid.uuid4(), "Noted", data, {"b": 1, "a": 2})])])
    with pool.connection() as conn:
        row = conn.execute("SELECT data::text, metadata::text FROM events").fetchone()
    assert row == (
        '{"z":1.1,"a":[1e-7,null],"ключ":"“слово” \\u0000\u2028","name":"n"}',
        '{"b":1,"a":2}',
    )
    assert store.read_all(0, 1)[0].data == data


def test_time_never_goes_back(store: EventStore, superuser_url: str) -> None:
    future = datetime(2999, 1, 1, tzinfo=UTC)
    with psycopg.connect(superuser_url) as conn:
        conn.execute(
            "INSERT INTO events VALUES (1, 'future', 0, gen_random_uuid(), 'Noted', '{}', '{}', %s)", [future]
        )
    store.append([write("a", "a0", "a1")])
    assert [record.recorded_at for record in store.read_all(1, 10)] == [future, future]


def test_a_domain_event_with_its_metadata(store: EventStore) -> None:
    event = ArticleWithdrawn(article_id="x", reason="takedown", key_id="k")
    cause = uuid.uuid4()
    new = make_event(
        event,
        id=uuid.uuid4(),
        correlation_id="request-1",
        causation_id=cause,
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        key_id="k",
        dossier_version="inf-1",
    )
    store.append([StreamWrite("article-x", [new])])
    (record,) = store.read_stream("article-x")
    assert (record.id, record.type, record.data) == (new.id, "ArticleWithdrawn", data_of(event))
    assert record.metadata == new.metadata
    assert {
        name: record.metadata[name] for name in ("causation_id", "schema_version", "dossier_version")
    } == {
        "causation_id": str(cause),
        "schema_version": 1,
        "dossier_version": "inf-1",
    }
    assert record.recorded_at.tzinfo is not None


def test_the_callers_transaction_decides(database_url: str) -> None:
    with psycopg.connect(database_url) as conn:
        append(conn, [write("a", "a0")])
        conn.rollback()
        with pytest.raises(WrongExpectedVersion), conn.transaction():
            append(conn, [write("b", "b0", expected=7)])
        append(conn, [write("c", "c0")])
        conn.commit()
        assert [(r.global_position, r.stream_name) for r in read_all(conn, 0, 9)] == [(1, "c")]
        assert last_position(conn) == 1


def test_rows_and_events_commit_together(store: EventStore) -> None:
    with store.transaction() as conn:
        conn.execute("INSERT INTO checkpoints (name, global_position) VALUES ('x', 1)")
        append(conn, [write("a", "a0")])
        assert conn.execute("SHOW synchronous_commit").fetchone() == ("off",)
    with pytest.raises(WrongExpectedVersion), store.transaction() as conn:  # noqa: PT012 - what goes with it
        conn.execute("UPDATE checkpoints SET global_position = 2")
        append(conn, [write("a", "a1", expected=7)])
    with store.pool.connection() as conn:
        assert conn.execute("SELECT global_position FROM checkpoints").fetchone() == (1,)
        assert conn.execute("SHOW synchronous_commit").fetchone() == ("on",)
    assert names(store) == ["a0"]


def test_a_fixed_snapshot_is_refused(database_url: str) -> None:
    with psycopg.connect(database_url) as conn:
        conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        with pytest.raises(psycopg.DatabaseError, match="READ COMMITTED"):
            append(conn, [write("a", "a0")])


def test_an_append_waits_for_the_one_ahead(database_url: str) -> None:
    with psycopg.connect(database_url) as ahead, psycopg.connect(database_url) as behind:
        ahead.execute("SELECT pg_advisory_xact_lock(%s)", [locks.APPEND])
        behind.execute("SET lock_timeout = '100ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            append(behind, [write("a", "a0")])


def test_an_acknowledged_append_is_on_disk(store: EventStore, superuser_url: str) -> None:
    """Each answer comes after the write-ahead log was flushed past the append, though its commit did not wait."""
    on_disk = 0
    with psycopg.connect(superuser_url, autocommit=True) as observer:
        for number in range(20):
            store.append([write("a", f"a{number}")])
            row = observer.execute(
                "SELECT pg_current_wal_flush_lsn() >= pg_current_wal_insert_lsn()"
            ).fetchone()
            on_disk += row == (True,)
    # Now and then the server itself has written something since. Without the flush it is none or one or two.
    assert on_disk >= 15


def test_an_append_whose_flush_fails_is_not_acknowledged(
    store: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("services.core.eventstore.store.FLUSH", "SELECT 1/0")
        with pytest.raises(psycopg.errors.DivisionByZero):
            store.append([write("a", "a0")])
    assert not store.append([write("a", "a0")]).new  # sent again, it is there and on disk
    assert store.append([write("a", "a1")]).last == 2


def test_listeners_hear_the_last_position(store: EventStore, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute("LISTEN treatyline_events")
        store.append([write("a", "a0", "a1")])
        store.append([write("a", "a0", "a1")])  # nothing new, nothing to hear
        store.append([write("b", "b0")])
        assert [n.payload for n in conn.notifies(timeout=60, stop_after=2)] == ["2", "3"]


# -- async ------------------------------------------------------------------------------------------------------


@pytest.mark.anyio
async def test_the_async_store_does_the_same(database_url: str) -> None:
    async with open_async_pool(database_url) as pool:
        store = AsyncEventStore(pool)
        body = Body("T", None, "Words.")
        appended = await store.append(*with_body("x", body))
        assert (list(appended.global_positions), appended.new) == ([1], True)
        with pytest.raises(WrongExpectedVersion):
            await store.append([write("article-x", "another", expected=NO_STREAM)])
        assert not (await store.append(*with_body("x", body))).new
        async with store.transaction() as conn:
            await conn.execute("INSERT INTO checkpoints (name, global_position) VALUES ('x', 1)")
        assert [r.type for r in await store.read_stream("article-x")] == ["Noted"]
        assert [r.global_position for r in await store.read_all(0, 5)] == [1]


def test_large_appends_in_one_call(store: EventStore) -> None:
    writes = [write(f"s{number}", *(f"{number}/{n}" for n in range(5))) for number in range(400)]
    appended = store.append(writes)
    assert appended.last == 2000
    with store.pool.connection() as conn:
        assert [r.position for r in read_stream(conn, "s399")] == [0, 1, 2, 3, 4]
