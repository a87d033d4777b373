"""Feeds in the database: added, listed, removed, and what came of polling them.

That a feed was added, moved, disabled or removed is in the log (stream `admin`), in the transaction that does it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row, tuple_row

from services.core.domain.events import (
    ADMIN_STREAM,
    AdminEvent,
    FeedAdded,
    FeedDisabled,
    FeedMoved,
    FeedRemoved,
)
from services.core.errors import TreatylineError
from services.core.eventstore.store import StreamWrite, append_async, flush_async, make_event
from services.core.feeds.addresses import origin_of

LOST_SECONDS = 300.0  # after sending; a poll that is still under way holds a lock
KEPT = dt.timedelta(days=90)  # what is no longer in a feed for so long is forgotten

_COLUMNS = (
    "id, url, title, outlet, every_seconds, state, disabled_reason, etag, last_modified, due_at, not_before, failures,"
    " polled_at, outcome, created_at"
)
FIND = f"SELECT {_COLUMNS} FROM feeds WHERE id = %s"  # noqa: S608 - our own constant
LIST = f"SELECT {_COLUMNS} FROM feeds ORDER BY created_at, id"  # noqa: S608
ADD = """
INSERT INTO feeds (id, url, outlet, every_seconds, state, due_at, created_at)
VALUES (%(id)s, %(url)s, %(outlet)s, %(every)s, 'active', now(), now())
ON CONFLICT (url) DO UPDATE SET outlet = coalesce(excluded.outlet, feeds.outlet), state = 'active',
       every_seconds = excluded.every_seconds, disabled_reason = NULL, failures = 0, due_at = now()
RETURNING id
"""
REMOVE = "DELETE FROM feeds WHERE id = %s RETURNING id"
# By the relay. A message is under way until the poll notes its outcome, or for so long.
SEND = """
WITH due AS (
    SELECT id FROM feeds
     WHERE state = 'active' AND due_at <= now()
       AND (sent_at IS NULL OR sent_at <= now() - %(lost)s * interval '1 second')
     ORDER BY due_at
     LIMIT greatest(0, %(room)s - (SELECT count(*) FROM feeds
                                    WHERE state = 'active' AND sent_at > now() - %(lost)s * interval '1 second'))
     FOR UPDATE SKIP LOCKED)
UPDATE feeds f SET sent_at = clock_timestamp() FROM due WHERE f.id = due.id RETURNING f.id
"""
UNSEND = "UPDATE feeds SET sent_at = NULL WHERE sent_at IS NOT NULL"
# Two integers: another space of keys than that of `locks`. Held by the session, so that it dies with the worker.
LOCK = "SELECT pg_try_advisory_lock(1717920100, hashtext(%s))"
UNLOCK = "SELECT pg_advisory_unlock(1717920100, hashtext(%s))"
# Of a site: one request at a time, whichever of its feeds it is about.
LOCK_SITE = "SELECT pg_try_advisory_lock(1717920101, hashtext(%s))"
LATER = (
    "UPDATE feeds SET sent_at = NULL, due_at = greatest(due_at, now() + interval '20 seconds') WHERE id = %s"
)
LAST_ASKED = """
SELECT extract(epoch FROM now() - max(polled_at))::float8 FROM feeds WHERE id <> %s AND starts_with(url, %s)
"""
# What was begun and came to no end may be what the process died of.
BEGIN = "UPDATE feeds SET outcome = 'begun', failures = failures + 1 WHERE id = %s"
POLLED = """
UPDATE feeds SET polled_at = now(), outcome = %(outcome)s, failures = %(failures)s, sent_at = NULL,
       due_at = now() + %(wait)s, not_before = now() + %(asked)s,
       title = coalesce(%(title)s, title), etag = %(etag)s, last_modified = %(last_modified)s
 WHERE id = %(id)s
"""
MOVE = """
UPDATE feeds SET url = %(url)s
 WHERE id = %(id)s AND url <> %(url)s AND NOT EXISTS (SELECT FROM feeds WHERE url = %(url)s) RETURNING id
"""
DISABLE = """
UPDATE feeds SET state = 'disabled', disabled_reason = %s WHERE id = %s AND state = 'active' RETURNING id
"""
SEEN = "SELECT item, digest, outcome FROM feed_items WHERE feed_id = %s AND item = ANY (%s)"
# Items that were there when the feed was last read, and had no text.
WITHOUT_TEXT = """
SELECT EXISTS (SELECT FROM feed_items WHERE feed_id = %(id)s AND outcome = 'without-text'
    AND seen_at > (SELECT max(seen_at) - interval '10 minutes' FROM feed_items WHERE feed_id = %(id)s))
"""
NOTE_ITEM = """
INSERT INTO feed_items (feed_id, item, digest, outcome, article_id, seen_at) SELECT id, %s, %s, %s, %s, now()
  FROM feeds WHERE id = %s
ON CONFLICT (feed_id, item) DO UPDATE
   SET digest = excluded.digest, outcome = excluded.outcome, article_id = excluded.article_id, seen_at = now()
