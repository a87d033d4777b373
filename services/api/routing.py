"""How every read route behaves: HEAD beside GET, unknown query fields refused, no NUL gets to the database.

Whoever asks whether an answer is still as it was is told so before FastAPI works out what the route needs.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from functools import wraps
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response, Security
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from services.api.caching import conditional, unchanged
from services.core.access.keys import Scope
from services.core.errors import FieldError, InvalidInput
from services.core.web.access import STATUSES, Caller, admits
from services.core.web.problems import Problem, problem_responses

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
_CALLER = "treatyline.caller"  # where a request's scope has who was admitted
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class ReadRoute(APIRoute):
    """A misspelt filter would silently answer another question, so it is refused by name."""

    def get_route_handler(self) -> Handler:
        handler = super().get_route_handler()
        known = frozenset(query_names(self.dependant))
        admit = next((d.dependency for d in self.dependencies if d.dependency), None)
        early = admit if _depends_on(self.dependant, conditional) else None

        async def checked(request: Request) -> Response:
            if any("\x00" in value for value in request.path_params.values()):
                raise Problem(404)
            found = []
            for name, value in request.query_params.multi_items():
                if name not in known:
                    # The name comes from the client: what cannot be one is not repeated.
                    shown = name if name.isidentifier() and len(name) <= 50 else "?"
                    found.append(FieldError(shown, "There is no such filter here", "query"))
                elif "\x00" in value:
                    found.append(FieldError(name, "Holds a NUL character", "query"))
            if found:
                raise InvalidInput(list(dict.fromkeys(found)))
            if early is not None and "if-none-match" in request.headers:
                await early(request)
                if (as_it_was := await unchanged(request)) is not None:
                    return as_it_was
            try:
                return await handler(request)
            except RequestValidationError as error:
                if any(item["loc"][:1] == ("path",) for item in error.errors()):
                    raise Problem(404) from None  # no such id can exist
                raise

        return checked


def query_names(dependant: Dependant) -> Iterator[str]:
    """The query fields that a route and what it depends on take."""
    yield from (field.alias for field in dependant.query_params)
    for inner in dependant.dependencies:
        yield from query_names(inner)


def _depends_on(dependant: Dependant, dependency: Callable[..., Any]) -> bool:
    return any(d.call is dependency or _depends_on(d, dependency) for d in dependant.dependencies)


def _once(admit: Callable[..., Coroutine[Any, Any, Caller]]) -> Callable[..., Coroutine[Any, Any, Caller]]:
    """`admit`, which counts a request, for one that is admitted before its dependencies are looked at."""

    @wraps(admit)
    async def admitted(request: Request, **_: Any) -> Caller:
        caller: Caller | None = request.scope.get(_CALLER)
        if caller is None:
            caller = request.scope[_CALLER] = await admit(request)
        return caller

    return admitted


class ReadRouter(APIRouter):
    """A router of read routes, for those who may do what `scope` names."""

    def __init__(self, *, tag: str, scope: Scope = Scope.READ) -> None:
        super().__init__(tags=[tag], route_class=ReadRoute, dependencies=[Security(_once(admits(scope)))])

    def read(self, path: str, *statuses: int, **options: Any) -> Callable[[Endpoint], Endpoint]:
        """GET in the OpenAPI document with these error statuses, and HEAD beside it (RFC 9110, 9.3.2)."""
        responses = {
            304: {"description": "Not Modified"},
            **problem_responses(*STATUSES, *statuses),
            **options.pop("responses", {}),
        }

        def decorate(endpoint: Endpoint) -> Endpoint:
            self.add_api_route(path, endpoint, methods=["HEAD"], include_in_schema=False)
            self.add_api_route(path, endpoint, methods=["GET"], responses=responses, **options)
            return endpoint

        return decorate
