"""What a projection remembers from one batch to the next, as long as nobody else has written its tables."""

from __future__ import annotations

from typing import Any

import psycopg

from services.core.projections.behind import Behind
from services.core.projections.working_set import WorkingSet

ROWS = 15_000  # about as many rows are kept beyond a batch: some 40 MB
ROWS_ALONE = 20_000  # of a rebuild, which has a process of its own

# The transaction that wrote the checkpoint last, and this one: whoever writes read tables writes it with them.
_BEGIN = """
SELECT set_config('search_path', quote_ident(%s) || ', public, pg_temp', true),
       set_config('timezone', 'UTC', true), -- elsewhere offsets had seconds once, which JSON has no way to write
       pg_current_xact_id()::xid::text, (SELECT xmin::text FROM checkpoints WHERE name = %s)
"""


class Memory:
    """Hands out the working set of the batch before where it still says what the tables say.

    It does on the same connection where the checkpoint was last written by the transaction of that batch: it was
    committed, and no other process, no rebuild and no restored backup came between. `alone`: nobody else has the
    tables anyway, and a batch that fails ends it all.
    """

    def __init__(
        self,
        checkpoint: str,
        schema: str,
        *,
        alone: bool = False,
        behind: Behind | None = None,
        rows: int | None = None,
    ) -> None:
        self._checkpoint = checkpoint
        self._schema = schema
        self._alone = alone
        self._behind = behind
        self._rows = rows or (ROWS_ALONE if alone else ROWS)
        self._conn: psycopg.Connection[Any] | None = None
        self._transaction = ""
        self._work: WorkingSet | None = None

    def begin(self, conn: psycopg.Connection[Any]) -> WorkingSet:
        """The working set for a batch that is folded in the present transaction, in the schema's tables."""
        row = conn.execute(_BEGIN, (self._schema, self._checkpoint)).fetchone()
        transaction, written_by = row[2:] if row else ("", "")
        # Until the batch has come to its end there is nothing to be remembered.
        work, self._work = self._work, None
        if work is None or self._conn is not conn or not (self._alone or written_by == self._transaction):
            work = WorkingSet(conn, self._behind)
        else:
            work.begin()
        self._conn, self._transaction = conn, transaction
        return work

    def end(self, work: WorkingSet) -> None:
        """The batch is folded and written. Words that a takedown took out of the tables must go here too."""
        if not work.withdrawn:
            work.forget(self._rows)
            self._work = work
