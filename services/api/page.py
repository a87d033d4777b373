"""The web page: timeline and positions from the same queries as the API, rendered here, readable without scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

import psycopg
import psycopg_pool
from fastapi import APIRouter, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.responses import RedirectResponse

from services.api.clocks import ClocksDep
from services.api.cursor import DEFAULT_LIMIT, CursorQuery, LimitQuery, decode, encode
from services.api.deps import Connection, ConnectionDep, DossierDep, PositionDep
from services.api.filters import TimelineFilterDep
from services.api.page_board import Board, all_positions
from services.api.page_frame import asset, page_etag, render
from services.api.page_view import SignedIn, View, address
from services.api.page_words import by_year_and_month
from services.api.positions import find_statements
from services.api.routing import Handler, ReadRoute, query_names
from services.api.standings import position_json, run_json
from services.api.timeline import Order, find_entries, find_entry
from services.core.access.keys import Scope
from services.core.domain.dossier import Dossier, load_dossier
from services.core.domain.standing import history
from services.core.errors import FieldError, InvalidInput
from services.core.settings import Settings
from services.core.web.access import Access, Caller, needs
from services.core.web.database import on_database_error
from services.core.web.problems import Problem, field_errors

ACTORS_IN_FRONT = 10
EVIDENCE_IN_RUNS = 3
METHODS = ["GET", "HEAD"]

# What the validators say, for people.
_WORDS = {
    "Input should be a valid integer, unable to parse string as an integer": "Wants a whole number",
    "Input should be greater than or equal to 0": "Wants 0 or more",
}


class PageRoute(ReadRoute):
    """Answers what goes wrong with a page.

    Blank fields of a form, and names that a page does not know (links that are passed on gather them), are
    taken out of the address first: what is shown is what the address says.
    """

    def get_route_handler(self) -> Handler:
        handler = super().get_route_handler()
        known = frozenset(query_names(self.dependant))

        async def shown(request: Request) -> Response:
            asked = request.query_params.multi_items()
            meant = [(name, value) for name, value in asked if value.strip() and name in known]
            if len(meant) != len(asked):
                return RedirectResponse(address(request.url.path, meant), 307)
            request.state.asked = tuple(meant)
            try:
                return await handler(request)
            except (InvalidInput, RequestValidationError) as error:
                found = error.errors if isinstance(error, InvalidInput) else field_errors(error.errors())
                return _refused(request, found)
            except Problem as problem:
                if problem.status == HTTPStatus.UNAUTHORIZED:
                    here = address(request.url.path, meant)
                    return RedirectResponse(address("/sign-in", [("next", here)] if here != "/" else []), 303)
                page = _sorry(request, problem.status, problem.detail or problem.title)
                page.headers.update(problem.headers)
                return page
            except (psycopg.OperationalError, psycopg.InterfaceError, psycopg_pool.PoolTimeout,
                    psycopg_pool.TooManyRequests, psycopg_pool.PoolClosed) as error:  # fmt: skip
                answer = await on_database_error(request, error)
                page = _sorry(request, answer.status_code, "The database cannot be reached. Try again soon.")
                page.headers["Retry-After"] = answer.headers["Retry-After"]
                return page

        return shown


router = APIRouter(include_in_schema=False, route_class=PageRoute, dependencies=[needs(Scope.READ)])
assets = APIRouter(include_in_schema=False)

ActorPath = Annotated[str, Path(max_length=100)]


@router.api_route("/", methods=METHODS)
async def show_front(
    request: Request,
    conn: ConnectionDep,
    newest: PositionDep,
    clocks: ClocksDep,
    dossier: DossierDep,
    chosen: TimelineFilterDep,
    limit: LimitQuery = DEFAULT_LIMIT,
    cursor: CursorQuery = None,
    order: Order = "desc",
) -> Response:
    """Where the actors stand, and the timeline; later pages show the timeline alone."""
    etag = page_etag(request, newest)
    settings: Settings = request.app.state.settings
    after = decode(request, cursor, str, str)
    if after:
        clocks = clocks.at(after.position)
    entries, following = await find_entries(conn, chosen, clocks, limit=limit, after=after, order=order)
    board = None
    if not after:
        board = Board.of(dossier, await all_positions(conn, dossier, clocks, chosen.actor | chosen.recipient))
    return render(
        "front.html",
        view_of(request, dossier),
        etag=etag,
        clocks=clocks,
        recorded_at=await _recorded_at(conn, clocks.position),
        board=board and board.front(ACTORS_IN_FRONT),
        years=by_year_and_month(entries),
        order=order,
        following=encode(request, following) if following else None,
        later_page=after is not None,
        service=f"http://{settings.host}:{settings.port}",
    )


@router.api_route("/positions", methods=METHODS)
async def show_positions(
    request: Request, conn: ConnectionDep, newest: PositionDep, clocks: ClocksDep, dossier: DossierDep
) -> Response:
    """Every actor on every proposition."""
    etag = page_etag(request, newest)
    return render(
        "positions.html",
        view_of(request, dossier),
        etag=etag,
        clocks=clocks,
        recorded_at=await _recorded_at(conn, clocks.position),
        board=Board.of(dossier, await all_positions(conn, dossier, clocks)),
    )


@router.api_route("/positions/{actor_id}/{proposition}", methods=METHODS)
async def show_position(
    request: Request,
    actor_id: ActorPath,
    proposition: ActorPath,
    conn: ConnectionDep,
    newest: PositionDep,
    clocks: ClocksDep,
    dossier: DossierDep,
) -> Response:
    """One actor on one proposition: all evidence, and every change of stance."""
    etag = page_etag(request, newest)
    if actor_id not in dossier.actors or proposition not in dossier.propositions:
        raise Problem(404, "There is no such actor or proposition")
    cell = (actor_id, proposition)
    statements = await find_statements(conn, dossier, clocks, cell)
    runs = history(statements)
    return render(
        "position.html",
        view_of(request, dossier),
        etag=etag,
        clocks=clocks,
        recorded_at=await _recorded_at(conn, clocks.position),
        actor=dossier.actors[actor_id],
        proposition=dossier.propositions[proposition],
        cell=position_json(dossier.id, cell, statements, most=None) if statements else None,
        earlier=[run_json(run, most=EVIDENCE_IN_RUNS) for run in reversed(runs[:-1])],
    )


@router.api_route("/entries/{entry_id}", methods=METHODS)
async def show_entry(
    request: Request,
    entry_id: UUID,
    conn: ConnectionDep,
    newest: PositionDep,
    clocks: ClocksDep,
    dossier: DossierDep,
) -> Response:
    """One entry of the timeline with everything that tells it."""
    etag = page_etag(request, newest)
    view = view_of(request, dossier)
    entry = await find_entry(conn, entry_id, clocks)
    if isinstance(entry, UUID):
        return RedirectResponse(view.at("entries", str(entry)), 308)
    if entry["dossier"] != dossier.id:
        view = view_of(request, load_dossier(entry["dossier"]))
    return render(
        "entry.html",
        view,
        etag=etag,
        clocks=clocks,
        recorded_at=await _recorded_at(conn, clocks.position),
        entry=entry,
    )


@assets.api_route("/static/{name}", methods=METHODS)
async def show_asset(request: Request, name: str, v: str | None = None) -> Response:
    """A style sheet, script or picture of the page; kept for ever under an address that names its content."""
    found = asset(name)
    if found is None:
        raise Problem(404, "There is no such file")
    headers = {
        "ETag": found.etag,
        "Cache-Control": "public, max-age=31536000, immutable" if v == found.digest else "no-cache",
    }
    if found.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(found.content, headers=headers, media_type=found.media_type)


async def _recorded_at(conn: Connection, position: int) -> Any:
    query = "SELECT recorded_at FROM events WHERE global_position = %s"
    row = await (await conn.execute(query, (position,))).fetchone()
    return row["recorded_at"] if row else None


def view_of(request: Request, dossier: Dossier, errors: Mapping[str, str] | None = None) -> View:
    """What this request looks at, and who looks."""
    return View(
        dossier, request.url.path, getattr(request.state, "asked", ()), errors or {}, _signed_in(request)
    )


def _signed_in(request: Request) -> SignedIn | None:
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is None or caller.key is None or caller.session is None:
        return None
    access: Access = request.app.state.access
    return SignedIn(caller.key.name, access.sessions.form_token(caller.session.nonce))


def _refused(request: Request, errors: Sequence[FieldError]) -> Response:
    """422 with the form as it was filled in and what is wrong beside each field; 404 where the path makes no sense."""
    if any(error.where == "path" for error in errors):
        return _sorry(request, 404, "There is nothing under this address")
    named = {error.field.split(".")[0]: _WORDS.get(error.detail, error.detail) for error in errors}
    view = view_of(request, load_dossier(request.app.state.settings.dossiers[0]), named)
    return render("refused.html", view, status=422)


def _sorry(request: Request, status: int, detail: str) -> Response:
    view = view_of(request, load_dossier(request.app.state.settings.dossiers[0]))
    return render("sorry.html", view, status=status, detail=detail)
