"""Judging: is an article the first account of its story, or a copy of one that is known?

Fingerprints are made side by side in all workers, and so is a first search while another worker judges. The
judgement itself is serial, under one lock: fifty copies at once give one original. Event and index rows are written in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from services.core.domain.events import ArticleJudgedDuplicate, ArticleJudgedOriginal, article_stream
from services.core.domain.ids import derived_id
from services.core.errors import EventIdConflict, WrongExpectedVersion
from services.core.eventstore import locks
from services.core.eventstore.bodies import get_bodies
from services.core.eventstore.store import StreamWrite, append, flush
from workers import dispatches
from workers.articles import Article, free_id, judgement_id, load_articles
from workers.dedup.furniture import outlet_number
from workers.dedup.index import PostgresIndex
from workers.dedup.near_duplicates import fingerprint
from workers.dedup.search import EXACT, NEAR, Text, Verdict, find_original

TRIES = 5  # against writers on the same streams
# A transaction whose commit does not wait for the disk: `flush` does, once it is over and the lock is free again.
_SERIAL = "SELECT pg_advisory_xact_lock(%s), set_config('synchronous_commit', 'off', true)"
_SERIAL_IF_FREE = "SELECT pg_try_advisory_xact_lock(%s), set_config('synchronous_commit', 'off', true)"

IdOf = Callable[
    [psycopg.Connection[Any], UUID, str], UUID
]  # the event's id from the wanted one and its stream


@dataclass(frozen=True, slots=True)
class _Ready:
    """An article with what can be worked out about it outside the lock."""

    cause: UUID
    text: Text


def judge(conn: psycopg.Connection[Any], article_ids: Sequence[str], *, plainly: Collection[str] = ()) -> int:
    """Judges what is not judged yet of the articles, in the order given. Returns how many.

    Those named in `plainly` are compared for equal texts alone: what is left for a text that cannot be
    fingerprinted, so that it does not hold up its reading.

    `conn` is in autocommit. Run twice, or twice at once, it writes once. An article revised or withdrawn meanwhile is judged as it is
    when the lock is had, or left to the work that the change asks for.
    """
    ready = _prepare(conn, article_ids, plainly)
    id_of: IdOf = _wanted_id
    for left in reversed(range(TRIES)):
        try:
            with conn.transaction():
                free = _is_free(conn)
                judged = _judge_serially(conn, ready, article_ids, id_of) if free else 0
            if not free:
                # Somebody judges: the time is well spent on what will be looked up again under the lock.
                _search_ahead(conn, ready.values())
                with conn.transaction():
                    conn.execute(_SERIAL, [locks.JUDGE])
                    judged = _judge_serially(conn, ready, article_ids, id_of)
        except WrongExpectedVersion:
            if not left:
                raise
        except EventIdConflict:
            if not left or id_of is free_id:
                raise
            id_of = free_id
        else:
            flush(conn)
            return judged
    raise AssertionError("unreachable")


def _prepare(
    conn: psycopg.Connection[Any], article_ids: Sequence[str], plainly: Collection[str]
) -> dict[str, _Ready]:
    """What can be worked out about those that are to be judged without the lock."""
    articles = [article for article in load_articles(conn, article_ids).values() if article.needs_judging]
    bodies = get_bodies(conn, [_sha256(article, "body_sha256") for article in articles])
    ready = {}
    for article in articles:
        body = bodies.get(_sha256(article, "body_sha256"))
        if body is None:
            continue  # withdrawn just now
        text = Text(
            article.article_id,
            _sha256(article, "text_sha256"),
            outlet_number(article.current.data["outlet"], article.current.data["url"]),
            fingerprint("" if article.article_id in plainly else body.text),
        )
        ready[article.article_id] = _Ready(article.current.id, text)
    return ready


def _is_free(conn: psycopg.Connection[Any]) -> bool:
    """Takes the lock unless somebody has it."""
    row = conn.execute(_SERIAL_IF_FREE, [locks.JUDGE]).fetchone()
    return bool(row and row[0])


def _search_ahead(conn: psycopg.Connection[Any], ready: Iterable[_Ready]) -> None:
    """So that the texts to compare are at hand."""
    index = PostgresIndex(conn)
    for item in ready:
        find_original(index, item.text)


def _judge_serially(
    conn: psycopg.Connection[Any], ready: Mapping[str, _Ready], article_ids: Sequence[str], id_of: IdOf
) -> int:
    index = PostgresIndex(conn)
    writes: list[StreamWrite] = []
    done: list[tuple[str, int]] = []
    for article_id, article in load_articles(conn, article_ids).items():
        item = ready.get(article_id)
        if not article.needs_judging:
            done.append((article_id, article.last_position))
        elif item is not None and item.cause == article.current.id:
            event_id = id_of(conn, judgement_id(article.current), article_stream(article_id))
            writes.append(_judge_one(index, article, item.text, event_id))
            done.append((article_id, article.last_position))
        # else revised since: its row in the table of work is of the revision, and stays
    dispatches.settle(conn, dispatches.DEDUPLICATE, "", done)
    if writes:
        append(conn, writes, flush_later=True)
    return len(writes)


def _wanted_id(_conn: psycopg.Connection[Any], wanted: UUID, _stream_name: str) -> UUID:
    return wanted


def _judge_one(index: PostgresIndex, article: Article, text: Text, event_id: UUID) -> StreamWrite:
    if article.story_id is not None:
        index.forget(article.article_id)  # an earlier revision
    verdict = find_original(index, text)
    story_id = verdict.of.story_id if verdict.of else _own_story(index, article)
    index.add(text, article.revision, story_id, _sha256(article, "body_sha256"), verdict)
    return article.write(article.current, (event_id, _event(article, story_id, verdict)))


def _event(
    article: Article, story_id: UUID, verdict: Verdict
) -> ArticleJudgedOriginal | ArticleJudgedDuplicate:
    if verdict.of is None:
        return ArticleJudgedOriginal(
            article_id=article.article_id, revision=article.revision, story_id=str(story_id)
        )
    return ArticleJudgedDuplicate(
        article_id=article.article_id,
        revision=article.revision,
        story_id=str(story_id),
        of=verdict.of.article_id,
        method=EXACT if verdict.method == EXACT else NEAR,
        similarity=verdict.similarity,
    )


def _own_story(index: PostgresIndex, article: Article) -> UUID:
    """The story that an original opens: a revision stays in the story that nobody else is in."""
    before = article.story_id
    if before is not None and not index.story_has_others(before, article.article_id):
        return before
    return derived_id("story", article.article_id, article.revision)


def _sha256(article: Article, which: str) -> bytes:
    return bytes.fromhex(article.current.data[which])
