"""`GET /v1/timeline/stream`: server-sent events, resumed by `Last-Event-ID` with nothing lost or repeated."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from typing import Annotated, Self

from fastapi import APIRouter, Header, Query, Request, Response
from starlette.responses import StreamingResponse

from services.api.deps import Reads, ReadsDep, get_connection, projected_position
from services.api.feed import Change, ChangeId, found_by_search, read_changes
from services.api.filters import TimelineFilter, TimelineFilterDep
from services.core.errors import FieldError, InvalidInput
from services.core.eventstore.wakeups import Notifier
from services.core.logging import get_logger
from services.core.web.problems import problem_responses

log = get_logger(__name__)
router = APIRouter(tags=["timeline"])

KEPT = 1000  # changes kept in memory for those who are only a little behind
POLL_SECONDS = 2.0
HEARTBEAT_SECONDS = 15.0
RETRY_MILLISECONDS = 2000


class Hub:
    """Reads each new change once for all open streams of this process.

    Changes stay in a short memory; a stream takes from it what follows its own last id. One that is
    further behind reads the tables until it has caught up.
    """

    def __init__(self, reads: Reads, notifier: Notifier) -> None:
        self._reads = reads
        self._notifier = notifier
        self._recent: deque[Change] = deque(maxlen=KEPT)
        self._complete_after = ChangeId(0, 0)  # memory holds every change after this one ...
        self.position = 0  # ... up to this global position
        self._news = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None
        self.closed = False

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="hub")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.closed = True
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        async with self._news:
            self._news.notify_all()

    async def _run(self) -> None:
        started = False
        while True:
            seen = self._notifier.generation
            try:
                if not started:
                    position = await self._reads.position()
                    self._complete_after, self.position = ChangeId(position, 2**15), position
                    started = True
                if not await self._read():
                    await self._notifier.wait(seen, POLL_SECONDS)
            except Exception as error:  # noqa: BLE001 - a database that is gone comes back; the streams wait
                log.warning("stream cannot read", error=type(error).__name__)
                await asyncio.sleep(1.0)

    async def _read(self) -> bool:
        """Take in what is new. False where nothing is."""
        async for conn in get_connection(self._reads, None):
            position = await projected_position(conn)
            if position <= self.position:
                return False
            changes: list[Change] = []
            after = ChangeId(self.position, 2**15)
            while batch := await read_changes(conn, after, upto=position):
                changes += batch
                after = batch[-1].id
        if any(change.subject.get("cause") == "withdrawal" for change in changes):
            # The tables no longer hold the withdrawn words; memory must not either.
            self._complete_after = ChangeId(self.position, 2**15)
            self._recent.clear()
        for change in changes:
            if len(self._recent) == KEPT:
                self._complete_after = self._recent[0].id
            self._recent.append(change)
        self.position = position
        async with self._news:
            self._news.notify_all()
        return True

    def since(self, after: ChangeId) -> list[Change] | None:
        """The changes after one, None where memory does not reach back that far."""
        if after < self._complete_after:
            return None
        return [change for change in self._recent if change.id > after]

    async def wait(self, position: int, seconds: float) -> None:
        """Until something is newer than `position`, or some time has passed."""
        async with self._news:
            if self.position <= position and not self.closed:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), seconds)


async def follow(
    hub: Hub, reads: Reads, after: ChangeId, chosen: TimelineFilter
) -> AsyncIterator[Change | None]:
    """Every change after one that passes the filter, for ever; None from time to time where nothing comes."""
    while not hub.closed:
        position = hub.position
        changes = hub.since(after)
        if changes is None:
            async for conn in get_connection(reads, None):
                changes = await read_changes(conn, after, upto=await projected_position(conn))
        for change in changes or ():
            after = change.id
            if change.passes(chosen) and await _found(reads, change, chosen):
                yield change
        if not changes:
            if after < ChangeId(position, 0):
                after = ChangeId(position, 2**15)  # nothing for anybody up to here
            yield None
            await hub.wait(position, HEARTBEAT_SECONDS)


async def _found(reads: Reads, change: Change, chosen: TimelineFilter) -> bool:
    if not chosen.needs_search:
        return True
    async for conn in get_connection(reads, None):
        return await found_by_search(conn, change, chosen)
    return False


@router.get(
    "/v1/timeline/stream",
    responses={200: {"content": {"text/event-stream": {}}}, **problem_responses(422)},
    response_class=StreamingResponse,
)
async def stream_timeline(
    request: Request,
    reads: ReadsDep,
    chosen: TimelineFilterDep,
    last_event_id: Annotated[
        str | None, Header(description="Resume after this change; 0.0 begins at the beginning")
    ] = None,
    last_event_id_query: Annotated[
        str | None, Query(alias="last_event_id", description="The same where no header can be set")
    ] = None,
) -> Response:
    """What changes on the timeline and in positions, as it changes."""
    hub: Hub = request.app.state.hub
    newest = await reads.position()
    given = last_event_id or last_event_id_query
    after = ChangeId(newest, 2**15)
    if given is not None:
        try:
            after = ChangeId.parse(given)
        except ValueError:
            after = ChangeId(newest + 1, 0)
        if after.position > newest:
            raise InvalidInput([FieldError("last_event_id", "Is not the id of a change", "header")])
    return StreamingResponse(
        _events(hub, reads, after, chosen),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(hub: Hub, reads: Reads, after: ChangeId, chosen: TimelineFilter) -> AsyncIterator[bytes]:
    yield b"retry: %d\n\n" % RETRY_MILLISECONDS
    async for change in follow(hub, reads, after, chosen):
        if change is None:
            yield b": waiting\n\n"
        else:
            yield b"event: %b\nid: %b\ndata: %b\n\n" % (
                change.name.encode(),
                str(change.id).encode(),
                change.data,
            )
