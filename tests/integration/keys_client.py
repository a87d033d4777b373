"""Both services on one port, keys, and requests that bear them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import psycopg

from services.cli.gateway import create_app
from services.core.access.keys import Key, Scope
from services.core.access.store import create_key
from services.core.settings import Settings
from tests.conftest import Database

Client = httpx2.AsyncClient


@asynccontextmanager
async def serving(database: Database, *, host: str = "localhost", **settings: Any) -> AsyncIterator[Client]:
    """Both services on one port, as `treatyline up` serves them."""
    app = create_app(Settings(database_url=database.services_url, **settings))
    async with (
        app.router.lifespan_context(app),
        Client(transport=httpx2.ASGITransport(app), base_url=f"http://{host}") as client,
    ):
        client.app = app  # type: ignore[attr-defined]
        yield client


def make_key(database: Database, *scopes: Scope, name: str = "a key") -> Key:
    with psycopg.connect(database.services_url, autocommit=True) as conn:
        return create_key(conn, name, scopes)


def bearing(key: Key) -> dict[str, str]:
    return {"Authorization": f"Bearer {key.reveal()}"}


async def forget() -> None:
    """Wait until the services look keys up anew."""
    await asyncio.sleep(1.1)
