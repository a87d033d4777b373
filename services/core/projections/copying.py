"""Rows to the server by COPY, as lines of CSV: those that orjson writes, which costs a fifth of dumping each value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

# A JSON array of plain values is such a line, but for what else than quotes and backslashes JSON escapes.
_COPY = r"""COPY {} ({}) FROM STDIN (FORMAT csv, NULL 'null', QUOTE '"', ESCAPE '\', ENCODING 'UTF8')"""


def copy_rows(
    conn: psycopg.Connection[Any], table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Adds rows whose values are plain (`plain` makes them so)."""
    query = sql.SQL(_COPY).format(sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns)))
    with conn.cursor() as cursor, cursor.copy(query) as copy:
        copy.write(b"\n".join(map(_line, rows)))


def plain(value: Any) -> Any:
    """A list of texts or a JSON value as text; what is one value already as it is."""
    if type(value) is list:
        return "{" + ",".join(map(_quoted, value)) + "}"
    return orjson.dumps(value.obj).decode() if isinstance(value, Jsonb) else value


def _line(row: Sequence[Any]) -> bytes:
    line = orjson.dumps(row)[1:-1]
    if b"\\" not in line or b"\\" not in line.replace(b'\\"', b""):
        return line
    values = (_quoted(v).encode() if isinstance(v, str) else orjson.dumps(v) for v in row)
    return b",".join(values)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
