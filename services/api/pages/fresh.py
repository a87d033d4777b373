"""`/fresh`: entries, cells and months as the page shows them, for the script that puts news in their places."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from psycopg import sql

from services.api.clocks import ClocksDep
from services.api.cursor import DEFAULT_LIMIT, LimitQuery
from services.api.deps import ConnectionDep, DossierDep, PositionDep
from services.api.entries import LISTED, listed
from services.api.filters import TimelineFilterDep
from services.api.pages.base import METHODS, page_router, view_of
from services.api.pages.board import all_positions
from services.api.pages.density import count_months, strip
from services.api.pages.excerpts import add_excerpts
from services.api.pages.frame import page_etag, render
from services.api.pages.words import by_year_and_month
from services.api.timeline import Order

MOST = 50

router = page_router()


@router.api_route("/fresh", methods=METHODS)
async def show_fresh(
    request: Request,
    conn: ConnectionDep,
    newest: PositionDep,
    clocks: ClocksDep,
    dossier: DossierDep,
    chosen: TimelineFilterDep,
    limit: LimitQuery = DEFAULT_LIMIT,  # noqa: ARG001 - the months link on with it
    order: Order = "desc",
    entry: Annotated[list[UUID] | None, Query(max_length=MOST)] = None,
    cell: Annotated[list[str] | None, Query(max_length=MOST, description="actor/proposition")] = None,
) -> Response:
    """What there is now of some entries and positions; those that are gone are left out.

    The months are counted by the page's own question; which of them are in sight is the page's to say.
    """
    etag = page_etag(request, newest)
    ids = entry or []
    query = sql.SQL(
        "SELECT {} FROM read.entries e WHERE e.id = ANY(%s) AND e.dossier = %s AND {}"
        " AND e.change IN ('added', 'changed') ORDER BY e.date_from DESC, e.id DESC"
    ).format(LISTED, clocks.rows("e"))
    rows = await (await conn.execute(query, (ids, dossier.id))).fetchall()
    entries = await listed(conn, rows, clocks)
    await add_excerpts(conn, clocks, "mentions", (m for entry in entries for m in entry["mentions"]))
    wanted = set(cell or ())
    actors = frozenset(name.partition("/")[0] for name in wanted)
    cells = await all_positions(conn, dossier, clocks, actors) if actors else []
    months = await count_months(conn, chosen, clocks)
    view = view_of(request, dossier)
    asked = tuple(item for item in view.asked if item[0] not in {"entry", "cell"})
    return render(
        "fresh.html",
        replace(view, path="/", asked=asked),  # what it links to are other months of that page
        etag=etag,
        strip=strip(months, (), order),
        total=sum(months.values()),
        years=by_year_and_month(entries),
        cells=[c for c in cells if f"{c['actor']}/{c['proposition']}" in wanted],
    )
