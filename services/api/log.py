"""`GET /v1/events`: the log as CloudEvents 1.0."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query, Request, Response
from psycopg import sql

from services.api.caching import check_unchanged, etag_of, validated
from services.api.clocks import both
from services.api.cursor import DEFAULT_LIMIT, Cursor, CursorQuery, LimitQuery, decode, page
from services.api.deps import AtLeastDep, ReadsDep, newest_position
from services.api.quotes import current_data
from services.api.routing import ReadRouter
from services.api.schemas.log import EventPage
from services.core.access.keys import Scope
from services.core.eventstore.store import FLUSH

router = ReadRouter(tag="log", scope=Scope.ADMIN)

SOURCE = "/treatyline"


@router.read("/v1/events", 422, 503, response_model=EventPage)
async def get_events(
    request: Request,
    reads: ReadsDep,
    _: AtLeastDep,
    type_: Annotated[str | None, Query(alias="type", max_length=100)] = None,
    subject: Annotated[str | None, Query(max_length=300, description="A stream's name")] = None,
    after: Annotated[
        int, Query(ge=0, lt=2**63, description="A global position: what was recorded since")
    ] = 0,
    order: Annotated[Literal["asc", "desc"], Query(description="By global position")] = "desc",
    limit: LimitQuery = DEFAULT_LIMIT,
    cursor: CursorQuery = None,
) -> Response:
    """Everything this system took down, in the order in which it did."""
    begin = decode(request, cursor, int)
    where = [sql.SQL("global_position > {}").format(after)]
    if type_ is not None:
        where.append(sql.SQL("type = {}").format(type_))
    if subject is not None:
        where.append(sql.SQL("stream_name = {}").format(subject))
    if begin:
        where.append(
            sql.SQL("global_position {} {}").format(sql.SQL(">" if order == "asc" else "<"), *begin.key)
        )
    query = sql.SQL("SELECT * FROM events WHERE {} ORDER BY global_position {} LIMIT {}").format(
        both(where), sql.SQL("ASC" if order == "asc" else "DESC"), limit + 1
    )
    async with reads.connection() as conn:
        rows = await (await conn.execute(query)).fetchall()
        newest = await newest_position(conn)
    # What was read leaves the database here: a crash must not be able to take it back.
    async with reads.pool.connection() as flushing:
        await flushing.execute(FLUSH)
    etag = etag_of(request, newest)
    check_unchanged(request, etag)
    following = Cursor(newest, (rows[limit - 1]["global_position"],)) if len(rows) > limit else None
    return validated(page(request, [cloud_event(row) for row in rows[:limit]], following, newest), etag)


def cloud_event(row: dict[str, Any]) -> dict[str, Any]:
    """One event of the log in CloudEvents' structured mode."""
    extensions = {
        "correlationid": row["metadata"].get("correlation_id"),
        "causationid": row["metadata"].get("causation_id"),
        "traceparent": row["metadata"].get("traceparent"),
        "keyid": row["metadata"].get("key_id"),
    }
    return {
        "specversion": "1.0",
        "id": str(row["id"]),
        "source": SOURCE,
        "type": row["type"],
        "subject": row["stream_name"],
        "time": row["recorded_at"],
        "recordedtime": row["recorded_at"],
        "sequence": f"{row['global_position']:020d}",
        "partitionkey": row["stream_name"],
        **{name: value for name, value in extensions.items() if value},
        "datacontenttype": "application/json",
        "data": current_data(row),
    }
