"""The words of articles, stored by content, outside the log.

A body comes in with the event that names it (`append(..., bodies=...)`) and goes with the last live article
that uses it (`release_bodies`). Both happen under the append lock, so that an article posted while another one
with the same words is withdrawn keeps its body.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
import psycopg
from psycopg.rows import args_row

from services.core.eventstore import locks

DELETE_USES = "DELETE FROM body_uses WHERE article_id = %s RETURNING sha256"
DELETE_UNUSED = """
DELETE FROM article_bodies b
 WHERE b.sha256 = ANY (%s) AND NOT EXISTS (SELECT FROM body_uses u WHERE u.sha256 = b.sha256)
RETURNING b.sha256
"""
SELECT_BODIES = "SELECT sha256, title, author, text FROM article_bodies WHERE sha256 = ANY (%b)"


class Body(NamedTuple):
    """What is stored of an article's words."""

    title: str | None
    author: str | None
    text: str

    @property
    def sha256(self) -> bytes:
        """Its key."""
        return body_sha256(self.title, self.author, self.text)


@dataclass(frozen=True, slots=True)
class BodyWrite:
    """A body that comes in with the events for `stream_name` in the same append."""

    stream_name: str
    article_id: str
    body: Body


def body_sha256(title: str | None, author: str | None, text: str) -> bytes:
    """SHA-256 of the JSON array [title, author, text] (no spaces, UTF-8, only what must be is escaped)."""
    return hashlib.sha256(orjson.dumps([title, author, text])).digest()


def text_sha256(text: str) -> bytes:
    """SHA-256 of the text in UTF-8: equal texts are exact copies."""
    return hashlib.sha256(text.encode()).digest()


def get_body(conn: psycopg.Connection[Any], sha256: bytes) -> Body | None:
    """The body, or None where it was taken down."""
    return get_bodies(conn, [sha256]).get(sha256)


def get_bodies(conn: psycopg.Connection[Any], keys: Iterable[bytes]) -> dict[bytes, Body]:
    """The bodies that are there, by key."""
    with conn.cursor(binary=True, row_factory=args_row(_keyed)) as cursor:
        return dict(cursor.execute(SELECT_BODIES, [list(keys)]))


async def get_bodies_async(conn: psycopg.AsyncConnection[Any], keys: Iterable[bytes]) -> dict[bytes, Body]:
    """The same on an async connection."""
    async with conn.cursor(binary=True, row_factory=args_row(_keyed)) as cursor:
        await cursor.execute(SELECT_BODIES, [list(keys)])
        return dict(await cursor.fetchall())


def release_bodies(conn: psycopg.Connection[Any], article_id: str) -> list[bytes]:
    """Takes the article's uses away and deletes the bodies that no other live article uses.

    In the caller's transaction, with the `ArticleWithdrawn` that is the reason. Returns the deleted keys.
    """
    conn.execute("SELECT pg_advisory_xact_lock(%s)", [locks.APPEND])
    used = [sha256 for (sha256,) in conn.execute(DELETE_USES, [article_id])]
    return [sha256 for (sha256,) in conn.execute(DELETE_UNUSED, [used])]


async def release_bodies_async(conn: psycopg.AsyncConnection[Any], article_id: str) -> list[bytes]:
    """The same on an async connection."""
    await conn.execute("SELECT pg_advisory_xact_lock(%s)", [locks.APPEND])
    used = [sha256 async for (sha256,) in await conn.execute(DELETE_USES, [article_id])]
    return [sha256 async for (sha256,) in await conn.execute(DELETE_UNUSED, [used])]


def _keyed(sha256: bytes, title: str | None, author: str | None, text: str) -> tuple[bytes, Body]:
    return sha256, Body(title, author, text)
