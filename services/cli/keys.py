"""`treatyline keys`: made, listed and revoked on the database itself, by whoever operates it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.cli.backends import backends, stored
from services.core.access.keys import Key, KeyRecord, Scope
from services.core.access.store import create_key, list_keys, revoke_key
from services.core.errors import DatabaseUnreachable
from services.core.settings import Settings


def create(settings: Settings, name: str, scopes: Sequence[Scope]) -> Key:
    """A new key. On a fresh machine this makes the embedded database, so that a key can be there first."""
    with backends(settings, broker=False, migrating=False) as found, _connection(found) as conn:
        return create_key(conn, name, scopes)


def every(settings: Settings) -> list[KeyRecord]:
    """All keys, revoked ones too."""
    with stored(settings) as found, _connection(found) as conn:
        return list_keys(conn)


def revoke(settings: Settings, key_id: str) -> KeyRecord:
    """From a second later on nobody gets in with it."""
    with stored(settings) as found, _connection(found) as conn:
        return revoke_key(conn, key_id)


@contextmanager
def _connection(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    try:
        with psycopg.connect(settings.database_url or "", autocommit=True) as conn:
            yield conn
    except psycopg.OperationalError as error:
        raise DatabaseUnreachable.because(error) from None


def as_data(record: KeyRecord) -> dict[str, Any]:
    """A key as `--json` shows it: never its hash."""
    return {
        "id": record.id,
        "name": record.name,
        "scopes": sorted(record.scopes),
        "created_at": record.created_at,
        "last_used_at": record.last_used_at,
        "revoked_at": record.revoked_at,
    }


def show(out: Console, records: Sequence[KeyRecord]) -> None:
    """Keys for a person."""
    table = Table(box=None, pad_edge=False)
    for heading in ("id", "name", "scopes", "made", "last used", "revoked"):
        table.add_column(heading)
    for record in records:
        times = (record.created_at, record.last_used_at, record.revoked_at)
        shown = [time.strftime("%Y-%m-%d %H:%M") if time else "-" for time in times]
        table.add_row(record.id, Text(record.name), ", ".join(sorted(record.scopes)), *shown)
    out.print(table)
