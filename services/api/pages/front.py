"""`/`: where the actors stand, and the timeline."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Query, Response

from services.api.cursor import DEFAULT_LIMIT, CursorQuery, LimitQuery, decode, encode
from services.api.filters import TimelineFilterDep
from services.api.pages.base import METHODS, AskedDep, page_router
from services.api.pages.board import Board, all_positions
from services.api.pages.density import count_months, jump, strip
from services.api.pages.excerpts import add_excerpts
from services.api.pages.words import by_year_and_month
from services.api.timeline import Order, find_entries
from services.core.settings import Settings

ACTORS_IN_FRONT = 10

router = page_router()


@router.api_route("/", methods=METHODS)
async def show_front(
    asked: AskedDep,
    chosen: TimelineFilterDep,
    limit: LimitQuery = DEFAULT_LIMIT,
    cursor: CursorQuery = None,
    order: Order = "desc",
    at: Annotated[str | None, Query(max_length=10, description="The month or year to begin with")] = None,
) -> Response:
    """Where the actors stand, and the timeline; later pages, and those begun at a month, show the timeline alone."""
    settings: Settings = asked.request.app.state.settings
    after = decode(asked.request, cursor, str, str)
    if after:
        asked = replace(asked, clocks=asked.clocks.at(after.position))
    conn, clocks, dossier = asked.conn, asked.clocks, asked.dossier
    begin = after or (jump(clocks, at, order) if at else None)
    entries, following = await find_entries(conn, chosen, clocks, limit=limit, after=begin, order=order)
    await add_excerpts(conn, clocks, "mentions", (m for entry in entries for m in entry["mentions"]))
    months = await count_months(conn, chosen, clocks)
    board = None
    if not begin:
        board = Board.of(dossier, await all_positions(conn, dossier, clocks, chosen.actor | chosen.recipient))
    return await asked.show(
        "front.html",
        board=board and board.front(ACTORS_IN_FRONT),
        years=by_year_and_month(entries),
        strip=strip(months, {entry["date"][:7] for entry in entries}, order),
        total=sum(months.values()),
        order=order,
        following=encode(asked.request, following) if following else None,
        later_page=after is not None,
        begun_at=at if begin and not after else None,
        service=f"http://{settings.host}:{settings.port}",
    )
