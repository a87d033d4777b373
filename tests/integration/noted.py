"""Events that say nothing but their name, for tests of the log itself."""

from __future__ import annotations

import uuid
from typing import Any

from services.core.eventstore.bodies import Body, BodyWrite
from services.core.eventstore.store import NO_STREAM, NewEvent, StreamWrite


def events(*names: str, **data: Any) -> list[NewEvent]:
    """Events whose ids are derived from their names: the same name is the same event."""
    return [
        NewEvent(uuid.uuid5(uuid.NAMESPACE_URL, name), "Noted", {"name": name, **data}, {"schema_version": 1})
        for name in names
    ]


def write(stream: str, *names: str, expected: int | None = None) -> StreamWrite:
    return StreamWrite(stream, events(*names), expected)


def with_body(article: str, body: Body) -> tuple[list[StreamWrite], list[BodyWrite]]:
    """What an append of an article with its words takes."""
    stream = f"article-{article}"
    return [write(stream, f"{article} received", expected=NO_STREAM)], [BodyWrite(stream, article, body)]
