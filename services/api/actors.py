"""`GET /v1/actors` and one actor: names, who speaks for it and when, how much is known of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from fastapi import Request, Response
from psycopg import sql

from services.api.caching import EtagDep, validated
from services.api.clocks import Clocks, ClocksDep, both
from services.api.cursor import DEFAULT_LIMIT, Cursor, CursorQuery, LimitQuery, decode, page
from services.api.deps import Connection, ConnectionDep, DossierDep
from services.api.positions import ActorId, known_actor
from services.api.reported import find_groups
from services.api.routing import ReadRouter
from services.api.schemas.actors import ActorDetail, ActorPage
from services.api.standings import conditions
from services.core.domain.calendar import last_day
from services.core.domain.dossier import Dossier
from services.core.web.responses import JSONAnswer

router = ReadRouter(tag="actors")


@router.read("/v1/actors", 422, 503, response_model=ActorPage)
async def get_actors(
    request: Request,
    conn: ConnectionDep,
    etag: EtagDep,
    clocks: ClocksDep,
    dossier: DossierDep,
    limit: LimitQuery = DEFAULT_LIMIT,
    cursor: CursorQuery = None,
) -> Response:
    """The dossier's actors by id, with how many entries and positions are known of each."""
    after = decode(request, cursor, str)
    if after:
        clocks = clocks.at(after.position)
    ids = sorted(a for a in dossier.actors if not after or a > str(after.key[0]))
    shown = ids[:limit]
    counts = await _counts(conn, dossier, clocks)
    data = [_actor(dossier, actor_id, counts) for actor_id in shown]
    following = Cursor(clocks.position, (shown[-1],)) if len(ids) > limit else None
    return validated(page(request, data, following, clocks.position), etag)


@router.read("/v1/actors/{actor_id}", 404, 422, 503, response_model=ActorDetail)
async def get_actor(
    actor_id: ActorId, conn: ConnectionDep, etag: EtagDep, clocks: ClocksDep, dossier: DossierDep
) -> Response:
    """One actor with its names and everybody who spoke for it."""
    known_actor(dossier, actor_id)
    actor = dossier.actors[actor_id]
    speakers = sorted(
        (office.start, person.name, person.id, office.title, office.end)
        for person in dossier.people.values()
        for office in person.offices
        if office.actor == actor_id
    )
    answer = _actor(dossier, actor_id, await _counts(conn, dossier, clocks)) | {
        "aliases": list(actor.aliases),
        "speakers": [
            {
                "id": person_id,
                "name": name,
                "title": title,
                "start": start.isoformat(),
                "end": end.isoformat() if end else None,
            }
            for start, name, person_id, title, end in speakers
        ],
        "position": clocks.position,
    }
    return validated(JSONAnswer(answer), etag)


def _actor(dossier: Dossier, actor_id: str, counts: dict[str, tuple[int, int]]) -> dict[str, Any]:
    actor = dossier.actors[actor_id]
    entries, positions = counts.get(actor_id, (0, 0))
    return {
        "id": actor.id,
        "name": actor.name,
        "type": actor.type,
        "entries": entries,
        "positions": positions,
    }


async def _counts(conn: Connection, dossier: Dossier, clocks: Clocks) -> dict[str, tuple[int, int]]:
    """Entries in which an actor acts, and propositions that it took a position on."""
    told = await _entries(conn, dossier, clocks)
    positions = sql.SQL(
        "SELECT s.actor, count(DISTINCT s.proposition) FROM read.statements s WHERE {} GROUP BY s.actor"
    ).format(both(conditions(clocks, dossier.id)))
    stated = {row["actor"]: row["count"] async for row in await conn.execute(positions)}
    return {actor: (told.get(actor, 0), stated.get(actor, 0)) for actor in told.keys() | stated.keys()}


async def _entries(conn: Connection, dossier: Dossier, clocks: Clocks) -> Mapping[str, int]:
    if clocks.reported_by:
        groups = await find_groups(conn, clocks, [sql.SQL("m.dossier = {}").format(dossier.id)])
        return Counter(
            actor
            for group in groups
            if clocks.as_of is None or last_day(group.root.date) <= clocks.as_of
            for actor in group.actors
        )
    entries = sql.SQL(
        "SELECT actor, count(*) FROM read.entries e, unnest(e.actors) AS actor"
        " WHERE e.dossier = {} AND e.change IN ('added', 'changed') AND {} AND {} GROUP BY actor"
    ).format(
        dossier.id,
        clocks.rows("e"),
        sql.SQL("e.date_to <= {}").format(clocks.as_of) if clocks.as_of else sql.SQL("true"),
    )
    return {row["actor"]: row["count"] async for row in await conn.execute(entries)}
