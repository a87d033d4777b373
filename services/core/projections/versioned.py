"""A versioned read table while a batch is folded: rows are opened and closed, never overwritten."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, LiteralString, Protocol, TypeVar
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from services.core.projections.copying import copy_rows, plain_row
from services.core.projections.rows import Version

Content = TypeVar("Content")

NEWEST: LiteralString = """
  FROM unnest(%s::uuid[]) AS wanted (id)
 CROSS JOIN LATERAL (SELECT * FROM {table} AS version WHERE version.id = wanted.id
                      ORDER BY version.from_position DESC LIMIT 1) AS row
 WHERE row.to_position IS NULL
"""
"""Rows by their ids, for `load_from`: however many versions each has, the newest is looked at alone."""


class Codec(Protocol[Content]):
    """How the content of a versioned row lies in its table."""

    table: str
    columns: Sequence[str]

    def encode(self, content: Content) -> tuple[Any, ...]:
        """The values of `columns`."""

    def decode(self, values: Sequence[Any]) -> Content:
        """The content that `values` of `columns` hold."""


class VersionedTable(Generic[Content]):
    """The open rows that a batch touches, loaded once, and the rows it opens and closes.

    A row that is opened twice at one position keeps the later content: within one position there is
    one truth.
    """

    def __init__(self, conn: psycopg.Connection[Any], codec: Codec[Content]) -> None:
        self._conn = conn
        self._codec = codec
        self._open: dict[UUID, Version[Content]] = {}
        self._known: set[UUID] = set()  # loaded or opened in this batch: memory is ahead of the table
        self._written: list[Version[Content]] = []

    def load(self, where: LiteralString, parameters: Sequence[Any]) -> list[UUID]:
        """Load the open rows for which `where` holds, unless memory has them. Gives the new ids."""
        return self.load_from(f"FROM {{table}} AS row WHERE to_position IS NULL AND ({where})", parameters)

    def load_from(self, source: LiteralString, parameters: Sequence[Any]) -> list[UUID]:
        """The same, for open rows of the table that `source` has found and calls `row`."""
        codec = self._codec
        query = sql.SQL("SELECT row.id, row.from_position, row.cause, {} {}").format(
            sql.SQL(", ").join(sql.Identifier("row", column) for column in codec.columns),
            sql.SQL(source).format(table=sql.Identifier(codec.table)),
        )
        loaded = []
        with self._conn.cursor(row_factory=tuple_row) as cursor:
            for id_, from_position, cause, *rest in cursor.execute(query, parameters):
                if id_ not in self._known:
                    self._known.add(id_)
                    self._open[id_] = Version(id_, from_position, codec.decode(rest), cause, stored=True)
                    loaded.append(id_)
        return loaded

    def get(self, id_: UUID) -> Version[Content] | None:
        """The open row, of those loaded or opened."""
        return self._open.get(id_)

    def put(self, id_: UUID, content: Content, *, position: int, cause: str) -> None:
        """Close what is open under the id and open `content` from `position` on."""
        present = self._open.get(id_)
        if present is not None and present.from_position == position:
            present.content, present.cause = content, cause
            return
        self._close(present, position)
        self._known.add(id_)
        self._open[id_] = version = Version(id_, position, content, cause)
        self._written.append(version)

    def remove(self, id_: UUID, *, position: int) -> None:
        """Close what is open under the id."""
        present = self._open.pop(id_, None)
        if present is not None and present.from_position == position and not present.stored:
            self._written.remove(present)
            return
        self._close(present, position)

    def forget(self, id_: UUID) -> None:
        """Drop what memory has of it. Only once everything is written."""
        self._open.pop(id_, None)
        self._known.discard(id_)

    def _close(self, present: Version[Content] | None, position: int) -> None:
        if present is not None:
            present.to_position = position
            if present.stored:
                self._written.append(present)

    def __iter__(self) -> Iterator[Version[Content]]:
        return iter(self._open.values())

    def __len__(self) -> int:
        return len(self._open)

    def flush(self) -> None:
        """Write the closed and the opened rows to the table, which is then as memory has it."""
        closed = [v for v in self._written if v.stored]
        opened = [v for v in self._written if not v.stored]
        table = sql.Identifier(self._codec.table)
        if closed:
            self._conn.execute(
                sql.SQL(
                    "UPDATE {} AS row SET to_position = gone.to_position"
                    " FROM unnest(%b::uuid[], %b::bigint[], %b::bigint[]) AS gone (id, from_position, to_position)"
                    " WHERE row.id = gone.id AND row.from_position = gone.from_position"
                ).format(table),
                (
                    [v.id for v in closed],
                    [v.from_position for v in closed],
                    [v.to_position for v in closed],
                ),
            )
        if opened:
            self._copy(opened)
        for version in self._written:
            version.stored = True
            if version.id not in self._open:
                self._known.discard(version.id)
        self._written.clear()

    def _copy(self, versions: Iterable[Version[Content]]) -> None:
        names = ("id", "from_position", "to_position", "cause", *self._codec.columns)
        encode = self._codec.encode
        rows = (
            (v.id, v.from_position, v.to_position, v.cause, *plain_row(encode(v.content))) for v in versions
        )
        copy_rows(self._conn, self._codec.table, names, rows)
