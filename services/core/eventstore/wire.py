"""How appends and events travel between Python and `append_events`: bound arrays, errors, JSON."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NoReturn, cast

import orjson
import psycopg
from psycopg.adapt import Loader
from psycopg.errors import UniqueViolation
from psycopg.pq import Format
from psycopg.rows import BaseRowFactory

from services.core.errors import EventIdConflict, WrongExpectedVersion
from services.core.eventstore.arrays import BIGINT, BYTEA, INTEGER, TEXT, UUID, Packed, bigint, integer, pack
from services.core.eventstore.bodies import BodyWrite
from services.core.eventstore.events import Appended, Recorded, StreamWrite
from services.core.eventstore.upcasters import FIRST_VERSION, UPCASTERS, Upcasters, upcast

_ERRORS = {"TL001": WrongExpectedVersion, "TL002": EventIdConflict}


def parameters_of(
    writes: Sequence[StreamWrite], bodies: Sequence[BodyWrite], *, encoding: str, flush_later: bool
) -> list[Packed | bool]:
    """The arguments of `append_events`, in order. `encoding` is the connection's."""
    events = [event for write in writes for event in write.events]
    ids = [event.id.bytes for event in events]
    numbers = {write.stream_name: integer(number) for number, write in enumerate(writes, 1)}
    if not writes or not all(write.events for write in writes):
        raise ValueError("nothing to append")
    if len(numbers) < len(writes):
        raise ValueError("a stream may appear once in an append")
    if len(set(ids)) < len(ids):
        raise ValueError("an event id may appear once in an append")
    if any(body.stream_name not in numbers for body in bodies):
        raise ValueError("a body must come with events for its stream")

    def text(items: Iterable[str | None]) -> Packed:
        return pack(TEXT, [None if item is None else item.encode(encoding) for item in items])

    def json(values: Iterable[dict[str, Any]]) -> Packed:
        if encoding == "utf-8":
            return pack(TEXT, [orjson.dumps(value) for value in values])
        return text(orjson.dumps(value).decode() for value in values)

    return [
        text(numbers),
        pack(BIGINT, [None if w.expected_version is None else bigint(w.expected_version) for w in writes]),
        pack(INTEGER, [n for n, write in zip(numbers.values(), writes, strict=True) for _ in write.events]),
        pack(UUID, ids),
        text(event.type for event in events),
        json(event.data for event in events),
        json(event.metadata for event in events),
        pack(INTEGER, [numbers[item.stream_name] for item in bodies]),
        text(item.article_id for item in bodies),
        pack(BYTEA, [item.body.sha256 for item in bodies]),
        text(item.body.title for item in bodies),
        text(item.body.author for item in bodies),
        text(item.body.text for item in bodies),
        flush_later,
    ]


def appended(row: tuple[int | None, list[int] | None] | None, writes: Sequence[StreamWrite]) -> Appended:
    """What the function's row says about the append of these."""
    first, positions = cast("tuple[int | None, list[int] | None]", row)
    if positions is not None:  # some or all were there before
        written = 0 if first is None else len({position for position in positions if position >= first})
        return Appended(positions, max(positions), written)
    if first is None:
        raise AssertionError("append_events returned no position")
    end = first + sum(len(write.events) for write in writes)
    return Appended(range(first, end), end - 1, end - first)


def translate(error: psycopg.DatabaseError) -> NoReturn:
    """Raises the error of ours that the function meant, else the database's own."""
    if isinstance(error, UniqueViolation) and error.diag.constraint_name == "events_id_key":
        raise EventIdConflict("an event for a new stream is in the log already, in another stream") from None
    ours = _ERRORS.get(error.sqlstate or "")
    if ours is None:
        raise error
    raise ours(error.diag.message_primary) from None


class _OrjsonLoader(Loader):
    format = Format.BINARY
    load = staticmethod(orjson.loads)  # type: ignore[assignment] # itself: no call in Python around each value


def read_json_with_orjson(cursor: psycopg.Cursor[Any] | psycopg.AsyncCursor[Any]) -> None:
    """For this cursor alone: others keep what they are used to."""
    cursor.adapters.register_loader("json", _OrjsonLoader)


_make = partial(tuple.__new__, Recorded)  # what Recorded._make does, without a call in Python for each row


def _make_recorded(_cursor: object) -> Any:
    return _make


recorded = cast("BaseRowFactory[Recorded]", _make_recorded)
"""Row factory."""


def current(records: list[Recorded], upcasters: Upcasters = UPCASTERS) -> list[Recorded]:
    """The records with `data` of the current version. Raises UnknownEventVersion for newer ones."""
    changed = {event_type for event_type, _ in upcasters}
    return [
        record
        if (version := record.metadata.get("schema_version", FIRST_VERSION)) == FIRST_VERSION
        and record.type not in changed
        else record._replace(data=upcast(record.type, record.data, version, upcasters))
        for record in records
    ]


_NO_ID = uuid.UUID(int=0)


def to_fold(
    rows: Iterable[tuple[int, str, int, str, dict[str, Any], int | None, datetime]],
    upcasters: Upcasters = UPCASTERS,
) -> list[Recorded]:
    """Records with `data` of the current version, a void id and no metadata, of rows that tell the version alone."""
    changed = {event_type for event_type, _ in upcasters}
    return [
        _make(
            (
                at,
                stream_name,
                position,
                _NO_ID,
                event_type,
                data
                if (version or FIRST_VERSION) == FIRST_VERSION and event_type not in changed
                else upcast(event_type, data, version or FIRST_VERSION, upcasters),
                {},
                recorded_at,
            )
        )
        for at, stream_name, position, event_type, data, version, recorded_at in rows
    ]
