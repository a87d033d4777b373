"""Sends webhooks: follows the feed of changes, notes what each webhook is to be told, and tells it.

Runs beside the relay. One leads, by a session lock; all that is to be sent lies in PostgreSQL, so it can die at any
moment (`services/core/webhooks/deliveries.py` says why not many at once). A message that was sent and not yet noted
is sent again under the same `webhook-id`: at least once.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from importlib.metadata import version
from typing import Any, Self
from uuid import UUID

import psycopg
import psycopg_pool
from psycopg.rows import DictRow, dict_row

from services.core.domain.ids import derived_id
from services.core.eventstore import locks
from services.core.eventstore.store import flush_async
from services.core.eventstore.wakeups import listen, pauses
from services.core.projections.base import PROJECTED
from services.core.settings import Settings
from services.core.webhooks import deliveries, messages, schedule, signing, store
from services.core.webhooks.addresses import Reach
from services.core.webhooks.deliveries import Delivery
from services.core.webhooks.feed import Change, Feed, FilterUnknown
from services.core.webhooks.store import CHANNEL, Webhook
from workers.webhook_calls import Answer, Caller

log = logging.getLogger(__name__)

BATCH = 200  # changes
AT_ONCE = 16  # receivers
IN_A_ROW = 200  # messages to one receiver before others have their turn
POLL_SECONDS = 1.0
STOP_SECONDS = 3.0  # for messages under way when the process is told to stop
FORGET_SECONDS = 600.0
GONE = 410
CHANGE_GONE = "change-gone"

Connection = psycopg.AsyncConnection[DictRow]
Pool = psycopg_pool.AsyncConnectionPool[Connection]
Clock = Callable[[], dt.datetime]


def utc_now() -> dt.datetime:
    """The time."""
    return dt.datetime.now(dt.UTC)


class Sender:
    """What is sent, to whom, and when. It keeps nothing between two calls but connections."""

    def __init__(
        self,
        pool: Pool,
        make_feed: Callable[[], Feed],
        caller: Caller,
        *,
        clock: Clock = utc_now,
        jitter: schedule.Jitter = schedule.jitter,
    ) -> None:
        self._pool = pool
        self._make_feed = make_feed
        self._caller = caller
        self._clock = clock
        self._jitter = jitter

    @cached_property
    def _feed(self) -> Feed:
        """Made when there is a first webhook: it brings the read service's modules with it."""
        return self._make_feed()

    # -- from the feed to deliveries --------------------------------------------------------------------------

    async def plan(self) -> bool:
        """Note for every webhook what it is to be told of the next changes. True where there may be more."""
        async with self._pool.connection() as conn:
            webhooks = [w for w in await store.list_all(conn) if w.state == "active"]
            if not webhooks:
                return False
            async with conn.transaction():
                await conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                upto = await self._feed.position(conn)
                end = self._feed.end_of(upto)
                behind = [w for w in webhooks if (w.position, w.number) < end]
                if not behind:
                    return False
                after = min((w.position, w.number) for w in behind)
                together = [w for w in behind if (w.position, w.number) == after]
                changes = await self._feed.read(conn, after, upto, BATCH)
                told, unknown = await self._told(conn, together, changes)
            more = len(changes) == BATCH
            reached = changes[-1].id if more else end
            # One whose filter is not understood stays where it is, and goes on from there when it is.
            await self._note(conn, [w for w in together if w.id not in unknown], after, reached, told)
            for webhook_id in unknown:
                await self._disable(conn, webhook_id, "filter")
            return more or len(behind) > len(together)

    async def _told(
        self, conn: Connection, webhooks: Sequence[Webhook], changes: Sequence[Change]
    ) -> tuple[list[tuple[UUID, Change]], list[UUID]]:
        told: list[tuple[UUID, Change]] = []
        unknown: list[UUID] = []
        for webhook in webhooks:
            named = [change for change in changes if not webhook.types or change.name in webhook.types]
            try:
                chosen = self._feed.filter_of(webhook.filter)
            except FilterUnknown as error:
                log.warning("webhook %s: its filter is not understood: %s", webhook.id, error)
                unknown.append(webhook.id)
                continue
            passing = await self._feed.passing(conn, named, chosen) if named else ()
            told += [(webhook.id, change) for change in named if change.id in passing]
        return told, unknown

    async def _note(
        self,
        conn: Connection,
        webhooks: Sequence[Webhook],
        after: tuple[int, int],
        reached: tuple[int, int],
        told: Sequence[tuple[UUID, Change]],
    ) -> None:
        """Deliveries and how far the feed was read commit together: each change is noted once."""
        async with conn.transaction():
            cursor = await conn.execute(
                "UPDATE webhooks SET position = %s, number = %s"
                " WHERE id = ANY(%s) AND position = %s AND number = %s RETURNING id",
                [*reached, [w.id for w in webhooks], *after],
            )
            there = {row["id"] for row in await cursor.fetchall()}  # not deleted meanwhile
            noted = [(webhook_id, change) for webhook_id, change in told if webhook_id in there]
            if not noted:
                return
            await conn.execute(
                deliveries.PLAN,
                {
                    "now": self._clock(),
                    "ids": [derived_id("webhook", str(w), *change.id) for w, change in noted],
                    "webhooks": [w for w, _ in noted],
                    "types": [change.name for _, change in noted],
                    "positions": [change.id[0] for _, change in noted],
                    "numbers": [change.id[1] for _, change in noted],
                    "subjects": [UUID(change.subject["id"]) for _, change in noted],
                },
            )

    # -- from deliveries to receivers ---------------------------------------------------------------------------

    async def due(self, only: UUID | None = None) -> list[Delivery]:
        """The next message of each webhook that may be sent one now."""
        async with self._pool.connection() as conn:
            return await deliveries.due(conn, self._clock(), only)

    async def work_off(self, delivery: Delivery) -> None:
        """Send this message and those that follow it to the same webhook."""
        for _ in range(IN_A_ROW):
            await self.send(delivery)
            following = await self.due(delivery.webhook_id)
            if not following:
                return
            delivery = following[0]

    async def send(self, delivery: Delivery) -> None:
        """One attempt, and what became of it."""
        asked: str | None = None
        try:
            asked, answer = await self._attempt(delivery)
        except (psycopg.Error, psycopg_pool.PoolTimeout):
            raise
        except Exception:  # a fault with one message must hold up neither the others nor other webhooks
            log.exception("webhook %s, delivery %s", delivery.webhook_id, delivery.id)
            answer = Answer(error="fault")
        log.info(
            "webhook %s, delivery %s: %s", delivery.webhook_id, delivery.id, answer.error or answer.status
        )
        async with self._pool.connection() as conn:
            webhook = await store.find(conn, delivery.webhook_id)
            if webhook is None:  # deleted meanwhile
                return
            if asked is not None and asked != webhook.url and not answer.good:
                return  # moved meanwhile: what the old address said is not the new one's fault, and it is still due
            await self._note_answer(conn, webhook, delivery, answer)

    async def _attempt(self, delivery: Delivery) -> tuple[str | None, Answer]:
        """The address that was called, if any, and what came of it."""
        async with self._pool.connection() as conn:
            webhook = await store.find(conn, delivery.webhook_id)
            body = await self._body(conn, delivery)
        if webhook is None or body is None:  # the read tables were made again by other rules: told no longer
            return None, Answer(error=CHANGE_GONE)
        now = self._clock()
        headers = {"Content-Type": messages.MEDIA_TYPE}
        headers |= signing.headers(str(delivery.id), now, body, webhook.keys(now))
        return webhook.url, await self._caller.post(webhook.url, body, headers, now)

    async def _body(self, conn: Connection, delivery: Delivery) -> bytes | None:
        """The message as the read tables tell it now: words that were withdrawn meanwhile are not in it."""
        if delivery.position is None or delivery.number is None:
            return messages.trial_message(str(delivery.id), str(delivery.webhook_id), delivery.created_at)
        at = (delivery.position, delivery.number)
        async with conn.transaction():
            await conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            changes = await self._feed.read(conn, (at[0], at[1] - 1), at[0], 1)
            cursor = await conn.execute("SELECT recorded_at FROM events WHERE global_position = %s", [at[0]])
            event = await cursor.fetchone()
        if event is None or not changes or changes[0].id != at:
            return None
        return messages.change_message(
            changes[0].name,
            position=at[0],
            number=at[1],
            subject=str(changes[0].subject["id"]),
            recorded_at=event["recorded_at"],
            data=changes[0].data,
        )

    async def _note_answer(
        self, conn: Connection, webhook: Webhook, delivery: Delivery, answer: Answer
    ) -> None:
        now = self._clock()
        if answer.good and answer.status is not None:
            await deliveries.taken(conn, delivery, now, answer.status)
            return
        next_at = resume_at = None
        if body_is_there := answer.error != CHANGE_GONE:
            failures, factor = webhook.failures + 1, self._jitter()
            resume_at = schedule.resume_after(now, failures, factor, answer.retry_after)
            if not delivery.is_test and answer.status != GONE:
                next_at = schedule.next_attempt(
                    now, delivery.failing_since or now, delivery.attempts + 1, factor, answer.retry_after
                )
        await deliveries.not_taken(
            conn,
            delivery,
            now,
            status=answer.status,
            error=answer.error,
            next_at=next_at,
            resume_at=None if delivery.is_test else resume_at,
        )
        if body_is_there and answer.status == GONE:
            await self._disable(conn, webhook.id, "gone")

    async def _disable(self, conn: Connection, webhook_id: UUID, reason: str) -> None:
        async with conn.transaction():
            await store.disable(conn, webhook_id, reason)
        await flush_async(conn)
        log.warning("webhook %s is disabled: %s", webhook_id, reason)

    async def forget_old(self) -> None:
        """Drop what was over long ago."""
        async with self._pool.connection() as conn:
            await deliveries.forget_old(conn, self._clock())


