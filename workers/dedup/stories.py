"""Judging: is an article the first account of its story, or a copy of one that is known?

Fingerprints are made side by side in all workers, and so is a first search while another worker judges. The
judgement itself is serial, under one lock: fifty copies at once give one original. Event and index rows are written in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
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
from workers.articles import Article, free_id, judgement_id, load_article, load_articles
from workers.dedup.furniture import outlet_number
from workers.dedup.index import PostgresIndex
from workers.dedup.near_duplicates import fingerprint
from workers.dedup.search import EXACT, NEAR, MovedError, Text, Verdict, find_original
from workers.dedup.together import TogetherIndex

TRIES = 5  # against writers on the same streams
# A transaction whose commit does not wait for the disk: `flush` does, once it is over and the lock is free again.
# Its statements are planned once: planning costs as much as looking up. Plans made while the tables are small are to
# serve when they are not.
_SETTINGS = """
set_config('synchronous_commit', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true),
set_config('enable_seqscan', 'off', true)
"""
_SERIAL = f"SELECT pg_advisory_xact_lock(%s), {_SETTINGS}"
_SERIAL_IF_FREE = f"SELECT pg_try_advisory_xact_lock(%s), {_SETTINGS}"

IdOf = Callable[
    [psycopg.Connection[Any], UUID, str], UUID
]  # the event's id from the wanted one and its stream


@dataclass(frozen=True, slots=True)
class _Ready:
    """An article with what can be worked out about it outside the lock."""

    cause: UUID
    text: Text


def judge(
    conn: psycopg.Connection[Any],
    article_ids: Sequence[str],
    *,
    plainly: Collection[str] = (),
    loaded: Mapping[str, Article] | None = None,
    flush_later: bool = False,
) -> int:
    """Judges what is not judged yet of the articles, in the order given. Returns how many.

    Those named in `plainly` are compared for equal texts alone: what is left for a text that cannot be
    fingerprinted, so that it does not hold up its reading. `loaded`: the articles as they were a moment ago, where somebody
    has them. `flush_later`: the caller flushes.

    `conn` is in autocommit. Run twice, or twice at once, it writes once. An article revised or withdrawn meanwhile is judged as it is
    when the lock is had, or left to the work that the change asks for.
    """
    articles = _load(conn, article_ids) if loaded is None else {known: loaded[known] for known in article_ids}
    ready = _prepare(conn, articles.values(), plainly)
    id_of: IdOf = _wanted_id
    for left in reversed(range(TRIES)):
        try:
            with conn.transaction():
                free = _is_free(conn)
                judged = _judge_serially(conn, ready, articles, id_of) if free else 0
            if not free:
                # Somebody judges: the time is well spent on what will be looked up again under the lock.
                _search_ahead(conn, ready.values())
                with conn.transaction():
                    conn.execute(_SERIAL, [locks.JUDGE])
                    judged = _judge_serially(conn, ready, articles, id_of)
        except WrongExpectedVersion:
            if not left:
                raise
        except EventIdConflict:
            if not left or id_of is free_id:
                raise
            id_of = free_id
        else:
            if not flush_later:
                flush(conn)
            return judged
        articles = _load(conn, article_ids)
    raise AssertionError("unreachable")


def _load(conn: psycopg.Connection[Any], article_ids: Sequence[str]) -> dict[str, Article]:
    """The articles as they stand. The server plans for one alone but once, for several each time."""
    if len(article_ids) > 1:
        return load_articles(conn, article_ids)
    found = {article_id: load_article(conn, article_id) for article_id in article_ids}
    return {article_id: article for article_id, article in found.items() if article is not None}


def _prepare(
    conn: psycopg.Connection[Any], articles: Iterable[Article], plainly: Collection[str]
) -> dict[str, _Ready]:
    """What can be worked out about those that are to be judged without the lock."""
    due = [article for article in articles if article.needs_judging]
    bodies = get_bodies(conn, [_sha256(article, "body_sha256") for article in due])
    ready = {}
    for article in due:
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
    """So that the fingerprints to compare are at hand."""
    TogetherIndex(conn, [item.text for item in ready]).warm()


def _judge_serially(
    conn: psycopg.Connection[Any], ready: Mapping[str, _Ready], articles: Mapping[str, Article], id_of: IdOf
) -> int:
    """Judges the articles. They may have been loaded before the lock was had: each is looked at again."""
    writes: list[StreamWrite] = []
    done: list[tuple[str, int]] = []
    left = list(articles.values())
    while left:
        new = list(takewhile(lambda article: _is_new(article, ready), left))
        seen = _judge_together(conn, new, ready, id_of, writes) if len(new) > 1 else []
        done += seen
        left = left[len(seen) :]
        if left and (not seen or len(seen) < len(new)):
            article, write = _judge_alone(conn, left.pop(0), ready, id_of)
            if write is not None:
                writes.append(write)
            if write is not None or not article.needs_judging:
                done.append((article.article_id, article.last_position))
            # else revised since: its row in the table of work is of the revision, and stays
    dispatches.settle(conn, dispatches.DEDUPLICATE, "", done)
    if writes:
        append(conn, writes, flush_later=True)
    return len(writes)


def _is_new(article: Article, ready: Mapping[str, _Ready]) -> bool:
    """Whether the index has nothing of it, and all is ready to judge it."""
    item = ready.get(article.article_id)
    return (
        item is not None
        and item.cause == article.current.id
        and article.needs_judging
        and article.story_id is None
    )


def _judge_together(
    conn: psycopg.Connection[Any],
    articles: Sequence[Article],
    ready: Mapping[str, _Ready],
    id_of: IdOf,
    writes: list[StreamWrite],
) -> list[tuple[str, int]]:
    """Judges what the index has nothing of, up to the first that was revised meanwhile. Returns those done, with how far
    their streams were; what somebody else judged meanwhile is among them.
    """
    texts = [replace(ready[article.article_id].text, version=article.version) for article in articles]
    index = TogetherIndex(conn, texts)
    done = []
    for article, text in zip(articles, texts, strict=True):
        try:
            verdict = find_original(index, text)
        except MovedError:
            now = _as_it_stands(conn, article.article_id)
            if now.needs_judging:
                break
            done.append((now.article_id, now.last_position))
            continue
        story_id = verdict.of.story_id if verdict.of else _new_story(article)
        index.add(text, article.revision, story_id, _sha256(article, "body_sha256"), verdict)
        writes.append(_write(conn, article, story_id, verdict, id_of))
        done.append((article.article_id, article.last_position))
    index.write()
    return done


def _judge_alone(
    conn: psycopg.Connection[Any], known: Article, ready: Mapping[str, _Ready], id_of: IdOf
) -> tuple[Article, StreamWrite | None]:
    """The article as it stands, and the judgement on it where one is due."""
    index, item, article = PostgresIndex(conn), ready.get(known.article_id), known
    try:
        # What the index has of an earlier revision goes before the search: then all must be known. What is not ready
        # may have been withdrawn since it was loaded, and is done then.
        if item is None or (known.story_id is not None and known.needs_judging):
            article = _as_it_stands(conn, known.article_id)
        version = known.version if article is known else None
        return article, _judge_one(conn, index, article, item, id_of, version)
    except MovedError:
        article = _as_it_stands(conn, known.article_id)
        return article, _judge_one(conn, index, article, item, id_of)


def _wanted_id(_conn: psycopg.Connection[Any], wanted: UUID, _stream_name: str) -> UUID:
    return wanted


def _as_it_stands(conn: psycopg.Connection[Any], article_id: str) -> Article:
    (article,) = _load(conn, [article_id]).values()
    return article


def _judge_one(
    conn: psycopg.Connection[Any],
    index: PostgresIndex,
    article: Article,
    ready: _Ready | None,
    id_of: IdOf,
    version: int | None = None,
) -> StreamWrite | None:
    """The judgement, which the index knows then; None where none is due on what was made ready."""
    if ready is None or ready.cause != article.current.id or not article.needs_judging:
        return None
    if article.story_id is not None:
        index.forget(article.article_id)  # an earlier revision
    verdict = find_original(index, replace(ready.text, version=version))
    story_id = verdict.of.story_id if verdict.of else _own_story(index, article)
    index.add(ready.text, article.revision, story_id, _sha256(article, "body_sha256"), verdict)
    return _write(conn, article, story_id, verdict, id_of)


def _write(
    conn: psycopg.Connection[Any], article: Article, story_id: UUID, verdict: Verdict, id_of: IdOf
) -> StreamWrite:
    event_id = id_of(conn, judgement_id(article.current), article_stream(article.article_id))
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
    return _new_story(article)


def _new_story(article: Article) -> UUID:
    return derived_id("story", article.article_id, article.revision)


def _sha256(article: Article, which: str) -> bytes:
    return bytes.fromhex(article.current.data[which])