"""
STILL_THERE = "UPDATE feed_items SET seen_at = now() WHERE feed_id = %s AND item = ANY (%s)"
FORGET = "DELETE FROM feed_items WHERE feed_id = %s AND seen_at < now() - %s"
ROBOTS = "SELECT rules, until > now() FROM feed_robots WHERE origin = %s"
KEEP_ROBOTS = """
INSERT INTO feed_robots (origin, rules, until) VALUES (%s, %s, now() + %s)
ON CONFLICT (origin) DO UPDATE SET rules = excluded.rules, until = excluded.until
"""
FORGET_ROBOTS = "DELETE FROM feed_robots WHERE until < now() - interval '7 days'"

Connection = psycopg.AsyncConnection[Any]


class UnknownFeed(TreatylineError):  # noqa: N818 - named by what is wrong
    """There is no such feed: `treatyline feed list` shows the ids."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed as it is stored."""

    id: UUID
    url: str = field(repr=False)
    title: str | None
    outlet: str | None
    every_seconds: int
    state: str
    disabled_reason: str | None
    etag: str | None
    last_modified: str | None
    due_at: dt.datetime
    not_before: dt.datetime | None
    failures: int
    polled_at: dt.datetime | None
    outcome: str | None
    created_at: dt.datetime

    @property
    def origin(self) -> str:
        """Whose it is, without the part of its address that may be a secret."""
        return origin_of(self.url)


async def add(conn: Connection, url: str, every: dt.timedelta, outlet: str | None = None) -> UUID:
    """A new feed, due now. One that is there already is taken up again, with these values."""
    async with _transaction(conn):
        seconds = int(every.total_seconds())
        parameters = {"id": uuid.uuid4(), "url": url, "outlet": outlet, "every": seconds}
        async with conn.cursor(row_factory=tuple_row) as cursor:
            row = await (await cursor.execute(ADD, parameters)).fetchone()
        if row is None:
            raise UnknownFeed  # cannot be: it was put there
        feed_id: UUID = row[0]
        await _record(conn, FeedAdded(feed_id=str(feed_id), origin=origin_of(url), every_seconds=seconds))
    return feed_id


async def remove(conn: Connection, feed_id: UUID) -> None:
    """Ask it no more, and forget which items were seen. Its articles stay. Raises UnknownFeed."""
    async with _transaction(conn):
        if await (await conn.execute(REMOVE, [feed_id])).fetchone() is None:
            raise UnknownFeed
        await _record(conn, FeedRemoved(feed_id=str(feed_id)))


async def moved(conn: Connection, feed_id: UUID, url: str) -> None:
    """The site says that it is elsewhere for good. Where another feed has that address, nothing changes."""
    async with _transaction(conn):
        if await (await conn.execute(MOVE, {"id": feed_id, "url": url})).fetchone() is not None:
            await _record(conn, FeedMoved(feed_id=str(feed_id), origin=origin_of(url)))


async def disable(conn: Connection, feed_id: UUID, reason: str) -> None:
    """Ask it no more."""
    async with _transaction(conn):
        if await (await conn.execute(DISABLE, [reason, feed_id])).fetchone() is not None:
            await _record(conn, FeedDisabled(feed_id=str(feed_id), reason=reason))


async def find(conn: Connection, feed_id: UUID) -> Feed:
    """One feed. Raises UnknownFeed."""
    async with conn.cursor(row_factory=class_row(Feed)) as cursor:
        feed = await (await cursor.execute(FIND, [feed_id])).fetchone()
    if feed is None:
        raise UnknownFeed
    return feed


async def list_all(conn: Connection) -> list[Feed]:
    """Every feed, oldest first."""
    async with conn.cursor(row_factory=class_row(Feed)) as cursor:
        return await (await cursor.execute(LIST)).fetchall()


async def seen(conn: Connection, feed_id: UUID, items: Sequence[bytes]) -> dict[bytes, tuple[bytes, str]]:
    """Digests of the items that were seen before, and what became of them."""
    async with conn.cursor(row_factory=tuple_row) as cursor:
        rows = await (await cursor.execute(SEEN, [feed_id, list(items)])).fetchall()
    return {bytes(item): (bytes(digest), outcome) for item, digest, outcome in rows}


async def has_items_without_text(conn: Connection, feed_id: UUID) -> bool:
    """Whether the feed, as last read, had items whose pages would have to be fetched."""
    row = await (await conn.execute(WITHOUT_TEXT, {"id": feed_id})).fetchone()
    return bool(row and row[0])


async def seconds_since_asked(conn: Connection, feed: Feed) -> float | None:
    """Since another feed of the same site was polled."""
    row = await (await conn.execute(LAST_ASKED, [feed.id, f"{feed.origin}/"])).fetchone()
    return row[0] if row else None


@asynccontextmanager
async def _transaction(conn: Connection) -> AsyncIterator[None]:
    async with conn.transaction():
        await conn.execute("SET LOCAL synchronous_commit = off")
        yield
    await flush_async(conn)


async def _record(conn: Connection, event: AdminEvent) -> None:
    """The transaction's last statement."""
    new_id = uuid.uuid4()
    made = make_event(event, id=new_id, correlation_id=new_id, causation_id=None)
    await append_async(conn, [StreamWrite(ADMIN_STREAM, [made])], flush_later=True)
