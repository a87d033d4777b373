"""New changes, read once for all open streams of a process."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from typing import Self

from services.api.deps import Connection, Reads
from services.api.feed import Change, ChangeId, found_by_search, read_changes
from services.api.filters import TimelineFilter
from services.core.eventstore.outages import DATABASE_AWAY
from services.core.logging import get_logger

log = get_logger(__name__)

KEPT = 1000  # changes kept in memory for those who are only a little behind
BATCH = 100  # changes that a stream takes at a time
POLL_SECONDS = 2.0
RETRY_SECONDS = 1.0
HEARTBEAT_SECONDS = 15.0


class Hub:
    """A short memory of the feed's end, shared by all open streams.

    A stream takes from it what follows its own last id; one that is further behind reads the tables until
    it has caught up. No words of a withdrawn article stay in memory.
    """

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._recent: deque[Change] = deque()
        self._complete_after = ChangeId(0, 0)  # memory holds every change after this one ...
        self.position = 0  # ... up to this global position
        self.forgotten = 0  # how often memory was emptied because words were withdrawn
        self.started = False  # whether it knows where the feed is
        self.closed = False
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="hub")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def close(self) -> None:
        """Ends every stream."""
        self.closed = True
        self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def _run(self) -> None:
        notifier = self._reads.notifier
        while not self.closed:
            seen = notifier.generation
            try:
                if not self.started:
                    self._start(await self._reads.position())
                if not await self._read():
                    await notifier.wait(seen, POLL_SECONDS)
            except DATABASE_AWAY as error:
                log.warning("stream cannot read", error=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)

    def _start(self, position: int) -> None:
        self._complete_after, self.position = ChangeId.end_of(position), position
        self.started = True
        self._wake()

    async def _read(self) -> bool:
        """Take in the next changes. False where there are none."""
        async with self._reads.view() as view:
            position = view.position
            if position <= self.position:
                return False
            withdrawn = await _withdrawn_between(view.conn, self.position, position)
            changes = await read_changes(view.conn, ChangeId.end_of(self.position), upto=position, limit=KEPT)
        if withdrawn:
            # The tables no longer hold the withdrawn words; memory must not either.
            self.forgotten += 1
            self._recent.clear()
            self._complete_after = ChangeId.end_of(self.position)
        if len(changes) == KEPT:  # too many at once: only those that follow are remembered
            self._recent.clear()
            self._complete_after = ChangeId.end_of(position)
        else:
            self._recent.extend(changes)
        while len(self._recent) > KEPT:
            self._complete_after = self._recent.popleft().id
        self.position = position
        self._wake()
        return True

    def since(self, after: ChangeId) -> list[Change] | None:
        """The next changes after one, None where memory does not reach back that far."""
        if after < self._complete_after:
            return None
        found: deque[Change] = deque(maxlen=BATCH)
        for change in reversed(self._recent):
            if change.id <= after:
                break
            found.appendleft(change)
        return list(found)

    async def wait(self, position: int, seconds: float) -> bool:
        """Whether something newer than `position` is there within some seconds."""
        news = self._news
        if self.position <= position and not self.closed:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):  # `wait_for` can lose a cancellation in Python 3.11
                    await news.wait()
        return self.position > position


async def _withdrawn_between(conn: Connection, after: int, upto: int) -> bool:
    cursor = await conn.execute(
        "SELECT 1 AS one FROM events WHERE global_position > %s AND global_position <= %s"
        " AND type = 'ArticleWithdrawn' LIMIT 1",
        (after, upto),
    )
    return await cursor.fetchone() is not None


async def follow(
    hub: Hub, reads: Reads, after: ChangeId, chosen: TimelineFilter
) -> AsyncIterator[Change | ChangeId]:
    """Every change after one that passes the filter, until the hub closes.

    Where none comes for some time, the id up to which all have been seen.
    """
    told = after
    while not hub.closed:
        position, forgotten = hub.position, hub.forgotten
        try:
            changes, passing = await _next(hub, reads, after, chosen)
        except DATABASE_AWAY as error:
            log.warning("stream cannot read", error=type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)
            continue
        for change in changes:
            if hub.forgotten != forgotten:
                break  # words that were withdrawn while the client was slow must not reach it
            after = change.id
            if change.id in passing:
                yield change
                told = after
        if changes:
            continue
        after = max(after, ChangeId.end_of(position))  # nothing for anybody up to here
        if not await hub.wait(position, HEARTBEAT_SECONDS) or after.position > told.position + KEPT:
            yield after
            told = after


async def _next(
    hub: Hub, reads: Reads, after: ChangeId, chosen: TimelineFilter
) -> tuple[list[Change], set[ChangeId]]:
    """The next changes of the feed, and the ids of those that pass the filter."""
    changes = hub.since(after)
    if changes is None:
        async with reads.view() as view:
            changes = await read_changes(view.conn, after, upto=view.position, limit=BATCH)
    passing = [change for change in changes if change.passes(chosen)]
    if passing and chosen.needs_search:
        async with reads.connection() as conn:
            return changes, await found_by_search(conn, passing, chosen)
    return changes, {change.id for change in passing}
