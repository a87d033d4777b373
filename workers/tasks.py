"""The Celery tasks: ids in, events out. Each may run twice, twice at once, late or out of order."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from celery import Celery
from psycopg_pool import ConnectionPool

from services.core.errors import UnsafeSettings
from services.core.eventstore.outages import DATABASE_AWAY
from services.core.eventstore.store import EventStore, flush, open_pool
from services.core.settings import Settings
from workers.deduplicate import Deduplication
from workers.dispatches import DEDUPLICATE, EXTRACT
from workers.extract import Extraction
from workers.feeds import TASK as FEEDS
from workers.feeds import MakeIntake, poll_now
from workers.readings import Reader

HARD = 4 / 3  # of the soft limit
READ_ON = 1  # articles that who judged them reads at once: more are for whoever is free


class SharedFlag:
    """A flag that a process and its forked children see. It has no lock that a killed child could keep."""

    def __init__(self) -> None:
        self._byte = mmap.mmap(-1, 1)

    def set(self) -> None:
        self._byte[0] = 1

    def is_set(self) -> bool:
        return self._byte[0] == 1


@dataclass(slots=True)
class WorkerProcess:
    """What the tasks of one process share. Readers are loaded before the fork, connections opened after it."""

    settings: Settings
    load: Callable[[tuple[str, ...]], Mapping[str, Reader]]
    intake: MakeIntake | None = None  # who takes in what feeds hold
    stopping: SharedFlag = field(default_factory=SharedFlag)
    _readers: Mapping[str, Reader] | None = None
    _pool: ConnectionPool[Any] | None = None

    def load_readers(self) -> Mapping[str, Reader]:
        """The readers, loaded when first asked for."""
        if self._readers is None:
            self._readers = self.load(self.settings.dossiers)
        return self._readers

    @property
    def store(self) -> EventStore:
        """The log, through the one connection of this process, whose life says that the worker is alive."""
        if self._pool is None:
            url = self.settings.database_url or ""
            self._pool = open_pool(url, min_size=1, max_size=1, flush_later=True)
        return EventStore(self._pool)

    def deduplication(self) -> Deduplication:
        """The stage that judges."""
        soft = self.settings.article_seconds
        return Deduplication(self.store, soft, soft * HARD)

    def extraction(self) -> Extraction:
        """The stage that reads."""
        soft = self.settings.article_seconds
        return Extraction(self.store, self.load_readers(), soft, soft * HARD, self.stopping.is_set)

    def read_on(self, article_ids: Sequence[str]) -> None:
        """Reads articles that were judged just now, without the way over the relay and the broker."""
        for dossier in self.settings.dossiers:
            self.extraction().run(article_ids, dossier, READ_ON)

    def flush(self) -> None:
        """Returns once all that was appended is on disk."""
        with self.store.pool.connection() as conn:
            flush(conn)

    def poll(self, feed_id: str) -> None:
        """Asks a feed for what is new."""
        if self.intake is None:
            raise UnsafeSettings("this worker was started without the part that takes articles in")
        poll_now(self.settings, self.intake(self.settings), feed_id, self.stopping.is_set)

    def close(self) -> None:
        """Closes the connection."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None


def register(app: Celery, process: WorkerProcess) -> None:
    """Adds the tasks to the application."""

    def deduplicate(article_ids: list[str]) -> None:
        with _letting_go(process):
            if process.deduplication().run(article_ids):
                if not process.stopping.is_set():
                    process.read_on(article_ids)
                process.flush()  # nobody waits for it: who acts on a judgement before flushes for himself

    def extract(article_ids: list[str], dossier: str) -> None:
        with _letting_go(process):
            process.extraction().run(article_ids, dossier)

    def feeds(feed_id: str) -> None:
        process.poll(feed_id)

    app.task(name=FEEDS, shared=False)(feeds)
    app.task(name=DEDUPLICATE, shared=False)(deduplicate)
    app.task(name=EXTRACT, shared=False)(extract)


@contextmanager
def _letting_go(process: WorkerProcess) -> Iterator[None]:
    """Ends the connection where the database did not let us do the work: whatever could not be handed back is then free."""
    try:
        yield
    except DATABASE_AWAY:
        process.close()
        raise
