"""What changed, in order, as the stream and other subscribers are told it.

A change is a version of a timeline entry or of a position; its id is `<global_position>.<n>`. The read
tables hold every version, so any reader can start anywhere and gets the same changes in the same order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import sql

from services.api.clocks import both
from services.api.deps import Connection
from services.api.entries import ENTRY_COLUMNS, MENTIONS_IN_LISTS, entry_json, mention_json, unseen
from services.api.filters import TimelineFilter
from services.api.standings import EVIDENCE_IN_LISTS, position_json, statement_of
from services.core.domain.standing import StatedPosition
from services.core.web.responses import json_bytes

LAST = 2**15  # greater than the number of any change at one global position
GONE = frozenset({"merged", "removed"})


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
        if not (text.isascii() and position.isdigit() and number.isdigit() and len(text) <= 30):
            raise ValueError("not a change id")
        return cls(int(position), min(int(number), LAST))

    @classmethod
    def end_of(cls, position: int) -> ChangeId:
        """After every change at a global position."""
        return cls(position, LAST)


@dataclass(frozen=True, slots=True)
class Change:
    """One change: its name on the stream, what filters look at, and the JSON that is sent."""

    id: ChangeId
    name: str  # entry.added, entry.changed, entry.merged, entry.removed, position.changed
    subject: dict[str, Any]
    data: bytes

    def passes(self, chosen: TimelineFilter) -> bool:
        """Whether a subscriber with this filter is told; `found_by_search` comes on top."""
        if self.name == "position.changed":
            return chosen.passes_position(self.subject)
        return chosen.passes(self.subject)


_HEADS = """
(SELECT from_position, change_number, 'entry' AS what, id FROM read.entries
  WHERE (from_position, change_number) > (%(position)s, %(number)s) AND from_position <= %(upto)s
  ORDER BY from_position, change_number LIMIT %(limit)s)
UNION ALL
(SELECT from_position, change_number, 'position', id FROM read.standings
  WHERE (from_position, change_number) > (%(position)s, %(number)s) AND from_position <= %(upto)s
  ORDER BY from_position, change_number LIMIT %(limit)s)
