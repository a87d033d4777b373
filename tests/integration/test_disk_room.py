"""`/readyz` on a full disk: every process names it, for as long as it lasts, and no longer.

The disk is a small tmpfs; only root may mount one, so others skip those tests.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psycopg
import pytest

from services.cli.embedded import EmbeddedPostgres
from services.core.eventstore.migrate import migrate
from services.core.web import readiness
from services.core.web.readiness import ROOM, ROOM_SECONDS, ROOM_SETTINGS
from tests.integration.api_client import api_client
from tests.integration.ingest_client import ingest_client
from tests.small_disk import fill, small_disk

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]

MEGABYTES = 128
PAGE = 8192
PLAIN = {"text": "NATO rejects the proposal of a moratorium, a spokeswoman said."}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A folder with little room."""
    with small_disk(tmp_path / "disk", MEGABYTES) as folder:
        yield folder


@pytest.fixture
def postgres_on_it(disk: Path) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(disk / "postgres", durable=False) as server:
        migrate(server.url, server.services_password)
        yield server


async def ready(client: httpx2.AsyncClient) -> tuple[int, str]:
    answer = await client.get("/readyz")
    return answer.status_code, answer.json()["checks"]["database"]


async def test_every_process_names_a_full_disk_as_long_as_it_lasts(
    disk: Path, postgres_on_it: EmbeddedPostgres
) -> None:
    url = postgres_on_it.services_url
    async with ingest_client(url) as ingest, api_client(url) as api:
        assert await ready(ingest) == await ready(api) == (200, "ok")
        filler = fill(disk)
        await asyncio.sleep(1.5 * ROOM_SECONDS)
        for _ in range(3):  # nobody wrote anything, and it is not forgotten
            assert await ready(ingest) == await ready(api) == (503, "disk full")
            await asyncio.sleep(1.2 * ROOM_SECONDS)
        assert (await api.get("/v1/timeline")).status_code == 200, "reading goes on"
        filler.unlink()
        await asyncio.sleep(1.5 * ROOM_SECONDS)
        assert await ready(ingest) == await ready(api) == (200, "ok")
        assert (await ingest.post("/v1/articles", json=PLAIN)).status_code == 202


async def test_a_refused_write_is_looked_into_at_once(
    database_url: str, owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "ROOM_SECONDS", 3600.0)
    async with ingest_client(database_url) as ingest:
        assert await ready(ingest) == (200, "ok")
        with psycopg.connect(owner_url, autocommit=True) as owner:
            owner.execute(
                "CREATE FUNCTION full_() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100'; END $$"
            )
            owner.execute("CREATE TRIGGER full_ BEFORE INSERT ON events EXECUTE FUNCTION full_()")
        assert (await ingest.post("/v1/articles", json=PLAIN)).status_code == 503
        monkeypatch.setattr(readiness, "ROOM", "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100'; END $$")
        assert await ready(ingest) == (503, "disk full")


def test_asking_takes_a_mebibyte_and_gives_it_back(database_url: str, postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(database_url) as conn:
        conn.read_only = True
        conn.execute(ROOM_SETTINGS)
        began = time.process_time()
        row = conn.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {ROOM}").fetchone()
        assert row is not None
        assert row[0][0]["Plan"]["Temp Written Blocks"] * PAGE >= 1 << 20
        assert time.process_time() - began < 5
        conn.rollback()
        assert conn.execute("SHOW work_mem").fetchone() != ("64kB",)
    temporary = postgres.data_dir / "pgdata" / "base" / "pgsql_tmp"
    assert not temporary.exists() or list(temporary.iterdir()) == []
