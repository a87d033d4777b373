"""Webhooks in the database: registered, changed and deleted by the write service, each with its event in the log.

All functions take a connection in a transaction that the caller opens and flushes (`AsyncEventStore.transaction`).
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx2
import orjson
import psycopg
from psycopg.rows import class_row

from services.core.domain.events import (
    ADMIN_STREAM,
    AdminEvent,
    WebhookChanged,
    WebhookDeleted,
    WebhookDisabled,
    WebhookEnabled,
    WebhookRegistered,
)
from services.core.eventstore.store import StreamWrite, append_async, make_event
from services.core.webhooks.signing import new_secret

CHANNEL = "treatyline_webhooks"
"""NOTIFY channel: something is to be sent that the feed does not tell of."""

MOST = 100  # webhooks: each costs a look at every change
ROTATING = dt.timedelta(days=1)  # how long the secret before still signs

_COLUMNS = (
    "id, url, description, filter, types, state, disabled_reason, secret, previous_secret, previous_until,"
    " position, number, failures, failing_since, resume_at, created_at"
)
FIND = f"SELECT {_COLUMNS} FROM webhooks WHERE id = %s"  # noqa: S608 - our own constant
FIND_TO_CHANGE = f"{FIND} FOR UPDATE"
LIST = f"SELECT {_COLUMNS} FROM webhooks ORDER BY created_at, id"  # noqa: S608
COUNT = "SELECT count(*) FROM webhooks"
INSERT = """
INSERT INTO webhooks (id, url, description, filter, types, state, secret, position, number, created_at, key_id)
VALUES (%(id)s, %(url)s, %(description)s, %(filter)s::json, %(types)s, 'active', %(secret)s, %(position)s, %(number)s,
        now(), %(key_id)s)
"""
UPDATE = """
UPDATE webhooks SET url = %(url)s, description = %(description)s, filter = %(filter)s::json, types = %(types)s,
       failures = 0, failing_since = NULL, resume_at = NULL WHERE id = %(id)s
"""
# The newest secret signs first; the one before it only for those who have not heard of the new one yet.
ROTATE = """
UPDATE webhooks SET previous_secret = secret, previous_until = now() + %(rotating)s, secret = %(secret)s
 WHERE id = %(id)s RETURNING previous_until
"""
DISABLE = """
UPDATE webhooks SET state = 'disabled', disabled_reason = %(reason)s WHERE id = %(id)s AND state = 'active'
RETURNING id
"""
ENABLE = """
UPDATE webhooks SET state = 'active', disabled_reason = NULL, failures = 0, failing_since = NULL, resume_at = NULL
 WHERE id = %(id)s AND state = 'disabled' RETURNING id
"""
# What failed before was another address's doing, or that of the time in which nothing was sent.
AFRESH = """
UPDATE webhook_deliveries SET attempts = 0, failing_since = NULL, available_at = now()
 WHERE webhook_id = %(id)s AND state = 'pending'
"""
DELETE = "DELETE FROM webhooks WHERE id = %s"
WAKE = f"SELECT pg_notify('{CHANNEL}', '')"

Connection = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook as it is stored."""

    id: UUID
    url: str
    description: str | None
    filter: dict[str, Any]
    types: list[str]
    state: str
    disabled_reason: str | None
    secret: bytes = field(repr=False)
    previous_secret: bytes | None = field(repr=False)
    previous_until: dt.datetime | None
    position: int
    number: int
    failures: int
    failing_since: dt.datetime | None
    resume_at: dt.datetime | None
    created_at: dt.datetime

    def keys(self, now: dt.datetime) -> list[bytes]:
        """What messages are signed with."""
        before = self.previous_secret
        if before is None or self.previous_until is None or now >= self.previous_until:
            return [self.secret]
        return [self.secret, before]

    @property
    def origin(self) -> str:
        """Whose it is, without the part of its address that may be a secret."""
        return origin_of(self.url)


def origin_of(url: str) -> str:
    """Scheme, host and port of an address."""
    parsed = httpx2.URL(url)
    return f"{parsed.scheme}://{parsed.netloc.decode('ascii')}"


async def find(conn: Connection, webhook_id: UUID) -> Webhook | None:
    """One webhook."""
    async with conn.cursor(row_factory=class_row(Webhook)) as cursor:
        return await (await cursor.execute(FIND, [webhook_id])).fetchone()


