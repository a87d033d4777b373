"""What `/readyz` asks of the database: that it answers, and that there is room on its disk."""

from __future__ import annotations

import time

import psycopg
import psycopg_pool
from psycopg.rows import TupleRow

from services.core.web.health import NotReady

ROOM_SECONDS = 1.0  # how long an answer about the disk is believed

# Reading works on a full disk, and so do small writes into pages that are there. A result that does not fit into
# memory needs a mebibyte of new room at once, more than a table ever asks for, in a file that is gone afterwards:
# it writes nothing to the log, and services that may only read can ask too.
ROOM_SETTINGS = "SELECT set_config('work_mem', '64kB', true), set_config('temp_tablespaces', '', true)"
ROOM = """
WITH filling AS MATERIALIZED (SELECT repeat('x', 1024) AS words FROM generate_series(1, 1024))
SELECT sum(length(words)) FROM filling
"""


class DatabaseCheck:
    """The check "database" of a service, by its own connections. Each process asks for itself."""

    def __init__(self, pool: psycopg_pool.AsyncConnectionPool[psycopg.AsyncConnection[TupleRow]]) -> None:
        self._pool = pool
        self._asked_at = -ROOM_SECONDS
        self._full = False

    async def __call__(self) -> None:
        """Raises NotReady while its disk is full, and whatever a database that does not answer raises."""
        async with self._pool.connection(timeout=1.5) as connection:
            if time.monotonic() - self._asked_at < ROOM_SECONDS:
                await connection.execute("SELECT 1")
            else:
                self._asked_at = time.monotonic()
                self._full = not await _has_room(connection)
        if self._full:
            raise NotReady("disk full")

    def was_full(self) -> None:
        """A write was refused: the next to ask looks at the disk."""
        self._asked_at, self._full = -ROOM_SECONDS, True


async def _has_room(connection: psycopg.AsyncConnection[TupleRow]) -> bool:
    try:
        async with connection.transaction(force_rollback=True):
            await connection.execute(ROOM_SETTINGS)
            await connection.execute(ROOM)
    except psycopg.errors.DiskFull:
        return False
    return True
