"""The timeline as it could have been written on an earlier day, from what had been published by then.

Which mentions tell of one political event depends on what else is told (a coarse date joins the one finer
entry), so mentions published later must be left out before they are grouped, not after.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple
from uuid import UUID

from psycopg import sql

from services.api.clocks import Clocks, both
from services.api.cursor import Cursor
from services.api.deps import Connection
from services.api.entries import MENTIONS_IN_LISTS, entry_json, fold_rows, load_mentions, mention_json, unseen
from services.api.filters import TimelineFilter
from services.api.rulings import Rulings, entry_rulings
from services.core.domain.calendar import first_day, last_day
from services.core.domain.review import Ruling, place
from services.core.domain.timeline import EntryKey, entry_roots, shown_root
from services.core.projections.registry import happens_once


class Telling(NamedTuple):
    """Mentions that lie together: a key, and for what a split may take out whose telling it is."""

    key: EntryKey
    article_id: str | None
    story_id: UUID | None


@dataclass(slots=True)
class Group:
    """What was told of one political event: the keys it was told under, where their mentions lie now."""

    id: UUID
    read_root: EntryKey  # as it is read, before anybody amended it
    ruling: Ruling | None
    tellings: set[Telling] = field(default_factory=set)
    entry_ids: set[UUID] = field(default_factory=set)
    met: set[int] = field(default_factory=set)  # numbers of the asked conditions that some mention meets

    @property
    def root(self) -> EntryKey:
        """What it says of itself."""
        read, changes = self.read_root, self.ruling.changes if self.ruling else {}
        return EntryKey(
            read.dossier,
            changes.get("kind", read.kind),
            changes.get("date", read.date),
            tuple(changes.get("actors", read.actors)),
        )

    @property
    def actors(self) -> tuple[str, ...]:
        """As `fold_entry` and `amended_entry` have them."""
        if self.root.actors or (self.ruling and "actors" in self.ruling.changes):
            return self.root.actors
        return next((t.key.actors for t in sorted(self.tellings, key=lambda t: t.key) if t.key.actors), ())

    @property
    def order(self) -> tuple[dt.date, UUID]:
        """How lists sort it."""
        return first_day(self.root.date), self.id


@dataclass(frozen=True, slots=True)
class Grouped:
    """Everything that was reported, and under which id what was read under another is shown."""

    groups: dict[UUID, Group]
    rulings: Rulings
    aliases: dict[UUID, UUID]

    def settled(self, id_: UUID, _kind: str | None = None) -> UUID:
        return self.aliases.get(id_, id_)

    def shown_as(self, id_: UUID) -> UUID:
        """The id under which an entry is shown."""
        return place(self.settled(id_), "", None, self.rulings.get, self.settled)


class Splits:
    """Whose tellings may lie elsewhere than others of the same key."""

    def __init__(self, rulings: Rulings) -> None:
        splits = [split for ruling in rulings.values() for split in ruling.splits]
        self.articles = frozenset[str]().union(*(split.articles for split in splits))
        self.stories = frozenset[UUID]().union(*(split.stories for split in splits))

    def sql(self) -> sql.Composable:
        """Article and story of such mentions `m`, nothing of others."""
        if not self.articles:
            return sql.SQL("NULL::text AS article_id, NULL::uuid AS story_id")
        return sql.SQL(
            "CASE WHEN {0} THEN m.article_id END AS article_id, CASE WHEN {0} THEN m.story_id END AS story_id"
        ).format(
            sql.SQL("(m.article_id = ANY({}) OR coalesce(m.story_id = ANY({}::uuid[]), false))").format(
                sql.Literal(sorted(self.articles)), sql.Literal(sorted(map(str, self.stories)))
            )
        )

    def telling(self, row: dict[str, Any]) -> Telling:
        """Of a mention's row."""
        apart = row["article_id"] in self.articles or row["story_id"] in self.stories
        return Telling(_key(row), *((row["article_id"], row["story_id"]) if apart else (None, None)))


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

    `where` must leave whole kinds in or out, and all in where anybody ruled on entries.
    """
    rulings = await entry_rulings(conn, clocks)
    return list((await _grouped(conn, clocks, where, rulings, conditions)).groups.values())


async def _grouped(
    conn: Connection,
    clocks: Clocks,
    where: Iterable[sql.Composable],
    rulings: Rulings,
    conditions: Sequence[sql.Composable] = (),
) -> Grouped:
    query = sql.SQL(
        "SELECT m.entry_id, m.dossier, m.kind, m.date, m.actors, {}, {} AS met"
        " FROM read.mentions m WHERE {} GROUP BY 1, 2, 3, 4, 5, 6, 7"
    ).format(
        Splits(rulings).sql(),
        sql.SQL("ARRAY[{}]::bool[]").format(
            sql.SQL(", ").join(_MEETS.format(clocks.rows("m"), c) for c in conditions)
        ),
        both([clocks.rows("m"), sql.SQL("m.published_on <= {}").format(clocks.reported_by), *where]),
    )
    scopes: dict[tuple[str, str], set[EntryKey]] = {}
    rows = await (await conn.execute(query)).fetchall()
    for row in rows:
        scopes.setdefault((row["dossier"], row["kind"]), set()).add(_key(row))
    roots: dict[EntryKey, EntryKey] = {}
    for (dossier, kind), keys in scopes.items():
        roots |= entry_roots(keys, once=happens_once(dossier, kind))
    grouped = Grouped({}, rulings, {key.id: root.id for key, root in roots.items()})
    for row in rows:
        telling = Telling(_key(row), row["article_id"], row["story_id"])
        id_ = place(
            roots[telling.key].id, telling.article_id or "", telling.story_id, rulings.get, grouped.settled
        )
        ruling = rulings.get(id_)
        if ruling is not None and ruling.rejected:
            continue
        group = grouped.groups.setdefault(id_, Group(id_, telling.key, ruling))
        group.tellings.add(telling)
        group.entry_ids.add(row["entry_id"])
        group.met.update(number for number, met in enumerate(row["met"]) if met)
    for group in grouped.groups.values():
        group.read_root = shown_root(group.id, {telling.key for telling in group.tellings})
    return grouped


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
    rulings = await entry_rulings(conn, clocks)
    if chosen.kind and not rulings:  # what was merged or amended may have been read as another kind
        where.append(sql.SQL("m.kind = ANY({})").format(sorted(chosen.kind)))
    groups = [
        group
        for group in (await _grouped(conn, clocks, where, rulings, conditions)).groups.values()
        if len(group.met) == len(conditions) and _in_question(group, chosen, clocks)
    ]
    groups.sort(key=lambda group: group.order, reverse=order == "desc")
    if after:
        place = (dt.date.fromisoformat(str(after.key[0])), UUID(str(after.key[1])))
        groups = [g for g in groups if (g.order > place if order == "asc" else g.order < place)]
    found: list[dict[str, Any]] = []
    last: Cursor | None = None
    for start in range(0, len(groups), limit + 1):
        for group, row, told in await _rows(conn, groups[start : start + limit + 1], clocks, rulings):
            entry = entry_json(row, [mention_json(m) for m in told[:MENTIONS_IN_LISTS]])
            if not chosen.passes(entry | unseen(row)):
                continue
            if len(found) == limit:
                return found, last
            found.append(entry)
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
    rulings = await entry_rulings(conn, clocks)
    known = await conn.execute("SELECT dossier, kind FROM read.entries WHERE id = %s LIMIT 1", (entry_id,))
    # An entry that was told first elsewhere by a finer key never had a row of its own.
    scope = await known.fetchone()
    where = []
    if scope and not rulings:
        where = [sql.SQL("m.dossier = {} AND m.kind = {}").format(scope["dossier"], scope["kind"])]
    grouped = await _grouped(conn, clocks, where, rulings)
    if entry_id in grouped.groups:
        ((_, row, told),) = await _rows(conn, [grouped.groups[entry_id]], clocks, rulings)
        return row, told
    shown = grouped.shown_as(entry_id)
    return shown if shown in grouped.groups else None


async def _rows(
    conn: Connection, groups: Sequence[Group], clocks: Clocks, rulings: Rulings
) -> list[tuple[Group, dict[str, Any], list[dict[str, Any]]]]:
    told = await load_mentions(conn, set().union(*(g.entry_ids for g in groups)), clocks)
    versions = await _versions(conn, [group.id for group in groups], clocks.position)
    splits = Splits(rulings)
    found = []
    for group in groups:
        rows = [
            m
            for id_ in sorted(group.entry_ids)
            for m in told.get(id_, ())
            if splits.telling(m) in group.tellings
        ]
        rows.sort(key=lambda m: (m["is_copy"], m["published_on"], m["published_at"] or "", m["article_id"]))
        version = versions.get(group.id, 1)
        found.append((group, fold_rows(group.id, group.read_root, rows, version, group.ruling), rows))
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
