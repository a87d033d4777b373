"""Arrays of `append_events`, packed at once: psycopg binds a list element by element, at several times the cost."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

# PostgreSQL's own numbers of the elements' types.
INTEGER, BIGINT, TEXT, UUID, BYTEA = 23, 20, 25, 2950, 17

integer = struct.Struct("!i").pack
bigint = struct.Struct("!q").pack
_empty = struct.Struct("!iiI").pack  # dimensions, whether there is a null, type of the elements
_head = struct.Struct("!iiIii").pack  # the same, how many, index of the first
_NULL = integer(-1)


@dataclass(frozen=True, slots=True)
class Packed:
    """An array in PostgreSQL's binary format. The query has to name its type: `%b::text[]`."""

    raw: bytes


def pack(element: int, items: Sequence[bytes | None]) -> Packed:
    """One dimension of elements of that type, each in its own binary format. Text is in the client's encoding."""
    if not items:
        return Packed(_empty(0, 0, element))
    head = _head(1, None in items, element, len(items), 1)
    return Packed(head + b"".join([_NULL if item is None else integer(len(item)) + item for item in items]))


class _PackedDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: Packed) -> bytes:
        return obj.raw


def bind_packed(cursor: psycopg.Cursor[Any] | psycopg.AsyncCursor[Any]) -> None:
    """Lets this cursor take `Packed` among its parameters."""
    cursor.adapters.register_dumper(Packed, _PackedDumper)
