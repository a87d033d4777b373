"""Events on their way into the log (`NewEvent`, `StreamWrite`) and out of it (`Recorded`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple
from uuid import UUID

from services.core.domain.events import AdminEvent, Event, RecordCorrected, data_of
from services.core.eventstore.upcasters import current_version

NO_STREAM = -1
"""Expected version of a stream that must not exist yet."""


class NewEvent(NamedTuple):
    """An event to append; `data` and `metadata` must be JSON-ready for orjson."""

    id: UUID
    type: str
    data: dict[str, Any]
    metadata: dict[str, Any]


@dataclass(frozen=True, slots=True)
class StreamWrite:
    """Events for one stream. `expected_version` is its last position, -1 for a new stream, None for any."""

    stream_name: str
    events: Sequence[NewEvent]
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class Appended:
    """Where the events of one append are, in the order they were given; how many were `written`, the others were there."""

    global_positions: Sequence[int]
    last: int
    written: int

    @property
    def new(self) -> bool:
        """Whether any was written: not all were there before."""
        return self.written > 0


class Recorded(NamedTuple):
    """An event of the log. `data` is of the current version of its type, whatever was written."""

    global_position: int
    stream_name: str
    position: int
    id: UUID
    type: str
    data: dict[str, Any]
    metadata: dict[str, Any]
    recorded_at: datetime


@cache
def code_version() -> str:
    """The version of this code, as events record it."""
    try:
        return version("treatyline")
    except PackageNotFoundError:
        return "unknown"


def make_event(
    event: Event | AdminEvent | RecordCorrected,
    *,
    id: UUID,  # noqa: A002 - the log's own word
    correlation_id: UUID | str,
    causation_id: UUID | str | None,
    traceparent: str | None = None,
    key_id: str | None = None,
    **versions: str,
) -> NewEvent:
    """A domain event with its metadata.

    `correlation_id` is shared by all that one command led to, `causation_id` is the event or command that led
    to this one, `traceparent` is W3C Trace Context, `versions` are further versions that shaped the event
    (`dossier_version="..."`).
    """
    metadata: dict[str, Any] = {
        "correlation_id": str(correlation_id),
        "causation_id": None if causation_id is None else str(causation_id),
        "schema_version": current_version(event.type),
        "code_version": code_version(),
        **versions,
    }
    if traceparent is not None:
        metadata["traceparent"] = traceparent
    if key_id is not None:
        metadata["key_id"] = key_id
    return NewEvent(id, event.type, data_of(event), metadata)
