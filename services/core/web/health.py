"""`/healthz` (the process lives), `/readyz` (its parts can be reached), `/metrics` (for whoever may read)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

from fastapi import APIRouter, FastAPI, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from starlette.responses import Response

from services.core.access.keys import Scope
from services.core.logging import get_logger
from services.core.web.access import needs
from services.core.web.responses import JSONAnswer

log = get_logger(__name__)

Check = Callable[[], Awaitable[str | None]]  # returns a word to show, or raises

CHECK_SECONDS = 2.0


class NotReady(Exception):  # noqa: N818 - named by what it says
    """Raised by a check, with the word to show."""


class Alive(BaseModel):
    status: Literal["ok"]


class Readiness(BaseModel):
    """`checks` names each part: "ok", or what is wrong with it in a word.

    It is ready as long as it can answer: a part that it only does better with is named and does not count.
    """

    status: Literal["ready", "unavailable"]
    checks: dict[str, str]


def add_check(app: FastAPI, name: str, check: Check, *, needed: bool = True) -> None:
    """`/readyz` answers 503 while `check` raises, or takes longer than two seconds; where not `needed`, it says so."""
    if not hasattr(app.state, "checks"):
        app.state.checks = {}
    app.state.checks[name] = (check, needed)


def install_health(app: FastAPI) -> None:
    app.include_router(_router)


_router = APIRouter(tags=["health"])


@_router.get("/healthz", response_model=Alive)
async def healthz() -> Response:
    """The process answers."""
    return JSONAnswer({"status": "ok"})


@_router.get("/readyz", response_model=Readiness, responses={503: {"model": Readiness}})
async def readyz(request: Request) -> Response:
    """Every part that this process needs can be reached."""
    checks: dict[str, tuple[Check, bool]] = getattr(request.app.state, "checks", {})
    results = await asyncio.gather(*(_run(name, check) for name, (check, _) in checks.items()))
    ready = all(fine or not checks[name][1] for name, fine, _ in results)
    shown = {
        "status": "ready" if ready else "unavailable",
        "checks": {name: word for name, _, word in results},
    }
    return JSONAnswer(shown, 200 if ready else 503, {"Cache-Control": "no-store"})


async def _run(name: str, check: Check) -> tuple[str, bool, str]:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return name, True, await check() or "ok"
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a part, the others are still reported
        log.warning("not ready", part=name, error=type(error).__name__)
        if isinstance(error, NotReady):
            return name, False, str(error)
        return name, False, "timeout" if isinstance(error, TimeoutError) else "unreachable"


@_router.get("/metrics", include_in_schema=False, dependencies=[needs(Scope.READ, open_to_all=False)])
async def show_metrics() -> Response:
    return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
