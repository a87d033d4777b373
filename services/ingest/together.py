"""New articles that are posted at the same moment go into the log together: one look, one append, one flush for all.

While one batch is written the next gathers; a second writer beside would only make smaller ones. Only what is new
goes this way. Of an article that is known, waits under embargo or was faster elsewhere nothing is decided here: its
own request does that, by `submit_on`, as if nothing had been tried.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextvars import Context
from dataclasses import dataclass, field

import psycopg_pool

from services.core.domain.article import ArticleState, Outcome, decide
from services.core.domain.commands import SubmitArticle
from services.core.domain.events import ArticleReceived, article_stream
from services.core.errors import EventIdConflict, UnknownEventVersion, WrongExpectedVersion
from services.core.eventstore.bodies import Body, BodyWrite, text_sha256
from services.core.eventstore.outages import DATABASE_AWAY
from services.core.eventstore.store import (
    NO_STREAM,
    NewEvent,
    StreamWrite,
    append_async,
    flush_async,
    read_stream_async,
)
from services.core.logging import get_logger
from services.core.web.database import Connection, Pool
from services.ingest.submit import Taken, new_event

log = get_logger(__name__)

MOST = 64  # articles of a batch
MOST_CHARACTERS = 1024 * 1024  # about, of a batch

# Which of these are in the log, or under embargo.
KNOWN = """
SELECT stream_name FROM events WHERE stream_name = ANY (%s) AND position = 0
UNION ALL
SELECT article_id::text FROM embargoed_articles WHERE article_id = ANY (%s::uuid[])
"""


@dataclass(slots=True, eq=False)
class _Posted:
    """An article on its way. `answer`: where it is in the log, or None where its request has to see to it."""

    identity: str
    body: Body
    event: NewEvent
    answer: asyncio.Future[Taken | None]
    timer: asyncio.TimerHandle = field(init=False)  # until it is taken up

    @property
    def stream(self) -> str:
        return article_stream(self.identity)

    def tell(self, taken: Taken | None) -> None:
        if not self.answer.done():
            self.answer.set_result(taken)

    def tell_error(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class Together:
    """The new articles of one process. As many may wait, and as long, as for a connection of the pool."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._waiting: deque[_Posted] = deque()
        self._writing = 0  # articles
        self._writer: asyncio.Task[None] | None = None  # while there is something to write

    async def append(self, command: SubmitArticle) -> Taken | None:
        """The article in the log, and on disk; None where it is not new, or not beyond doubt.

        Raises what the database and its pool raise when they are away.
        """
        if len(self._waiting) + self._writing >= self._pool.max_waiting + self._pool.max_size:
            raise psycopg_pool.TooManyRequests("as many articles wait as may")
        posted = _posted(command)
        posted.timer = asyncio.get_running_loop().call_later(self._pool.timeout, self._give_up, posted)
        self._waiting.append(posted)
        if self._writer is None:
            # In a context of its own: it is no part of the request that happens to start it.
            self._writer = asyncio.create_task(self._run(), name="append together", context=Context())
        return await posted.answer

    def _give_up(self, posted: _Posted) -> None:
        """It was not taken up in time."""
        self._waiting.remove(posted)
        posted.tell_error(psycopg_pool.PoolTimeout("no connection in time"))

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._round()
        finally:
            self._writer = None

    async def _round(self) -> None:
        batch: list[_Posted] | None = None
        try:
            async with self._pool.connection() as conn:
                batch = self._next()
                if batch:
                    await _write(conn, batch)
        except psycopg_pool.PoolTimeout:
            pass  # whoever waited as long is told by its timer
        except Exception as error:  # noqa: BLE001 - each request answers it, as if it had been alone
            batch = self._next() if batch is None else batch
            for posted in batch:
                posted.tell_error(error)
        finally:
            self._writing = 0
            for posted in batch or ():
                posted.answer.cancel()  # where this was cancelled; else all are told

    def _next(self) -> list[_Posted]:
        """What waits, as much as one append should hold."""
        batch: list[_Posted] = []
        characters = 0
        while self._waiting and len(batch) < MOST and characters < MOST_CHARACTERS:
            posted = self._waiting.popleft()
            posted.timer.cancel()
            if not posted.answer.done():  # its request was cancelled
                batch.append(posted)
                characters += len(posted.body.text)
        self._writing = len(batch)
        return batch


def _posted(command: SubmitArticle) -> _Posted:
    body = Body(command.title, command.author, command.text)
    text = text_sha256(command.text).hex()
    made = decide(ArticleState(), command, body_sha256=body.sha256.hex(), text_sha256=text)
    assert isinstance(made.event, ArticleReceived)  # noqa: S101 - so it begins
    return _Posted(
        made.event.article_id, body, new_event(made.event), asyncio.get_running_loop().create_future()
    )


async def _write(conn: Connection, batch: Sequence[_Posted]) -> None:
    """Append what is new of them, and tell each what became of it. Raises what the database raises when it is away."""
    known = await _known(conn, batch)
    new: dict[str, _Posted] = {}
    for posted in batch:
        if posted.identity in known or posted.stream in known:
            posted.tell(None)
        else:
            new.setdefault(posted.identity, posted)  # of two that came at once the first
    if new:
        positions = await _append(conn, list(new.values()))
        if positions:
            await flush_async(conn)
        for identity, position in positions.items():
            new[identity].tell(Taken(Outcome.NEW, identity, "received", position))
    for posted in batch:
        posted.tell(None)


async def _known(conn: Connection, batch: Sequence[_Posted]) -> set[str]:
    """The streams that are there, and the ids under which something waits under embargo."""
    names = [[posted.stream for posted in batch], [posted.identity for posted in batch]]
    cursor = await conn.execute(KNOWN, names, prepare=True)
    return {name for (name,) in await cursor.fetchall()}


async def _append(conn: Connection, new: Sequence[_Posted]) -> dict[str, int]:
    """The global positions by article id, of those that were written now. The caller flushes."""
    writes = [StreamWrite(posted.stream, [posted.event], NO_STREAM) for posted in new]
    bodies = [BodyWrite(posted.stream, posted.identity, posted.body) for posted in new]
    try:
        appended = await append_async(conn, writes, bodies, flush_later=True)
    except (WrongExpectedVersion, EventIdConflict):
        return {}  # somebody was faster with one of them
    except DATABASE_AWAY:
        raise
    except Exception:  # what is wrong with one shall not be the others' fault
        log.exception("an append of several failed: each goes by itself", articles=len(new))
        return {}
    found = zip(new, appended.global_positions, strict=True)
    if isinstance(appended.global_positions, range):  # all were new
        return {posted.identity: position for posted, position in found}
    return {posted.identity: position for posted, position in found if await _is_ours(conn, posted)}


async def _is_ours(conn: Connection, posted: _Posted) -> bool:
    """Whether the article's event was written for this request: its span id, which nobody else's has, tells."""
    span = posted.event.metadata.get("traceparent")
    try:
        there = await read_stream_async(conn, posted.stream)
    except UnknownEventVersion:
        return False  # of a newer release, which was faster: the request by itself tells what that means
    return span is not None and any(recorded.metadata.get("traceparent") == span for recorded in there)
