"""Webhooks registered, changed, listed and deleted over HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from services.core.access.keys import Scope
from tests.conftest import Database
from tests.integration.ingest_client import count, events, ingest_client
from tests.integration.keys_client import bearing, make_key, serving
from tests.integration.stream_client import MET
from tests.integration.webhook_receiver import answer
from tests.integration.webhook_scene import Scene, scene_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def scene(database: Database) -> AsyncIterator[Scene]:
    async with scene_of(database) as scene:
        yield scene


async def test_two_changes_at_once_are_both_kept(scene: Scene) -> None:
    webhook = await scene.register()
    path = f"/v1/webhooks/{webhook['id']}"
    others = [
        scene.client.patch(path, json=change)
        for change in ({"description": "the desk's"}, {"types": ["entry.added"]})
    ]
    async with await psycopg.AsyncConnection.connect(scene.database.owner_url) as conn:
        await conn.execute("SELECT FROM webhooks FOR UPDATE")  # until both have come
        tasks = [asyncio.ensure_future(one) for one in others]
        waiting = "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"
        async with asyncio.timeout(60):
            while (await (await conn.execute(waiting)).fetchone() or (0,))[0] < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    assert [answered.status_code for answered in await asyncio.gather(*tasks)] == [200, 200]
    shown = await scene.webhook(webhook)
    assert (shown["description"], shown["types"]) == ("the desk's", ["entry.added"])


async def test_a_secret_is_shown_once_and_is_in_no_list_and_no_event(scene: Scene) -> None:
    webhook = await scene.register(description="the desk")
    assert webhook["secret"].startswith("whsec_")
    path = f"/v1/webhooks/{webhook['id']}"
    shown = [await scene.client.get("/v1/webhooks"), await scene.client.get(path)]
    patched = await scene.client.patch(path, json={"filter": {"actor": ["nato"]}, "description": None})
    assert (patched.json()["filter"], patched.json()["description"]) == (
        {"dossier": "inf", "actor": ["nato"]},
        None,
    )
    assert not any("secret" in answered.text for answered in [*shown, patched])
    log = json.dumps(events(scene.database.services_url), default=str)
    assert webhook["secret"].removeprefix("whsec_") not in log
    assert "/hook" not in log, "an address may hold a secret"
    assert (await scene.client.delete(path)).status_code == 204
    assert count(scene.database.services_url, "webhooks") == 0
    assert (await scene.client.get(path)).status_code == 404
    assert [e["type"] for e in events(scene.database.services_url)] == [
        "WebhookRegistered", "WebhookChanged", "WebhookDeleted"
    ]  # fmt: skip


async def test_deleting_drops_what_waits(scene: Scene) -> None:
    webhook = await scene.register()
    scene.tell("a001", [MET])
    scene.receiver.answers = [answer(500)]
    await scene.sender.settle()
    await scene.client.delete(f"/v1/webhooks/{webhook['id']}")
    assert await scene.sender.after(days=1) == 0
    assert count(scene.database.services_url, "webhook_deliveries") == 0


async def test_deliveries_are_listed_in_pages(scene: Scene) -> None:
    webhook = await scene.register()
    path = f"/v1/webhooks/{webhook['id']}"
    for _ in range(5):
        await scene.client.post(f"{path}/test")
    found, asked = [], f"{path}/deliveries?limit=2"
    while asked:
        page = await scene.client.get(asked)
        found += [d["id"] for d in page.json()["data"]]
        asked = page.links.get("next", {}).get("url", "")
        assert (page.json()["next"] is None) == (not asked)
    assert len(set(found)) == 5


NONSENSE: list[tuple[dict[str, Any], str]] = [
    ({}, "url"),
    ({"url": "ftp://example.org/"}, "url"),
    ({"url": "https:///nothing"}, "url"),
    ({"url": "https://user:pass@example.org/"}, "url"),
    ({"url": "https://example.org/#x"}, "url"),
    ({"url": "https://example.org/\x00"}, "url"),
    ({"url": "https://example.org/" + "x" * 2048}, "url"),
    ({"url": "http://93.184.215.14/"}, "url"),
    ({"url": "https://10.0.0.1/"}, "url"),
    ({"url": "https://localhost/"}, "url"),
    ({"url": "https://[::ffff:10.0.0.1]/"}, "url"),
    ({"url": "https://example.org/", "filter": {"actor": ["atlantis"]}}, "filter.actor.0"),
    ({"url": "https://example.org/", "filter": {"dossier": "nothing"}}, "filter.dossier"),
    ({"url": "https://example.org/", "filter": {"from": "soon"}}, "filter.from"),
    ({"url": "https://example.org/", "filter": {"q": "a\x00"}}, "filter.q"),
    ({"url": "https://example.org/", "filter": {"nonsense": 1}}, "filter.nonsense"),
    ({"url": "https://example.org/", "types": ["everything"]}, "types.0"),
    ({"url": "https://example.org/", "description": "a\x1b"}, "description"),
]  # fmt: skip


async def test_what_makes_no_sense_is_named_and_not_stored(module_database: Database) -> None:
    async with ingest_client(module_database.services_url) as client:
        for posted, field in NONSENSE:
            refused = await client.post("/v1/webhooks", json=posted)
            assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field), refused.text
    assert count(module_database.services_url, "webhooks") == 0


async def test_only_admin_keys_register_and_see_webhooks(module_database: Database) -> None:
    keys = {scope: make_key(module_database, scope) for scope in Scope}
    some = "/v1/webhooks/6b1f0c3e-5f0e-5a54-9d0b-1f6d1a0c7e21"
    asked = [
        ("POST", "/v1/webhooks"), ("GET", "/v1/webhooks"), ("GET", some), ("PATCH", some), ("DELETE", some),
        ("POST", f"{some}/test"), ("POST", f"{some}/secret"), ("POST", f"{some}/resend"), ("GET", f"{some}/deliveries"),
        ("GET", f"{some}/deliveries/6b1f0c3e-5f0e-5a54-9d0b-1f6d1a0c7e21"),
    ]  # fmt: skip
    async with serving(module_database, open_reading=True) as client:
        for method, path in asked:
            assert (await client.request(method, path)).status_code == 401, (method, path)
            for scope, key in keys.items():
                answered = await client.request(method, path, headers=bearing(key))
                assert (answered.status_code == 403) is (scope is not Scope.ADMIN), (method, path, scope)
        made = await client.post(
            "/v1/webhooks", json={"url": "https://example.org/"}, headers=bearing(keys[Scope.ADMIN])
        )
        assert made.status_code == 201
    assert events(module_database.services_url)[-1]["metadata"]["key_id"] == keys[Scope.ADMIN].id
