"""What changed, in order, as the stream and other subscribers are told it.

A change is a version of a timeline entry or of a position; its id is `<global_position>.<n>`. The read
tables hold every version, so any reader can start anywhere and gets the same changes in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import sql

from services.api.clocks import Clocks
from services.api.deps import Connection
from services.api.entries import (
    ENTRY_COLUMNS,
    MENTIONS_IN_LISTS,
    entry_json,
    load_mentions,
    mention_json,
    public,
)
from services.api.filters import TimelineFilter
from services.api.standings import EVIDENCE_IN_LISTS, load_statements, position_json
from services.core.web.responses import json_bytes


class ChangeId(NamedTuple):
    """Where a change stands in the feed."""

    position: int
    number: int

    def __str__(self) -> str:
        return f"{self.position}.{self.number}"

    @classmethod
    def parse(cls, text: str) -> ChangeId:
        """Of `<global_position>.<n>`. Raises ValueError for anything else."""
        position, _, number = text.partition(".")
        if not (text.isascii() and position.isdigit() and number.isdigit() and len(text) <= 24):
            raise ValueError("not a change id")
        return cls(int(position), int(number))


@dataclass(frozen=True, slots=True)
class Change:
    """One change: its name on the stream, what filters look at, and the JSON that is sent."""

    id: ChangeId
    name: str  # entry.added, entry.changed, entry.merged, entry.removed, position.changed
    subject: dict[str, Any]
    data: bytes

    def passes(self, chosen: TimelineFilter) -> bool:
        """Whether a subscriber with this filter is told; `TimelineFilter.needs_search` comes on top."""
        if self.name == "position.changed":
            return chosen.passes_position(self.subject)
        return chosen.passes(self.subject)


_CHANGES = sql.SQL(
    "(SELECT from_position, change_number, 'entry' AS what, id FROM read.entries"
    "  WHERE (from_position, change_number) > (%(position)s, %(number)s) AND from_position <= %(upto)s"
    "  ORDER BY from_position, change_number LIMIT %(limit)s)"
    " UNION ALL "
    "(SELECT from_position, change_number, 'position', id FROM read.standings"
    "  WHERE (from_position, change_number) > (%(position)s, %(number)s) AND from_position <= %(upto)s"
    "  ORDER BY from_position, change_number LIMIT %(limit)s)"
    " ORDER BY 1, 2 LIMIT %(limit)s"
)


async def read_changes(conn: Connection, after: ChangeId, *, upto: int, limit: int = 200) -> list[Change]:
    """The changes that follow `after`, up to a global position, oldest first."""
    parameters = {"position": after.position, "number": after.number, "upto": upto, "limit": limit}
    heads = await (await conn.execute(_CHANGES, parameters)).fetchall()
    changes: list[Change] = []
    for head in heads:
        id_ = ChangeId(head["from_position"], head["change_number"])
        make = _entry_change if head["what"] == "entry" else _position_change
        changes.append(await make(conn, id_, head["id"]))
    return changes


async def _entry_change(conn: Connection, id_: ChangeId, entry_id: UUID) -> Change:
    query = sql.SQL("SELECT {} FROM read.entries e WHERE e.id = %s AND e.from_position = %s")
    row = await (await conn.execute(query.format(ENTRY_COLUMNS), (entry_id, id_.position))).fetchone()
    if row is None:
        raise LookupError(f"entry {entry_id} has no version at {id_.position}")
    clocks = Clocks(as_of=None, reported_by=None, position=id_.position, past=True)
    told = (await load_mentions(conn, [entry_id], clocks, most=MENTIONS_IN_LISTS)).get(entry_id, [])
    entry = entry_json(row, [mention_json(m) for m in told])
    shown = public(entry) | {"cause": row["cause"]}
    if row["change"] in {"merged", "removed"}:
        shown = {key: shown[key] for key in ("id", "dossier", "kind", "date", "actors", "version", "cause")}
        if row["merged_into"]:
            shown["merged_into"] = str(row["merged_into"])
    return Change(id_, f"entry.{row['change']}", entry | {"cause": row["cause"]}, json_bytes(shown))


async def _position_change(conn: Connection, id_: ChangeId, standing: UUID) -> Change:
    query = "SELECT * FROM read.standings WHERE id = %s AND from_position = %s"
    row = await (await conn.execute(query, (standing, id_.position))).fetchone()
    if row is None:
        raise LookupError(f"position {standing} has no version at {id_.position}")
    cell = (row["actor"], row["proposition"])
    shown: dict[str, Any] = {"id": str(standing), "dossier": row["dossier"], "actor": cell[0],
                             "proposition": cell[1], "stance": None}  # fmt: skip
    if row["stance"] is not None:
        clocks = Clocks(as_of=None, reported_by=None, position=id_.position, past=True)
        where: Sequence[sql.Composable] = [
            clocks.rows("s"),
            sql.SQL("s.dossier = {} AND s.actor = {} AND s.proposition = {}").format(
                sql.Literal(row["dossier"]), *map(sql.Literal, cell)
            ),
        ]
        statements = (await load_statements(conn, where))[cell]
        shown = position_json(row["dossier"], cell, statements, most=EVIDENCE_IN_LISTS)
    shown |= {"version": row["version"], "cause": row["cause"]}
    return Change(id_, "position.changed", shown, json_bytes(shown))


async def found_by_search(conn: Connection, change: Change, chosen: TimelineFilter) -> bool:
    """The filters that only the database can judge, for one change."""
    if change.name == "position.changed":
        return True
    clocks = Clocks(as_of=None, reported_by=None, position=change.id.position, past=True)
    conditions = sql.SQL(" AND ").join(chosen.where(clocks.rows("m")))
    query = sql.SQL(
        "SELECT 1 AS one FROM read.entries e WHERE e.id = {} AND e.from_position = {} AND {}"
    ).format(sql.Literal(change.subject["id"]), sql.Literal(change.id.position), conditions)
    return await (await conn.execute(query)).fetchone() is not None