ORDER BY 1, 2 LIMIT %(limit)s
"""


async def read_changes(conn: Connection, after: ChangeId, *, upto: int, limit: int = 200) -> list[Change]:
    """The changes that follow `after`, up to a global position, oldest first. Five queries, however many."""
    parameters = {"position": after.position, "number": after.number, "upto": upto, "limit": limit}
    heads = await (await conn.execute(_HEADS, parameters)).fetchall()
    changes: dict[ChangeId, Change] = {}
    for what, make in (("entry", _entry_changes), ("position", _position_changes)):
        asked = [(head["id"], head["from_position"]) for head in heads if head["what"] == what]
        if asked:
            changes |= await make(conn, asked)
    return [changes[ChangeId(head["from_position"], head["change_number"])] for head in heads]


Asked = Sequence[tuple[UUID, int]]  # ids and the positions from which their versions are


def _at(asked: Asked) -> dict[str, list[Any]]:
    return {"ids": [id_ for id_, _ in asked], "positions": [position for _, position in asked]}


_VERSIONS = sql.SQL("unnest(%(ids)s::uuid[], %(positions)s::bigint[]) AS k (id, position)")


async def _entry_changes(conn: Connection, asked: Asked) -> dict[ChangeId, Change]:
    query = sql.SQL(
        "SELECT {} FROM {} JOIN read.entries e ON e.id = k.id AND e.from_position = k.position"
    ).format(ENTRY_COLUMNS, _VERSIONS)
    rows = await (await conn.execute(query, _at(asked))).fetchall()
    mentions: dict[tuple[UUID, int], list[dict[str, Any]]] = {}
    query = sql.SQL(
        "SELECT k.position AS at, m.* FROM {} CROSS JOIN LATERAL ("
        " SELECT * FROM read.mentions m WHERE m.entry_id = k.id AND m.from_position <= k.position"
        " AND (m.to_position IS NULL OR m.to_position > k.position)"
        " ORDER BY m.is_copy, m.published_on, m.published_at, m.article_id, m.id LIMIT {}) AS m"
    ).format(_VERSIONS, MENTIONS_IN_LISTS)
    async for m in await conn.execute(query, _at(asked)):
        mentions.setdefault((m["entry_id"], m["at"]), []).append(mention_json(m))
    changes = (_entry_change(row, mentions.get((row["id"], row["from_position"]), [])) for row in rows)
    return {change.id: change for change in changes}


def _entry_change(row: Mapping[str, Any], mentions: list[dict[str, Any]]) -> Change:
    entry = entry_json(row, mentions) | {"cause": row["cause"]}
    shown = entry
    if row["change"] in GONE:
        shown = {key: entry[key] for key in ("id", "dossier", "kind", "date", "actors", "version", "cause")}
        if row["merged_into"]:
            shown["merged_into"] = str(row["merged_into"])
    id_ = ChangeId(row["from_position"], row["change_number"])
    return Change(id_, f"entry.{row['change']}", entry | unseen(row) | {"mentions": []}, json_bytes(shown))


async def _position_changes(conn: Connection, asked: Asked) -> dict[ChangeId, Change]:
    versions = sql.SQL(
        "SELECT s.* FROM {} JOIN read.standings s ON s.id = k.id AND s.from_position = k.position"
    )
    rows = await (await conn.execute(versions.format(_VERSIONS), _at(asked))).fetchall()
    stated: dict[tuple[UUID, int], list[StatedPosition]] = {}
    statements = sql.SQL(
        "SELECT k.id AS standing, k.position AS at, s.* FROM {}"
        " JOIN read.standings p ON p.id = k.id AND p.from_position = k.position"
        " JOIN read.statements s ON s.dossier = p.dossier AND s.actor = p.actor"
        " AND s.proposition = p.proposition AND NOT s.rejected AND s.from_position <= k.position"
        " AND (s.to_position IS NULL OR s.to_position > k.position)"
    ).format(_VERSIONS)
    async for s in await conn.execute(statements, _at(asked)):
        stated.setdefault((s["standing"], s["at"]), []).append(statement_of(s))
    changes = (_position_change(row, stated.get((row["id"], row["from_position"]), [])) for row in rows)
    return {change.id: change for change in changes}


def _position_change(row: Mapping[str, Any], stated: Sequence[StatedPosition]) -> Change:
    cell = (row["actor"], row["proposition"])
    subject = {"id": str(row["id"]), "dossier": row["dossier"], "actor": cell[0], "proposition": cell[1]}
    shown: dict[str, Any] = subject | {"stance": None}
    if stated:
        shown = position_json(row["dossier"], cell, stated, most=EVIDENCE_IN_LISTS)
    shown |= {"version": row["version"], "cause": row["cause"]}
    id_ = ChangeId(row["from_position"], row["change_number"])
    return Change(id_, "position.changed", subject, json_bytes(shown))


async def found_by_search(
    conn: Connection, changes: Sequence[Change], chosen: TimelineFilter
) -> set[ChangeId]:
    """Those of some changes that also pass the filters which only the database can judge."""
    found = {change.id for change in changes if change.name == "position.changed"}
    entries = [change for change in changes if change.name != "position.changed"]
    if not entries:
        return found

    def rows(alias: str) -> sql.Composable:
        # What told an entry that is gone told it until just before.
        return sql.SQL(
            "{0}.from_position <= k.known_at AND ({0}.to_position IS NULL OR {0}.to_position > k.known_at)"
        ).format(sql.Identifier(alias))

    query = sql.SQL(
        "SELECT e.from_position, e.change_number"
        " FROM unnest({}::uuid[], {}::bigint[], {}::bigint[]) AS k (id, position, known_at)"
        " JOIN read.entries e ON e.id = k.id AND e.from_position = k.position WHERE {}"
    ).format(
        [change.subject["id"] for change in entries],
        [change.id.position for change in entries],
        [change.id.position - (change.name.removeprefix("entry.") in GONE) for change in entries],
        both(chosen.where(rows, each=True)),
    )
    async for row in await conn.execute(query):
        found.add(ChangeId(row["from_position"], row["change_number"]))
    return found
