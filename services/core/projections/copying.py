"""Rows to the server by COPY, as lines of CSV: those that orjson writes, which costs a fifth of dumping each value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson
import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

# A JSON array of plain values is such a line, but for what else than quotes and backslashes JSON escapes.
_COPY = r"""COPY {} ({}) FROM STDIN (FORMAT csv, NULL 'null', QUOTE '"', ESCAPE '\', ENCODING 'UTF8')"""

TOGETHER = 100  # rows of which one that needs care has all looked at one by one

_NOT_PLAIN = frozenset((list, Jsonb))


def copy_rows(
    conn: psycopg.Connection[Any], table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Adds rows whose values are plain (`plain` makes them so)."""
    query = sql.SQL(_COPY).format(sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns)))
    with conn.cursor() as cursor, cursor.copy(query) as copy:
        copy.write(b"\n".join(_lines(list(rows))))


def plain(value: Any) -> Any:
    """A list of texts or a JSON value as text; what is one value already as it is."""
    if type(value) is list:
        return "{" + ",".join(map(_quoted, value)) + "}"
    return orjson.dumps(value.obj).decode() if isinstance(value, Jsonb) else value


def plain_row(values: Iterable[Any]) -> list[Any]:
    """A row with every value made plain, as most are already."""
    return [plain(value) if type(value) in _NOT_PLAIN else value for value in values]


def _lines(rows: Sequence[Sequence[Any]]) -> Iterator[bytes]:
    """Lines, many at a time: a call for each row costs as much as making JSON of it."""
    for start in range(0, len(rows), TOGETHER):
        some = rows[start : start + TOGETHER]
        made = orjson.dumps(some)
        # No value is a list: what looks like the end of a row is one, or within a text.
        if b"\\" in made or made.count(b"],[") != len(some) - 1:
            yield from map(_line, some)
        else:
            yield made[2:-2].replace(b"],[", b"\n")


def _line(row: Sequence[Any]) -> bytes:
    line = orjson.dumps(row)[1:-1]
    if b"\\" not in line or b"\\" not in line.replace(b'\\"', b""):
        return line
    values = (_quoted(v).encode() if isinstance(v, str) else orjson.dumps(v) for v in row)
    return b",".join(values)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
