"""`/positions`: every actor on every proposition, and one actor on one of them."""

from __future__ import annotations

from fastapi import Response

from services.api.pages.base import METHODS, ActorPath, AskedDep, page_router
from services.api.pages.board import Board, all_positions
from services.api.pages.excerpts import add_excerpts
from services.api.positions import find_statements
from services.api.rulings import rulings_on
from services.api.standings import position_json, run_json
from services.core.domain.standing import history
from services.core.projections.codecs import standing_id
from services.core.web.problems import Problem

EVIDENCE = 100
EVIDENCE_IN_RUNS = 3

router = page_router()


@router.api_route("/positions", methods=METHODS)
async def show_positions(asked: AskedDep) -> Response:
    """Every actor on every proposition."""
    cells = await all_positions(asked.conn, asked.dossier, asked.clocks)
    return await asked.show("positions.html", board=Board.of(asked.dossier, cells))


@router.api_route("/positions/{actor_id}/{proposition}", methods=METHODS)
async def show_position(asked: AskedDep, actor_id: ActorPath, proposition: ActorPath) -> Response:
    """One actor on one proposition: its evidence, and every change of stance."""
    conn, clocks, dossier = asked.conn, asked.clocks, asked.dossier
    if actor_id not in dossier.actors or proposition not in dossier.propositions:
        raise Problem(404, "There is no such actor or proposition")
    cell = (actor_id, proposition)
    statements = await find_statements(conn, dossier, clocks, cell)
    standing = position_json(dossier.id, cell, statements, most=EVIDENCE) if statements else None
    earlier = [run_json(run, most=EVIDENCE_IN_RUNS) for run in reversed(history(statements)[:-1])]
    told = [s for run in earlier for s in run["evidence"]]
    if standing:
        told += standing["evidence"] + [s for other in standing["alternatives"] for s in other["evidence"]]
    await add_excerpts(conn, clocks, "statements", told, wide=True)
    return await asked.show(
        "position.html",
        actor=dossier.actors[actor_id],
        proposition=dossier.propositions[proposition],
        cell=standing,
        earlier=earlier,
        rulings=await rulings_on(conn, standing_id(dossier.id, *cell), clocks.position),
    )
