"""Passing over what needs no reading: most news is on other subjects, and is done with a batch at a time.

What is on the subject is read by itself (`workers/extract.py`). Of the rest only the language and the day are worked
out, and looking up, appending and noting them one by one would cost several times as much.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from services.core import metrics
from services.core.domain.events import ExtractionSkipped
from services.core.domain.reading import ArticleText
from services.core.eventstore.bodies import get_bodies
from services.core.eventstore.outages import DATABASE_AWAY
from services.core.eventstore.store import Recorded, append
from workers import dispatches, readings
from workers.articles import Article, outcome_id
from workers.dispatches import EXTRACT
from workers.limits import TookTooLong, time_limit
from workers.readings import PassesOver, Reader


@dataclass(frozen=True, slots=True)
class _Looked:
    """An article that needs no reading, what asked for one, the input that says so, and what comes of it."""

    article: Article
    cause: Recorded
    input: UUID
    outcome: ExtractionSkipped


def pass_over(
    conn: psycopg.Connection[Any],
    articles: Sequence[Article],
    reader: Reader,
    soft: float,
    hard: float,
    stopping: Callable[[], bool] = lambda: False,
) -> set[str]:
    """Appends, all at once, the outcomes of those that need no reading; returns which. The caller flushes.

    Left alone is what there is a reading of to reuse, and whatever goes wrong: it is told, and counted, when the
    article is read by itself. `conn` is in autocommit. `soft` and `hard` are seconds for all together;
    what was looked at before `stopping` says so is still done with.
    """
    reads = reader.reads
    if not isinstance(reads, PassesOver):
        return set()
    texts = _texts(conn, articles, reader)
    inputs = [input_ for _, _, input_ in texts]
    known = {row[0] for row in conn.execute(readings.FIND_ALL, [inputs])}
    looked: list[_Looked] = []
    try:
        with time_limit(soft, hard):
            for article, text, input_ in texts:
                if stopping():
                    break
                cause = article.reading_due(reader.dossier)
                if cause is None or input_ in known:
                    continue
                if (outcome := _look(reads, article, text, reader)) is not None:
                    looked.append(_Looked(article, cause, input_, outcome))
    except TookTooLong:
        pass
    return _append(conn, looked, reader) if looked else set()


def _texts(
    conn: psycopg.Connection[Any], articles: Sequence[Article], reader: Reader
) -> list[tuple[Article, ArticleText, UUID]]:
    keys = {article.article_id: bytes.fromhex(article.current.data["body_sha256"]) for article in articles}
    bodies = get_bodies(conn, keys.values())
    found = []
    for article in articles:
        body = bodies.get(keys[article.article_id])
        if body is None:  # it was withdrawn just now
            continue
        try:
            text = readings.article_text(article, body)
            input_ = readings.input_id(text, article.current.data["text_sha256"], reader)
        except Exception:  # noqa: BLE001, S112 - it will be raised again where it is counted
            continue
        found.append((article, text, input_))
    return found


def _look(reads: PassesOver, article: Article, text: ArticleText, reader: Reader) -> ExtractionSkipped | None:
    try:
        reading = reads.passed_over(text)
        if reading is None:
            return None
        outcome = readings.outcome(reading, article, reader, reader.extractor_version)
    except TookTooLong:
        raise
    except Exception:  # noqa: BLE001 - it will be raised again where it is counted
        return None
    return outcome if isinstance(outcome, ExtractionSkipped) else None


def _append(conn: psycopg.Connection[Any], looked: Sequence[_Looked], reader: Reader) -> set[str]:
    versions = {"dossier_version": reader.dossier_version, "extractor_version": reader.extractor_version}
    done = [(item.article.article_id, item.cause.global_position) for item in looked]
    writes = []
    for item in looked:
        event = (outcome_id(item.cause.id, reader.dossier), item.outcome)
        writes.append(item.article.write(item.cause, event, **versions))
    try:
        with conn.transaction():
            dispatches.settle(conn, EXTRACT, reader.dossier, done)
            appended = append(conn, writes, flush_later=True)
    except DATABASE_AWAY:
        raise
    except Exception:  # noqa: BLE001 - one of them was revised, or is refused: by itself it will be seen which
        return set()
    if appended.new:
        metrics.ARTICLES_READ.labels(ExtractionSkipped.type).inc(appended.written)
        found = [[item.input for item in looked], list(appended.global_positions)]
        conn.execute(readings.REMEMBER_ALL, found)
    return {article_id for article_id, _ in done}
