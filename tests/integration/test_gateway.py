"""Ingest and api as one app on one port."""

from __future__ import annotations

import httpx2
import pytest

from services.api.app import create_app as create_api
from services.cli.gateway import create_app
from services.core.errors import UnsafeSettings
from services.core.settings import Settings
from services.ingest.app import create_app as create_ingest
from tests.conftest import Database
from tests.integration.api_client import world_of

pytestmark = pytest.mark.anyio

ARTICLE = {
    "url": "https://wire.example/a",
    "title": "Title",
    "text": "They met in Geneva on Friday.",
    "outlet": "Wire",
}


async def test_what_is_posted_is_read_on_the_same_port(database: Database) -> None:
    app = create_app(Settings(database_url=database.services_url))
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://localhost") as client,
    ):
        posted = await client.post("/v1/articles", json=ARTICLE)
        assert posted.status_code == 202
        location = posted.headers["location"]
        # At once, although nothing was projected yet.
        early = await client.get(location)
        assert (early.json()["state"], early.json()["text"]) == ("received", ARTICLE["text"])
        position = {"X-Min-Position": str(posted.json()["global_position"])}
        with world_of(database.owner_url) as world:
            world.project()
        listed = await client.get("/v1/articles", headers=position)
        assert [a["id"] for a in listed.json()["data"]] == [posted.json()["id"]]
        removed = await client.request("DELETE", location, json={"reason": "asked"})
        assert removed.status_code == 202, removed.text
        assert (await client.head(location)).status_code == 200
        for method, path in (("PATCH", location), ("DELETE", "/v1/articles"), ("POST", "/v1/timeline")):
            refused = await client.request(method, path)
            assert refused.status_code == 405, (method, path)
        ready = await client.get("/readyz")
        assert ready.json()["status"] == "ready"


def test_the_openapi_document_holds_both_services_and_no_operation_twice() -> None:
    settings = Settings(database_url="postgresql://nobody@localhost/nothing")
    together = create_app(settings).openapi()
    operations = [
        operation["operationId"] for path in together["paths"].values() for operation in path.values()
    ]
    assert len(operations) == len(set(operations))
    assert together["openapi"].startswith("3.1")
    for app in (create_api(settings), create_ingest(settings)):
        for path, methods in app.openapi()["paths"].items():
            assert methods.keys() <= together["paths"][path].keys()


def test_without_a_database_it_says_which_setting_is_missing() -> None:
    for create in (create_api, create_app):
        with pytest.raises(UnsafeSettings, match="TREATYLINE_DATABASE_URL"):
            create(Settings(database_url=None))


async def test_while_the_database_is_away_it_answers_so_and_readiness_too() -> None:
    settings = Settings(database_url="postgresql://nobody@127.0.0.1:1/nothing", database_timeout=0.5)
    app = create_app(settings)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://localhost") as client,
    ):
        for path in ("/v1/timeline", "/v1/timeline/stream", "/v1/events", "/v1/articles/a"):
            response = await client.get(path)
            assert response.status_code == 503, path
            assert response.headers["content-type"] == "application/problem+json"
            assert "retry-after" in response.headers
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).status_code == 200
