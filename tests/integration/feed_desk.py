"""Who adds feeds and polls them here and now, for tests of what polling does."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any
from uuid import UUID

import psycopg

from services.core.feeds import store
from services.core.settings import Settings
from services.ingest.feed_items import FeedIntake
from workers.feeds import Polled, poll

HALF_HOUR = dt.timedelta(minutes=30)


class Desk:
    """Adds feeds and polls them here and now."""

    pause = 0.0

    def __init__(self, database_url: str, **more: Any) -> None:
        self.settings = Settings(
            database_url=database_url,
            **{"feed_networks": ("127.0.0.1",), "feed_contact": "desk@news.example", **more},
        )

    def add(self, url: str, **more: Any) -> UUID:
        async def work() -> UUID:
            async with await self._connect() as conn:
                return await store.add(conn, url, HALF_HOUR, **more)

        return asyncio.run(work())

    def poll(self, feed_id: UUID, *, due_only: bool = False, intake: Any = None) -> Polled:
        taking = intake or FeedIntake(self.settings)
        return asyncio.run(
            poll(self.settings, taking, feed_id, due_only=due_only, jitter=lambda: 1.0, pause=self.pause)
        )

    def feed(self, feed_id: UUID) -> store.Feed:
        async def work() -> store.Feed:
            async with await self._connect() as conn:
                return await store.find(conn, feed_id)

        return asyncio.run(work())

    def run(self, statement: str) -> None:
        with psycopg.connect(self.settings.database_url or "", autocommit=True) as conn:
            conn.execute(statement)

    async def _connect(self) -> store.Connection:
        return await psycopg.AsyncConnection.connect(self.settings.database_url or "", autocommit=True)


def until_next(feed: store.Feed) -> dt.timedelta:
    assert feed.polled_at is not None
    return feed.due_at - feed.polled_at
