"""Where actors stand now, from no more statements than it takes.

The current stance of a cell follows from its newest days: those back to a day on which another stance was stated. So
day and stance of the newest statements are looked at first, and only those that tell the current stance are loaded.
Where all that was looked at tells the same stance, however far back it goes, who told it and since when is what the
projection has counted; where the clocks ask for another day, the database counts it. The statements that are shown are
among the newest anyway.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from psycopg import sql
from psycopg.rows import tuple_row

from services.api.clocks import Clocks, both
from services.api.deps import Connection
from services.api.standings import EVIDENCE_IN_LISTS, STATED, Cell, statement_of
from services.core.domain.calendar import last_day
from services.core.domain.standing import Run, StatedPosition, current, since_of
from services.core.domain.timeline import Counts, outlet_key
from services.core.domain.vocabulary import Stance

FEW, MORE = 20, 100  # statements of a cell that are looked at first, and where they do not settle it


class Stretch(NamedTuple):
    """How far back a stance goes, and who told it."""

    since: str
    counts: Counts


Cells = Mapping[
    Cell, Stretch | None
]  # in order; with what is known of the current stance, as the clocks ask for it

_CELLS = """
SELECT s.actor, s.proposition, s.since, s.last_stated, s.mention_count, s.outlet_count, s.story_count
  FROM read.standings s WHERE {where} ORDER BY s.actor, s.proposition LIMIT %(most)s
"""

# Cell by cell, by an index; below, `OFFSET 0` keeps the planner from reading all statements instead.
_NEWEST = """
SELECT c.place, s.date_to, s.stance, coalesce(s.story_id::text, s.article_id)
  FROM unnest({actors}, {propositions}) WITH ORDINALITY AS c (actor, proposition, place)
 CROSS JOIN LATERAL (
    SELECT s.* FROM read.statements s WHERE s.actor = c.actor AND s.proposition = c.proposition AND {where}
     ORDER BY s.date_to DESC LIMIT %(most)s) AS s
"""

_FROM_DAY = """
SELECT {stated}
  FROM unnest({actors}, {propositions}, {days}::date[]) AS c (actor, proposition, day)
 CROSS JOIN LATERAL (
    SELECT s.* FROM read.statements s
     WHERE s.actor = c.actor AND s.proposition = c.proposition AND s.date_to >= c.day AND {where} OFFSET 0) AS s
"""

# A day's stance is the one that more stories tell; then `conditional`: as services.core.domain.standing has it.
_STRETCHES = """
WITH stated AS MATERIALIZED (
    SELECT c.place, c.stance AS shown, s.date_to AS day, s.date, s.stance, s.article_id,
           coalesce(s.story_id::text, s.article_id) AS story,
           CASE WHEN s.outlet <> '' THEN 'o' || s.outlet ELSE 'u' || coalesce(s.url, '') END AS outlet
      FROM unnest({actors}, {propositions}, {stances})
           WITH ORDINALITY AS c (actor, proposition, stance, place)
     CROSS JOIN LATERAL (
        SELECT s.* FROM read.statements s
         WHERE s.actor = c.actor AND s.proposition = c.proposition AND {where} OFFSET 0) AS s),
days AS (
    SELECT DISTINCT ON (place, day) place, day, stance, shown
      FROM (SELECT place, day, stance, shown, count(DISTINCT story) AS stories
              FROM stated GROUP BY place, day, stance, shown) AS d
     ORDER BY place, day, stories DESC, stance = 'conditional' DESC, stance COLLATE "C" DESC),
before AS (SELECT place, max(day) AS day FROM days WHERE stance <> shown GROUP BY place),
run AS (
    SELECT stated.*, min(stated.day) OVER (PARTITION BY place) AS first
      FROM stated JOIN days USING (place, day, stance) LEFT JOIN before USING (place)
     WHERE stated.day > coalesce(before.day, '-infinity'))
SELECT place, count(DISTINCT article_id) AS mentions, count(DISTINCT story) AS stories,
       array_agg(DISTINCT outlet) AS outlets, array_agg(DISTINCT date) FILTER (WHERE day = first) AS first_dates
  FROM run GROUP BY place
