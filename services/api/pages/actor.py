"""`/actors/{id}`: an actor's positions over time, what it did, who speaks for it and when."""

from __future__ import annotations

import datetime as dt
from typing import Any

from fastapi import Response
from psycopg import sql

from services.api.clocks import Clocks
from services.api.deps import Connection
from services.api.filters import TimelineFilter
from services.api.pages.base import METHODS, ActorPath, AskedDep, page_router
from services.api.pages.chart import Scale, draw, term
from services.api.pages.excerpts import add_excerpts
from services.api.pages.words import by_year_and_month
from services.api.positions import known_actor
from services.api.standings import conditions, load_statements, run_json
from services.api.timeline import find_entries
from services.core.domain.dossier import Dossier
from services.core.domain.standing import StatedPosition, history

ENTRIES = 25

router = page_router()


@router.api_route("/actors/{actor_id}", methods=METHODS)
async def show_actor(asked: AskedDep, actor_id: ActorPath) -> Response:
    """One actor, as the clocks let it be seen."""
    conn, clocks, dossier = asked.conn, asked.clocks, asked.dossier
    known_actor(dossier, actor_id)
    where = [*conditions(clocks, dossier.id), sql.SQL("s.actor = {}").format(sql.Literal(actor_id))]
    cells = {proposition: told for (_, proposition), told in (await load_statements(conn, where)).items()}
    changes = _changes(cells, dossier)
    await add_excerpts(
        conn, clocks, "statements", [run["evidence"][0] for _, runs in changes for run in runs]
    )
    chosen = TimelineFilter(dossier=dossier.id, actor=frozenset({actor_id}))
    entries, following = await find_entries(conn, chosen, clocks, limit=ENTRIES)
    await add_excerpts(conn, clocks, "mentions", (m for entry in entries for m in entry["mentions"]))
    chart = draw(cells, dossier.propositions, clocks.as_of)
    return await asked.show(
        "actor.html",
        actor=dossier.actors[actor_id],
        chart=chart,
        changes=changes,
        years=by_year_and_month(entries),
        more_entries=following is not None,
        speakers=_speakers(
            dossier, actor_id, await _heard(conn, clocks, dossier, actor_id), chart.scale if chart else None
        ),
    )


def _changes(
    cells: dict[str, list[StatedPosition]], dossier: Dossier
) -> list[tuple[str, list[dict[str, Any]]]]:
    """For each proposition every stance that was taken, newest first, with the words that tell it first."""
    found = []
    for proposition in dossier.propositions:
        if told := cells.get(proposition):
            runs = []
            for run in reversed(history(told)):
                shown = run_json(run, most=None)
                # The statement that began it says best what changed.
                shown["evidence"] = shown["evidence"][-1:]
                runs.append(shown)
            found.append((proposition, runs))
    return found


async def _heard(conn: Connection, clocks: Clocks, dossier: Dossier, actor_id: str) -> dict[str, int]:
    """In how many articles each person is heard on a position of the actor's."""
    query = sql.SQL(
        "SELECT s.person, count(DISTINCT s.article_id) FROM read.statements s WHERE {} AND s.actor = {}"
        " AND s.person IS NOT NULL GROUP BY 1"
    ).format(sql.SQL(" AND ").join(conditions(clocks, dossier.id)), sql.Literal(actor_id))
    return {row["person"]: row["count"] async for row in await conn.execute(query)}


def _speakers(
    dossier: Dossier, actor_id: str, heard: dict[str, int], scale: Scale | None
) -> list[dict[str, Any]]:
    """Everybody who spoke for the actor, the latest to take office first."""
    found = [
        {
            "id": person.id,
            "name": person.name,
            "title": office.title,
            "start": office.start.isoformat(),
            "end": office.end.isoformat() if office.end else None,
            "heard": heard.get(person.id, 0),
            "term": _term(scale, office.start, office.end),
        }
        for person in dossier.people.values()
        for office in person.offices
        if office.actor == actor_id
    ]
    return sorted(found, key=lambda s: (s["start"], s["name"]), reverse=True)


def _term(scale: Scale | None, start: dt.date, end: dt.date | None) -> Any:
    return term(scale, start.isoformat(), end.isoformat() if end else None) if scale else None