async def find_to_change(conn: Connection, webhook_id: UUID) -> Webhook | None:
    """The same; nobody else changes or deletes it before the transaction ends."""
    async with conn.cursor(row_factory=class_row(Webhook)) as cursor:
        return await (await cursor.execute(FIND_TO_CHANGE, [webhook_id])).fetchone()


async def list_all(conn: Connection) -> list[Webhook]:
    """Every webhook, oldest first."""
    async with conn.cursor(row_factory=class_row(Webhook)) as cursor:
        return await (await cursor.execute(LIST)).fetchall()


async def room(conn: Connection) -> bool:
    """Whether one more may be registered."""
    async with conn.cursor(row_factory=psycopg.rows.scalar_row) as cursor:
        return int(await (await cursor.execute(COUNT)).fetchone() or 0) < MOST


async def register(
    conn: Connection,
    *,
    url: str,
    words: dict[str, Any],
    types: Sequence[str],
    description: str | None,
    after: tuple[int, int],
    key_id: str | None,
) -> tuple[UUID, bytes]:
    """A new webhook, which is told what follows a change. Gives its id and its secret."""
    webhook_id, secret = uuid.uuid4(), new_secret()
    await conn.execute(
        INSERT,
        {
            "id": webhook_id,
            "url": url,
            "description": description,
            "filter": orjson.dumps(words).decode(),
            "types": list(types),
            "secret": secret,
            "position": after[0],
            "number": after[1],
            "key_id": key_id,
        },
    )
    await conn.execute(WAKE)
    await record(conn, WebhookRegistered(webhook_id=str(webhook_id), origin=origin_of(url)), key_id)
    return webhook_id, secret


async def change(conn: Connection, before: Webhook, after: dict[str, Any], key_id: str | None) -> None:
    """Give a webhook other values of url, description, filter and types. What waits is sent at once."""
    fields = tuple(name for name, value in after.items() if getattr(before, name) != value)
    if not fields:
        return
    values = {
        name: after.get(name, getattr(before, name)) for name in ("url", "description", "filter", "types")
    }
    values["filter"] = orjson.dumps(values["filter"]).decode()
    await conn.execute(UPDATE, values | {"id": before.id})
    await conn.execute(AFRESH, {"id": before.id})
    await conn.execute(WAKE)
    changed = WebhookChanged(webhook_id=str(before.id), origin=origin_of(values["url"]), fields=fields)
    await record(conn, changed, key_id)


async def rotate(conn: Connection, webhook: Webhook, key_id: str | None) -> tuple[bytes, dt.datetime]:
    """A new secret, and until when the one before signs too."""
    secret = new_secret()
    async with conn.cursor(row_factory=psycopg.rows.scalar_row) as cursor:
        parameters = {"id": webhook.id, "secret": secret, "rotating": ROTATING}
        until = await (await cursor.execute(ROTATE, parameters)).fetchone()
    changed = WebhookChanged(webhook_id=str(webhook.id), origin=webhook.origin, fields=("secret",))
    await record(conn, changed, key_id)
    return secret, until or webhook.created_at


async def disable(conn: Connection, webhook_id: UUID, reason: str, key_id: str | None = None) -> bool:
    """Send nothing more. False where nothing was sent before either."""
    cursor = await conn.execute(DISABLE, {"id": webhook_id, "reason": reason})
    if await cursor.fetchone() is None:
        return False
    await record(conn, WebhookDisabled(webhook_id=str(webhook_id), reason=reason), key_id)
    return True


async def enable(conn: Connection, webhook_id: UUID, key_id: str | None) -> None:
    """Send again, from where it was left."""
    if await (await conn.execute(ENABLE, {"id": webhook_id})).fetchone() is not None:
        await conn.execute(AFRESH, {"id": webhook_id})
        await conn.execute(WAKE)
        await record(conn, WebhookEnabled(webhook_id=str(webhook_id)), key_id)


async def delete(conn: Connection, webhook_id: UUID, key_id: str | None) -> None:
    """Forget a webhook and its deliveries."""
    await conn.execute(DELETE, [webhook_id])
    await record(conn, WebhookDeleted(webhook_id=str(webhook_id)), key_id)


async def record(conn: Connection, event: AdminEvent, key_id: str | None) -> None:
    """The event, in the log's stream `admin`; the transaction's last statement."""
    new_id = uuid.uuid4()
    made = make_event(event, id=new_id, correlation_id=new_id, causation_id=None, key_id=key_id)
    await append_async(conn, [StreamWrite(ADMIN_STREAM, [made])], flush_later=True)
