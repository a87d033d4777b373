"""Deliveries in the database: what is due, what became of each attempt. What is to be sent lies here alone.

One process sends, by a session lock (`locks.DELIVER`), rather than many that take rows with SKIP LOCKED: a webhook
gets its messages in order only from one sender, and a lock that is held while a stranger's server answers would
keep a transaction open for as long. A sender that dies leaves its rows as they were; the next one sends them again,
under the same id. Every time comes from the caller's clock.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row, scalar_row

from services.core.webhooks.schedule import DAY, HELD

KEPT_DAYS = 30  # of what is over

_COLUMNS = (
    "d.id, d.ordinal, d.webhook_id, d.type, d.position, d.number, d.subject, d.state, d.attempts, d.created_at,"
    " d.available_at, d.failing_since, d.attempted_at, d.ended_at, d.status, d.error"
)

PLAN = """
INSERT INTO webhook_deliveries (id, webhook_id, type, position, number, subject, state, created_at, available_at)
SELECT *, 'pending', %(now)s, %(now)s FROM unnest(
    %(ids)s::uuid[], %(webhooks)s::uuid[], %(types)s::text[], %(positions)s::bigint[], %(numbers)s::smallint[],
    %(subjects)s::uuid[])
ON CONFLICT (id) DO NOTHING
"""
# In order: the oldest that has not been set aside, and holds back those behind it until it is taken or is. Beside
# it those that were set aside, when their time has come. A test goes out whatever the state.
DUE = f"""
SELECT d.* FROM webhooks w CROSS JOIN LATERAL (
    SELECT {_COLUMNS} FROM webhook_deliveries d
     WHERE d.webhook_id = w.id AND d.state = 'pending' AND d.available_at <= %(now)s
       AND (d.position IS NULL
            OR (w.state = 'active' AND (w.resume_at IS NULL OR w.resume_at <= %(now)s)
                AND (d.attempts >= {HELD}
                     OR d.ordinal = (SELECT min(h.ordinal) FROM webhook_deliveries h
                                      WHERE h.webhook_id = w.id AND h.state = 'pending'
                                        AND h.position IS NOT NULL AND h.attempts < {HELD}))))
     ORDER BY d.position IS NOT NULL, d.attempts >= {HELD}, d.ordinal LIMIT 1) d
 WHERE %(only)s::uuid IS NULL OR w.id = %(only)s
"""  # noqa: S608 - our own constants
ENDED = """
UPDATE webhook_deliveries SET state = %(state)s, attempts = attempts + 1, attempted_at = %(now)s, ended_at = %(now)s,
       status = %(status)s, error = %(error)s
 WHERE id = %(id)s AND state = 'pending'
"""
AGAIN = """
UPDATE webhook_deliveries SET attempts = attempts + 1, attempted_at = %(now)s, available_at = %(next)s,
       failing_since = coalesce(failing_since, %(now)s), status = %(status)s, error = %(error)s
 WHERE id = %(id)s AND state = 'pending'
"""
WELL = """
UPDATE webhooks SET failures = 0, failing_since = NULL, resume_at = NULL WHERE id = %(webhook)s AND failures > 0
"""
# A receiver that is back gets what was set aside meanwhile.
BACK = f"""
UPDATE webhook_deliveries SET available_at = %(now)s
 WHERE webhook_id = %(webhook)s AND state = 'pending' AND available_at > %(now)s
   AND (SELECT failures FROM webhooks WHERE id = %(webhook)s) >= {HELD}
"""  # noqa: S608
ILL = """
UPDATE webhooks SET failures = failures + 1, failing_since = coalesce(failing_since, %(now)s), resume_at = %(resume)s
 WHERE id = %(webhook)s
"""
# Those behind: a receiver that failed for a day has been tried for all that waited so long.
GIVE_UP = """
UPDATE webhook_deliveries d SET state = 'failed', ended_at = %(now)s, status = %(status)s, error = %(error)s
  FROM webhooks w
 WHERE w.id = %(webhook)s AND d.webhook_id = w.id AND d.state = 'pending' AND d.position IS NOT NULL
   AND greatest(d.available_at, w.failing_since) <= %(day_ago)s AND d.attempts = 0
"""
FORGET = """
DELETE FROM webhook_deliveries WHERE id IN (
    SELECT id FROM webhook_deliveries WHERE ended_at < %(before)s ORDER BY ended_at LIMIT 5000)
