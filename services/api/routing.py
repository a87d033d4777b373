"""How every read route behaves: HEAD beside GET, unknown query fields refused, no NUL gets to the database."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from services.core.access.keys import Scope
from services.core.errors import FieldError, InvalidInput
from services.core.web.access import STATUSES, needs
from services.core.web.problems import Problem, problem_responses

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class ReadRoute(APIRoute):
    """A misspelt filter would silently answer another question, so it is refused by name."""

    def get_route_handler(self) -> Handler:
        handler = super().get_route_handler()
        known = frozenset(query_names(self.dependant))

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


class ReadRouter(APIRouter):
    """A router of read routes, for those who may do what `scope` names."""

    def __init__(self, *, tag: str, scope: Scope = Scope.READ) -> None:
        super().__init__(tags=[tag], route_class=ReadRoute, dependencies=[needs(scope)])

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
