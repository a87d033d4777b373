"""The stage that reads articles: take, read within the time limit, append the outcome, count what fails."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from services.core import metrics
from services.core.domain.events import ExtractionCompleted, ExtractionFailed, ExtractionSkipped
from services.core.errors import EventIdConflict, UnknownEventVersion, WrongExpectedVersion
from services.core.eventstore.bodies import get_body
from services.core.eventstore.outages import DATABASE_AWAY, DATABASE_UNFIT
from services.core.eventstore.store import EventStore, append, flush
from workers import dispatches, passing_over, readings
from workers.articles import Article, free_id, load_article, load_readable, outcome_id
from workers.dispatches import ERROR, EXTRACT, TIMEOUT, Held
from workers.limits import TookTooLong, time_limit
from workers.readings import Reader

log = logging.getLogger(__name__)

Outcome = ExtractionCompleted | ExtractionSkipped | ExtractionFailed
RETRY_SECONDS = 1.0  # before the second attempt; then four times as long each time


@dataclass(frozen=True, slots=True)
class Extraction:
    """What the stage works with. `soft` and `hard` are seconds that one article may take."""

    store: EventStore
    readers: Mapping[str, Reader]
    soft: float
    hard: float
    stopping: Callable[[], bool] = lambda: False

    def run(self, article_ids: Sequence[str], dossier: str, most: int | None = None) -> int:
        """Reads what is due of the articles, one after another. Returns how many outcomes were appended.

        Those among several that need no reading are passed over first, all at once. With `most`, no more than so
        many are read, and the rest is handed back.

        Each outcome is in the log before the next article is begun, and all are on disk at the end: what a crash of
        the database takes back before is done again. What is not done is handed back: the rest when the process is
        to stop, all from the article on where the database went away. That one waits a moment, so that it cannot
        keep back the ones behind it. Whatever else fails counts as an attempt.
        """
        held, articles = self._take(article_ids, dossier)
        together = len(held) > 1 and not self.stopping()
        passed = self._pass_over(held, articles, dossier) if together else set()
        appended = len(passed)
        held = [work for work in held if work.article_id not in passed]
        if most is not None and len(held) > most:
            self._hand_back(dossier, held[most:])
            held = held[:most]
        for number, work in enumerate(held):
            if self.stopping():
                self._hand_back(dossier, held[number:])
                break
            try:
                appended += self._counted(work, self.readers[dossier])
            except UnknownEventVersion as error:  # written by a newer release, since it was taken
                with self.store.pool.connection() as conn:
                    dispatches.defer(conn, EXTRACT, dossier, work.article_id, error, work)
            except Exception as error:
                self._hand_back_after(error, dossier, held[number:])
                raise
        if appended:
            with self.store.pool.connection() as conn:
                flush(conn)
        return appended

    def _hand_back_after(self, error: Exception, dossier: str, work: Sequence[Held]) -> None:
        """The first of them waits a moment, so that it cannot keep back the ones behind it."""
        unfit = isinstance(error, DATABASE_UNFIT)
        self._hand_back(dossier, work[1:], dispatches.UNFIT_SECONDS if unfit else 0.0)
        self._hand_back(dossier, work[:1], dispatches.UNFIT_SECONDS if unfit else RETRY_SECONDS)

    def _hand_back(self, dossier: str, work: Sequence[Held], delay: float = 0.0) -> None:
        with self.store.pool.connection() as conn:
            dispatches.hand_back(conn, EXTRACT, dossier, work, delay)

    def _pass_over(self, held: Sequence[Held], articles: Mapping[str, Article], dossier: str) -> set[str]:
        """Those that need no reading, and are done. What fails counts nothing here; who dies of it is counted.

        If this process dies, each is looked at alone next time, as is what went wrong before.
        """
        if len(held) < 2:
            return set()
        fresh = [articles[work.article_id] for work in held if not work.went_wrong]
        ids = [article.article_id for article in fresh]
        try:
            reader = self.readers[dossier]
            with self.store.pool.connection() as conn:
                passed = set[str]()
                if len(fresh) > 1:
                    passed = passing_over.pass_over(conn, fresh, reader, self.soft, self.hard, self.stopping)
                dispatches.put_off(conn, EXTRACT, dossier, [item for item in ids if item not in passed])
        except Exception as error:
            self._hand_back_after(error, dossier, held)
            raise
        return passed

    def _take(self, article_ids: Sequence[str], dossier: str) -> tuple[list[Held], dict[str, Article]]:
        work: list[tuple[str, int, UUID, int]] = []
        nothing_due: list[tuple[str, int]] = []
        with self.store.pool.connection() as conn:
            articles, unreadable = load_readable(conn, article_ids)
            for article_id, error in unreadable.items():
                dispatches.defer(conn, EXTRACT, dossier, article_id, error)
            for article_id, article in articles.items():
                cause = article.reading_due(dossier)
                if cause is None:
                    nothing_due.append((article_id, article.last_position))
                else:
                    work.append((article_id, article.revision, cause.id, cause.global_position))
            dispatches.settle(conn, EXTRACT, dossier, nothing_due)
            return dispatches.hold(conn, EXTRACT, dossier, work, self.hard), articles

    def _counted(self, work: Held, reader: Reader) -> int:
        try:
            return self._attempt(work, reader)
        except DATABASE_AWAY:
            raise
        except Exception as error:  # noqa: BLE001 - one article's failure is recorded, whatever it is
            return self._count_failure(work, reader, error)

    def _attempt(self, work: Held, reader: Reader) -> int:
        with self.store.pool.connection() as conn:
            dispatches.begin(conn, EXTRACT, reader.dossier, work.article_id)
            article = load_article(conn, work.article_id)
            cause = article.reading_due(reader.dossier) if article else None
            body = get_body(conn, bytes.fromhex(article.current.data["body_sha256"])) if article else None
        if article is None or cause is None or body is None:  # done or withdrawn since
            with self.store.pool.connection() as conn:
                position = article.last_position if article else 0
                dispatches.settle(conn, EXTRACT, reader.dossier, [(work.article_id, position)])
            return 0
        if work.given_up:
            return self._give_up(article, cause.id, reader, work)
        text = readings.article_text(article, body)
        input_: UUID | None = readings.input_id(text, article.current.data["text_sha256"], reader)
        with self.store.pool.connection() as conn:
            outcome: Outcome | None = readings.reuse(conn, input_, article)
        if outcome is not None:
            return self._append(article, cause.id, outcome, reader, None)
        with time_limit(self.soft, self.hard):
            outcome = readings.read(text, article, reader)
        whole = outcome.extractor_version == reader.extractor_version
        return self._append(article, cause.id, outcome, reader, input_ if whole else None)

    def _count_failure(self, work: Held, reader: Reader, error: Exception) -> int:
        """What failed is tried again later, or has failed for good; then the log is to say so at once.

        Where even that cannot be written, it is tried again, each time much later.
        """
        name = type(error).__name__
        code = TIMEOUT if isinstance(error, TookTooLong) else ERROR
        with self.store.pool.connection() as conn:
            attempts = dispatches.fail(
                conn, EXTRACT, reader.dossier, work, error_class=name, code=code, delay=RETRY_SECONDS
            )
        metrics.ATTEMPTS_FAILED.labels(EXTRACT, code).inc()
        log.warning("could not read article %s, attempt %d: %s", work.article_id, attempts, name)
        failed = replace(work, attempts=attempts, error_class=name, error_code=code)
        if work.given_up or not failed.given_up:
            return 0
        with self.store.pool.connection() as conn:
            article = load_article(conn, work.article_id)
        return self._give_up(article, work.cause_id, reader, failed) if article else 0

    def _give_up(self, article: Article, cause_id: UUID, reader: Reader, work: Held) -> int:
        outcome = ExtractionFailed(
            article_id=article.article_id,
            revision=article.revision,
            dossier=reader.dossier,
            extractor_version=reader.extractor_version,
            error_class=work.error_class or "Exception",
            code=work.error_code or ERROR,
            attempts=work.attempts,
        )
        return self._append(article, cause_id, outcome, reader, None)

    def _append(
        self, article: Article, cause_id: UUID, outcome: Outcome, reader: Reader, input_: UUID | None
    ) -> int:
        """Appends the outcome unless the log has one, or the article has changed under the reader's hands."""
        now: Article | None = article
        event_id = outcome_id(cause_id, reader.dossier)
        while now is not None:
            cause = now.reading_due(reader.dossier)
            if cause is None or cause.id != cause_id:
                settled = now.last_position if cause is None else cause.global_position - 1
                with self.store.pool.connection() as conn:
                    dispatches.settle(conn, EXTRACT, reader.dossier, [(now.article_id, settled)])
                return 0
            versions = {
                "dossier_version": reader.dossier_version,
                "extractor_version": outcome.extractor_version,
            }
            write = now.write(cause, (event_id, outcome), **versions)
            try:
                with self.store.pool.connection() as conn, conn.transaction():
                    done = [(now.article_id, cause.global_position)]
                    dispatches.settle(conn, EXTRACT, reader.dossier, done)
                    appended = append(conn, [write], flush_later=True)
            except WrongExpectedVersion:
                with self.store.pool.connection() as conn:
                    now = load_article(conn, article.article_id)
                continue
            except EventIdConflict:
                with self.store.pool.connection() as conn:
                    free = free_id(conn, event_id, write.stream_name)
                if free == event_id:
                    raise
                event_id = free
                continue
            if appended.new:
                metrics.ARTICLES_READ.labels(outcome.type).inc()
            if input_ is not None and appended.new:
                with self.store.pool.connection() as conn:
                    conn.execute(readings.REMEMBER, [input_, appended.last])
            return 1
        return 0
