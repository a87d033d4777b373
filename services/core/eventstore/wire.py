"""How appends and events travel between Python and `append_events`: bound arrays, errors, JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn, cast

import orjson
import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format
from psycopg.rows import BaseRowFactory

from services.core.errors import EventIdConflict, WrongExpectedVersion
from services.core.eventstore.bodies import BodyWrite
from services.core.eventstore.events import Appended, Recorded, StreamWrite
from services.core.eventstore.upcasters import FIRST_VERSION, UPCASTERS, Upcasters, upcast

_ERRORS = {"TL001": WrongExpectedVersion, "TL002": EventIdConflict}


def parameters_of(
    writes: Sequence[StreamWrite], bodies: Sequence[BodyWrite], *, flush_later: bool
) -> list[Any]:
    """The arguments of `append_events`, in order."""
    events = [(number, event) for number, write in enumerate(writes, 1) for event in write.events]
    ids = [event.id for _, event in events]
    numbers = {write.stream_name: number for number, write in enumerate(writes, 1)}
    if not writes or not all(write.events for write in writes):
        raise ValueError("nothing to append")
    if len(numbers) < len(writes):
        raise ValueError("a stream may appear once in an append")
    if len(set(ids)) < len(ids):
        raise ValueError("an event id may appear once in an append")
    if any(body.stream_name not in numbers for body in bodies):
        raise ValueError("a body must come with events for its stream")
    return [
        [write.stream_name for write in writes],
        [write.expected_version for write in writes],
        [number for number, _ in events],
        ids,
        [event.type for _, event in events],
        [orjson.dumps(event.data).decode() for _, event in events],
        [orjson.dumps(event.metadata).decode() for _, event in events],
        [numbers[item.stream_name] for item in bodies],
        [item.article_id for item in bodies],
        [item.body.sha256 for item in bodies],
        [item.body.title for item in bodies],
        [item.body.author for item in bodies],
        [item.body.text for item in bodies],
        flush_later,
    ]


def appended(row: tuple[int | None, list[int] | None] | None, parameters: list[Any]) -> Appended:
    """What the function's row says about the append with these parameters."""
    first, positions = cast("tuple[int | None, list[int] | None]", row)
    if positions is not None:  # some or all were there before
        return Appended(positions, max(positions), new=first is not None)
    if first is None:
        raise AssertionError("append_events returned no position")
    count = len(parameters[3])
    return Appended(range(first, first + count), first + count - 1, new=True)


def translate(error: psycopg.DatabaseError) -> NoReturn:
    """Raises the error of ours that the function meant, else the database's own."""
    ours = _ERRORS.get(error.sqlstate or "")
    if ours is None:
        raise error
    raise ours(error.diag.message_primary) from None


class _OrjsonLoader(Loader):
    format = Format.BINARY

    def load(self, data: Buffer) -> Any:
        return orjson.loads(data)


def read_json_with_orjson(cursor: psycopg.Cursor[Any] | psycopg.AsyncCursor[Any]) -> None:
    """For this cursor alone: others keep what they are used to."""
    cursor.adapters.register_loader("json", _OrjsonLoader)


def _make_recorded(_cursor: object) -> Any:
    return Recorded._make


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