class Leader:
    """Plans and sends while `conn`, which holds the lock and listens, lives."""

    def __init__(self, conn: Connection, sender: Sender, stop: threading.Event) -> None:
        self._conn = conn
        self._sender = sender
        self._stop = stop
        self._running: dict[UUID, asyncio.Task[None]] = {}
        self._forgotten = -FORGET_SECONDS

    async def __aenter__(self) -> Self:
        for statement in listen((PROJECTED, CHANNEL)):
            await self._conn.execute(statement)
        return self

    async def __aexit__(self, *_: object) -> None:
        """What is under way gets a moment to end; what is cut off is sent again."""
        tasks = list(self._running.values())
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_SECONDS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def lead(self) -> None:
        """Until told to stop. Raises psycopg.Error where the database goes away."""
        while not self._stop.is_set():
            await self._conn.execute("SELECT 1")  # with the connection the lock is gone
            while await self._sender.plan() and not self._stop.is_set():
                await self._start()
            await self._start()
            now = asyncio.get_running_loop().time()
            if now - self._forgotten >= FORGET_SECONDS:
                self._forgotten = now
                await self._sender.forget_old()
            for seconds, most in (
                (POLL_SECONDS, 1),
                (0, None),
            ):  # those that queued up meanwhile count as one
                async for _ in self._conn.notifies(timeout=seconds, stop_after=most):
                    pass

    async def _start(self) -> None:
        """Starts on every webhook that has something due, as far as there is room."""
        for webhook_id, task in list(self._running.items()):
            if task.done():
                del self._running[webhook_id]
                task.result()
        if len(self._running) >= AT_ONCE:
            return
        for delivery in await self._sender.due():
            if delivery.webhook_id not in self._running and len(self._running) < AT_ONCE:
                self._running[delivery.webhook_id] = asyncio.create_task(self._sender.work_off(delivery))


