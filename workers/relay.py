"""The relay: from the log to Celery. The log is the outbox; what the broker loses is sent again.

One relay leads, by a session lock. It follows the log and keeps `dispatches`, the table of work that is not
finished, together with its checkpoint; sends a bounded number of articles; takes back what a dead worker held
and what a flushed broker forgot; and seals the log. All it knows is in the database: it can die at any moment.
"""

from __future__ import annotations

import logging
import math
import threading
import time
import uuid
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from kombu.exceptions import OperationalError as BrokerError
from redis import Redis, RedisError

from services.core.domain.events import (
    ArticleReceived,
    ArticleRevised,
    ArticleWithdrawn,
    ExtractionRequested,
)
from services.core.eventstore import locks
from services.core.eventstore.outages import DATABASE_GONE, DATABASE_UNFIT
from services.core.eventstore.seals import seal_next
from services.core.eventstore.store import (
    CHANNEL,
    Recorded,
    commit_lazily,
    end_of_wal,
    flush,
    flush_up_to,
    read_all,
)
from services.core.eventstore.subscription import load_checkpoint, save_checkpoint
from services.core.eventstore.wakeups import listen, pauses, wait_for_notification
from services.core.feeds import store as feeds
from services.core.settings import Settings
from workers import dispatches
from workers.app import make_app
from workers.articles import JUDGED, READ
from workers.dedup.index import PostgresIndex
from workers.dispatches import DEDUPLICATE, EXTRACT, STAGES, UNFIT_SECONDS
from workers.feeds import TASK as FEEDS
from workers.pacing import Pace
from workers.tasks import HARD

log = logging.getLogger(__name__)

NAME = "relay"  # of its checkpoint, and of its mark in the broker
BATCH = 500  # events
POLL_SECONDS = 0.5
BROKER_SECONDS = 2.0  # for an answer of the broker
TEND_SECONDS = 0.25  # between two looks at workers and broker
BATCH_OF = {DEDUPLICATE: 50, EXTRACT: 8}  # articles in a message at most
SHARES = 8  # of what is under way, that a message has at most one of: whoever is free takes the next
# From so many articles in a message on, and with so many messages under way, it is sent only when it is whole.
LARGE, ENOUGH = 16, 4
ARRIVES_SECONDS = 2.0  # for a message to reach a worker when the queue is empty
FORGOTTEN_SECONDS = 120.0  # since sending, where the queue is not empty
FEED_SECONDS = 1.0  # between two looks at which feeds are due
SEAL_EVERY, SEAL_SECONDS = 1000, 5.0  # events, or seconds since the last seal
READ_ON_SECONDS = 1.0  # whoever judged an article has it so long to go on with reading it


class Work:
    """What a batch of events changes in the table of work, folded so that each statement runs once."""

    def __init__(self, dossiers: Sequence[str]) -> None:
        self._dossiers = dossiers
        self.asked: dict[tuple[str, str, str], tuple[int, UUID, int, float]] = {}
        self.ended: list[tuple[str, str, str, UUID]] = []
        self.withdrawn: list[str] = []

    def add(self, event: Recorded) -> None:
        """Folds one event."""
        data = event.data
        if event.type == ArticleReceived.type or (event.type == ArticleRevised.type and data["current"]):
            self._ask(event, DEDUPLICATE, "")
        elif event.type in JUDGED:
            self._end(event, DEDUPLICATE, "")
            for dossier in self._dossiers:
                self._ask(event, EXTRACT, dossier, READ_ON_SECONDS)
        elif event.type == ExtractionRequested.type:
            if data["dossier"] in self._dossiers:  # no worker could read for another
                self._ask(event, EXTRACT, data["dossier"])
        elif event.type in READ:
            self._end(event, EXTRACT, data["dossier"])
        elif event.type == ArticleWithdrawn.type:
            for key in [key for key in self.asked if key[0] == data["article_id"]]:
                del self.asked[key]
            self.withdrawn.append(data["article_id"])

    def _ask(self, event: Recorded, stage: str, dossier: str, delay: float = 0.0) -> None:
        key = (event.data["article_id"], stage, dossier)
        self.asked[key] = (event.data["revision"], event.id, event.global_position, delay)

    def _end(self, event: Recorded, stage: str, dossier: str) -> None:
        if event.metadata.get("causation_id") is None:
            return  # it does not say which work it ends: the worker that takes that up finds nothing to do
        cause = UUID(event.metadata["causation_id"])
        key = (event.data["article_id"], stage, dossier)
        if key in self.asked and self.asked[key][1] == cause:
            del self.asked[key]
        self.ended.append((*key, cause))

    def save(self, conn: psycopg.Connection[Any], position: int) -> None:
        """Writes it down, and at last how far the relay got. `conn` is in autocommit.

        What ends work is a transaction of its own: holding those rows while waiting for others, two could wait for each
        other. It says what the log says, and is said again by who does not come to the end.
        """
        if self.withdrawn:
            with conn.transaction():
                # Before any row is touched, as those who judge do: the other way round they would wait for each other.
                conn.execute("SELECT pg_advisory_xact_lock(%s)", [locks.JUDGE])
                conn.execute(dispatches.FORGOTTEN, [self.withdrawn])
                index = PostgresIndex(conn)
                for article_id in self.withdrawn:
                    index.forget(article_id)
        if self.ended:
            conn.execute(dispatches.ENDED, [list(column) for column in zip(*self.ended, strict=True)])
        with conn.transaction():
            if self.asked:
                rows = [(*key, *value) for key, value in self.asked.items()]
                conn.execute(dispatches.ASK, [list(column) for column in zip(*rows, strict=True)])
            save_checkpoint(conn, NAME, position)


