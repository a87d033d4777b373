"""Catch-up readers of the log: everything after a position, in order, then whatever comes.

One integer says where a reader is. Positions follow the commit order without gaps, so nothing that commits
later can lie behind it; each batch is on disk before it is handed out, so nothing that was acted on can be
taken back by a crash of the database. One flush serves every event that was in the log at the time: who has far
to go does not wait for the disk again until it gets to what came in since.
"""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from typing import Any, NamedTuple

import orjson
import psycopg
from psycopg_pool import AsyncConnectionPool

from services.core.eventstore.events import Recorded
from services.core.eventstore.store import (
    CHANNEL,
    flush_to_last,
    flush_to_last_async,
    read_all,
    read_all_async,
    read_range,
)
from services.core.eventstore.wakeups import Notifier, listen, pauses, wait_for_notification

BATCH = 100
"""Small: the next is on its way already, and records of hundreds fall out of the processor's cache."""
ASYNC_BATCH = 500
"""Larger: each is a question of its own."""
STRETCH = 10_000
"""Most events of one statement: for as long as they are worked on, the database keeps what its snapshot sees."""
STRETCH_SECONDS = 10.0
"""After which no further batch of it is taken: whoever is slow asks again."""
POLL_SECONDS = 1.0
STOP_CHECK_SECONDS = 0.25


class Subscription:
    """A reader for threads and processes, with a connection of its own that is renewed when it breaks.

    For whoever follows the log and keeps nothing in its database. Relay and projector read it themselves, as
    they commit a checkpoint together with what they make of each batch.

    `after` moves on as batches are taken: the batch just handed out is behind it. `poll` is how long a lost
    wake-up can delay a batch.
    """

    def __init__(
        self,
        conninfo: str,
        *,
        after: int = 0,
        batch: int = BATCH,
        poll: float = POLL_SECONDS,
        stop: threading.Event | None = None,
    ) -> None:
        self.conninfo = conninfo
        self.after = after
        self.batch = batch
        self.poll = poll
        self.stop = stop or threading.Event()
        self._on_disk = 0  # events up to here, as of the last flush

    def batches(self) -> Iterator[list[Recorded]]:
        """Non-empty batches, for ever; ends within a second of `stop` being set."""
        pause = pauses()
        while not self.stop.is_set():
            try:
                with psycopg.connect(self.conninfo, autocommit=True) as conn:
                    # Before the first read, so that nothing falls between reading and waiting.
                    for statement in listen((CHANNEL,)):
                        conn.execute(statement)
                    while (records := self._next(conn)) is not None:
                        pause = pauses()
                        yield records
                        yield from self._up_to_flushed(conn)
            except psycopg.OperationalError:
                self.stop.wait(pause())

    def _next(self, conn: psycopg.Connection[Any]) -> list[Recorded] | None:
        while not self.stop.is_set():
            records = read_all(conn, self.after, self.batch)
            if records:
                self._on_disk = flush_to_last(conn)
                self.after = records[-1].global_position
                return records
            deadline = time.monotonic() + self.poll
            while not self.stop.is_set() and (left := deadline - time.monotonic()) > 0:
                if wait_for_notification(conn, min(left, STOP_CHECK_SECONDS)) is not None:
                    break
        return None

    def _up_to_flushed(self, conn: psycopg.Connection[Any]) -> Iterator[list[Recorded]]:
        """What else was in the log when the batch before was flushed: there is a way to go, so it is read at once."""
        while self.after < self._on_disk and not self.stop.is_set():
            upto = min(self._on_disk, self.after + STRETCH)
            end = time.monotonic() + STRETCH_SECONDS
            with closing(read_range(conn, self.after, upto, self.batch)) as stretch:
                for records in stretch:
                    self.after = records[-1].global_position
                    yield records
                    if self.stop.is_set():
                        return
                    if time.monotonic() > end:
                        break


class AsyncSubscription:
    """`Subscription` for async code: reads through a pool, woken by a `Notifier` that many share."""

    def __init__(
        self,
        pool: AsyncConnectionPool[Any],
        notifier: Notifier,
        *,
        after: int = 0,
        batch: int = ASYNC_BATCH,
        poll: float = POLL_SECONDS,
    ) -> None:
        self.pool = pool
        self.notifier = notifier
        self.after = after
        self.batch = batch
        self.poll = poll

    async def batches(self) -> AsyncIterator[list[Recorded]]:
        """Non-empty batches, until cancelled. A broken connection raises psycopg.OperationalError."""
        on_disk = 0  # events up to here; a lost connection, which may come back to another server, ends this
        while True:
            seen = self.notifier.generation
            async with self.pool.connection() as conn:
                records = await read_all_async(conn, self.after, self.batch)
                if records and records[-1].global_position > on_disk:
                    on_disk = await flush_to_last_async(conn)
            if records:
                self.after = records[-1].global_position
                yield records
            else:
                await self.notifier.wait(seen, self.poll)


# -- checkpoints ------------------------------------------------------------------------------------------------


class CheckpointAt(NamedTuple):
    """Where a named reader is."""

    global_position: int
    meta: dict[str, Any]


def load_checkpoint(conn: psycopg.Connection[Any], name: str) -> CheckpointAt:
    """The reader's checkpoint; position 0 for one that never committed any."""
    row = conn.execute(
        "SELECT global_position, meta::text FROM checkpoints WHERE name = %s", [name]
    ).fetchone()
    return CheckpointAt(row[0], orjson.loads(row[1])) if row else CheckpointAt(0, {})


def lock_checkpoint(conn: psycopg.Connection[Any], name: str) -> int:
    """The checkpoint's position, which nobody else can move before this transaction ends."""
    row = conn.execute(
        "SELECT global_position FROM checkpoints WHERE name = %s FOR UPDATE", [name]
    ).fetchone()
    return int(row[0]) if row else 0


def save_checkpoint(
    conn: psycopg.Connection[Any], name: str, global_position: int, meta: dict[str, Any] | None = None
) -> None:
    """Moves the checkpoint, in the transaction of what was made of the events. `meta` None leaves it alone."""
    conn.execute(
        """
        INSERT INTO checkpoints AS c (name, global_position, meta) VALUES (%(name)s, %(position)s,
               coalesce(%(meta)s::json, '{}'))
        ON CONFLICT (name) DO UPDATE SET global_position = excluded.global_position, updated_at = now(),
               meta = coalesce(%(meta)s::json, c.meta)
        """,
        {
            "name": name,
            "position": global_position,
            "meta": None if meta is None else orjson.dumps(meta).decode(),
        },
    )
