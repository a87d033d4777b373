"""A database that is being restored or migrated: each request is told to come again, and all goes on by itself."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import httpx2
import psycopg
import pytest

from services.core.eventstore.migrate import SERVICES_ROLE, migrate
from tests.conftest import Database
from tests.integration.api_client import World, world_of
from tests.integration.ingest_client import ingest_client
from tests.integration.stream_client import LEFT, MET, TEXT, has_read, served

pytestmark = pytest.mark.anyio

ID = "3f0c8a9e-54a3-5d0e-8f6c-0f4b5f4f7a11"
PLAIN = {
    "text": "NATO rejects the proposal of a moratorium, a spokeswoman said.",
    "url": "https://a.example/1",
}

NO_RIGHTS = (  # restored with --no-privileges, not yet migrated
    f"REVOKE ALL ON ALL TABLES IN SCHEMA public, read FROM {SERVICES_ROLE}",
    f"REVOKE USAGE ON SCHEMA read FROM {SERVICES_ROLE}",
    f"REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM {SERVICES_ROLE}",
)
NO_SCHEMA = ("ALTER SCHEMA read RENAME TO elsewhere", "ALTER TABLE events RENAME TO elsewhere")
NO_COLUMN = (
    "ALTER TABLE article_bodies RENAME COLUMN author TO elsewhere",
    "ALTER TABLE read.entries RENAME COLUMN kind TO elsewhere",
    "ALTER TABLE read.articles RENAME COLUMN state TO elsewhere",
)
BACK = (
    "ALTER SCHEMA elsewhere RENAME TO read",
    "ALTER TABLE elsewhere RENAME TO events",
    "ALTER TABLE article_bodies RENAME COLUMN elsewhere TO author",
    "ALTER TABLE read.entries RENAME COLUMN elsewhere TO kind",
    "ALTER TABLE read.articles RENAME COLUMN elsewhere TO state",
)


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    with world_of(database.owner_url) as world:
        yield world


def restore(world: World, database: Database) -> None:
    """Everything back in its place, with the rights that belong to it."""
    for statement in BACK:
        try:
            world.conn.execute(statement)  # type: ignore[arg-type]
        except psycopg.Error:
            continue  # it is there
    migrate(database.owner_url)


async def statuses(client: httpx2.AsyncClient) -> dict[str, int]:
    """What every operation that only reads answers; each 503 says when to come again."""
    document = (await client.get("/openapi.json")).json()
    paths = [re.sub(r"\{[^}]*\}", ID, path) for path, item in document["paths"].items() if "get" in item]
    assert len(paths) > 10
    found = {}
    for path in sorted({*paths, "/", "/positions", "/actors/nato"} - {"/v1/timeline/stream"}):
        answer = await client.get(path)
        found[path] = answer.status_code
        if answer.status_code == 503 and path != "/readyz":
            assert int(answer.headers["Retry-After"]) > 0, path
    return found


@pytest.mark.parametrize("harm", [NO_RIGHTS, NO_SCHEMA, NO_COLUMN], ids=["rights", "schema", "column"])
async def test_while_it_is_restored_no_request_fails_otherwise_than_for_a_while(
    database: Database, world: World, harm: tuple[str, ...]
) -> None:
    world.article("a", TEXT, [MET])
    world.project()
    async with served(database) as server, ingest_client(database.services_url) as ingest:
        before = await statuses(server.client)
        assert set(before.values()) <= {200, 404, 422}
        async with server.stream() as events:
            for statement in harm:
                world.conn.execute(statement)  # type: ignore[arg-type]
            during = await statuses(server.client)
            assert set(during.values()) <= {200, 404, 422, 503}, during
            assert during["/v1/timeline"] == during["/"] == 503
            refused = await ingest.post("/v1/articles", json=PLAIN)
            assert refused.status_code == 503
            assert int(refused.headers["Retry-After"]) > 0
            await asyncio.sleep(2.5)  # long enough for the stream to have looked
            restore(world, database)
            world.article("b", f"Later. {TEXT}", [LEFT])
            position = world.project()
            await asyncio.wait_for(has_read(server.app.state.hub, position), 30)
            assert (await asyncio.wait_for(anext(events), 30)).name == "entry.added"
        assert await statuses(server.client) == before
        assert (await ingest.post("/v1/articles", json=PLAIN)).status_code == 202
