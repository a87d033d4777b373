"""Asking again for readings that failed: what `treatyline retry` appends to the log."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from services.core.domain.events import ExtractionFailed, ExtractionRequested, article_stream
from services.core.domain.ids import derived_id
from services.core.errors import EventIdConflict, WrongExpectedVersion
from services.core.eventstore.store import EventStore
from workers.articles import free_id, load_readable

FAILED = "SELECT DISTINCT stream_name FROM events WHERE type = %s ORDER BY stream_name"
BATCH = 200  # streams read at once
TRIES = 5  # against writers on the same stream

OnLeft = Callable[[str, Exception | None], None]  # an article that is left out, and why if the log has it


@dataclass(frozen=True, slots=True)
class Retried:
    """A reading that was asked for again, and what it had failed of."""

    article_id: str
    dossier: str
    error_class: str
    code: str


def failed_articles(conn: psycopg.Connection[Any]) -> list[str]:
    """Every article that a reading of ever failed, by the log itself."""
    prefix = article_stream("")
    rows = conn.execute(FAILED, [ExtractionFailed.type]).fetchall()
    return [name.removeprefix(prefix) for (name,) in rows]


def retry(
    store: EventStore,
    article_ids: Sequence[str],
    dossiers: Collection[str],
    on_left: OnLeft = lambda _article_id, _why: None,
) -> Iterator[Retried]:
    """Asks again for the readings of these articles whose last attempt failed, each on disk when it is given.

    `dossiers`: for which articles are read; what failed for others is left alone. `on_left` is told which
    articles the log does not have, and which it tells of in a way that this release cannot read.

    What was asked for already, read since, revised or withdrawn is left alone: run twice, it asks once.
    """
    for start in range(0, len(article_ids), BATCH):
        wanted = article_ids[start : start + BATCH]
        with store.pool.connection() as conn:
            articles, unreadable = load_readable(conn, wanted)
        for article_id in dict.fromkeys(wanted):
            if article_id not in articles:
                on_left(article_id, unreadable.get(article_id))
        for article_id, article in articles.items():
            for dossier in sorted({dossier for _, dossier in article.outcomes} & set(dossiers)):
                if (retried := _retry(store, article_id, dossier)) is not None:
                    yield retried


def _retry(store: EventStore, article_id: str, dossier: str) -> Retried | None:
    for left in reversed(range(TRIES)):
        with store.pool.connection() as conn:
            article = load_readable(conn, [article_id])[0].get(article_id)
        failed = article.failed_reading(dossier) if article is not None else None
        if article is None or failed is None:
            return None
        request = ExtractionRequested(
            article_id=article_id, revision=article.revision, dossier=dossier, reason="retry"
        )
        with store.pool.connection() as conn:
            request_id = free_id(conn, derived_id(str(failed.id), "retry"), article_stream(article_id))
        try:
            store.append([article.write(failed, (request_id, request))])
        except (WrongExpectedVersion, EventIdConflict):
            if not left:
                raise
            continue
        return Retried(article_id, dossier, failed.data["error_class"], failed.data["code"])
    raise AssertionError("unreachable")
