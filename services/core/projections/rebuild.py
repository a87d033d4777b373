"""Rebuilding the read tables from the log, in tables beside those in use.

Where the result differs, rows are replaced in one transaction. The tables themselves stay: a reader that is
in the middle of a snapshot would find exchanged ones empty, since its snapshot is older than their rows.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from sqlalchemy import inspect

from services.core.eventstore import locks
from services.core.eventstore.store import Recorded, read_to_fold
from services.core.projections.behind import Behind
from services.core.projections.read_models import ReadModels
from services.core.projections.registry import read_models
from services.core.projections.replacing import replace_rows
from services.core.projections.tables import READ_TABLES, SCHEMA

NEXT = f"{SCHEMA}_next"
BATCH = 10_000  # most articles' three events lie in one batch: their rows are written once
GARBAGE = 400_000  # objects more than before: what some batches make
NEARER = 3 / 4  # of what was left before: while a round leaves no more than that, another one is worth it

# What folding looks rows up by beside their keys. The other indexes serve readers, who never see these tables.
_LOOKED_UP: dict[str, tuple[LiteralString, ...]] = {
    "articles": ("story_id",),
    "mentions": ("article_id", "entry_id, story_id", "dossier, kind"),
    "statements": (
        "article_id",
        "dossier, actor, proposition, date_to",
        "story_id, dossier, actor, proposition",
    ),
}

OnProgress = Callable[[int, int], None]  # (global position reached, the one to reach)


def rebuild(conn: psycopg.Connection[Any], on_progress: OnProgress = lambda _done, _of: None) -> int:
    """Fold the whole log again and make the read tables equal to the result.

    `conn` is the owner's, in autocommit. The projector may run meanwhile: it waits only for the last events and
    for the replacing.
    Gives the global position that the tables reflect. Memory does not grow with the log.
    """
    # Rows of articles are written on another connection: each statement must see what that one committed before it.
    conn.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
    conn.execute("SELECT pg_advisory_lock(%s)", (locks.REBUILD,))
    try:
        if not _checkpoint(conn):
            return 0  # nothing was projected yet; the projector begins with empty tables itself
        _prepare(conn)
        done = 0
        with _another(conn) as own, Behind(own, NEXT) as behind, _garbage_seldom():
            models = read_models(NEXT, alone=True, behind=behind)
            for upto in _rounds(conn):
                with closing(_read_ahead(conn, done, upto)) as batches:
                    for batch in batches:
                        done = _fold(conn, models, batch)
                        on_progress(done, upto)
            with conn.transaction():
                # The projector takes this row first in each of its transactions: from here on it waits.
                upto = _checkpoint(conn, lock=True)
                while done < upto:
                    done = _fold(conn, models, read_to_fold(conn, done, min(BATCH, upto - done)))
                replace_rows(conn, NEXT, behind)
                # The projector sees by it that the tables are no longer as it left them.
                conn.execute("UPDATE checkpoints SET updated_at = now() WHERE name = %s", (ReadModels.name,))
        _drop(conn)
        on_progress(done, upto)
        return done
    finally:
        conn.execute("SELECT pg_advisory_unlock(%s)", (locks.REBUILD,))


def _rounds(conn: psycopg.Connection[Any]) -> Iterator[int]:
    """Positions to fold up to while the projector goes on, each when the one before is reached.

    They end: under steady load something is always left, and less than a batch can as well wait for the end. So
    can more, where articles come in nearly as fast as they are folded again and no round would get nearer.
    """
    reached, before = 0, math.inf
    while BATCH < (left := (upto := _checkpoint(conn)) - reached) <= NEARER * before:
        yield upto
        reached, before = upto, left


def _prepare(conn: psycopg.Connection[Any]) -> None:
    """Empty tables of the same columns and keys; what a broken-off rebuild left is dropped."""
    _drop(conn)
    conn.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(NEXT)))
    for table in READ_TABLES:
        name = str(table.__tablename__)
        parts = {
            "next": sql.Identifier(NEXT, name),
            "present": sql.Identifier(SCHEMA, name),
            "key": sql.SQL(", ").join(sql.Identifier(column.name) for column in inspect(table).primary_key),
        }
        create = "CREATE UNLOGGED TABLE {next} (LIKE {present} INCLUDING ALL EXCLUDING INDEXES, PRIMARY KEY ({key}))"
        conn.execute(sql.SQL(create).format(**parts))
        for columns in _LOOKED_UP.get(name, ()):
            conn.execute(sql.SQL("CREATE INDEX ON {} ({})").format(parts["next"], sql.SQL(columns)))


def _drop(conn: psycopg.Connection[Any]) -> None:
    conn.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(NEXT)))


def _checkpoint(conn: psycopg.Connection[Any], *, lock: bool = False) -> int:
    query = sql.SQL("SELECT global_position FROM checkpoints WHERE name = %s {}")
    locked = query.format(sql.SQL("FOR UPDATE" if lock else ""))
    row = conn.execute(locked, (ReadModels.name,)).fetchone()
    return int(row[0]) if row else 0


@contextmanager
def _garbage_seldom() -> Iterator[None]:
    """Fewer searches for garbage that refers to itself: they took two fifths of the time, and find next to nothing."""
    before = gc.get_threshold()
    gc.set_threshold(GARBAGE, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _another(conn: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    """A connection to the same database, in autocommit."""
    info = conn.info
    # Host and port by name: the dsn leaves out what libpq would take anyway, were nothing set in the environment.
    return psycopg.connect(
        info.dsn, host=info.host, port=info.port, password=info.password or None, autocommit=True
    )


def _read_ahead(
    conn: psycopg.Connection[Any], after: int, upto: int
) -> Generator[list[Recorded], None, None]:
    """The log up to a position: each batch is read, on a connection of its own, while the one before is folded."""
    with _another(conn) as own, ThreadPoolExecutor(1) as reader:
        coming = reader.submit(read_to_fold, own, after, min(BATCH, upto - after))
        while after < upto:
            batch = coming.result()
            if not batch:
                raise RuntimeError("the log ends before the checkpoint of what was made of it")
            after = batch[-1].global_position
            if after < upto:
                coming = reader.submit(read_to_fold, own, after, min(BATCH, upto - after))
            yield batch


def _fold(conn: psycopg.Connection[Any], models: ReadModels, batch: list[Recorded]) -> int:
    with conn.transaction():
        # Nothing is known of tables as young as these: rows that are looked up would be sought by reading all.
        # Where no index serves, that makes a plan look dear enough to be compiled, on servers before 18.
        conn.execute("SET LOCAL enable_seqscan = off")
        conn.execute("SET LOCAL jit = off")
        models.apply(conn, batch)
    return batch[-1].global_position
