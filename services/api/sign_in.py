"""Signing in to the page with a key, and out again. A browser then sends the session's cookie by itself."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import RedirectResponse

from services.api.pages.base import METHODS, PageRoute, view_of
from services.api.pages.frame import render
from services.core.domain.dossier import load_dossier
from services.core.web.access import Access
from services.core.web.problems import Problem, ProblemType
from services.core.web.sessions import (
    FORM_COOKIE,
    FORM_SECONDS,
    cookie_name,
    drop_cookie,
    new_nonce,
    set_cookie,
)

router = APIRouter(include_in_schema=False, route_class=PageRoute)

MAX_FORM_BYTES = 4096
FORM_TYPE = "application/x-www-form-urlencoded"

Next = Annotated[str | None, Query(alias="next", max_length=2000)]


@router.api_route("/sign-in", methods=METHODS)
async def show_sign_in(request: Request, wanted: Next = None) -> Response:
    """The form; where no keys are asked for, back to the page."""
    access: Access = request.app.state.access
    if not await access.in_force():
        return RedirectResponse(_home(wanted), 303)
    return _form(request, wanted)


@router.post("/sign-in")
async def sign_in(request: Request, wanted: Next = None) -> Response:
    """Takes the key, gives the cookie."""
    access: Access = request.app.state.access
    fields = await _fields(request)
    nonce = request.cookies.get(cookie_name(request, FORM_COOKIE), "")
    if not nonce or not access.sessions.is_form_token(fields.get("form_token", ""), nonce):
        return _form(request, wanted, "The form has expired. Try again.", 403)
    record = await access.verify(request, fields.get("key", "").strip())
    if record is None:
        return _form(request, wanted, "This is not a key that is known here.", 401)
    answer = RedirectResponse(_home(wanted), 303, headers={"Cache-Control": "no-store"})
    set_cookie(request, answer, access.sessions.begin(record.id), access.sessions.seconds)
    drop_cookie(request, answer, FORM_COOKIE)
    return answer


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """Drops the session's cookie.

    A request without it drops none: browsers keep the cookie back from another site's form, and would drop it
    all the same.
    """
    access: Access = request.app.state.access
    session = access.session(request)
    fields = await _fields(request)
    if session is not None and not access.sessions.is_form_token(fields.get("form_token", ""), session.nonce):
        raise Problem(ProblemType.FORM_TOKEN_WANTED)
    answer = RedirectResponse("/sign-in", 303, headers={"Cache-Control": "no-store"})
    if session is not None:
        drop_cookie(request, answer)
    return answer


async def _fields(request: Request) -> dict[str, str]:
    """The fields of a form. Raises Problem 413, 415 or 400."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        raise Problem(ProblemType.UNSUPPORTED_BODY, f"Content-Type must be {FORM_TYPE}")
    body = await request.body()
    if len(body) > MAX_FORM_BYTES:
        raise Problem(ProblemType.BODY_TOO_LARGE)
    try:
        return dict(parse_qsl(body.decode("ascii"), errors="strict", max_num_fields=10))
    except ValueError:
        raise Problem(ProblemType.MALFORMED_BODY) from None


def _form(request: Request, wanted: str | None, wrong: str | None = None, status: int = 200) -> Response:
    access: Access = request.app.state.access
    nonce = new_nonce()
    view = view_of(request, load_dossier(request.app.state.settings.dossiers[0]))
    answer = render(
        "sign_in.html",
        view,
        status=status,
        wrong=wrong,
        form_token=access.sessions.form_token(nonce),
        wanted=_home(wanted),
    )
    set_cookie(request, answer, nonce, FORM_SECONDS, FORM_COOKIE)
    return answer


def _home(wanted: str | None) -> str:
    """Where to go after: a place of this site, whatever the link said."""
    if wanted and wanted.startswith("/") and not wanted.startswith("//") and wanted.isprintable():
        return wanted if "\\" not in wanted else "/"
    return "/"
