"""Judging: is an article the first account of its story, or a copy of one that is known?

Fingerprints and a first search run side by side in all workers. The judgement itself is serial, under one
lock: fifty copies at once give one original. Event and index rows are written in one transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from services.core.domain.events import ArticleJudgedDuplicate, ArticleJudgedOriginal
from services.core.domain.ids import derived_id
from services.core.errors import WrongExpectedVersion
from services.core.eventstore import locks
from services.core.eventstore.bodies import get_bodies
from services.core.eventstore.store import StreamWrite, append, transaction_on
from workers import dispatches
from workers.articles import Article, judgement_id, load_articles
from workers.dedup.index import PostgresIndex
from workers.dedup.near_duplicates import Fingerprint, fingerprint
from workers.dedup.search import EXACT, NEAR, Verdict, find_original

log = logging.getLogger(__name__)

TRIES = 5  # against writers on the same streams
_SERIAL = "SELECT pg_advisory_xact_lock(%s)"


@dataclass(frozen=True, slots=True)
class _Ready:
    """An article with what can be worked out about it outside the lock."""

    article_id: str
    cause: UUID
    fingerprint: Fingerprint


def judge(conn: psycopg.Connection[Any], article_ids: Sequence[str], *, plainly: Collection[str] = ()) -> int:
    """Judges what is not judged yet of the articles, in the order given. Returns how many.

    Those named in `plainly` are compared for equal texts alone: what is left for a text that cannot be
    fingerprinted, so that it does not hold up its reading.

    `conn` is in autocommit. Run twice, or twice at once, it writes once. An article revised or withdrawn meanwhile is judged as it is
    when the lock is had, or left to the work that the change asks for.
    """
    seen: dict[int, Fingerprint | None] = {}
    ready = _prepare(conn, article_ids, seen, plainly)
    for left in reversed(range(TRIES)):
        try:
            with transaction_on(conn):
                conn.execute(_SERIAL, [locks.JUDGE])
                return _judge_serially(conn, ready, article_ids, seen)
        except WrongExpectedVersion:
            if not left:
                raise
    raise AssertionError("unreachable")


def _prepare(
    conn: psycopg.Connection[Any],
    article_ids: Sequence[str],
    seen: dict[int, Fingerprint | None],
    plainly: Collection[str],
) -> list[_Ready]:
    """Fingerprints, and a search ahead that leaves little to compare under the lock."""
    articles = [article for article in load_articles(conn, article_ids).values() if article.needs_judging]
    bodies = get_bodies(conn, [_sha256(article, "body_sha256") for article in articles])
    index = PostgresIndex(conn, seen)
    ready = []
    for article in articles:
        body = bodies.get(_sha256(article, "body_sha256"))
        if body is None:
            continue  # withdrawn just now
        own = fingerprint("" if article.article_id in plainly else body.text)
        find_original(index, article.article_id, _sha256(article, "text_sha256"), own)
        ready.append(_Ready(article.article_id, article.current.id, own))
    return ready


def _judge_serially(
    conn: psycopg.Connection[Any],
    ready: Sequence[_Ready],
    article_ids: Sequence[str],
    seen: dict[int, Fingerprint | None],
) -> int:
    index = PostgresIndex(conn, seen)
    writes: list[StreamWrite] = []
    done: list[tuple[str, int]] = []
    prepared = {item.article_id: item for item in ready}
    for article_id, article in load_articles(conn, article_ids).items():
        item = prepared.get(article_id)
        if not article.needs_judging:
            done.append((article_id, article.last_position))
        elif item is not None and item.cause == article.current.id:
            writes.append(_judge_one(index, article, item.fingerprint))
            done.append((article_id, article.last_position))
        # else revised since: its row in the table of work is of the revision, and stays
    dispatches.settle(conn, dispatches.DEDUPLICATE, "", done)
    if writes:
        append(conn, writes, flush_later=True)
    return len(writes)


def _judge_one(index: PostgresIndex, article: Article, own: Fingerprint) -> StreamWrite:
    text_sha256 = _sha256(article, "text_sha256")
    if article.story_id is not None:
        index.forget(article.article_id)  # an earlier revision
    verdict = find_original(index, article.article_id, text_sha256, own)
    story_id = verdict.of.story_id if verdict.of else _own_story(index, article)
    index.add(
        article.article_id,
        article.revision,
        story_id,
        text_sha256,
        _sha256(article, "body_sha256"),
        own,
        verdict.keys,
    )
    return article.write(article.current, (judgement_id(article.current), _event(article, story_id, verdict)))


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