class Relay:
    """One relay, while it leads. `conn` is in autocommit and holds the lock."""

    def __init__(self, settings: Settings, conn: psycopg.Connection[Any], stop: threading.Event) -> None:
        self._settings = settings
        self._conn = conn
        self._stop = stop
        self._app = make_app(settings)
        # It never waits for messages, as workers do: a broker that hangs must not keep it from stopping.
        options = self._app.conf.broker_transport_options | {"socket_timeout": BROKER_SECONDS}
        self._app.conf.broker_transport_options = options
        self._redis = Redis.from_url(
            settings.redis_url or "",
            socket_timeout=BROKER_SECONDS,
            socket_connect_timeout=BROKER_SECONDS,
            decode_responses=True,
        )
        self._position = load_checkpoint(conn, NAME).global_position
        self._mark = f"treatyline:{NAME}:{conn.info.dbname}"
        self._run = str(uuid.uuid4())
        self._broker_is_there = False
        self._tended = 0.0
        self._fed = 0.0
        self._sealed_at, self._unsealed = time.monotonic(), 1
        self._pace = Pace()
        self._paused_at = self._position

    def lead(self) -> None:
        """Works until told to stop or the database goes away (psycopg.OperationalError)."""
        for statement in listen((CHANNEL,)):
            self._conn.execute(statement)
        # What a crash of the database takes back is sent again by whoever leads then.
        commit_lazily(self._conn)
        flush(self._conn)  # the relay before this one may have died before what it noted down was on disk,
        # or between noting what it sends and sending it.
        self._conn.execute(dispatches.UNSEND, [0])
        self._conn.execute(feeds.UNSEND)
        try:
            while not self._stop.is_set():
                if self.follow():
                    continue
                self.tend()
                self.send()
                if not self._seal():
                    self._wait()
        finally:
            self._redis.close()
            self._app.close()

    def _wait(self) -> None:
        if wait_for_notification(self._conn, min(POLL_SECONDS, TEND_SECONDS)) is not None:
            self._stop.wait(self._pace.pause(self._position - self._paused_at))
            self._paused_at = self._position

    def follow(self) -> bool:
        """Takes in one batch of events. True where there is more: nothing is sent before the end is reached."""
        records = read_all(self._conn, self._position, BATCH)
        if not records:
            return False
        end = end_of_wal(self._conn)
        work = Work(self._settings.dossiers)
        for event in records:
            work.add(event)
        position = records[-1].global_position
        work.save(self._conn, position)
        flush_up_to(self._conn, end)  # before anything is sent
        self._unsealed += position - self._position
        self._position = position
        return len(records) == BATCH

    def tend(self) -> None:
        """Takes back what dead workers held and what the broker lost."""
        now = time.monotonic()
        if now - self._tended < TEND_SECONDS:
            return
        self._tended = now
        hard = self._settings.article_seconds * HARD
        self._conn.execute(dispatches.LOSE, {"limit": hard})
        try:
            with self._redis.pipeline(transaction=False) as asked:
                asked.get(self._mark)
                for stage in STAGES:
                    asked.llen(stage)
                known, *lengths = asked.execute()
            waiting = sum(lengths)
            if known != self._run:
                if known is None:
                    log.info("the broker is new or was emptied: sending again")
                self._conn.execute(dispatches.UNSEND, [0])
                self._conn.execute(feeds.UNSEND)
                self._redis.set(self._mark, self._run)
            elif waiting == 0:
                self._conn.execute(dispatches.UNSEND, [ARRIVES_SECONDS])
            elif waiting < self._settings.relay_window:
                self._conn.execute(dispatches.UNSEND, [FORGOTTEN_SECONDS])
        except RedisError as error:
            self._lose_broker(error)
            return
        if not self._broker_is_there:
            log.info("the broker is there")
        self._broker_is_there = True

    def send(self) -> None:
        """Sends what is due as far as the window allows."""
        if self._broker_is_there:
            for stage in STAGES:
                self._send_stage(stage)
            self._send_feeds()

    def _send_feeds(self) -> None:
        """Sends feeds that are due, few at once: a slow site must not keep all workers from reading."""
        now = time.monotonic()
        if now - self._fed < FEED_SECONDS:
            return
        self._fed = now
        room = _feeds_at_once(self._settings.worker_concurrency)
        due = self._conn.execute(feeds.SEND, {"room": room, "lost": feeds.LOST_SECONDS}).fetchall()
        try:
            for (feed_id,) in due:
                self._app.send_task(FEEDS, (str(feed_id),), queue=FEEDS, retry=False)
        except (BrokerError, RedisError, OSError) as error:
            self._conn.execute(feeds.UNSEND)
            self._lose_broker(error)

    def _send_stage(self, stage: str) -> None:
        window = self._settings.relay_window
        asked = {"stage": stage, "most": window}
        outstanding, due_now = self._conn.execute(dispatches.UNDER_WAY, asked).fetchone() or (0, 0)
        room = to_send(stage, min(due_now, window - outstanding), outstanding)
        if room <= 0:
            return
        due = self._conn.execute(dispatches.SEND, [stage, room]).fetchall()
        due.sort(key=lambda item: item[2])
        try:
            for message in messages(stage, due, outstanding):
                self._app.send_task(stage, message, queue=stage, retry=False)
        except (BrokerError, RedisError, OSError) as error:
            self._conn.execute(dispatches.UNSEND, [0])
            self._lose_broker(error)

    def _lose_broker(self, error: Exception) -> None:
        if self._broker_is_there:
            log.warning("the broker does not answer: %s", type(error).__name__)
        self._broker_is_there = False

    def _seal(self) -> bool:
        """Seals what is new, some time after the last seal or when there is much of it. True for more to do."""
        now = time.monotonic()
        if not self._unsealed or (self._unsealed < SEAL_EVERY and now - self._sealed_at < SEAL_SECONDS):
            return False
        self._sealed_at = now
        # A seal may be copied elsewhere as soon as it is seen.
        self._conn.execute("SET synchronous_commit = on")
        sealed = seal_next(self._conn)
        commit_lazily(self._conn)
        if sealed is None:
            self._unsealed = 0
            return False
        return True


