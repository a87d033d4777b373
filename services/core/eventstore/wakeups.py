"""Wake-ups by PostgreSQL's LISTEN/NOTIFY: hints that something is there to read, never the only way to know.

A notification can be lost (a connection breaks), so whoever waits also looks from time to time.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable
from typing import Any, Self

import psycopg
from psycopg import sql

RECONNECT_SECONDS = (0.1, 5.0)  # first and longest pause between attempts


def pauses() -> Callable[[], float]:
    """Seconds to wait before each further attempt: doubling, with jitter."""
    first, longest = RECONNECT_SECONDS
    attempt = 0

    def pause() -> float:
        nonlocal attempt
        seconds: float = min(longest, first * 2**attempt)
        attempt = min(attempt + 1, 10)
        return seconds * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, hides nothing

    return pause


def listen(channels: tuple[str, ...]) -> list[sql.Composed]:
    """The statements that subscribe a connection."""
    return [sql.SQL("LISTEN {}").format(sql.Identifier(channel)) for channel in channels]


class Notifier:
    """One async LISTEN connection whose notifications wake any number of waiters.

    Run it as a task (`async with Notifier(...)` does). It reconnects by itself; each time it does it wakes
    everyone, since it may have missed something.

        seen = notifier.generation
        ... read; nothing there ...
        seen = await notifier.wait(seen, timeout=1.0)
    """

    def __init__(self, conninfo: str, *channels: str) -> None:
        self.conninfo = conninfo
        self.channels = channels
        self.generation = 0
        self.connected = False
        self.latest: dict[str, str] = {}  # the newest payload heard on each channel
        self._event = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self.run(), name="notifier")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def run(self) -> None:
        """Listens until cancelled."""
        pause = pauses()
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self.conninfo, autocommit=True) as conn:
                    for statement in listen(self.channels):
                        await conn.execute(statement)
                    self.connected = True
                    self._wake()
                    pause = pauses()
                    async for notification in conn.notifies():
                        self.latest[notification.channel] = notification.payload
                        self._wake()
            except psycopg.OperationalError:
                self.connected = False
            await asyncio.sleep(pause())

    async def wait(self, seen: int, timeout: float) -> int:  # noqa: ASYNC109 - waiting less long is no error
        """Returns when the generation is no longer `seen`, or after `timeout` seconds; gives the present one."""
        if self.generation == seen:
            # Not `wait_for`, which in Python 3.11 loses a cancellation that comes together with the news.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await self._event.wait()
        return self.generation

    def _wake(self) -> None:
        self.generation += 1
        self._event.set()
        self._event = asyncio.Event()


def wait_for_notification(conn: psycopg.Connection[Any], timeout: float) -> str | None:
    """The payload of the newest notification heard within `timeout` seconds, None when there was none.

    `conn` is in autocommit and listens. Those that queued up meanwhile count as one.
    """
    payload = None
    for notification in conn.notifies(timeout=timeout, stop_after=1):
        payload = notification.payload
    if payload is not None:
        for notification in conn.notifies(timeout=0):
            payload = notification.payload
    return payload
