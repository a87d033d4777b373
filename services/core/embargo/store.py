"""What is held under embargo, as both services ask for it. Nothing here gives the words but `TAKE` and `LOCK`."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from services.core.eventstore import locks

Connection = psycopg.AsyncConnection[Any]

FIND = "SELECT release_at, withdrawn_reason FROM embargoed_articles WHERE article_id = %s"
LOCK = "SELECT release_at, withdrawn_reason, article FROM embargoed_articles WHERE article_id = %s FOR UPDATE"
IS_AHEAD = "SELECT %s::timestamptz > clock_timestamp()"
# One at a time for each article, also where no row stands yet that could be locked: until the transaction's end.
ALONE = f"SELECT pg_advisory_xact_lock({locks.EMBARGO}, hashtext(%s))"
HELD = "SELECT count(*), coalesce(sum(size), 0)::bigint FROM embargoed_articles WHERE article IS NOT NULL"
HOLD = """
INSERT INTO embargoed_articles (article_id, release_at, article, size) VALUES (%s, %s, %s, %s)
ON CONFLICT (article_id) DO NOTHING RETURNING article_id
"""
REPLACE = "UPDATE embargoed_articles SET release_at = %s, article = %s, size = %s WHERE article_id = %s"
WITHDRAW = """
UPDATE embargoed_articles SET article = NULL, size = 0, withdrawn_reason = %s
 WHERE article_id = %s AND article IS NOT NULL
"""
DROP = "DELETE FROM embargoed_articles WHERE article_id = %s"
# By the database's clock alone: those of the machines around it may differ.
DUE = """
SELECT article_id FROM embargoed_articles
 WHERE article IS NOT NULL AND release_at <= clock_timestamp() ORDER BY release_at, article_id LIMIT %s
"""
TAKE = """
WITH due AS (SELECT article_id FROM embargoed_articles
              WHERE article_id = %s AND article IS NOT NULL AND release_at <= clock_timestamp()
                FOR UPDATE SKIP LOCKED)
DELETE FROM embargoed_articles e USING due WHERE e.article_id = due.article_id RETURNING e.article
"""


@dataclass(frozen=True, slots=True)
class Held:
    """What may be told of an article under embargo: until when; or why it was withdrawn before."""

    release_at: dt.datetime
    withdrawn_reason: str | None


async def find(conn: Connection, article_id: UUID | str) -> Held | None:
    """What is held under an article's id."""
    async with conn.cursor(row_factory=class_row(Held)) as cursor:
        await cursor.execute(FIND, [article_id], prepare=True)
        return await cursor.fetchone()
