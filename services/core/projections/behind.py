"""Writing behind the fold: rows go to the server on a connection and a thread of their own, while it folds on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Self

import psycopg

Write = Callable[[psycopg.Connection[Any]], None]

# Who waits here for a lock may wait for the very one who waits for this thread, which the server cannot see.
_SETTINGS = """
SELECT set_config('search_path', quote_ident(%s) || ', pg_temp', false), set_config('timezone', 'UTC', false),
       set_config('enable_seqscan', 'off', false), set_config('jit', 'off', false),
       set_config('lock_timeout', '10s', false)
"""


class Behind:
    """Does the writes of one batch after those of the other, each in a transaction; at most one is under way.

    For tables that nobody else reads yet: where one fails the next `write` or `wait` raises its error, and what the
    tables hold is then worth nothing.
    """

    def __init__(self, conn: psycopg.Connection[Any], schema: str) -> None:
        """`conn` is used for nothing else, and in autocommit."""
        conn.execute(_SETTINGS, (schema,))
        self._conn = conn
        self._thread = ThreadPoolExecutor(1)
        self._under_way: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown()

    def write(self, write: Write) -> None:
        """Has it written as soon as what was given before is."""
        self.wait()
        self._under_way = self._thread.submit(self._write, write)

    def wait(self) -> None:
        """Until everything is in the tables, for others to see."""
        under_way, self._under_way = self._under_way, None
        if under_way is not None:
            under_way.result()

    def _write(self, write: Write) -> None:
        with self._conn.transaction():
            write(self._conn)
