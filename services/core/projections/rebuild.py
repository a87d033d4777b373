"""Rebuilding the read tables from the log, beside the ones in use, which answer until the exchange."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import scalar_row

from services.core.eventstore import locks
from services.core.eventstore.migrate import SERVICES_ROLE
from services.core.eventstore.store import read_all
from services.core.projections.read_models import ReadModels
from services.core.projections.registry import read_models
from services.core.projections.tables import READ_TABLES, SCHEMA

NEXT, OLD = f"{SCHEMA}_next", f"{SCHEMA}_old"
BATCH = 2_000

OnProgress = Callable[[int, int], None]  # (global position reached, the one to reach)


def rebuild(conn: psycopg.Connection[Any], on_progress: OnProgress = lambda _done, _of: None) -> int:
    """Fold the whole log again and put the result in the place of the read tables.

    `conn` is the owner's, in autocommit. The projector may run meanwhile: it waits only for the exchange.
    Gives the global position that the tables reflect. Memory does not grow with the log.
    """
    conn.execute("SELECT pg_advisory_lock(%s)", (locks.REBUILD,))
    try:
        if not _checkpoint(conn):
            return 0  # nothing was projected yet; the projector begins with empty tables itself
        _prepare(conn)
        models = read_models(NEXT, withdrawn=_withdrawn(conn))
        done = 0
        while done < (upto := _checkpoint(conn)):
            done = _fold(conn, models, done, upto)
            on_progress(done, upto)
        with conn.transaction():
            # The projector takes this row first in each of its transactions: from here on it waits.
            upto = _checkpoint(conn, lock=True)
            while done < upto:
                done = _fold(conn, models, done, upto)
            _exchange(conn)
        conn.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(OLD)))
        on_progress(done, upto)
        return done
    finally:
        conn.execute("SELECT pg_advisory_unlock(%s)", (locks.REBUILD,))


def _prepare(conn: psycopg.Connection[Any]) -> None:
    """Empty tables of the same form; what a broken-off rebuild left is dropped."""
    for schema in (NEXT, OLD):
        conn.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
    conn.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(NEXT)))
    for table in READ_TABLES:
        name = str(table.__tablename__)
        conn.execute(
            sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(
                sql.Identifier(NEXT, name), sql.Identifier(SCHEMA, name)
            )
        )


def _withdrawn(conn: psycopg.Connection[Any]) -> set[str]:
    with conn.cursor(row_factory=scalar_row) as cursor:
        query = "SELECT data ->> 'article_id' FROM events WHERE type = 'ArticleWithdrawn'"
        return set(cursor.execute(query))


def _checkpoint(conn: psycopg.Connection[Any], *, lock: bool = False) -> int:
    query = sql.SQL("SELECT global_position FROM checkpoints WHERE name = %s {}")
    locked = query.format(sql.SQL("FOR UPDATE" if lock else ""))
    row = conn.execute(locked, (ReadModels.name,)).fetchone()
    return int(row[0]) if row else 0


def _fold(conn: psycopg.Connection[Any], models: ReadModels, after: int, upto: int) -> int:
    batch = read_all(conn, after, min(BATCH, upto - after))
    with conn.transaction():
        models.apply(conn, batch)
    return batch[-1].global_position


def _exchange(conn: psycopg.Connection[Any]) -> None:
    old, new, present = sql.Identifier(OLD), sql.Identifier(NEXT), sql.Identifier(SCHEMA)
    conn.execute("SET LOCAL search_path TO public")
    conn.execute(sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(present, old))
    conn.execute(sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(new, present))
    _keep_index_names(conn)
    role = sql.Identifier(SERVICES_ROLE)
    conn.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(present, role))
    conn.execute(
        sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA {} TO {}").format(
            present, role
        )
    )


_INDEXES = """
SELECT t.relname || regexp_replace(pg_get_indexdef(i.indexrelid), ' INDEX \\S+ ON \\S+ ', ' '), c.relname
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
  JOIN pg_namespace n ON n.oid = t.relnamespace WHERE n.nspname = %s
"""


def _keep_index_names(conn: psycopg.Connection[Any]) -> None:
    """Copies of a table name their indexes anew; migrations know the old names."""
    names = dict(conn.execute(_INDEXES, (OLD,)).fetchall())
    for definition, name in conn.execute(_INDEXES, (SCHEMA,)).fetchall():
        if names[definition] != name:
            conn.execute(
                sql.SQL("ALTER INDEX {} RENAME TO {}").format(
                    sql.Identifier(SCHEMA, name), sql.Identifier(names[definition])
                )
            )
