"""What tests of webhooks play on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from tests.conftest import Database
from tests.integration.api_client import World, world_of
from tests.integration.ingest_client import ingest_client
from tests.integration.stream_client import LEFT, TEXT
from tests.integration.webhook_receiver import Receiver, Stepped, receiving, stepped


@dataclass
class Scene:
    """A log to write to, the service, a receiver, and a sender."""

    database: Database
    world: World
    client: httpx2.AsyncClient
    receiver: Receiver
    sender: Stepped

    async def register(self, **more: Any) -> dict[str, Any]:
        posted = await self.client.post("/v1/webhooks", json={"url": self.receiver.url} | more)
        assert posted.status_code == 201, posted.text
        made: dict[str, Any] = posted.json()
        return made

    async def deliveries(self, webhook: dict[str, Any], **asked: Any) -> list[dict[str, Any]]:
        found = await self.client.get(f"/v1/webhooks/{webhook['id']}/deliveries", params=asked)
        assert found.status_code == 200, found.text
        data: list[dict[str, Any]] = found.json()["data"]
        return data

    async def webhook(self, webhook: dict[str, Any]) -> dict[str, Any]:
        shown: dict[str, Any] = (await self.client.get(f"/v1/webhooks/{webhook['id']}")).json()
        return shown

    def tell(self, article: str = "a001", tellings: Any = (LEFT,), **more: Any) -> None:
        self.world.article(article, TEXT, list(tellings), **more)
        self.world.project()


@asynccontextmanager
async def scene_of(database: Database) -> AsyncIterator[Scene]:
    """All of it on a fresh database."""
    async with AsyncExitStack() as stack:
        world = stack.enter_context(world_of(database.owner_url))
        client = await stack.enter_async_context(
            ingest_client(database.services_url, webhook_networks=("127.0.0.1",))
        )
        receiver = await stack.enter_async_context(receiving())
        sender = await stack.enter_async_context(stepped(database))
        yield Scene(database, world, client, receiver, sender)
