"""Routes without parameters are found at once, and are the very ones that would have been found one by one."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Match

from services.cli.gateway import create_app
from services.core.settings import Settings
from services.core.web.static_paths import StaticPaths

pytestmark = pytest.mark.anyio


def test_of_the_whole_system_each_is_the_first_that_takes_it(tmp_path: Path) -> None:
    app = create_app(Settings(database_url="postgresql://nobody@127.0.0.1:1/none", data_dir=tmp_path))
    quick, *others = app.router.routes
    assert isinstance(quick, StaticPaths)
    static = 0
    for context in iter_route_contexts(others):
        for method in context.methods or ():
            path = str(context.path).replace("{", "").replace("}", "")
            scope = {"type": "http", "method": method, "path": path, "headers": []}
            match, found = quick.matches(dict(scope))
            if match is Match.NONE:
                continue
            static += 1
            first = next(route for route in others if route.matches(dict(scope))[0] is Match.FULL)
            there = [
                other for other in iter_route_contexts([first]) if other.original_route is found["route"]
            ]
            assert [other.endpoint for other in there if method in (other.methods or ())] == [
                found["endpoint"]
            ]
    assert static > 20


async def test_what_is_before_a_route_or_comes_later_is_found_as_ever() -> None:
    app = FastAPI()
    app.router.routes.insert(0, StaticPaths(app))
    router = APIRouter(prefix="/v1")

    @router.get("/{name}")
    async def any_name(name: str) -> str:
        return f"any {name}"

    @router.get("/hidden")
    async def hidden() -> str:
        return "hidden"

    @router.post("/hidden")
    async def posted() -> str:
        return "posted"

    app.include_router(router)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://localhost") as client:
        assert (await client.get("/v1/hidden")).json() == "any hidden"
        assert (await client.post("/v1/hidden")).json() == "posted"

        @app.get("/later")
        async def later() -> str:
            return "later"

        assert (await client.get("/later")).json() == "later"
        assert (await client.put("/v1/hidden")).status_code == 405
        assert (await client.get("/nowhere")).status_code == 404
