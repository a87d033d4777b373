"""Appending to the log and reading it. `docs/decisions/0001-order-and-durability-of-the-log.md` says why so.

Positions have no gaps and follow the commit order, so `global_position > n` misses nothing. Whatever acts
outside the database on what it read must `flush` first (subscriptions do): until then a crash of the database
could take back the newest events.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from itertools import islice
from typing import Any, cast

import psycopg
from psycopg.rows import tuple_row
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from services.core.eventstore.arrays import bind_packed
from services.core.eventstore.bodies import BodyWrite
from services.core.eventstore.events import (
    NO_STREAM,
    Appended,
    NewEvent,
    Recorded,
    StreamWrite,
    make_event,
)
from services.core.eventstore.wire import (
    appended,
    current,
    parameters_of,
    read_json_with_orjson,
    recorded,
    to_fold,
    translate,
)

__all__ = [
    "CHANNEL",
    "END_OF_WAL",
    "FLUSH_UP_TO",
    "NO_STREAM",
    "Appended",
    "AsyncEventStore",
    "EventStore",
    "NewEvent",
    "Recorded",
    "StreamWrite",
    "append",
    "append_async",
    "commit_lazily",
    "end_of_wal",
    "flush",
    "flush_async",
    "flush_to_last",
    "flush_to_last_async",
    "flush_up_to",
    "last_position",
    "make_event",
    "open_async_pool",
    "open_pool",
    "read_all",
    "read_all_async",
    "read_range",
    "read_stream",
    "read_stream_async",
    "read_streams",
    "read_to_fold",
    "transaction_on",
]

CHANNEL = "treatyline_events"
"""NOTIFY channel; the payload is the highest global position of the append."""

APPEND = """
SELECT first_position, positions FROM append_events(
    %b::text[], %b::bigint[], %b::integer[], %b::uuid[], %b::text[], %b::text[], %b::text[],
    %b::integer[], %b::text[], %b::bytea[], %b::text[], %b::text[], %b::text[], %b)
"""
# Flushes the write-ahead log up to here, and with it everything that anyone committed before (PostgreSQL 17+).
FLUSH = "SELECT pg_logical_emit_message(false, 'treatyline', '', true)"
_COLUMNS = "SELECT global_position, stream_name, position, id, type, data, metadata, recorded_at FROM events "
READ_STREAM = _COLUMNS + "WHERE stream_name = %s AND position > %s ORDER BY position"
READ_STREAMS = _COLUMNS + "WHERE stream_name = ANY (%s) ORDER BY stream_name, position"
READ_ALL = _COLUMNS + "WHERE global_position > %s ORDER BY global_position LIMIT %s"
READ_TO_FOLD = """
SELECT global_position, stream_name, position, type, data, (metadata->>'schema_version')::integer, recorded_at
  FROM events WHERE global_position > %s ORDER BY global_position LIMIT %s"""
READ_RANGE = _COLUMNS + "WHERE global_position > %s AND global_position <= %s ORDER BY global_position"
LAST_POSITION = "SELECT global_position FROM events ORDER BY global_position DESC LIMIT 1"
# Whatever a transaction sees was committed, so written to that log, before: it lies before this end.
END_OF_WAL = "SELECT pg_current_wal_insert_lsn()::text"
FLUSH_UP_TO = f"SELECT CASE WHEN pg_current_wal_flush_lsn() < %s::pg_lsn THEN ({FLUSH})::text END"
# What the position is taken from, the statement's snapshot, is older than the flush beside it, in whatever order the
# two are worked out: all that is seen in it was committed, so written to the log, before.
FLUSH_TO_LAST = f"{FLUSH}, coalesce(({LAST_POSITION}), 0)"


# -- in the caller's transaction ------------------------------------------------------------------------------


def append(
    conn: psycopg.Connection[Any],
    writes: Sequence[StreamWrite],
    bodies: Sequence[BodyWrite] = (),
    *,
    flush_later: bool = False,
) -> Appended:
    """Appends all writes or none, in the caller's transaction (or its own on an autocommit connection).

    A write whose event ids are all in its stream already changes nothing, whatever version it expects. The
    append lock is held to the commit: make this the transaction's last statement. With `flush_later` the
    commit does not wait for the disk, and the caller must `flush` before anybody is told.

    Raises WrongExpectedVersion, EventIdConflict (the transaction is then over, unless a savepoint was set) and
    ValueError for writes that make no sense.
    """
    parameters = parameters_of(writes, bodies, encoding=conn.info.encoding, flush_later=flush_later)
    try:
        with conn.cursor(binary=True) as cursor:
            bind_packed(cursor)
            return appended(cursor.execute(APPEND, parameters, prepare=True).fetchone(), writes)
    except psycopg.DatabaseError as error:
        translate(error)


async def append_async(
    conn: psycopg.AsyncConnection[Any],
    writes: Sequence[StreamWrite],
    bodies: Sequence[BodyWrite] = (),
    *,
    flush_later: bool = False,
) -> Appended:
    """`append` on an async connection."""
    parameters = parameters_of(writes, bodies, encoding=conn.info.encoding, flush_later=flush_later)
    try:
        async with conn.cursor(binary=True) as cursor:
            bind_packed(cursor)
            await cursor.execute(APPEND, parameters, prepare=True)
            return appended(await cursor.fetchone(), writes)
    except psycopg.DatabaseError as error:
        translate(error)


def flush(conn: psycopg.Connection[Any]) -> None:
    """Returns once everything committed so far, by anyone, is on disk. Outside a transaction."""
    conn.execute(FLUSH)


async def flush_async(conn: psycopg.AsyncConnection[Any]) -> None:
    """`flush` on an async connection."""
    await conn.execute(FLUSH)


def end_of_wal(conn: psycopg.Connection[Any]) -> str:
    """What `flush_up_to` takes: all that was read before lies before it."""
    row = conn.execute(END_OF_WAL, prepare=True).fetchone()
    if row is None:
        raise AssertionError("the database told no end of its write-ahead log")
    return str(row[0])


def flush_up_to(conn: psycopg.Connection[Any], end: str) -> None:
    """`flush` of what was read before `end_of_wal` gave that, where no one else has done it by now.

    For who has something to do meanwhile, while those who appended flush for themselves. Also within a transaction.
    """
    conn.execute(FLUSH_UP_TO, (end,), prepare=True)


def flush_to_last(conn: psycopg.Connection[Any]) -> int:
    """`flush`, and a position up to which every event is on disk then, whoever reads it when: the log's last.

    Who catches up needs no other flush before that. 0 in an empty log.
    """
    return _position(conn.execute(FLUSH_TO_LAST, prepare=True).fetchone())


async def flush_to_last_async(conn: psycopg.AsyncConnection[Any]) -> int:
    """`flush_to_last` on an async connection."""
    return _position(await (await conn.execute(FLUSH_TO_LAST, prepare=True)).fetchone())


def _position(row: tuple[Any, ...] | None) -> int:
    return int(row[1]) if row else 0


def read_stream(conn: psycopg.Connection[Any], stream_name: str, after: int = -1) -> list[Recorded]:
    """The stream's events at positions greater than `after`."""
    with conn.cursor(binary=True, row_factory=recorded) as cursor:
        read_json_with_orjson(cursor)
        return current(cursor.execute(READ_STREAM, [stream_name, after]).fetchall())