def _size(stage: str, count: int, outstanding: int) -> int:
    """Articles of a message, where so many are to be sent after those that are under way."""
    return min(BATCH_OF[stage], math.ceil((outstanding + count) / SHARES))


def to_send(stage: str, count: int, outstanding: int) -> int:
    """How many of those that are due to send now: all, or under much load whole messages alone.

    Else what is left over makes a small message, which when it is done makes room for as small a one.
    """
    if count <= 0:
        return 0
    size = _size(stage, count, outstanding)
    return count - count % size if size >= LARGE and outstanding >= ENOUGH * size else count


def messages(
    stage: str, due: Sequence[tuple[UUID, str, int, bool]], outstanding: int
) -> list[tuple[Any, ...]]:
    """Arguments of the tasks for what is due: (article, dossier, position, whether it went wrong before).

    Alone when little is under way, in batches under load; alone after a failure. `outstanding` are those sent before.
    """
    single = [item for item in due if item[3]]
    by_dossier: dict[str, list[str]] = {}
    for article_id, dossier, _, went_wrong in due:
        if not went_wrong:
            by_dossier.setdefault(dossier, []).append(str(article_id))
    batches = [([str(article_id)], dossier) for article_id, dossier, _, _ in single]
    for dossier, ids in by_dossier.items():
        size = _size(stage, len(ids), outstanding)
        batches += [(ids[start : start + size], dossier) for start in range(0, len(ids), size)]
    return [(ids, dossier) if stage == EXTRACT else (ids,) for ids, dossier in batches]


def _feeds_at_once(concurrency: str) -> int:
    """Half of a worker's processes; four where it has as many as there are cores."""
    return 4 if concurrency == "auto" else max(1, int(concurrency) // 2)


def main(settings: Settings, stop: threading.Event) -> None:
    """Leads, or stands by until the leader is gone, until `stop` is set."""
    pause = pauses()
    while not stop.is_set():
        try:
            with psycopg.connect(settings.database_url or "", autocommit=True) as conn:
                while not stop.is_set():
                    row = conn.execute("SELECT pg_try_advisory_lock(%s)", [locks.RELAY]).fetchone()
                    if row and row[0]:
                        log.info("this relay leads")
                        pause = pauses()
                        Relay(settings, conn, stop).lead()
                        return
                    stop.wait(POLL_SECONDS)
        except DATABASE_GONE as error:
            log.warning("the database does not answer: %s", type(error).__name__)
            stop.wait(pause())
        except DATABASE_UNFIT as error:
            # Waiting lets go of the lock: a process of a newer release can lead meanwhile.
            log.error("the database is not what this release needs: %s", error)  # noqa: TRY400 - it says it all
            stop.wait(UNFIT_SECONDS)
