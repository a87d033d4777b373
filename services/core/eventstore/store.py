"""Appending to the log and reading it. `docs/decisions/0001-order-and-durability-of-the-log.md` says why so.

Positions have no gaps and follow the commit order, so `global_position > n` misses nothing. Whatever acts
outside the database on what it read must `flush` first (subscriptions do): until then a crash of the database
could take back the newest events.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, NoReturn, cast

import orjson
import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format
from psycopg.rows import BaseRowFactory
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from services.core.errors import EventIdConflict, WrongExpectedVersion
from services.core.eventstore.bodies import BodyWrite
from services.core.eventstore.events import (
    NO_STREAM,
    Appended,
    NewEvent,
    Recorded,
    StreamWrite,
    make_event,
)
from services.core.eventstore.upcasters import FIRST_VERSION, UPCASTERS, upcast

__all__ = [
    "CHANNEL",
    "NO_STREAM",
    "Appended",
    "AsyncEventStore",
    "EventStore",
    "NewEvent",
    "Recorded",
    "StreamWrite",
    "append",
    "append_async",
    "flush",
    "flush_async",
    "last_position",
    "make_event",
    "open_async_pool",
    "open_pool",
    "read_all",
    "read_all_async",
    "read_stream",
    "read_stream_async",
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
READ_ALL = _COLUMNS + "WHERE global_position > %s ORDER BY global_position LIMIT %s"
LAST_POSITION = "SELECT global_position FROM events ORDER BY global_position DESC LIMIT 1"

_ERRORS = {"TL001": WrongExpectedVersion, "TL002": EventIdConflict}


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
    parameters = _parameters(writes, bodies, flush_later=flush_later)
    try:
        with conn.cursor(binary=True) as cursor:
            return _appended(cursor.execute(APPEND, parameters, prepare=True).fetchone(), parameters)
    except psycopg.DatabaseError as error:
        _translate(error)


async def append_async(
    conn: psycopg.AsyncConnection[Any],
    writes: Sequence[StreamWrite],
    bodies: Sequence[BodyWrite] = (),
    *,
    flush_later: bool = False,
) -> Appended:
    """`append` on an async connection."""
    parameters = _parameters(writes, bodies, flush_later=flush_later)
    try:
        async with conn.cursor(binary=True) as cursor:
            await cursor.execute(APPEND, parameters, prepare=True)
            return _appended(await cursor.fetchone(), parameters)
    except psycopg.DatabaseError as error:
        _translate(error)


def flush(conn: psycopg.Connection[Any]) -> None:
    """Returns once everything committed so far, by anyone, is on disk. Outside a transaction."""
    conn.execute(FLUSH)


async def flush_async(conn: psycopg.AsyncConnection[Any]) -> None:
    """`flush` on an async connection."""
    await conn.execute(FLUSH)


def read_stream(conn: psycopg.Connection[Any], stream_name: str, after: int = -1) -> list[Recorded]:
    """The stream's events at positions greater than `after`."""
    with conn.cursor(binary=True, row_factory=_recorded) as cursor:
        _read_json_with_orjson(cursor)
        return _current(cursor.execute(READ_STREAM, [stream_name, after]).fetchall())


async def read_stream_async(
    conn: psycopg.AsyncConnection[Any], stream_name: str, after: int = -1
) -> list[Recorded]:
    """`read_stream` on an async connection."""
    async with conn.cursor(binary=True, row_factory=_recorded) as cursor:
        _read_json_with_orjson(cursor)
        await cursor.execute(READ_STREAM, [stream_name, after])
        return _current(await cursor.fetchall())


def read_all(conn: psycopg.Connection[Any], after: int, limit: int) -> list[Recorded]:
    """At most `limit` events at global positions greater than `after`, in order. Not flushed."""
    with conn.cursor(binary=True, row_factory=_recorded) as cursor:
        _read_json_with_orjson(cursor)
        return _current(cursor.execute(READ_ALL, [after, limit], prepare=True).fetchall())


async def read_all_async(conn: psycopg.AsyncConnection[Any], after: int, limit: int) -> list[Recorded]:
    """`read_all` on an async connection."""
    async with conn.cursor(binary=True, row_factory=_recorded) as cursor:
        _read_json_with_orjson(cursor)
        await cursor.execute(READ_ALL, [after, limit], prepare=True)
        return _current(await cursor.fetchall())


