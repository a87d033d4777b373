"""What a feed's reader may have and the timeline no longer tells: removed, or merged into another entry."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from psycopg import sql

from services.api.clocks import Clocks, both
from services.api.cursor import Cursor
from services.api.deps import Connection
from services.api.filters import TimelineFilter

MOST = 500  # of them that one page of a feed names, the last ones

# What told an entry that is gone told it until just before.
_UNTIL_THEN = (
    "{0}.from_position < e.from_position AND ({0}.to_position IS NULL OR {0}.to_position >= e.from_position)"
)


@dataclass(frozen=True, slots=True)
class Gone:
    """An entry that is no longer told."""

    id: UUID
    at: dt.datetime
    merged_into: UUID | None

    @property
    def urn(self) -> str:
        return f"urn:uuid:{self.id}"


async def find_gone(
    conn: Connection,
    chosen: TimelineFilter,
    clocks: Clocks,
    *,
    after: Cursor | None,
    until: Cursor | None,
) -> list[Gone]:
    """Entries that passed the filters and went, the last one first: of the part of a feed between two cursors."""
    conditions = [clocks.rows("e"), sql.SQL("e.change IN ('removed', 'merged')")]
    conditions += chosen.where(lambda alias: sql.SQL(_UNTIL_THEN).format(sql.Identifier(alias)), each=True)
    if clocks.as_of:
        conditions.append(sql.SQL("e.date_to <= {}").format(clocks.as_of))
    for cursor, sign in ((after, "<"), (until, ">=")):
        if cursor:
            place = sql.SQL("(e.from_position, e.change_number) {} ({}, {})")
            conditions.append(place.format(sql.SQL(sign), *cursor.key))
    query = sql.SQL(
        "SELECT e.id, e.merged_into, v.recorded_at FROM read.entries e"
        " JOIN events v ON v.global_position = e.from_position WHERE {}"
        " ORDER BY e.from_position DESC, e.change_number DESC LIMIT {}"
    ).format(both(conditions), sql.Literal(MOST))
    return [
        Gone(row["id"], row["recorded_at"], row["merged_into"]) async for row in await conn.execute(query)
    ]
