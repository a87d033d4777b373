"""The ingest service on a test's database, and a client that speaks HTTP with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import psycopg
from psycopg.rows import dict_row

from services.core.settings import Settings
from services.core.web.database import make_pool
from services.ingest.app import create_app


@asynccontextmanager
async def ingest_client(database_url: str, **settings: Any) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a service with a pool of its own."""
    chosen = Settings(database_url=database_url, **settings)
    pool = make_pool(chosen, application_name="test-ingest")
    async with (
        pool,
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(create_app(chosen, pool)), base_url="http://localhost"
        ) as client,
    ):
        yield client


def events(database_url: str) -> list[dict[str, Any]]:
    """The log, from the beginning."""
    with psycopg.connect(database_url, row_factory=dict_row) as conn:
        return conn.execute("SELECT * FROM events ORDER BY global_position").fetchall()


def count(database_url: str, table: str) -> int:
    """How many rows a table has."""
    with psycopg.connect(database_url) as conn:
        row = conn.execute(f"SELECT count(*) FROM {table}").fetchone()  # type: ignore[arg-type]
        assert row is not None
        return int(row[0])
