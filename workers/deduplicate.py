"""The stage that judges articles: take, judge all in one transaction, count what fails."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from services.core import metrics
from services.core.eventstore.outages import DATABASE_AWAY, DATABASE_UNFIT
from services.core.eventstore.store import EventStore
from workers import dispatches
from workers.articles import Article, load_readable
from workers.dedup import stories
from workers.dispatches import DEDUPLICATE, ERROR, Held
from workers.limits import TookTooLong, time_limit

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
CANCEL_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Deduplication:
    """What the stage works with. `soft` and `hard` are seconds that a batch may take."""

    store: EventStore
    soft: float
    hard: float

    def run(self, article_ids: Sequence[str]) -> int:
        """Judges what is due of the articles. Returns how many judgements were appended; the caller flushes.

        A batch that fails is judged one by one, and so is what went wrong before. An article that cannot be compared, or
        that took workers down by itself, is in the end judged by equal text alone: it must not hold up its own reading.
        That the database went away, or is being migrated, is nobody's fault.
        """
        held, articles = self._take(article_ids)
        one_by_one = [item for item in held if item.went_wrong] if len(held) > 1 else []
        together = [item for item in held if item not in one_by_one]
        judged = 0
        try:
            judged = self._judge(together, articles)
        except DATABASE_AWAY as error:
            unfit = isinstance(error, DATABASE_UNFIT)
            self._hand_back(held, dispatches.UNFIT_SECONDS if unfit else RETRY_SECONDS)
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not hold up the articles for ever
            if len(together) > 1:
                one_by_one = held
            else:
                self._count_failure(together[0], error)
        if one_by_one:
            self._hand_back(one_by_one)
            judged += sum(self.run([item.article_id]) for item in one_by_one)
        return judged

    def _take(self, article_ids: Sequence[str]) -> tuple[list[Held], dict[str, Article]]:
        work: list[tuple[str, int, UUID, int]] = []
        nothing_due: list[tuple[str, int]] = []
        with self.store.pool.connection() as conn:
            articles, unreadable = load_readable(conn, article_ids)
            for article_id, error in unreadable.items():
                dispatches.defer(conn, DEDUPLICATE, "", article_id, error)
            for article_id, article in articles.items():
                if article.needs_judging:
                    cause = article.current
                    work.append((article_id, article.revision, cause.id, cause.global_position))
                else:
                    nothing_due.append((article_id, article.last_position))
            dispatches.settle(conn, DEDUPLICATE, "", nothing_due)
            return dispatches.hold(conn, DEDUPLICATE, "", work, self.hard), articles

    def _judge(self, held: Sequence[Held], articles: Mapping[str, Article]) -> int:
        if not held:
            return 0
        plainly = {item.article_id for item in held if item.given_up}
        ids = [item.article_id for item in held]
        with self.store.pool.connection() as conn:  # taken and given back where no alarm can ring
            if len(ids) == 1:
                dispatches.begin(conn, DEDUPLICATE, "", ids[0])
            try:
                with time_limit(self.soft, self.hard):
                    return stories.judge(conn, ids, plainly=plainly, loaded=articles, flush_later=True)
            except TookTooLong:
                _discard(conn)
                raise

    def _hand_back(self, held: Sequence[Held], delay: float = 0.0) -> None:
        with self.store.pool.connection() as conn:
            dispatches.hand_back(conn, DEDUPLICATE, "", held, delay)

    def _count_failure(self, work: Held, error: Exception) -> None:
        code = dispatches.TIMEOUT if isinstance(error, TookTooLong) else ERROR
        name = type(error).__name__
        with self.store.pool.connection() as conn:
            attempts = dispatches.fail(
                conn, DEDUPLICATE, "", work, error_class=name, code=code, delay=RETRY_SECONDS
            )
        metrics.ATTEMPTS_FAILED.labels(DEDUPLICATE, code).inc()
        log.warning("could not judge article %s, attempt %d: %s", work.article_id, attempts, name)


def _discard(conn: psycopg.Connection[Any]) -> None:
    """Ends a connection that was interrupted at any point, and what the server still does for it.

    The pool makes a new one. Without the cancelling, the server would go on waiting for the lock, and keep its
    own, before it notices.
    """
    with contextlib.suppress(psycopg.Error):
        conn.cancel_safe(timeout=CANCEL_SECONDS)
    conn.close()