async def _lead(settings: Settings, make_feed: Callable[[], Feed], stop: threading.Event) -> None:
    url = settings.database_url or ""
    async with await psycopg.AsyncConnection.connect(
        url, autocommit=True, row_factory=dict_row, connect_timeout=5, application_name="treatyline-webhooks"
    ) as conn:
        while not stop.is_set():
            row = await (
                await conn.execute("SELECT pg_try_advisory_lock(%s) AS got", [locks.DELIVER])
            ).fetchone()
            if row and row["got"]:
                break
            await asyncio.sleep(POLL_SECONDS)
        if stop.is_set():
            return
        caller = make_caller(settings)
        try:
            async with make_pool(url) as pool, Leader(conn, Sender(pool, make_feed, caller), stop) as leader:
                await leader.lead()
        finally:
            await caller.aclose()


def make_caller(settings: Settings) -> Caller:
    """Calls as the settings allow."""
    agent = f"Treatyline/{version('treatyline')} (webhooks)"
    return Caller(Reach(settings.webhook_networks), seconds=settings.webhook_seconds, user_agent=agent)


def make_pool(url: str) -> Pool:
    """Connections for what is sent at once; to be opened by `async with`."""
    options: dict[str, Any] = {"autocommit": True, "row_factory": dict_row, "connect_timeout": 5}
    return psycopg_pool.AsyncConnectionPool(
        url, min_size=0, max_size=4, kwargs=options, open=False, timeout=10.0, name="treatyline-webhooks"
    )


def main(settings: Settings, make_feed: Callable[[], Feed], stop: threading.Event) -> None:
    """Leads, or stands by until the leader is gone, until `stop` is set."""
    pause = pauses()
    while not stop.is_set():
        began = dt.datetime.now(dt.UTC)
        try:
            asyncio.run(_lead(settings, make_feed, stop))
        except (psycopg.Error, psycopg_pool.PoolTimeout) as error:
            log.warning("webhooks wait for the database: %s", type(error).__name__)
        except Exception:  # beside the relay: a fault here must neither end it nor end in silence
            log.exception("webhooks were not sent")
        if dt.datetime.now(dt.UTC) - began > dt.timedelta(seconds=30):
            pause = pauses()
        stop.wait(pause())
