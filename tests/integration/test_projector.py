"""The projector folds each event exactly once, whatever is cut off where."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from services.core.eventstore.store import EventStore, Recorded, open_pool
from services.core.eventstore.subscription import load_checkpoint
from services.core.projections.base import PROJECTED
from services.core.settings import Settings
from tests.conftest import Database
from tests.integration.pipeline import eventually, take_in
from workers import projector


class Counting:
    """Counts each event; ends its own connection where told to."""

    def __init__(self, name: str, *, dies_at: int | None = None, after: bool = True) -> None:
        self.name = name
        self.dies_at = dies_at
        self.after = after
        self.batches: list[int] = []

    def apply(self, conn: psycopg.Connection[Any], batch: Sequence[Recorded]) -> None:
        self.batches.append(len(batch))
        dies = any(event.global_position == self.dies_at for event in batch)
        if dies and not self.after:
            self._die(conn)
        with conn.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO counted VALUES (%s, %s, 1) ON CONFLICT (name, at) DO UPDATE SET n = counted.n + 1",
                [(self.name, event.global_position) for event in batch],
            )
        if dies:
            self._die(conn)

    def _die(self, conn: psycopg.Connection[Any]) -> None:
        self.dies_at = None
        conn.execute("SELECT pg_terminate_backend(pg_backend_pid())")


@pytest.fixture
def store(database: Database) -> Iterator[EventStore]:
    with psycopg.connect(database.owner_url) as conn:
        conn.execute("CREATE TABLE counted (name text, at bigint, n integer, PRIMARY KEY (name, at))")
        conn.execute("GRANT ALL ON counted TO treatyline_services")
    made = EventStore(open_pool(database.services_url))
    yield made
    made.pool.close()


def counted(store: EventStore, name: str) -> list[tuple[int, int]]:
    """(global position, times folded), in order."""
    with store.pool.connection() as conn:
        return conn.execute("SELECT at, n FROM counted WHERE name = %s ORDER BY at", [name]).fetchall()


@contextmanager
def running(database: Database, *projections: Counting) -> Iterator[threading.Event]:
    """A projector in a thread."""
    stop = threading.Event()
    settings = Settings(database_url=database.services_url)
    thread = threading.Thread(target=projector.main, args=(settings, stop, projections))
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("dies_at", [1, 4, 10])
def test_a_connection_that_ends_within_a_batch_changes_nothing(
    store: EventStore, database: Database, dies_at: int, *, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projector, "BATCH", 3)
    for number in range(10):
        take_in(store, f"Article {number}")
    first, second = Counting("first", dies_at=dies_at, after=after), Counting("second", dies_at=5)
    with running(database, first, second):
        eventually(lambda: len(counted(store, "second")) == 10, "all is folded")
    once = [(position, 1) for position in range(1, 11)]
    assert counted(store, "first") == counted(store, "second") == once
    with store.pool.connection() as conn:
        assert load_checkpoint(conn, "first").global_position == 10


def test_a_projection_that_is_added_later_catches_up_alone(store: EventStore, database: Database) -> None:
    for number in range(6):
        take_in(store, f"Article {number}")
    old, new = Counting("old"), Counting("new")
    with store.pool.connection() as conn:
        assert projector.catch_up(conn, [old]) == 6
        take_in(store, "Article 7")
        assert projector.catch_up(conn, [old, new]) == 7
        assert projector.catch_up(conn, [old, new]) == 7
    assert counted(store, "old") == counted(store, "new") == [(n, 1) for n in range(1, 8)]
    assert (old.batches, new.batches) == ([6, 1], [7])


def test_catching_up_ends_where_it_is_told_to(store: EventStore) -> None:
    for number in range(9):
        take_in(store, f"Article {number}")
    with store.pool.connection() as conn:
        fold = Counting("some")
        assert projector.project_next(conn, [fold], limit=4) == 4
        assert projector.catch_up(conn, [fold], until=4) == 4
        assert projector.catch_up(conn, []) == 0


def test_one_of_two_projectors_leads_and_tells_how_far_it_is(store: EventStore, database: Database) -> None:
    folds = [Counting("a"), Counting("a")]
    with psycopg.connect(database.services_url, autocommit=True) as listener:
        listener.execute(f"LISTEN {PROJECTED}")
        with running(database, folds[0]) as first:
            take_in(store, "Article 0")
            eventually(lambda: len(counted(store, "a")) == 1, "the first leads")
            with running(database, folds[1]):
                take_in(store, "Article 1")
                eventually(lambda: len(counted(store, "a")) == 2, "the first goes on")
                assert folds[1].batches == []
                first.set()
                eventually(lambda: _leaders(store) == 1, "the second leads")
                take_in(store, "Article 2")
                eventually(lambda: len(counted(store, "a")) == 3, "the second goes on")
                assert folds[1].batches == [1]
        notes = [*listener.notifies(timeout=30, stop_after=3), *listener.notifies(timeout=0.2)]
        told = [int(note.payload) for note in notes]
    assert told == [1, 2, 3]
    assert counted(store, "a") == [(1, 1), (2, 1), (3, 1)]


def _leaders(store: EventStore) -> int:
    with store.pool.connection() as conn:
        row = conn.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND mode = 'ExclusiveLock'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        ).fetchone()
        return int(row[0]) if row else 0
