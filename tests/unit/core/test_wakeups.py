"""Waiting for news of the log."""

from __future__ import annotations

import asyncio

import pytest

from services.core.eventstore.wakeups import Notifier

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("steps", range(6))
async def test_who_is_cancelled_while_news_comes_is_cancelled(steps: int) -> None:
    notifier = Notifier("", ())
    waiting = asyncio.create_task(notifier.wait(notifier.generation, 60))
    for _ in range(3):
        await asyncio.sleep(0)
    notifier._wake()
    for _ in range(steps):
        await asyncio.sleep(0)

    cancelled = waiting.cancel()  # False where it has ended already

    await asyncio.wait([waiting])
    assert waiting.cancelled() == cancelled
