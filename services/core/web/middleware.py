"""What happens to every request: an id, a trace, one log line, counts, limits, safe headers.

Plain ASGI, so that streams pass through unbuffered. `install_middleware` puts them in order.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from functools import cache
from http import HTTPStatus
from typing import Any

import structlog
import uuid_utils
from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.core import metrics
from services.core.logging import get_logger
from services.core.web.problems import Problem, ProblemType

log = get_logger(__name__)

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:=-]{1,128}")
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")  # W3C Trace Context, version 00

SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    # Data, not a page: nothing in it may run. Pages bring their own policy.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}

CORS_TAKES = ["Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "Last-Event-ID", "Prefer",
              "X-Min-Position", "X-Request-ID", "traceparent"]  # fmt: skip
CORS_SHOWS = ["ETag", "Link", "Location", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Position",
              "X-Request-ID"]  # fmt: skip

_traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)
_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


def current_traceparent() -> str | None:
    """The request's `traceparent` (W3C), for the metadata of what it causes; None outside a request."""
    return _traceparent.get()


def current_request_id() -> str | None:
    """The request's id as in its `X-Request-ID` header; None outside a request."""
    return _request_id.get()


def new_traceparent(given: str | None) -> str:
    """Our own span below the caller's (same trace id and flags), or a new trace if none was given rightly."""
    if given:
        match = _TRACEPARENT.fullmatch(given)
        if match and match[1] != "0" * 32 and match[2] != "0" * 16:
            return f"00-{match[1]}-{secrets.token_hex(8)}-{match[3]}"
    made = secrets.token_hex(24)
    return f"00-{made[:32]}-{made[32:]}-00"


def install_middleware(app: FastAPI, *, max_body_bytes: int, cors_origins: Sequence[str] = ()) -> None:
    """From the outside in: safe headers (on errors too), request context, other sites' scripts, body limit."""
    app.add_middleware(BodyLimit, max_bytes=max_body_bytes)
    if cors_origins:
        # Without credentials: a script of another site brings a key of its own, never the reader's session.
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(cors_origins),
            allow_methods=["GET", "HEAD", "POST", "DELETE"],
            allow_headers=CORS_TAKES,
            expose_headers=CORS_SHOWS,
            max_age=600,
        )
    app.add_middleware(RequestContext)
    app.add_middleware(SecurityHeaders, headers=SAFE_HEADERS)


def header_of(scope: Scope, name: bytes, default: str = "") -> str:
    """A request's header, by its name in lower case; the first of several."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return default


class RequestContext:
    """Gives each request its ids, logs it once, counts it, and answers what nobody caught with a 500 problem."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = header_of(scope, b"x-request-id")
        request_id = given if _REQUEST_ID.fullmatch(given) else str(uuid_utils.uuid7())
        traceparent = new_traceparent(header_of(scope, b"traceparent"))
        tokens = _request_id.set(request_id), _traceparent.set(traceparent)
        began, status, stream = time.perf_counter(), 0, False
        state = scope.setdefault("state", {})  # where `Access` leaves who asked and what is left to them

        async def send_marked(message: Message) -> None:
            nonlocal status, stream
            if message["type"] == "http.response.start":
                status = message["status"]
                answer = MutableHeaders(scope=message)
                answer["X-Request-ID"] = request_id
                _tell_caller(answer, state)
                stream = answer.get("content-type", "").startswith("text/event-stream")
            await send(message)

        metrics.HTTP_IN_PROGRESS.inc()
        bound = structlog.contextvars.bind_contextvars(request_id=request_id, trace_id=traceparent[3:35])
        try:
            await self.app(scope, receive, send_marked)
        except Exception:
            log.exception("request failed", method=scope["method"], path=scope["path"])
            if status:  # too late to answer: the server cuts the connection
                raise
            detail = "Nothing more is known here; the log has it under the request id"
            await Problem(500, detail, request_id=request_id).response()(scope, receive, send_marked)
        finally:
            metrics.HTTP_IN_PROGRESS.dec()
            _account(scope, status, time.perf_counter() - began, stream=stream)
            structlog.contextvars.reset_contextvars(**bound)
            _request_id.reset(tokens[0])
            _traceparent.reset(tokens[1])


