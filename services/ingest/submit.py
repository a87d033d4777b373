"""From a command to the log: read the article's stream, decide, append, and again if another was faster."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from psycopg.pq import TransactionStatus

from services.core import metrics
from services.core.domain.article import (
    ArticleState,
    Outcome,
    article_id,
    decide,
    decide_withdrawal,
    event_id,
    published_before,
)
from services.core.domain.commands import SubmitArticle, WithdrawArticle
from services.core.domain.events import EVENT_TYPES, Event, article_stream, event_of
from services.core.embargo import store as embargoed
from services.core.errors import WrongExpectedVersion
from services.core.eventstore import locks
from services.core.eventstore.bodies import Body, BodyWrite, release_bodies_async, text_sha256
from services.core.eventstore.store import (
    AsyncEventStore,
    NewEvent,
    StreamWrite,
    append_async,
    flush_async,
    make_event,
    read_stream_async,
)
from services.core.web.database import Connection
from services.core.web.middleware import current_traceparent

LOCK = f"SELECT pg_advisory_xact_lock({locks.APPEND})"
HOPEFUL_ATTEMPTS = 3  # without holding the append lock while deciding


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a command. No position: nothing of it is in the log, for it waits or was withdrawn meanwhile."""

    outcome: Outcome
    article_id: str
    state: str
    global_position: int | None
    embargoed_until: dt.datetime | None = None


async def submit_on(conn: Connection, command: SubmitArticle) -> Taken:
    """Take an article in on a connection, in its transaction if it has one. The caller flushes.

    A version of the article that waits under embargo is dropped where this one, which may be known, replaces it.
    """
    identity = identity_of(command)
    if await embargoed.find(conn, identity) is None:
        return await submit_released(conn, command)
    async with conn.transaction():
        await conn.execute("SET LOCAL synchronous_commit = off")
        # Before the append lock, as all do who take both: the other way round two would wait for each other.
        row = await (await conn.execute(embargoed.LOCK, [identity])).fetchone()
        if row is None:  # its time has come meanwhile
            return await submit_released(conn, command)
        _, withdrawn, waiting = row
        if withdrawn is not None:
            return Taken(Outcome.WITHDRAWN, identity, "withdrawn", None)
        taken = await submit_released(conn, command)
        replaces = taken.outcome in {Outcome.NEW, Outcome.REVISION, Outcome.WITHDRAWN}
        if replaces and not published_before(command.published_at, waiting.get("published_at")):
            await conn.execute(embargoed.DROP, [identity])
        return taken


def identity_of(command: SubmitArticle) -> str:
    """Which article it is."""
    return article_id(command.url, text_sha256(command.text).hex(), command.uri)


async def submit_released(conn: Connection, command: SubmitArticle) -> Taken:
    """`submit_on` for what is under no embargo, nor waits: one that has just been let out, or has none beside it."""
    body = Body(command.title, command.author, command.text)
    text = text_sha256(command.text).hex()
    identity = article_id(command.url, text, command.uri)
    stream = article_stream(identity)
    for attempt in range(HOPEFUL_ATTEMPTS + 1):
        async with _deciding(conn, alone=attempt == HOPEFUL_ATTEMPTS):
            # Most are new: the first append tells, for one round trip less.
            state = await read_article(conn, stream) if attempt else ArticleState()
            made = decide(state, command, body_sha256=body.sha256.hex(), text_sha256=text)
            if made.event is None:
                position = made.version.global_position if made.version else state.withdrawn_at
            else:
                position = await _append(conn, stream, state, made.event, [BodyWrite(stream, identity, body)])
                state = state.apply(made.event, position=state.position + 1, global_position=position or 0)
            if position is not None:
                return Taken(made.outcome, identity, state.state, position)
        if attempt:
            metrics.INGEST_RETRIES.inc()
    raise WrongExpectedVersion  # cannot be: the last attempt was alone


async def withdraw(store: AsyncEventStore, command: WithdrawArticle) -> Taken | None:
    """Take an article down, with its words where no other live article has them. None: no such article."""
    async with store.pool.connection() as conn:
        taken = await withdraw_on(conn, command)
        await flush_async(conn)
        return taken


async def withdraw_on(conn: Connection, command: WithdrawArticle) -> Taken | None:
    """`withdraw` on a connection, in its transaction if it has one. The caller flushes.

    What waits under embargo goes too. Where nothing else was there, that it was withdrawn is kept in its place, and
    the log never hears of it.
    """
    async with conn.transaction():
        await conn.execute("SET LOCAL synchronous_commit = off")
        await conn.execute(embargoed.ALONE, [command.article_id])
        held = await (await conn.execute(embargoed.LOCK, [command.article_id])).fetchone()
        taken = await _withdraw_published(conn, command)
        if held is None:
            return taken
        if taken is not None:
            await conn.execute(embargoed.DROP, [command.article_id])
            return taken
        await conn.execute(embargoed.WITHDRAW, [command.reason, command.article_id])
        return Taken(Outcome.WITHDRAWN, command.article_id, "withdrawn", None)


async def _withdraw_published(conn: Connection, command: WithdrawArticle) -> Taken | None:
    stream = article_stream(command.article_id)
    async with _deciding(conn, alone=True):
        state = await read_article(conn, stream)
        made = decide_withdrawal(state, command)
        if made is None:
            return None
        position = state.withdrawn_at
        if made.event is not None:
            position = await _append(conn, stream, state, made.event, [])
            await release_bodies_async(conn, command.article_id)
        if position is None:
            raise WrongExpectedVersion  # cannot be: nobody else appends meanwhile
        return Taken(Outcome.WITHDRAWN, command.article_id, "withdrawn", position)


async def read_article(conn: Connection, stream: str) -> ArticleState:
    """The article as its stream says. Events of types that this code does not know only move the position."""
    state = ArticleState()
    for recorded in await read_stream_async(conn, stream):
        state = replace(state, position=recorded.position)
        if recorded.type in EVENT_TYPES:
            event = event_of(recorded.type, recorded.data)
            state = state.apply(event, position=recorded.position, global_position=recorded.global_position)
    return state


@asynccontextmanager
async def _deciding(conn: Connection, *, alone: bool) -> AsyncIterator[None]:
    """Alone: with the append lock, so that nobody can be faster. Else only a savepoint where one is needed."""
    if not alone:
        yield
        return
    async with conn.transaction():
        await conn.execute("SET LOCAL synchronous_commit = off")
        await conn.execute(LOCK)
        yield


async def _append(
    conn: Connection, stream: str, state: ArticleState, event: Event, bodies: list[BodyWrite]
) -> int | None:
    """The global position; None where somebody was faster, with another version or with the same one."""
    writes = [StreamWrite(stream, [new_event(event)], state.position)]
    try:
        if conn.info.transaction_status == TransactionStatus.IDLE:
            appended = await append_async(conn, writes, bodies, flush_later=True)
        else:
            async with conn.transaction():  # a refused append must not end the transaction around it
                appended = await append_async(conn, writes, bodies, flush_later=True)
    except WrongExpectedVersion:
        return None
    return appended.last if appended.new else None


def new_event(event: Event) -> NewEvent:
    """An event of the request that is being answered, ready for the log."""
    new_id = event_id(event)
    return make_event(
        event,
        id=new_id,
        correlation_id=new_id,  # of all that comes of it
        causation_id=None,
        traceparent=current_traceparent(),
        key_id=getattr(event, "key_id", None),
    )