def read_streams(conn: psycopg.Connection[Any], stream_names: Sequence[str]) -> dict[str, list[Recorded]]:
    """All events of several streams; those that are empty are left out."""
    streams: dict[str, list[Recorded]] = {}
    with conn.cursor(binary=True, row_factory=recorded) as cursor:
        read_json_with_orjson(cursor)
        records = cursor.execute(READ_STREAMS, [list(stream_names)], prepare=True).fetchall()
    for record in current(records):
        streams.setdefault(record.stream_name, []).append(record)
    return streams


async def read_stream_async(
    conn: psycopg.AsyncConnection[Any], stream_name: str, after: int = -1
) -> list[Recorded]:
    """`read_stream` on an async connection."""
    async with conn.cursor(binary=True, row_factory=recorded) as cursor:
        read_json_with_orjson(cursor)
        await cursor.execute(READ_STREAM, [stream_name, after])
        return current(await cursor.fetchall())


def read_all(conn: psycopg.Connection[Any], after: int, limit: int) -> list[Recorded]:
    """At most `limit` events at global positions greater than `after`, in order. Not flushed."""
    with conn.cursor(binary=True, row_factory=recorded) as cursor:
        read_json_with_orjson(cursor)
        return current(cursor.execute(READ_ALL, [after, limit], prepare=True).fetchall())


def read_to_fold(conn: psycopg.Connection[Any], after: int, limit: int) -> list[Recorded]:
    """`read_all` without ids and metadata, which are a third of its work: for folds, whose rows never tell them."""
    with conn.cursor(binary=True, row_factory=tuple_row) as cursor:
        read_json_with_orjson(cursor)
        return to_fold(cursor.execute(READ_TO_FOLD, [after, limit], prepare=True).fetchall())


async def read_all_async(conn: psycopg.AsyncConnection[Any], after: int, limit: int) -> list[Recorded]:
    """`read_all` on an async connection."""
    async with conn.cursor(binary=True, row_factory=recorded) as cursor:
        read_json_with_orjson(cursor)
        await cursor.execute(READ_ALL, [after, limit], prepare=True)
        return current(await cursor.fetchall())