def _tell_caller(answer: MutableHeaders, state: Mapping[str, Any]) -> None:
    """What is left of the caller's requests; and that an answer to one caller is not for another's eyes."""
    allowance = state.get("allowance")
    if allowance is not None:
        for name, value in allowance.headers().items():
            answer[name] = value
    if state.get("caller") is not None and "public" not in answer.get("cache-control", ""):
        answer["Cache-Control"] = ", ".join(filter(None, ["private", answer.get("cache-control", "")]))
        answer.add_vary_header("Authorization")
        answer.add_vary_header("Cookie")


def _account(scope: Scope, status: int, seconds: float, *, stream: bool) -> None:
    route = getattr(scope.get("route"), "path", "unmatched")
    method = scope["method"] if scope["method"] in _METHODS else "other"
    _requests(route, method, status).inc()
    if not stream:
        _seconds(route, method).observe(seconds)
    quiet = route in {"/healthz", "/readyz", "/metrics"}
    write = log.debug if quiet else log.info
    caller = scope.get("state", {}).get("caller")
    who = {"key_id": caller.key_id} if caller is not None else {}
    write("request", method=method, path=scope["path"], status=status, ms=round(seconds * 1000, 1), **who)


# Finding a metric by its labels costs as much as counting does; there are few.
_requests = cache(metrics.HTTP_REQUESTS.labels)
_seconds = cache(metrics.HTTP_SECONDS.labels)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class SecurityHeaders:
    """Adds headers that the answer does not bring itself."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self.app = app
        self.headers = Headers(headers).raw

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safe(message: Message) -> None:
            # What a 304 says replaces what the client's copy was sent with: a page would lose its own policy.
            if message["type"] == "http.response.start" and message["status"] != HTTPStatus.NOT_MODIFIED:
                brought = {name for name, _ in message["headers"]}
                missing = [header for header in self.headers if header[0] not in brought]
                message["headers"] = [*message["headers"], *missing]
            await send(message)

        await self.app(scope, receive, send_safe if scope["type"] == "http" else send)


class BodyLimit:
    """413 for a body over the limit, declared or chunked, before it is held in memory; 415 for a packed one.

    Of a path that `allow_larger` names the limit is another: there the body is read piece by piece.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        max_bytes = _larger(scope).get(scope["path"], self.max_bytes)
        encoding = header_of(scope, b"content-encoding", "identity")
        if encoding.strip().lower() != "identity":
            problem = Problem(
                ProblemType.UNSUPPORTED_BODY, "Packed bodies are not taken: leave out Content-Encoding"
            )
            await problem.response()(scope, receive, send)
            return
        declared = header_of(scope, b"content-length")
        if declared.isdecimal() and int(declared[:20]) > max_bytes:
            await _too_large(max_bytes).response()(scope, receive, send)
            return
        seen = 0

        async def receive_counted() -> Message:
            nonlocal seen
            message = await receive()
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                if seen > max_bytes:
                    raise _too_large(max_bytes)
            return message

        await self.app(scope, receive_counted, send)


def allow_larger(app: FastAPI, path: str, max_bytes: int) -> None:
    """Another limit for the bodies that are sent to a path."""
    _larger({"app": app})[path] = max_bytes


def _larger(scope: Scope | dict[str, Any]) -> dict[str, int]:
    state = getattr(scope.get("app"), "state", None)
    if state is None:
        return {}
    limits: dict[str, int] = getattr(state, "body_limits", {})
    state.body_limits = limits
    return limits


def _too_large(max_bytes: int) -> Problem:
    return Problem(
        ProblemType.BODY_TOO_LARGE,
        f"At most {max_bytes} bytes are taken",
        headers={"Connection": "close"},
        max_bytes=max_bytes,
    )
