"""What every page has in common: how it is asked for, who looks, what is shown where something goes wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.responses import RedirectResponse

from services.api.clocks import Clocks, ClocksDep
from services.api.deps import Connection, ConnectionDep, DossierDep, PositionDep
from services.api.pages.frame import page_etag, render
from services.api.pages.view import SignedIn, View, address
from services.api.routing import Handler, ReadRoute, query_names
from services.core.access.keys import Scope
from services.core.domain.dossier import Dossier, load_dossier
from services.core.errors import FieldError, InvalidInput
from services.core.eventstore.outages import DATABASE_AWAY
from services.core.web.access import Access, Caller, needs
from services.core.web.database import on_database_error
from services.core.web.problems import Problem, field_errors

METHODS = ["GET", "HEAD"]

ActorPath = Annotated[str, Path(max_length=100)]

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
            except DATABASE_AWAY as error:
                answer = await on_database_error(request, error)
                page = _sorry(request, answer.status_code, "The database cannot be reached. Try again soon.")
                page.headers["Retry-After"] = answer.headers["Retry-After"]
                return page

        return shown


def page_router() -> APIRouter:
    """A router of pages, for those who may read."""
    return APIRouter(include_in_schema=False, route_class=PageRoute, dependencies=[needs(Scope.READ)])


async def recorded_at(conn: Connection, position: int) -> Any:
    """When the event at a global position was recorded; None before the first."""
    query = "SELECT recorded_at FROM events WHERE global_position = %s"
    row = await (await conn.execute(query, (position,))).fetchone()
    return row["recorded_at"] if row else None


def view_of(request: Request, dossier: Dossier, errors: Mapping[str, str] | None = None) -> View:
    """What this request looks at, and who looks."""
    return View(
        dossier,
        request.url.path,
        getattr(request.state, "asked", ()),
        errors or {},
        _signed_in(request),
        str(request.base_url).rstrip("/"),
    )


def _signed_in(request: Request) -> SignedIn | None:
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is None or caller.key is None or caller.session is None:
        return None
    access: Access = request.app.state.access
    return SignedIn(caller.key.name, access.sessions.form_token(caller.session.nonce))


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to a page that shows a dossier by the clocks. The browser does not have its answer yet."""

    request: Request
    conn: Connection
    clocks: Clocks
    etag: str
    dossier: Dossier = field(repr=False)  # large

    async def show(self, template: str, **context: Any) -> Response:
        """The answer: a template with what every such page says of itself."""
        return render(
            template,
            view_of(self.request, self.dossier),
            etag=self.etag,
            clocks=self.clocks,
            recorded_at=await recorded_at(self.conn, self.clocks.position),
            **context,
        )


async def get_asked(
    request: Request, conn: ConnectionDep, newest: PositionDep, clocks: ClocksDep, dossier: DossierDep
) -> Asked:
    return Asked(request, conn, clocks, page_etag(request, newest), dossier)


AskedDep = Annotated[Asked, Depends(get_asked)]


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
