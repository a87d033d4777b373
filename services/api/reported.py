"""The timeline as it could have been written on an earlier day, from what had been published by then.

Which mentions tell of one political event depends on what else is told (a coarse date joins the one finer
entry), so mentions published later must be left out before they are grouped, not after.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from psycopg import sql

from services.api.clocks import Clocks, both
from services.api.cursor import Cursor
from services.api.deps import Connection
from services.api.entries import MENTIONS_IN_LISTS, entry_json, fold_rows, load_mentions, mention_json
from services.api.filters import TimelineFilter
from services.core.domain.calendar import first_day, last_day
from services.core.domain.timeline import EntryKey, entry_roots
from services.core.projections.registry import happens_once


@dataclass(slots=True)
class Group:
    """What was told of one political event: the keys it was told under, where their mentions lie now."""

    id: UUID
    root: EntryKey
    keys: set[EntryKey] = field(default_factory=set)
    entry_ids: set[UUID] = field(default_factory=set)
    met: set[int] = field(default_factory=set)  # numbers of the asked conditions that some mention meets

    @property
    def actors(self) -> tuple[str, ...]:
        """As `fold_entry` has them."""
        return self.root.actors or next((key.actors for key in sorted(self.keys) if key.actors), ())

    @property
    def order(self) -> tuple[dt.date, UUID]:
        """How lists sort it."""
        return first_day(self.root.date), self.id


# Looked up once, by its index; `m` within is another than without.
_MEETS = sql.SQL(
    "bool_or((m.id, m.from_position) IN (SELECT m.id, m.from_position FROM read.mentions m WHERE {} AND {}))"
)


async def find_groups(
    conn: Connection,
    clocks: Clocks,
    where: Iterable[sql.Composable],
    conditions: Sequence[sql.Composable] = (),
) -> list[Group]:
    """Mentions published by `clocks.reported_by` and meeting `where`, grouped as if there were no others.

    `where` must leave whole kinds in or out.
    """
    query = sql.SQL(
        "SELECT m.entry_id, m.dossier, m.kind, m.date, m.actors, {} AS met"
        " FROM read.mentions m WHERE {} GROUP BY 1, 2, 3, 4, 5"
    ).format(
        sql.SQL("ARRAY[{}]::bool[]").format(
            sql.SQL(", ").join(_MEETS.format(clocks.rows("m"), c) for c in conditions)
        ),
        both([clocks.rows("m"), sql.SQL("m.published_on <= {}").format(clocks.reported_by), *where]),
    )
    scopes: dict[tuple[str, str], dict[EntryKey, dict[str, Any]]] = {}
    async for row in await conn.execute(query):
        key = EntryKey(row["dossier"], row["kind"], row["date"], tuple(row["actors"]))
        scopes.setdefault((key.dossier, key.kind), {})[key] = row
    groups: dict[UUID, Group] = {}
    for (dossier, kind), rows in scopes.items():
        roots = entry_roots(rows, once=happens_once(dossier, kind))
        for key, row in rows.items():
            root = roots[key]
            group = groups.setdefault(root.id, Group(root.id, root))
            group.keys.add(key)
            group.entry_ids.add(row["entry_id"])
            group.met.update(number for number, met in enumerate(row["met"]) if met)
    return list(groups.values())


async def find_reported(
    conn: Connection,
    chosen: TimelineFilter,
    clocks: Clocks,
    *,
    limit: int,
    after: Cursor | None,
    order: Literal["asc", "desc"],
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """A page of the timeline as of `clocks.reported_by`; see `timeline.find_entries`."""
    conditions = chosen.told(clocks.rows)
    where = [sql.SQL("m.dossier = {}").format(chosen.dossier)]
    if chosen.kind:
        where.append(sql.SQL("m.kind = ANY({})").format(sorted(chosen.kind)))
    groups = [
        group
        for group in await find_groups(conn, clocks, where, conditions)
        if len(group.met) == len(conditions) and _in_question(group, chosen, clocks)
    ]
    groups.sort(key=lambda group: group.order, reverse=order == "desc")
    if after:
        place = (dt.date.fromisoformat(str(after.key[0])), UUID(str(after.key[1])))
        groups = [g for g in groups if (g.order > place if order == "asc" else g.order < place)]
    found: list[dict[str, Any]] = []
    last: Cursor | None = None
    for start in range(0, len(groups), limit + 1):
        for group, entry in await _entries(conn, groups[start : start + limit + 1], clocks):
            if not chosen.passes(entry):
                continue
            if len(found) == limit:
                return found, last
            found.append(entry | {"mentions": entry["mentions"][:MENTIONS_IN_LISTS]})
            last = Cursor(clocks.position, (group.order[0].isoformat(), str(group.id)))
    return found, None


def _in_question(group: Group, chosen: TimelineFilter, clocks: Clocks) -> bool:
    """What can be told without the mentions."""
    return (clocks.as_of is None or last_day(group.root.date) <= clocks.as_of) and (
        not chosen.actor or not chosen.actor.isdisjoint(group.actors)
    )


async def find_reported_entry(
    conn: Connection, entry_id: UUID, clocks: Clocks
) -> tuple[dict[str, Any], list[dict[str, Any]]] | UUID | None:
    """The row and the mentions of one entry, or the id it is an alias of, None where nobody had told it."""
    known = await conn.execute("SELECT dossier, kind FROM read.entries WHERE id = %s LIMIT 1", (entry_id,))
    # An entry that was told first elsewhere by a finer key never had a row of its own.
    scope = await known.fetchone()
    where = (
        [sql.SQL("m.dossier = {} AND m.kind = {}").format(scope["dossier"], scope["kind"])] if scope else []
    )
    for group in await find_groups(conn, clocks, where):
        if group.id == entry_id:
            ((_, row, told),) = await _rows(conn, [group], clocks)
            return row, told
        if entry_id in {key.id for key in group.keys}:
            return group.id
    return None


async def _entries(
    conn: Connection, groups: Sequence[Group], clocks: Clocks
) -> list[tuple[Group, dict[str, Any]]]:
    return [
        (group, entry_json(row, [mention_json(m) for m in told]))
        for group, row, told in await _rows(conn, groups, clocks)
    ]


async def _rows(
    conn: Connection, groups: Sequence[Group], clocks: Clocks
) -> list[tuple[Group, dict[str, Any], list[dict[str, Any]]]]:
    told = await load_mentions(conn, set().union(*(g.entry_ids for g in groups)), clocks, most=None)
    versions = await _versions(conn, [group.id for group in groups], clocks.position)
    found = []
    for group in groups:
        rows = [m for id_ in sorted(group.entry_ids) for m in told.get(id_, ()) if _key(m) in group.keys]
        rows.sort(key=lambda m: (m["is_copy"], m["published_on"], m["published_at"] or "", m["article_id"]))
        found.append((group, fold_rows(group.id, group.root, rows, versions.get(group.id, 1)), rows))
    return found


def _key(row: dict[str, Any]) -> EntryKey:
    return EntryKey(row["dossier"], row["kind"], row["date"], tuple(row["actors"]))


async def _versions(conn: Connection, ids: Collection[UUID], position: int) -> dict[UUID, int]:
    cursor = await conn.execute(
        "SELECT id, max(version) AS version FROM read.entries WHERE id = ANY(%s) AND from_position <= %s"
        " GROUP BY id",
        (list(ids), position),
    )
    return {row["id"]: row["version"] async for row in cursor}