def last_position(conn: psycopg.Connection[Any]) -> int:
    """The newest event's global position, 0 in an empty log."""
    row = conn.execute(LAST_POSITION).fetchone()
    return row[0] if row else 0


# -- with a transaction of its own ------------------------------------------------------------------------------


def open_pool(conninfo: str, *, min_size: int = 1, max_size: int = 4) -> ConnectionPool[Any]:
    """An open pool as the stores want it: autocommit, so that one append is one round trip."""
    return ConnectionPool(
        conninfo, min_size=min_size, max_size=max_size, kwargs={"autocommit": True}, open=True
    )


def open_async_pool(conninfo: str, *, min_size: int = 1, max_size: int = 8) -> AsyncConnectionPool[Any]:
    """The same for async code; to be opened with `async with`."""
    return AsyncConnectionPool(
        conninfo, min_size=min_size, max_size=max_size, kwargs={"autocommit": True}, open=False
    )


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
        with self.pool.connection() as conn:
            with conn.transaction():
                conn.execute("SET LOCAL synchronous_commit = off")
                yield conn
            flush(conn)

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


# -- parts ----------------------------------------------------------------------------------------------------------


def _parameters(
    writes: Sequence[StreamWrite], bodies: Sequence[BodyWrite], *, flush_later: bool
) -> list[Any]:
    """The arguments of `append_events`, in order."""
    events = [(number, event) for number, write in enumerate(writes, 1) for event in write.events]
    ids = [event.id for _, event in events]
    numbers = {write.stream_name: number for number, write in enumerate(writes, 1)}
    if not writes or not all(write.events for write in writes):
        raise ValueError("nothing to append")
    if len(numbers) < len(writes):
        raise ValueError("a stream may appear once in an append")
    if len(set(ids)) < len(ids):
        raise ValueError("an event id may appear once in an append")
    if any(body.stream_name not in numbers for body in bodies):
        raise ValueError("a body must come with events for its stream")
    return [
        [write.stream_name for write in writes],
        [write.expected_version for write in writes],
        [number for number, _ in events],
        ids,
        [event.type for _, event in events],
        [orjson.dumps(event.data).decode() for _, event in events],
        [orjson.dumps(event.metadata).decode() for _, event in events],
        [numbers[item.stream_name] for item in bodies],
        [item.article_id for item in bodies],
        [item.body.sha256 for item in bodies],
        [item.body.title for item in bodies],
        [item.body.author for item in bodies],
        [item.body.text for item in bodies],
        flush_later,
    ]


def _appended(row: tuple[int | None, list[int] | None] | None, parameters: list[Any]) -> Appended:
    first, positions = cast("tuple[int | None, list[int] | None]", row)
    if positions is not None:  # some or all were there before
        return Appended(positions, max(positions), new=first is not None)
    if first is None:
        raise AssertionError("append_events returned no position")
    count = len(parameters[3])
    return Appended(range(first, first + count), first + count - 1, new=True)


def _translate(error: psycopg.DatabaseError) -> NoReturn:
    ours = _ERRORS.get(error.sqlstate or "")
    if ours is None:
        raise error
    raise ours(error.diag.message_primary) from None


class _OrjsonLoader(Loader):
    format = Format.BINARY

    def load(self, data: Buffer) -> Any:
        return orjson.loads(data)


def _read_json_with_orjson(cursor: psycopg.Cursor[Any] | psycopg.AsyncCursor[Any]) -> None:
    cursor.adapters.register_loader("json", _OrjsonLoader)


def _make_recorded(_cursor: object) -> Any:
    return Recorded._make


_recorded = cast("BaseRowFactory[Recorded]", _make_recorded)
_UPCAST_TYPES = frozenset(event_type for event_type, _ in UPCASTERS)


def _current(records: list[Recorded]) -> list[Recorded]:
    """The records with `data` of the current version."""
    return [
        record
        if (version := record.metadata.get("schema_version", FIRST_VERSION)) == FIRST_VERSION
        and record.type not in _UPCAST_TYPES
        else record._replace(data=upcast(record.type, record.data, version))
        for record in records
    ]
