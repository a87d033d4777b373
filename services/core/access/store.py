"""Keys in the database: made and revoked by the operator, looked up by the services.

That a key was made or revoked is in the log (stream `admin`), in the transaction that does it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

import psycopg
import psycopg_pool
from psycopg.rows import tuple_row

from services.core.access.keys import MAX_NAME, Key, KeyRecord, Scope, new_key, parse_key, scopes_of
from services.core.domain.events import ADMIN_STREAM, KeyCreated, KeyRevoked
from services.core.domain.ids import derived_id
from services.core.domain.submission import checked_line
from services.core.errors import FieldError, InvalidInput, TreatylineError, UnsafeSettings
from services.core.eventstore.store import StreamWrite, append, make_event, transaction_on

_COLUMNS = "id, name, scopes, secret_sha256, created_at, last_used_at, revoked_at"
FIND = f"SELECT {_COLUMNS} FROM api_keys WHERE id = %s"  # noqa: S608 - our own constant
LIST = f"SELECT {_COLUMNS} FROM api_keys ORDER BY created_at, id"  # noqa: S608
ANY = "SELECT EXISTS (SELECT FROM api_keys)"
CREATE = """
INSERT INTO api_keys (id, name, scopes, secret_sha256) VALUES (%s, %s, %s, %s)
ON CONFLICT (id) DO NOTHING RETURNING id
"""
REVOKE = "UPDATE api_keys SET revoked_at = now() WHERE id = %s AND revoked_at IS NULL RETURNING id"
# Several processes report; what was reported later is not always what was used later.
TOUCH = """
UPDATE api_keys SET last_used_at = greatest(last_used_at, used.at)
  FROM unnest(%s::text[], %s::timestamptz[]) AS used (key_id, at) WHERE id = used.key_id
"""

Connection = psycopg.Connection[Any]


class UnknownKey(TreatylineError):  # noqa: N818 - named by what is wrong
    """There is no such key: `treatyline keys list` shows the ids."""


def create_key(conn: Connection, name: str, scopes: Iterable[Scope], key: Key | None = None) -> Key:
    """Store a new key (a given one once). `conn` is in autocommit. Raises InvalidInput for a name that is no line."""
    try:
        called = checked_line(name, MAX_NAME)
    except ValueError as error:
        raise InvalidInput([FieldError("name", str(error))]) from None
    if called is None:
        raise InvalidInput([FieldError("name", "Say whose key it is")])
    key = key or new_key()
    allowed = sorted(scope.value for scope in scopes)
    with transaction_on(conn):
        if conn.execute(CREATE, [key.id, called, allowed, key.sha256]).fetchone():
            _record(conn, KeyCreated(key_id=key.id, name=called, scopes=tuple(allowed)))
    return key


def revoke_key(conn: Connection, key_id: str) -> KeyRecord:
    """From now on nobody gets in with it. Raises UnknownKey."""
    with transaction_on(conn):
        if conn.execute(REVOKE, [key_id]).fetchone():
            _record(conn, KeyRevoked(key_id=key_id))
    row = conn.execute(FIND, [key_id]).fetchone()
    if row is None:
        raise UnknownKey
    return _record_of(row)


def list_keys(conn: Connection) -> list[KeyRecord]:
    """Every key that there is or was, oldest first."""
    return [_record_of(row) for row in conn.execute(LIST).fetchall()]


def keys_exist(conn: Connection) -> bool:
    """Whether there was ever a key: from then on the services ask for one, also when all are revoked."""
    row = conn.execute(ANY).fetchone()
    return bool(row and row[0])


def take_in_first_key(conn: Connection, path: Path) -> None:
    """Store the key that a file holds, as `admin`, unless it is stored. Raises UnsafeSettings for a file without.

    A key that was revoked stays revoked, whatever file still holds it.
    """
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UnsafeSettings(
            f"TREATYLINE_FIRST_KEY_FILE: {path} cannot be read ({type(error).__name__})"
        ) from None
    key = parse_key(text)
    if key is None:
        raise UnsafeSettings(
            f"TREATYLINE_FIRST_KEY_FILE: {path} holds no key: "
            "printf 'tl_%s_%s\\n' $(openssl rand -hex 6) $(openssl rand -hex 32) makes one"
        )
    create_key(conn, "first key, from a file", [Scope.ADMIN], key)
    row = conn.execute(FIND, [key.id]).fetchone()
    if row is None or not _record_of(row).is_of(key):
        raise UnsafeSettings(f"TREATYLINE_FIRST_KEY_FILE: another key has the id {key.id}: make a new one")


def _record(conn: Connection, event: KeyCreated | KeyRevoked) -> None:
    new_id = derived_id(event.type, event.key_id)
    made = make_event(event, id=new_id, correlation_id=new_id, causation_id=None)
    append(conn, [StreamWrite(ADMIN_STREAM, [made])], flush_later=True)


def _record_of(row: tuple[Any, ...]) -> KeyRecord:
    key_id, name, scopes, sha256, created_at, last_used_at, revoked_at = row
    return KeyRecord(key_id, name, scopes_of(scopes), bytes(sha256), created_at, last_used_at, revoked_at)


class Keys(Protocol):
    """Where a service looks keys up."""

    async def exist(self) -> bool:
        """Whether there was ever a key."""

    async def find(self, key_id: str) -> KeyRecord | None:
        """The key of an id, revoked or not."""

    async def touch(self, used: Mapping[str, dt.datetime]) -> None:
        """Keep when keys were last used."""


class NoKeys:
    """For an app that has no database: there are no keys, and there is nothing to guard."""

    async def exist(self) -> bool:
        return False

    async def find(self, key_id: str) -> KeyRecord | None:  # noqa: ARG002 - of the protocol
        return None

    async def touch(self, used: Mapping[str, dt.datetime]) -> None:
        """Nothing was used."""


class StoredKeys:
    """The keys of the database, looked up through a service's pool, which may be one that only reads."""

    def __init__(
        self, pool: psycopg_pool.AsyncConnectionPool[psycopg.AsyncConnection[Any]], database_url: str
    ) -> None:
        self._pool = pool
        self._database_url = database_url

    async def exist(self) -> bool:
        async with self._pool.connection() as conn, conn.cursor(row_factory=tuple_row) as cursor:
            row = await (await cursor.execute(ANY, prepare=True)).fetchone()
            return bool(row and row[0])

    async def find(self, key_id: str) -> KeyRecord | None:
        async with self._pool.connection() as conn, conn.cursor(row_factory=tuple_row) as cursor:
            row = await (await cursor.execute(FIND, [key_id], prepare=True)).fetchone()
            return _record_of(row) if row else None

    async def touch(self, used: Mapping[str, dt.datetime]) -> None:
        """On a connection of its own: once a minute at most, and the read service's pool may not write."""
        async with await psycopg.AsyncConnection.connect(
            self._database_url, autocommit=True, connect_timeout=5
        ) as conn:
            await conn.execute(TOUCH, [list(used), list(used.values())])