def read_range(
    conn: psycopg.Connection[Any], after: int, upto: int, batch: int
) -> Generator[list[Recorded], None, None]:
    """The events after `after` up to `upto`, in order, `batch` at a time. Not flushed.

    One statement, which the database goes on with while a batch is worked on: until the last of them the connection
    does nothing else, and the database keeps what its snapshot sees.
    """
    with conn.cursor(binary=True, row_factory=recorded) as cursor:
        read_json_with_orjson(cursor)
        # Closed in any case: as long as the rows are held open, nobody else gets hold of the connection, not even to end it.
        stream = cast("Generator[Recorded, None, None]", cursor.stream(READ_RANGE, [after, upto], size=batch))
        with closing(stream) as rows:
            while records := list(islice(rows, batch)):
                yield current(records)


def last_position(conn: psycopg.Connection[Any]) -> int:
    """The newest event's global position, 0 in an empty log."""
    row = conn.execute(LAST_POSITION).fetchone()
    return row[0] if row else 0


# -- with a transaction of its own ------------------------------------------------------------------------------


def open_pool(
    conninfo: str, *, min_size: int = 1, max_size: int = 4, flush_later: bool = False
) -> ConnectionPool[Any]:
    """An open pool as the stores want it: autocommit, so that one append is one round trip.

    With `flush_later` no commit waits for the disk, whatever it writes: for those who `flush` before they tell
    anybody, and whose work is done again where a crash of the database takes it back.
    """
    return ConnectionPool(
        conninfo,
        min_size=min_size,
        max_size=max_size,
        kwargs={"autocommit": True},
        configure=commit_lazily if flush_later else None,
        open=True,
    )


def commit_lazily(conn: psycopg.Connection[Any]) -> None:
    """Commits on this connection no longer wait for the disk; `flush` does."""
    conn.execute("SET synchronous_commit = off")


def open_async_pool(conninfo: str, *, min_size: int = 1, max_size: int = 8) -> AsyncConnectionPool[Any]:
    """The same for async code; to be opened with `async with`."""
    return AsyncConnectionPool(
        conninfo, min_size=min_size, max_size=max_size, kwargs={"autocommit": True}, open=False
    )


@contextmanager
def transaction_on(conn: psycopg.Connection[Any]) -> Iterator[None]:
    """`EventStore.transaction` on a connection in autocommit that the caller has already."""
    with conn.transaction():
        conn.execute("SET LOCAL synchronous_commit = off")
        yield
    flush(conn)


class EventStore:
    """The log, with acknowledged appends on disk. `pool` comes from `open_pool`."""

    def __init__(self, pool: ConnectionPool[Any]) -> None:
        self.pool = pool

    def append(self, writes: Sequence[StreamWrite], bodies: Sequence[BodyWrite] = ()) -> Appended:
        """`append` in a transaction of its own; on disk when it returns, also where it changed nothing."""
        with self.pool.connection() as conn:
            appended = append(conn, writes, bodies, flush_later=True)
            flush(conn)
            return appended

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Connection[Any]]:
        """A transaction for an append and rows that belong to it; on disk when the block is left."""
        with self.pool.connection() as conn, transaction_on(conn):
            yield conn

    def read_stream(self, stream_name: str, after: int = -1) -> list[Recorded]:
        """The stream's events at positions greater than `after`."""
        with self.pool.connection() as conn:
            return read_stream(conn, stream_name, after)

    def read_all(self, after: int, limit: int) -> list[Recorded]:
        """At most `limit` events at global positions greater than `after`. Not flushed."""
        with self.pool.connection() as conn:
            return read_all(conn, after, limit)


class AsyncEventStore:
    """`EventStore` for async code. `pool` comes from `open_async_pool`."""

    def __init__(self, pool: AsyncConnectionPool[Any]) -> None:
        self.pool = pool

    async def append(self, writes: Sequence[StreamWrite], bodies: Sequence[BodyWrite] = ()) -> Appended:
        """`append` in a transaction of its own; on disk when it returns, also where it changed nothing."""
        async with self.pool.connection() as conn:
            appended = await append_async(conn, writes, bodies, flush_later=True)
            await flush_async(conn)
            return appended

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """A transaction for an append and rows that belong to it; on disk when the block is left."""
        async with self.pool.connection() as conn:
            async with conn.transaction():
                await conn.execute("SET LOCAL synchronous_commit = off")
                yield conn
            await flush_async(conn)

    async def read_stream(self, stream_name: str, after: int = -1) -> list[Recorded]:
        """The stream's events at positions greater than `after`."""
        async with self.pool.connection() as conn:
            return await read_stream_async(conn, stream_name, after)

    async def read_all(self, after: int, limit: int) -> list[Recorded]:
        """At most `limit` events at global positions greater than `after`. Not flushed."""
        async with self.pool.connection() as conn:
            return await read_all_async(conn, after, limit)
