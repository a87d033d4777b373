"""`GET /v1/positions` and an actor's own positions with their history."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path, Query, Request, Response
from psycopg import sql

from services.api.caching import EtagDep, validated
from services.api.clocks import Clocks, ClocksDep
from services.api.cursor import DEFAULT_LIMIT, Cursor, CursorQuery, LimitQuery, decode, page
from services.api.deps import Connection, ConnectionDep, DossierDep
from services.api.latest import current_runs, find_cells
from services.api.routing import ReadRouter
from services.api.rulings import rulings_on
from services.api.schemas.positions import PositionHistory, PositionPage
from services.api.standings import (
    EVIDENCE_IN_LISTS,
    Cell,
    conditions,
    load_statements,
    run_json,
    standing_json,
)
from services.core.domain.dossier import Dossier
from services.core.domain.standing import StatedPosition, history
from services.core.errors import FieldError, InvalidInput
from services.core.projections.codecs import standing_id
from services.core.web.problems import Problem
from services.core.web.responses import JSONAnswer

router = ReadRouter(tag="positions")

ActorId = Annotated[str, Path(max_length=100)]


@router.read("/v1/positions", 422, 503, response_model=PositionPage)
async def get_positions(
    request: Request,
    conn: ConnectionDep,
    etag: EtagDep,
    clocks: ClocksDep,
    dossier: DossierDep,
    actor: Annotated[list[str] | None, Query(max_length=50)] = None,
    proposition: Annotated[list[str] | None, Query(max_length=50)] = None,
    stance: Annotated[Literal["supports", "opposes", "conditional"] | None, Query()] = None,
    contested: Annotated[bool | None, Query()] = None,
    limit: LimitQuery = DEFAULT_LIMIT,
    cursor: CursorQuery = None,
) -> Response:
    """Actor x proposition: each cell the current stance, by actor and proposition."""
    for field, values, known in (
        ("actor", actor, dossier.actors),
        ("proposition", proposition, dossier.propositions),
    ):
        if any(value not in known for value in values or ()):
            raise InvalidInput([FieldError(field, f"The dossier {dossier.id} has no such id", "query")])
    after = decode(request, cursor, str, str)
    if after:
        clocks = clocks.at(after.position)
    data, following = await find_positions(
        conn,
        dossier,
        clocks,
        actors=actor,
        propositions=proposition,
        stance=stance,
        contested=contested,
        limit=limit,
        after=after,
    )
    return validated(page(request, data, following, clocks.position), etag)


async def find_positions(
    conn: Connection,
    dossier: Dossier,
    clocks: Clocks,
    *,
    actors: list[str] | None = None,
    propositions: list[str] | None = None,
    stance: str | None = None,
    contested: bool | None = None,
    limit: int = DEFAULT_LIMIT,
    after: Cursor | None = None,
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """A page of cells in the order of actor and proposition, and where the next one begins."""
    found: list[dict[str, Any]] = []
    while True:
        cells = await find_cells(
            conn,
            clocks,
            dossier.id,
            most=limit + 1,
            actors=actors,
            propositions=propositions,
            after=after.key if after else None,
        )
        runs = await current_runs(conn, clocks, dossier.id, cells)
        for cell in cells:
            if cell not in runs:
                continue  # nothing had been stated by then
            if len(found) == limit:
                return found, after
            after = Cursor(clocks.position, cell)
            shown = standing_json(dossier.id, cell, runs[cell], most=EVIDENCE_IN_LISTS)
            if stance in {None, shown["stance"]} and contested in {None, shown["contested"]}:
                found.append(shown)
        if len(cells) <= limit:
            return found, None
        if (last := list(cells)[-1]) not in runs:  # passed over: the next page begins behind it
            after = Cursor(clocks.position, last)


@router.read("/v1/actors/{actor_id}/positions", 404, 422, 503, response_model=PositionPage)
async def get_actor_positions(
    request: Request,
    actor_id: ActorId,
    conn: ConnectionDep,
    etag: EtagDep,
    clocks: ClocksDep,
    dossier: DossierDep,
    limit: LimitQuery = DEFAULT_LIMIT,
    cursor: CursorQuery = None,
) -> Response:
    """Where one actor stands on every proposition that it took a position on."""
    known_actor(dossier, actor_id)
    after = decode(request, cursor, str, str)
    if after:
        clocks = clocks.at(after.position)
    data, following = await find_positions(conn, dossier, clocks, actors=[actor_id], limit=limit, after=after)
    return validated(page(request, data, following, clocks.position), etag)


@router.read(
    "/v1/actors/{actor_id}/positions/{proposition}/history", 404, 422, 503, response_model=PositionHistory
)
async def get_position_history(
    actor_id: ActorId,
    proposition: Annotated[str, Path(max_length=100)],
    conn: ConnectionDep,
    etag: EtagDep,
    clocks: ClocksDep,
    dossier: DossierDep,
) -> Response:
    """Every change of an actor's stance on a proposition, newest first."""
    known_actor(dossier, actor_id)
    if proposition not in dossier.propositions:
        raise Problem(404, "The dossier has no such proposition")
    runs = history(await find_statements(conn, dossier, clocks, (actor_id, proposition)))
    answer = {
        "actor": actor_id,
        "proposition": proposition,
        "data": [run_json(run, most=EVIDENCE_IN_LISTS) for run in reversed(runs)],
        "rulings": await rulings_on(conn, standing_id(dossier.id, actor_id, proposition), clocks.position),
        "next": None,
        "position": clocks.position,
    }
    return validated(JSONAnswer(answer), etag)


async def find_statements(
    conn: Connection, dossier: Dossier, clocks: Clocks, cell: Cell
) -> list[StatedPosition]:
    """Everything that was stated on one cell, as far as the clocks let through."""
    where = [
        *conditions(clocks, dossier.id),
        sql.SQL("s.actor = {} AND s.proposition = {}").format(*map(sql.Literal, cell)),
    ]
    return (await load_statements(conn, where)).get(cell, [])


def known_actor(dossier: Dossier, actor_id: str) -> None:
    """Raises a 404 for an id that the dossier does not have."""
    if actor_id not in dossier.actors:
        raise Problem(404, "The dossier has no such actor")