"""
LIST = f"""
SELECT {_COLUMNS} FROM webhook_deliveries d
 WHERE webhook_id = %(webhook)s AND (%(state)s::text IS NULL OR state = %(state)s)
   AND (%(before)s::bigint IS NULL OR ordinal < %(before)s)
 ORDER BY ordinal DESC LIMIT %(limit)s
"""  # noqa: S608
FIND = f"SELECT {_COLUMNS} FROM webhook_deliveries d WHERE webhook_id = %s AND id = %s"  # noqa: S608
# What was delivered too: its receiver may have lost it, and knows it by its id.
RESEND = """
UPDATE webhook_deliveries SET state = 'pending', attempts = 0, failing_since = NULL, available_at = now(),
       ended_at = NULL
 WHERE webhook_id = %(webhook)s AND CASE WHEN %(id)s::uuid IS NULL THEN state = 'failed' ELSE id = %(id)s END
RETURNING id
"""
TEST = """
INSERT INTO webhook_deliveries AS d (id, webhook_id, type, state, created_at, available_at)
VALUES (%(id)s, %(webhook)s, %(type)s, 'pending', now(), now())
"""

Connection = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message to a webhook and what became of it."""

    id: UUID
    ordinal: int
    webhook_id: UUID
    type: str
    position: int | None
    number: int | None
    subject: UUID | None
    state: str
    attempts: int
    created_at: dt.datetime
    available_at: dt.datetime
    failing_since: dt.datetime | None
    attempted_at: dt.datetime | None
    ended_at: dt.datetime | None
    status: int | None
    error: str | None

    @property
    def is_test(self) -> bool:
        """Whether it tells of no change."""
        return self.position is None


async def due(conn: Connection, now: dt.datetime, only: UUID | None = None) -> list[Delivery]:
    """The next message of each webhook that may be sent one now, or of one webhook."""
    async with conn.cursor(row_factory=class_row(Delivery)) as cursor:
        return await (await cursor.execute(DUE, {"now": now, "only": only})).fetchall()


async def taken(conn: Connection, delivery: Delivery, now: dt.datetime, status: int) -> None:
    """It was delivered."""
    said = {"id": delivery.id, "webhook": delivery.webhook_id, "now": now, "status": status, "error": None}
    async with conn.transaction():
        await conn.execute(ENDED, said | {"state": "delivered"})
        if not delivery.is_test:
            await conn.execute(BACK, said)
            await conn.execute(WELL, said)


async def not_taken(
    conn: Connection,
    delivery: Delivery,
    now: dt.datetime,
    *,
    status: int | None,
    error: str | None,
    next_at: dt.datetime | None,
    resume_at: dt.datetime | None,
) -> None:
    """An attempt failed. `next_at` None: it was the last. `resume_at` None: the receiver is not to blame."""
    said = {
        "id": delivery.id,
        "webhook": delivery.webhook_id,
        "now": now,
        "next": next_at,
        "resume": resume_at,
        "status": status,
        "error": error,
        "day_ago": now - DAY,
        "state": "failed",
    }
    async with conn.transaction():
        await conn.execute(ENDED if next_at is None else AGAIN, said)
        if resume_at is not None:
            await conn.execute(ILL, said)
            await conn.execute(GIVE_UP, said)


async def forget_old(conn: Connection, now: dt.datetime) -> None:
    """Drop some of what was over long ago."""
    await conn.execute(FORGET, {"before": now - dt.timedelta(days=KEPT_DAYS)})


async def find(conn: Connection, webhook_id: UUID, delivery_id: UUID) -> Delivery | None:
    """One delivery of a webhook."""
    async with conn.cursor(row_factory=class_row(Delivery)) as cursor:
        return await (await cursor.execute(FIND, [webhook_id, delivery_id])).fetchone()


async def list_some(
    conn: Connection, webhook_id: UUID, *, state: str | None, before: int | None, limit: int
) -> list[Delivery]:
    """Deliveries of a webhook, newest first."""
    parameters = {"webhook": webhook_id, "state": state, "before": before, "limit": limit}
    async with conn.cursor(row_factory=class_row(Delivery)) as cursor:
        return await (await cursor.execute(LIST, parameters)).fetchall()


async def resend(conn: Connection, webhook_id: UUID, delivery_id: UUID | None = None) -> int:
    """Make one, or all that failed, due again. Gives how many."""
    async with conn.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(RESEND, {"webhook": webhook_id, "id": delivery_id})
        return len(await cursor.fetchall())


async def add_test(conn: Connection, webhook_id: UUID, delivery_id: UUID, type_: str) -> None:
    """A message that tells of nothing, due now."""
    await conn.execute(TEST, {"id": delivery_id, "webhook": webhook_id, "type": type_})
