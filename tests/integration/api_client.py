"""The read service on a test's database, a client that checks every answer against the served OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from typing import Any

import httpx2
import jsonschema
import psycopg
from fastapi import FastAPI

from services.api.app import create_app
from services.core.projections.registry import projections
from services.core.settings import Settings
from tests.integration.log_writer import LogWriter
from workers.projector import catch_up


class World(LogWriter):
    """A log to write to, and the projector that folds it when told."""

    def project(self) -> int:
        """Fold what was written. Gives the position reached."""
        return catch_up(self.conn, projections())


@contextmanager
def world_of(owner_url: str) -> Iterator[World]:
    """A writer on a database."""
    with psycopg.connect(owner_url, autocommit=True) as conn:
        yield World(conn)


@cache
def _document() -> dict[str, Any]:
    return create_app(Settings(database_url="postgresql://nobody@localhost/nothing")).openapi()


def schema_of(name: str) -> dict[str, Any]:
    """A component of the OpenAPI document, its references resolvable."""
    return {"$ref": f"#/components/schemas/{name}", "components": _document()["components"]}


async def check_documented(response: httpx2.Response) -> None:
    """Fails for an answer that the OpenAPI document does not describe."""
    path = response.request.url.path
    templates = [t for t in _document()["paths"] if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", t), path)]
    if not templates or response.status_code == 405:
        return
    operation = _document()["paths"][min(templates, key=lambda t: t.count("{"))]["get"]
    described = operation["responses"]
    status = str(response.status_code)
    assert status in described, f"{path} answers {status}, described are {sorted(described)}"
    content = described[status].get("content")
    await response.aread()
    if content is None or response.request.method == "HEAD":
        assert response.content == b""
        return
    (media_type,) = content
    assert response.headers["content-type"].split(";")[0] == media_type
    if media_type.endswith("json"):
        schema = content[media_type]["schema"] | {"components": _document()["components"]}
        jsonschema.Draft202012Validator(schema).validate(response.json())


@asynccontextmanager
async def api_client(database_url: str, **settings: Any) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a running read service."""
    app = create_app(Settings(database_url=database_url, **settings))
    async with client_of(app) as client:
        yield client


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of an app, which runs meanwhile."""
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app),
            base_url="http://localhost",
            event_hooks={"response": [check_documented]},
        ) as client,
    ):
        yield client


async def ok(client: httpx2.AsyncClient, path: str, **query: Any) -> dict[str, Any]:
    """The JSON of an answer that must be 200. `from_` stands for `from`."""
    response = await client.get(path, params={name.rstrip("_"): value for name, value in query.items()})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def refused(client: httpx2.AsyncClient, path: str, **query: Any) -> list[str]:
    """The fields that a 422 names."""
    response = await client.get(path, params={name.rstrip("_"): value for name, value in query.items()})
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"
    return [error["field"] for error in response.json()["errors"]]
