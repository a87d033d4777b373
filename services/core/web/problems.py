"""Errors over HTTP: RFC 9457 `application/problem+json`, the same shape wherever they come from.

    {"type": "/problems/invalid-request", "title": "…", "status": 422, "detail": "…",
     "errors": [{"field": "published_at", "in": "body", "pointer": "#/published_at", "detail": "…"}]}

`type` is "about:blank" where the status says it all, else `/problems/<name>`, which answers with what it
means. Answers never repeat what was sent and never show what an exception said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from http import HTTPStatus
from typing import Any, Literal

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Match

from services.core.domain.dossier_folders import DossierError
from services.core.errors import FieldError, InvalidInput
from services.core.web.responses import json_bytes

MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 50  # named in one answer
MAX_NAME = 100  # characters of an unknown field's name


class ProblemType(Enum):
    """Every problem that is more than its status: (name, status, title, what it means)."""

    INVALID_REQUEST = (
        "invalid-request", 422, "The request breaks a rule",
        "`errors` names each field and what is wrong with it. Nothing was stored. Mend it and send it again.",
    )  # fmt: skip
    MALFORMED_BODY = (
        "malformed-body", 400, "The body cannot be read",
        "The body is not valid JSON, or not valid UTF-8. Nothing was stored.",
    )  # fmt: skip
    ARTICLE_WITHDRAWN = (
        "article-withdrawn", 410, "The article was withdrawn",
        "It was taken down with its words, and is not taken in again.",
    )  # fmt: skip
    BODY_TOO_LARGE = (
        "body-too-large", 413, "The body is too large",
        "The operator sets the limit: TREATYLINE_MAX_BODY_BYTES. Nothing was stored.",
    )  # fmt: skip
    UNSUPPORTED_BODY = (
        "unsupported-body", 415, "This kind of body is not taken here",
        "Send one of the content types that the API description names, without Content-Encoding.",
    )  # fmt: skip
    IDEMPOTENCY_KEY_INVALID = (
        "idempotency-key-invalid", 400, "The Idempotency-Key cannot be read",
        'A structured-field string is wanted (RFC 9651): in double quotes, printable ASCII: "8e03978e-40d5".',
    )  # fmt: skip
    IDEMPOTENCY_KEY_IN_USE = (
        "idempotency-key-in-use", 409, "A request with this Idempotency-Key is still running",
        "Wait for `Retry-After` seconds and send it again to get its answer.",
    )  # fmt: skip
    IDEMPOTENCY_KEY_REUSED = (
        "idempotency-key-reused", 422, "This Idempotency-Key was used for another request",
        "A key names one request for a day. Use a new key for a new request.",
    )  # fmt: skip
    KEY_WANTED = (
        "key-wanted", 401, "A key is wanted",
        "Send `Authorization: Bearer` with a key, or sign in on the page. `treatyline keys create` makes keys.",
    )  # fmt: skip
    KEY_UNKNOWN = (
        "key-unknown", 401, "This key is not known",
        "It is no key, or was revoked. It is sent as `Authorization: Bearer tl_…`, once.",
    )  # fmt: skip
    SCOPE_WANTED = (
        "scope-wanted", 403, "This key may not do that",
        "The operator makes keys with other scopes: articles:write, timeline:read, review, admin.",
    )  # fmt: skip
    FORM_TOKEN_WANTED = (
        "form-token-wanted", 403, "The form has expired",
        "What changes something in a session must carry the session's form token. Load the page again.",
    )  # fmt: skip
    LOOPBACK_ONLY = (
        "loopback-only", 421, "Not under this name",
        "There are no keys yet, so only this machine is answered. `treatyline keys create` makes a key.",
    )  # fmt: skip
    TOO_MANY_REQUESTS = (
        "too-many-requests", 429, "Too many requests",
        "Wait for `Retry-After` seconds. TREATYLINE_RATE_PER_KEY and TREATYLINE_RATE_PER_ADDRESS set the limits.",
    )  # fmt: skip
    DATABASE_UNAVAILABLE = (
        "database-unavailable", 503, "The database cannot be reached",
        "Send it again after `Retry-After` seconds; an article that was stored already is not stored twice.",
    )  # fmt: skip

    @property
    def uri(self) -> str:
        return f"/problems/{self.value[0]}"

    @property
    def status(self) -> int:
        return self.value[1]

    @property
    def title(self) -> str:
        return self.value[2]


class Problem(Exception):  # noqa: N818 - RFC 9457's word
    """Raise it anywhere below a route: it is answered as it says."""

    def __init__(
        self,
        kind: ProblemType | int,
        detail: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **extensions: Any,
    ) -> None:
        self.status = kind if isinstance(kind, int) else kind.status
        self.type = "about:blank" if isinstance(kind, int) else kind.uri
        self.title = HTTPStatus(kind).phrase if isinstance(kind, int) else kind.title
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.extensions = extensions
        super().__init__(detail or self.title)

    def body(self) -> dict[str, Any]:
        """The problem as JSON object, without empty members."""
        shown: dict[str, Any] = {"type": self.type, "title": self.title, "status": self.status}
        if self.detail:
            shown["detail"] = self.detail
        if self.errors:
            shown["errors"] = [_shown(error) for error in self.errors]
        return shown | self.extensions

    def response(self) -> Response:
        return Response(json_bytes(self.body()), self.status, self.headers, media_type=MEDIA_TYPE)


def _shown(error: FieldError) -> dict[str, str]:
    shown = {"field": error.field, "in": error.where, "detail": error.detail}
    if error.where == "body":  # RFC 6901, as URI fragment
        parts = error.field.split(".") if error.field else []
        shown["pointer"] = "#" + "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)
    return shown


def install_problems(app: FastAPI) -> None:
    """Answer every error of the app as a problem, and `/problems/<name>` with what it means."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(InvalidInput, _on_invalid_input)
    app.add_exception_handler(DossierError, _on_dossier_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.include_router(_router)


async def _on_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - starlette's signature is wider than its use
    return error.response()


async def _on_invalid_input(_request: Request, error: Exception) -> Response:
    assert isinstance(error, InvalidInput)  # noqa: S101
    return Problem(ProblemType.INVALID_REQUEST, str(error), errors=error.errors).response()


async def _on_dossier_error(_request: Request, error: Exception) -> Response:
    """What is stored was read for a dossier that this process was not told of."""
    return Problem(503, f"{error}: TREATYLINE_DOSSIER_FOLDERS names no folder of it").response()


async def _on_validation_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    found = field_errors(error.errors())
    if any(item["type"] == "json_invalid" for item in error.errors()):
        return Problem(ProblemType.MALFORMED_BODY, "The body is not valid JSON", errors=found).response()
    return Problem(ProblemType.INVALID_REQUEST, str(InvalidInput(found)), errors=found).response()


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    if isinstance(error.__cause__, Problem):  # FastAPI wraps whatever stops it from reading a body
        return error.__cause__.response()
    phrase = HTTPStatus(error.status_code).phrase
    detail = error.detail if error.detail not in {phrase, ""} else None
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(
            sorted(_methods_at(request))
        )  # the first route that matches knows its own only
    return Problem(error.status_code, detail, headers=headers).response()


def _methods_at(request: Request) -> set[str]:
    """The methods of every route at the request's path."""
    found: set[str] = set()
    for route in _all_routes(request.app.routes):
        match, _ = route.matches(request.scope)
        if match is not Match.NONE:
            found |= getattr(route, "methods", None) or set()
    return found


def _all_routes(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is None:
            yield route
        else:
            yield from _all_routes(included.routes)


def field_errors(found: Sequence[Any], where: str | None = None) -> list[FieldError]:
    """Pydantic's errors as ours. FastAPI's begin with the place ("query", "body" …), else `where` says it."""
    errors = []
    for item in found:
        path = [str(part) for part in item["loc"]]
        place = where or (path.pop(0) if path else "body")
        message = str(item["msg"]).removeprefix("Value error, ")
        if item["type"] == "json_invalid":  # its path is a place in the bytes
            path = []
        if item["type"] == "extra_forbidden":
            message = "There is no such field here"
        errors.append(FieldError(".".join(_short(part) for part in path), message, place))
    errors = list(
        dict.fromkeys(errors)
    )  # a field that several parts of a request depend on is checked by each
    if (more := len(errors) - MAX_ERRORS) > 0:
        errors[MAX_ERRORS:] = [FieldError("", f"{more} more like these", errors[0].where)]
    return errors


def _short(name: str) -> str:
    """A field's name as the sender wrote it, which may be a megabyte long."""
    return name if len(name) <= MAX_NAME else name[:MAX_NAME] + "…"


class FieldProblem(BaseModel):
    """One field that breaks a rule."""

    model_config = ConfigDict(extra="allow")

    field: str
    in_: Literal["body", "query", "path", "header", "cookie"] = Field(alias="in")
    detail: str
    pointer: str | None = Field(None, description="JSON pointer into the body, as URI fragment")


class ProblemDocument(BaseModel):
    """RFC 9457 problem details."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str | None = None
    errors: list[FieldProblem] | None = None


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses=`: these statuses, and "default", answer with a problem document."""
    schema = {"content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}}
    declared: dict[int | str, dict[str, Any]] = {
        status: {"description": HTTPStatus(status).phrase, **schema} for status in statuses
    }
    return declared | {"default": {"description": "Problem", **schema}}


_router = APIRouter(include_in_schema=False)


@_router.get("/problems/{name}")
async def explain_problem(name: str) -> Response:
    """What a problem type means, in plain words."""
    for kind in ProblemType:
        if kind.value[0] == name:
            return PlainTextResponse(f"{kind.title} ({kind.status})\n\n{kind.value[3]}\n")
    raise Problem(404, "There is no problem of that name")
