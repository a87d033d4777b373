"""The pipeline's processes and what tests ask of them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.core.domain.events import ArticleReceived, ArticleRevised, ArticleWithdrawn, article_stream
from services.core.domain.ids import derived_id
from services.core.eventstore.bodies import Body, BodyWrite, release_bodies, text_sha256
from services.core.eventstore.store import EventStore, Recorded, StreamWrite, make_event, open_pool, read_all
from services.core.settings import Settings
from workers import relay

ROOT = Path(__file__).parents[2]


def take_in(
    store: EventStore, text: str, *, url: str | None = None, revision: int = 1, **metadata: Any
) -> str:
    """Appends an article (or its next revision) with its body, as ingest does. Returns its id."""
    article_id = str(derived_id("article", url or text))
    body = Body(metadata.pop("title", None), None, text)
    kind = ArticleReceived if revision == 1 else ArticleRevised
    fields: dict[str, Any] = {
        "article_id": article_id, "revision": revision, "url": url, "outlet": None, "published_at": None,
        "language": None, "tags": (), "body_sha256": body.sha256.hex(), "text_sha256": text_sha256(text).hex(),
        "characters": len(text), "received_as": "json", "key_id": None, **metadata,
    }  # fmt: skip
    if revision > 1:
        fields.setdefault("current", True)
    event_id = derived_id(article_id, "taken in", revision)
    event = make_event(kind(**fields), id=event_id, correlation_id=event_id, causation_id=None)
    stream = article_stream(article_id)
    store.append(
        [StreamWrite(stream, [event], -1 if revision == 1 else None)], [BodyWrite(stream, article_id, body)]
    )
    return article_id


def withdraw(store: EventStore, article_id: str) -> None:
    """Appends a withdrawal and lets the body go, as ingest does."""
    event_id = derived_id(article_id, "withdrawn")
    event = make_event(
        ArticleWithdrawn(article_id=article_id, reason="takedown", key_id=None),
        id=event_id, correlation_id=event_id, causation_id=None,
    )  # fmt: skip
    with store.transaction() as conn:
        release_bodies(conn, article_id)
        from services.core.eventstore.store import append  # noqa: PLC0415

        append(conn, [StreamWrite(article_stream(article_id), [event])], flush_later=True)


def log_of(store: EventStore) -> list[Recorded]:
    """The whole log."""
    with store.pool.connection() as conn:
        return read_all(conn, 0, 1_000_000)


def of_type(store: EventStore, *types: str) -> list[Recorded]:
    """The log's events of these types."""
    return [event for event in log_of(store) if event.type in types]


def eventually(true: Callable[[], bool], what: str, seconds: float = 90.0) -> None:
    """Waits until it is true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.02)


@dataclass
class Pipeline:
    """A database, a broker and whatever processes a test starts on them."""

    settings: Settings
    folder: Path
    store: EventStore
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_worker(
        self, module: str = "tests.integration.saboteur", **settings: str
    ) -> subprocess.Popen[bytes]:
        """A worker in a process group of its own."""
        environment = {
            **os.environ,
            "TREATYLINE_DATABASE_URL": self.settings.database_url or "",
            "TREATYLINE_REDIS_URL": self.settings.redis_url or "",
            "TREATYLINE_ARTICLE_SECONDS": str(self.settings.article_seconds),
            "SABOTEUR_FOLDER": str(self.folder),
            **settings,
        }
        worker = subprocess.Popen(
            [sys.executable, "-m", module], cwd=ROOT, env=environment, start_new_session=True
        )
        self.workers.append(worker)
        return worker

    @contextmanager
    def relay(self) -> Iterator[threading.Event]:
        """A relay in a thread; the event stops it."""
        stop = threading.Event()
        thread = threading.Thread(target=relay.main, args=(self.settings, stop))
        thread.start()
        try:
            yield stop
        finally:
            stop.set()
            thread.join(60)
            assert not thread.is_alive()

    def dispatches(self) -> list[tuple[Any, ...]]:
        """The table of work: (article, stage, state, attempts)."""
        with self.store.pool.connection() as conn:
            rows = conn.execute("SELECT article_id, stage, state, attempts FROM dispatches").fetchall()
            return [(str(row[0]), *row[1:]) for row in rows]

    def what_was_read(self) -> list[str]:
        """The first words of the texts that saboteurs were given, in order."""
        file = self.folder / "read"
        return [line.split()[1] for line in file.read_text().splitlines()] if file.exists() else []

    def stop(self) -> None:
        """Kills the workers that are left."""
        for worker in self.workers:
            if worker.poll() is None:
                os.killpg(worker.pid, 9)
                worker.wait()
        self.store.pool.close()


def pipeline(database_url: str, valkey_url: str, folder: Path, **settings: Any) -> Pipeline:
    """A pipeline without processes."""
    made = Settings(database_url=database_url, redis_url=valkey_url, **{"article_seconds": 2.0, **settings})
    return Pipeline(made, folder, EventStore(open_pool(database_url, max_size=3)))


TYPES_READ: Sequence[str] = ("ExtractionCompleted", "ExtractionSkipped", "ExtractionFailed")
