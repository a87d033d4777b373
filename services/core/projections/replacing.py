"""Making the read tables in use equal to those of another schema, by the rows that differ and no others."""

from __future__ import annotations

from functools import partial
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from sqlalchemy import inspect
from sqlmodel import SQLModel

from services.core.projections.behind import Behind
from services.core.projections.tables import READ_TABLES, SCHEMA, ArticleRevisionRow

# The server compares every row, by one join of each pair of tables. Not in parallel: that takes memory which
# processes share, and containers have little of it (64 MB where nobody says otherwise).
_SETTINGS = """
SELECT set_config('work_mem', '64MB', true), set_config('enable_seqscan', 'on', true),
       set_config('max_parallel_workers_per_gather', '0', true)
"""
_EMPTY = "SELECT NOT EXISTS (SELECT FROM {present})"
_FILL = "INSERT INTO {present} SELECT * FROM {next}"
_COMPARE = """
CREATE UNLOGGED TABLE {differing} AS SELECT old.ctid AS goes, new.ctid AS comes
  FROM {present} AS old FULL JOIN {next} AS new ON {same_key} WHERE ROW(new.*) IS DISTINCT FROM ROW(old.*)
"""
_DELETE = "DELETE FROM {present} AS old USING {differing} AS d WHERE old.ctid = d.goes"
_INSERT = "INSERT INTO {present} SELECT new.* FROM {differing} AS d JOIN {next} AS new ON new.ctid = d.comes"

_LARGEST = ArticleRevisionRow  # as large as all others together, and all of it was written behind


def replace_rows(conn: psycopg.Connection[Any], schema: str, behind: Behind) -> None:
    """Rows that the other schema lacks go, those that are missing come; all others are not touched.

    In the caller's transaction, in which nobody else may write the tables. The largest is compared behind meanwhile.
    """
    behind.wait()
    conn.execute(_SETTINGS)
    filled = []
    for table in READ_TABLES:  # looking also keeps others from moving their rows before the end
        row = conn.execute(_of(table, schema, _EMPTY)).fetchone()
        if row and row[0]:
            filled.append(table)
    if _LARGEST not in filled:
        behind.write(partial(_compare, table=_LARGEST, schema=schema))
    for table in READ_TABLES:
        if table in filled:
            conn.execute(_of(table, schema, _FILL))
        elif table is not _LARGEST:
            _compare(conn, table, schema)
            _replace(conn, table, schema)
    if _LARGEST not in filled:
        behind.wait()
        _replace(conn, _LARGEST, schema)


def _compare(conn: psycopg.Connection[Any], table: type[SQLModel], schema: str) -> None:
    conn.execute(_SETTINGS)
    conn.execute(_of(table, schema, _COMPARE))


def _replace(conn: psycopg.Connection[Any], table: type[SQLModel], schema: str) -> None:
    conn.execute(_of(table, schema, _DELETE))
    conn.execute(_of(table, schema, _INSERT))


def _of(table: type[SQLModel], schema: str, query: LiteralString) -> sql.Composed:
    name = str(table.__tablename__)
    return sql.SQL(query).format(
        present=sql.Identifier(SCHEMA, name),
        next=sql.Identifier(schema, name),
        differing=sql.Identifier(schema, f"differing_{name}"),
        same_key=sql.SQL(" AND ").join(
            sql.SQL("old.{0} = new.{0}").format(sql.Identifier(column.name))
            for column in inspect(table).primary_key
        ),
    )
