"""Making the read tables in use equal to those of another schema, by the rows that differ and no others."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import inspect

from services.core.projections.tables import READ_TABLES, SCHEMA

# The server compares every row: by one join of each pair of tables, in parallel where it has processors to spare.
_SETTINGS = "SELECT set_config('work_mem', '64MB', true), set_config('enable_seqscan', 'on', true)"
_EMPTY = "SELECT NOT EXISTS (SELECT FROM {present})"
_FILL = "INSERT INTO {present} SELECT * FROM {next}"
_COMPARE = """
CREATE UNLOGGED TABLE {differing} AS SELECT old.ctid AS goes, new.ctid AS comes
  FROM {present} AS old FULL JOIN {next} AS new ON {same_key} WHERE ROW(new.*) IS DISTINCT FROM ROW(old.*)
"""
_DELETE = "DELETE FROM {present} AS old USING {differing} AS d WHERE old.ctid = d.goes"
_INSERT = "INSERT INTO {present} SELECT new.* FROM {differing} AS d JOIN {next} AS new ON new.ctid = d.comes"


def replace_rows(conn: psycopg.Connection[Any], schema: str) -> None:
    """Rows that the other schema lacks go, those that are missing come; all others are not touched.

    In the caller's transaction, in which nobody else may write the tables.
    """
    conn.execute(_SETTINGS)
    for table in READ_TABLES:
        name = str(table.__tablename__)
        parts = {
            "present": sql.Identifier(SCHEMA, name),
            "next": sql.Identifier(schema, name),
            "differing": sql.Identifier(schema, f"differing_{name}"),
            "same_key": sql.SQL(" AND ").join(
                sql.SQL("old.{0} = new.{0}").format(sql.Identifier(column.name))
                for column in inspect(table).primary_key
            ),
        }
        row = conn.execute(sql.SQL(_EMPTY).format(**parts)).fetchone()
        if row and row[0]:
            conn.execute(sql.SQL(_FILL).format(**parts))
        elif conn.execute(sql.SQL(_COMPARE).format(**parts)).rowcount:
            conn.execute(sql.SQL(_DELETE).format(**parts))
            conn.execute(sql.SQL(_INSERT).format(**parts))
