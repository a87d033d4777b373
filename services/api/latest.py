"""Where actors stand now, from no more statements than it takes.

The current stance of a cell follows from its newest days: those back to a day on which another stance was stated. So
the newest statements are loaded first. Where they all tell the same stance, however far back it goes, the database
counts who told it, and since when; the statements that are shown are among the newest anyway.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from psycopg import sql

from services.api.clocks import both
from services.api.deps import Connection
from services.api.standings import EVIDENCE_IN_LISTS, Cell, load_statements, statement_of
from services.core.domain.standing import Run, StatedPosition, current, history, since_of
from services.core.domain.timeline import Counts, outlet_key

FEW, MORE = 12, 96  # statements of a cell that are loaded at first, and where they do not settle it

_NEWEST = sql.SQL("""
SELECT s.* FROM unnest({actors}::text[], {propositions}::text[]) AS c (actor, proposition)
 CROSS JOIN LATERAL (
    SELECT s.* FROM read.statements s WHERE s.actor = c.actor AND s.proposition = c.proposition AND {where}
     ORDER BY s.date_to DESC LIMIT {most}) AS s
""")

# A day's stance is the one that more stories tell; then `conditional`: as services.core.domain.standing has it.
_RUN = sql.SQL("""
WITH stated AS MATERIALIZED (
    SELECT s.date_to AS day, s.date, s.stance, s.article_id, coalesce(s.story_id::text, s.article_id) AS story,
           CASE WHEN s.outlet <> '' THEN 'o' || s.outlet ELSE 'u' || coalesce(s.url, '') END AS outlet
      FROM read.statements s WHERE s.actor = {actor} AND s.proposition = {proposition} AND {where}),
days AS (
    SELECT DISTINCT ON (day) day, stance
      FROM (SELECT day, stance, count(DISTINCT story) AS stories FROM stated GROUP BY day, stance) AS d
     ORDER BY day, stories DESC, stance = 'conditional' DESC, stance COLLATE "C" DESC),
run AS (
    SELECT stated.* FROM stated JOIN days USING (day, stance)
     WHERE day > coalesce((SELECT max(day) FROM days WHERE stance <> {stance}), '-infinity'))
SELECT count(DISTINCT article_id) AS mentions, count(DISTINCT story) AS stories,
       array_agg(DISTINCT outlet) AS outlets,
       (SELECT array_agg(DISTINCT date) FROM run WHERE day = (SELECT min(day) FROM run)) AS first_dates
  FROM run
""")


async def current_runs(
    conn: Connection, where: Sequence[sql.Composable], cells: Collection[Cell]
) -> dict[Cell, Run]:
    """The current stance on each cell on which any of the statements `s` meets the conditions.

    Of what tells it, `told_by` holds as many as lists show, the newest; `counts` and the rest are of all.
    """
    runs: dict[Cell, Run] = {}
    unsettled: Collection[Cell] = cells
    for most in (FEW, MORE):
        newest = await _newest(conn, where, unsettled, most)
        runs |= {cell: run for cell in unsettled if (run := _settled(newest.get(cell, []), most))}
        unsettled = [cell for cell in unsettled if cell in newest and cell not in runs]
        if not unsettled:
            return runs
    for cell in unsettled:
        runs[cell] = await _long_run(conn, where, cell, _whole_days(newest[cell]))
    return runs


def _whole_days(statements: Sequence[StatedPosition]) -> list[StatedPosition]:
    """Without those of the oldest day, of which more may be left."""
    oldest = min(s.day for s in statements)
    return [s for s in statements if s.day > oldest]


def _settled(statements: Sequence[StatedPosition], most: int) -> Run | None:
    """The current stance, if these newest statements tell all of it."""
    if len(statements) < most:
        return current(statements)
    runs = history(_whole_days(statements))
    return runs[-1] if len(runs) > 1 else None


async def _newest(
    conn: Connection, where: Sequence[sql.Composable], cells: Collection[Cell], most: int
) -> dict[Cell, list[StatedPosition]]:
    query = _NEWEST.format(
        actors=sql.Literal([actor for actor, _ in cells]),
        propositions=sql.Literal([proposition for _, proposition in cells]),
        where=both(where),
        most=sql.Literal(most),
    )
    found: dict[Cell, list[StatedPosition]] = {}
    async for row in await conn.execute(query):
        found.setdefault((row["actor"], row["proposition"]), []).append(statement_of(row))
    return found


async def _long_run(
    conn: Connection, where: Sequence[sql.Composable], cell: Cell, newest: Sequence[StatedPosition]
) -> Run:
    """The run that the newest statements are the end of."""
    run = current(newest)
    if run is None or len(run.told_by) < EVIDENCE_IN_LISTS:  # very much was stated about a few days
        at = sql.SQL("s.actor = {} AND s.proposition = {}").format(*map(sql.Literal, cell))
        whole = current((await load_statements(conn, [*where, at]))[cell])
        if whole is None:
            raise AssertionError("unreachable: the cell had statements")
        return whole
    query = _RUN.format(
        actor=sql.Literal(cell[0]),
        proposition=sql.Literal(cell[1]),
        where=both(where),
        stance=sql.Literal(run.stance.value),
    )
    row = await (await conn.execute(query)).fetchone()
    if row is None:
        raise AssertionError("unreachable: it aggregates")
    return replace(run, since=since_of(row["first_dates"]), counts=_counts(row))


def _counts(row: Mapping[str, Any]) -> Counts:
    outlets = {
        outlet_key(told[1:], None) if told[0] == "o" else outlet_key(None, told[1:])
        for told in row["outlets"]
    }
    return Counts(mentions=row["mentions"], outlets=len(outlets), stories=row["stories"])