"""


@cache
def _query(text: str, *names: str) -> str:
    """The query with those conditions: alike for every value, so that the database plans it once."""
    where = both(sql.SQL(_CONDITIONS[name]) for name in names)
    lists = {name: sql.SQL(_LIST.format(name)) for name in ("actors", "propositions", "days", "stances")}
    return sql.SQL(text).format(where=where, stated=STATED, **lists).as_string()


_LIST = "string_to_array(%({})s, ',')"  # of ids or days: psycopg takes longer to write an array than the rest of a question


_CONDITIONS = {
    "dossier": "s.dossier = %(dossier)s",
    "stands": "NOT s.rejected",
    "now": "s.to_position IS NULL",
    "past": "s.from_position <= %(position)s AND (s.to_position IS NULL OR s.to_position > %(position)s)",
    "as_of": "s.date_to <= %(as_of)s",
    "reported_by": "s.published_on <= %(reported_by)s",
    "actors": "s.actor = ANY(%(actors)s)",
    "propositions": "s.proposition = ANY(%(propositions)s)",
    "after": "(s.actor, s.proposition) > (%(actor)s, %(proposition)s)",
}


async def find_cells(
    conn: Connection,
    clocks: Clocks,
    dossier: str,
    *,
    most: int,
    actors: list[str] | None = None,
    propositions: list[str] | None = None,
    after: Sequence[Any] | None = None,
) -> Cells:
    """Those on which something was stated, and on some perhaps nothing that the clocks let through."""
    given = {"actors": actors, "propositions": propositions, "after": after}
    query = _query(_CELLS, "dossier", _in_force(clocks), *(name for name, value in given.items() if value))
    actor, proposition = after or (None, None)
    values = {
        "dossier": dossier,
        "position": clocks.position,
        "most": most,
        "actor": actor,
        "proposition": proposition,
    }
    cursor = await conn.execute(query, values | given, prepare=True)
    return {(row["actor"], row["proposition"]): _known(row, clocks) for row in await cursor.fetchall()}


def _known(row: Mapping[str, Any], clocks: Clocks) -> Stretch | None:
    """What the projection counted, where it is what the clocks ask for: nothing was stated after their day."""
    if (
        row["since"] is None
        or clocks.reported_by
        or (clocks.as_of and last_day(row["last_stated"]) > clocks.as_of)
    ):
        return None
    counts = Counts(mentions=row["mention_count"], outlets=row["outlet_count"], stories=row["story_count"])
    return Stretch(row["since"], counts)


def _in_force(clocks: Clocks) -> str:
    return "past" if clocks.past else "now"


async def current_runs(conn: Connection, clocks: Clocks, dossier: str, cells: Cells) -> dict[Cell, Run]:
    """The current stance on each cell on which anything was stated that the clocks let through.

    Of what tells it, `told_by` holds at least as many as lists show, the newest; `counts` and the rest are of all.
    """
    asked = _Asked(conn, clocks, dossier)
    begin: dict[Cell, dt.date] = {}  # from which day on statements are loaded
    stretches: dict[Cell, Stretch] = {}  # of those that go back further
    long: dict[Cell, str] = {}  # those of which that is not known, with the stance
    unsettled: Collection[Cell] = cells
    for most in (FEW, MORE):
        newest = await asked.newest(unsettled, most)
        unsettled = []
        for cell, told in newest.items():
            look = _look_back(told, whole=len(told) < most)
            known = cells[cell]
            if look.ended:
                begin[cell] = look.first
            elif look.enough and known:
                begin[cell], stretches[cell] = look.first, known
            elif most < MORE:
                unsettled.append(cell)
            elif look.enough:
                begin[cell], long[cell] = look.first, look.stance
            else:  # very much was stated about a few days
                begin[cell] = dt.date.min
    told_from = await asked.from_days(begin)
    runs = {cell: run for cell, told in told_from.items() if (run := current(told))}
    for cell, stretch in (stretches | await asked.stretches(long)).items():
        runs[cell] = replace(runs[cell], since=stretch.since, counts=stretch.counts)
    return runs


class _Look(NamedTuple):
    """What the newest statements show of the current stance."""

    stance: str
    first: dt.date  # the earliest day of it that is needed
    ended: bool  # whether it began then
    enough: bool  # whether as much as lists show was told from then on


_Newest = Sequence[tuple[int, dt.date, str, str]]  # place of the cell, day, stance, story; newest first


def _look_back(told: _Newest, *, whole: bool) -> _Look:
    """From the newest statements of a cell, at least one; `whole`: there are no others."""
    oldest = None if whole else told[-1][1]  # more may have been stated about it
    stance, first, shown = "", dt.date.max, 0
    enough: dt.date | None = None
    for day, stated in groupby(told, key=itemgetter(1)):
        if day == oldest:
            return _Look(stance, enough or first, ended=False, enough=enough is not None)
        stories: dict[str, list[str]] = {}
        for _, _, said, story in stated:
            stories.setdefault(said, []).append(story)
        prevailing = max(stories, key=lambda s: (len(set(stories[s])), s == Stance.CONDITIONAL, s))
        if stance and prevailing != stance:
            break
        stance, first = prevailing, day
        shown += len(stories[stance])
        if enough is None and shown >= EVIDENCE_IN_LISTS:
            enough = day
    return _Look(stance, first, ended=True, enough=True)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The database, asked for statements on cells that the clocks let through."""

    conn: Connection
    clocks: Clocks
    dossier: str

    def _query(self, text: str) -> str:
        names = [name for name in ("as_of", "reported_by") if getattr(self.clocks, name)]
        return _query(text, "dossier", "stands", _in_force(self.clocks), *names)

    def _values(self, cells: Iterable[Cell], **more: Any) -> dict[str, Any]:
        actors, propositions = zip(*cells, strict=True)
        clocks = self.clocks
        given = {"as_of": clocks.as_of, "reported_by": clocks.reported_by, "position": clocks.position}
        return (
            {"dossier": self.dossier, "actors": ",".join(actors), "propositions": ",".join(propositions)}
            | given
            | more
        )

    async def newest(self, cells: Collection[Cell], most: int) -> Mapping[Cell, _Newest]:
        """Day, stance and story of the newest statements, by cell."""
        if not cells:
            return {}
        cursor = self.conn.cursor(row_factory=tuple_row)
        await cursor.execute(self._query(_NEWEST), self._values(cells, most=most), prepare=True)
        order = list(cells)
        found: dict[Cell, list[tuple[int, dt.date, str, str]]] = defaultdict(list)
        for row in await cursor.fetchall():
            found[order[row[0] - 1]].append(row)
        for told in found.values():
            told.sort(key=itemgetter(1), reverse=True)  # as they come already
        return found

    async def from_days(self, begin: Mapping[Cell, dt.date]) -> dict[Cell, list[StatedPosition]]:
        """All statements about a day and those after it, by cell."""
        if not begin:
            return {}
        values = self._values(begin, days=",".join(map(str, begin.values())))
        cursor = await self.conn.execute(self._query(_FROM_DAY), values, prepare=True)
        found: dict[Cell, list[StatedPosition]] = defaultdict(list)
        for row in await cursor.fetchall():
            found[row["actor"], row["proposition"]].append(statement_of(row))
        return found

    async def stretches(self, stances: Mapping[Cell, str]) -> dict[Cell, Stretch]:
        """How far back the current stances go, by cell."""
        if not stances:
            return {}
        values = self._values(stances, stances=",".join(stances.values()))
        cursor = await self.conn.execute(self._query(_STRETCHES), values, prepare=True)
        order = list(stances)
        return {
            order[row["place"] - 1]: Stretch(since_of(row["first_dates"]), _counts(row))
            for row in await cursor.fetchall()
        }


def _counts(row: Mapping[str, Any]) -> Counts:
    outlets = {
        outlet_key(told[1:], None) if told[0] == "o" else outlet_key(None, told[1:])
        for told in row["outlets"]
    }
    return Counts(mentions=row["mentions"], outlets=len(outlets), stories=row["stories"])
