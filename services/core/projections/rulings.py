"""`rulings`: what analysts ruled, as it is in force, while a batch is folded."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from services.core.domain.review import Ruling, Split, Verdict
from services.core.projections.versioned import VersionedTable

CAUSE = "correction"


class RulingCodec:
    """How a ruling lies in its table; see `tables.RulingRow`."""

    table = "rulings"
    columns: Sequence[str] = (
        "record_id", "dossier", "kind", "verdict", "reason", "said_by", "ruled_at", "position", "number", "changes",
        "into_id", "into_kind", "splits", "places",
    )  # fmt: skip

    def encode(self, content: Ruling) -> tuple[Any, ...]:
        r = content
        splits = [
            {"part": str(s.part), "articles": sorted(s.articles), "stories": sorted(map(str, s.stories))}
            for s in r.splits
        ]
        return (
            r.record_id, r.dossier, r.kind, r.verdict.value, r.reason, r.by, r.ruled_at, r.position, r.number,
            Jsonb(dict(r.changes)), r.into, r.into_kind, Jsonb(splits), r.places,
        )  # fmt: skip

    def decode(self, values: Sequence[Any]) -> Ruling:
        return ruling_of_row(dict(zip(self.columns, values, strict=True)))


def ruling_of_row(row: Mapping[str, Any]) -> Ruling:
    """The ruling that a row of `rulings` holds."""
    return Ruling(
        record_id=row["record_id"],
        dossier=row["dossier"],
        kind=row["kind"],
        verdict=Verdict(row["verdict"]),
        reason=row["reason"],
        by=row["said_by"],
        ruled_at=row["ruled_at"],
        position=row["position"],
        number=row["number"],
        changes=row["changes"],
        into=row["into_id"],
        into_kind=row["into_kind"],
        splits=tuple(
            Split(UUID(s["part"]), frozenset(s["articles"]), frozenset(map(UUID, s["stories"])))
            for s in row["splits"]
        ),
    )


class RulingSet:
    """The rulings that a batch comes across. Where there are none at all it asks the database once.

    `none`: what `any` found for the batch before was that there are none.
    """

    def __init__(self, conn: psycopg.Connection[Any], *, none: bool = False) -> None:
        self._conn = conn
        self._table: VersionedTable[Ruling] = VersionedTable(conn, RulingCodec())
        self._any: bool | None = False if none else None
        self._asked: set[UUID] = set()
        self._scopes_asked: set[tuple[str, str]] = set()

    @property
    def none(self) -> bool:
        """Whether there are known to be none."""
        return self._any is False

    def any(self) -> bool:
        """Whether anybody ever ruled on anything."""
        if self._any is None:
            found = self._conn.execute("SELECT EXISTS (SELECT FROM rulings)").fetchone()
            self._any = bool(found and found[0])
        return self._any

    def load(self, ids: Iterable[UUID]) -> None:
        """Those on some records, in one query."""
        if self.any() and (missing := set(ids) - self._asked):
            self._asked |= missing
            self._table.load("id = ANY(%s)", (list(missing),))

    def get(self, id_: UUID) -> Ruling | None:
        """What is in force on a record."""
        self.load((id_,))
        version = self._table.get(id_)
        return version.content if version else None

    def placing(self, dossier: str, kind: str) -> Collection[Ruling]:
        """Mergers and splits of what was read as this kind, and mergers into it."""
        if not self.any():
            return ()
        if (dossier, kind) not in self._scopes_asked:
            self._scopes_asked.add((dossier, kind))
            where = "places AND dossier = %s AND %s IN (kind, into_kind)"
            self._table.load(where, (dossier, kind))
        found = (version.content for version in self._table)
        return [r for r in found if r.places and r.dossier == dossier and kind in {r.kind, r.into_kind}]

    def put(self, id_: UUID, ruling: Ruling, *, position: int) -> None:
        """From `position` on this is in force."""
        self.load((id_,))
        self._any = True
        self._table.put(id_, ruling, position=position, cause=CAUSE)

    def flush(self) -> None:
        """Write what changed."""
        self._table.flush()
