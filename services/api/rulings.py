"""What analysts ruled, for answers: the rulings in force on entries, and what the log says of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psycopg import sql

from services.api.clocks import Clocks
from services.api.deps import Connection
from services.api.quotes import current_data
from services.core.domain.events import RecordCorrected, review_stream
from services.core.domain.review import Ruling
from services.core.projections.rulings import ruling_of_row

MOST = 200  # rulings on one record that are shown, the newest

Rulings = Mapping[UUID, Ruling]


async def entry_rulings(conn: Connection, clocks: Clocks) -> Rulings:
    """Every ruling in force on an entry, as of the clocks' position."""
    query = sql.SQL("SELECT * FROM read.rulings r WHERE r.kind IS NOT NULL AND {}").format(clocks.rows("r"))
    return {row["id"]: ruling_of_row(row) async for row in await conn.execute(query)}


async def rulings_on(conn: Connection, record_id: UUID, position: int) -> list[dict[str, Any]]:
    """What was ruled on a record by a position, newest first."""
    cursor = await conn.execute(
        "SELECT * FROM events WHERE stream_name = %s AND global_position <= %s ORDER BY position DESC LIMIT %s",
        (review_stream(record_id), position, MOST),
    )
    return [found async for row in cursor if (found := ruling_json(row)) is not None]


def ruling_json(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """The ruling that a row of `events` holds; None where it holds something else."""
    if row["type"] != RecordCorrected.type:
        return None
    data = current_data(row)
    stated = data["stated"]
    return {
        "record": data["record_id"],
        "verdict": data["verdict"],
        "reason": data["reason"],
        "by": data["by"],
        "stated": {"stance": stated["stance"], "date": stated["date"]} if stated else None,
        "changes": data["changes"],
        "into": data["into"],
        "part": data["part"],
        "articles": data["articles"],
        "version": row["position"] + 1,
        "position": row["global_position"],
        "recorded_at": row["recorded_at"],
    }
