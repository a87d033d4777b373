"""Routes whose path has no parameter are found at once, by method and path, ahead of all others.

FastAPI tries one route after another, and those of included routers twice: a sixth of the time that an article takes
to be posted.
"""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send


class StaticPaths(BaseRoute):
    """Answers what the app's other routes would, by the first of them that takes a method and a path.

    What it does not know, such as a route that was added after the first request, is found as ever.
    """

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._found: dict[tuple[str, str], RouteContext] | None = None

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or scope.get("root_path"):
            return Match.NONE, {}
        if self._found is None:
            self._found = _static_paths(self._app)
        context = self._found.get((scope["method"], scope["path"]))
        if context is None:
            return Match.NONE, {}
        return Match.FULL, {
            "endpoint": context.endpoint,
            "path_params": {},
            "route": context.original_route,
            _CONTEXT: context,
        }

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await scope[_CONTEXT].app(scope, receive, send)


_CONTEXT = "treatyline.route"


def _static_paths(app: FastAPI) -> dict[tuple[str, str], RouteContext]:
    found: dict[tuple[str, str], RouteContext] = {}
    before: list[RouteContext] = []  # in the order in which they would be tried
    for context in iter_route_contexts(app.router.routes):
        route, path = context.original_route, context.path or ""
        if isinstance(route, StaticPaths):
            continue
        if isinstance(route, APIRoute) and "{" not in path:
            for method in context.methods or ():
                if not any(_may_take(other, method, path) for other in before):
                    found[method, path] = context
        before.append(context)
    return found


def _may_take(context: RouteContext, method: str, path: str) -> bool:
    pattern = getattr(context, "path_regex", None)
    return (context.methods is None or method in context.methods) and (
        pattern is None or pattern.match(path) is not None
    )
