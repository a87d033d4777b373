"""`GET /v1/timeline` and one entry of it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request, Response
from psycopg import sql
from starlette.responses import RedirectResponse

from services.api.caching import EtagDep, validated
from services.api.clocks import Clocks, ClocksDep, both
from services.api.cursor import DEFAULT_LIMIT, Cursor, CursorQuery, LimitQuery, decode, forged, page
from services.api.deps import Connection, ConnectionDep
from services.api.entries import ENTRY_COLUMNS, LISTED, entry_json, listed, load_mentions, mention_json
from services.api.filters import TimelineFilter, TimelineFilterDep
from services.api.quotes import quotations_of
from services.api.reported import find_reported, find_reported_entry
from services.api.routing import ReadRouter
from services.api.rulings import ruling_json
from services.api.schemas.timeline import EntryDetail, EntryPage
from services.core.web.problems import Problem
from services.core.web.responses import JSONAnswer

router = ReadRouter(tag="timeline")

Order = Annotated[Literal["asc", "desc"], Query(description="By date; newest first by default")]


@router.read("/v1/timeline", 422, 503, response_model=EntryPage)
async def get_timeline(
    request: Request,
    conn: ConnectionDep,
    etag: EtagDep,
    clocks: ClocksDep,
    chosen: TimelineFilterDep,
    limit: LimitQuery = DEFAULT_LIMIT,
    cursor: CursorQuery = None,
    order: Order = "desc",
) -> Response:
    """Deduplicated, dated political events with everything that tells them."""
    after = decode(request, cursor, str, str)
    if after:
        clocks = clocks.at(after.position)
    entries, following = await find_entries(conn, chosen, clocks, limit=limit, after=after, order=order)
    return validated(page(request, entries, following, clocks.position), etag)


async def find_entries(
    conn: Connection,
    chosen: TimelineFilter,
    clocks: Clocks,
    *,
    limit: int,
    after: Cursor | None = None,
    order: Literal["asc", "desc"] = "desc",
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """A page of entries in the order of their dates, and where the next one begins."""
    if after:
        after = _checked(after)
    if clocks.reported_by:
        return await find_reported(conn, chosen, clocks, limit=limit, after=after, order=order)
    rows = await _rows(conn, chosen, clocks, limit=limit + 1, after=after, order=order)
    shown = rows[:limit]
    found = await listed(conn, shown, clocks)
    if len(rows) <= limit:
        return found, None
    return found, Cursor(clocks.position, (shown[-1]["date_from"].isoformat(), str(shown[-1]["id"])))


async def _rows(
    conn: Connection,
    chosen: TimelineFilter,
    clocks: Clocks,
    *,
    limit: int,
    after: Cursor | None,
    order: Literal["asc", "desc"],
) -> list[dict[str, Any]]:
    conditions = [
        clocks.rows("e"),
        sql.SQL("e.change IN ('added', 'changed')"),
        *chosen.where(clocks.rows),
    ]
    if clocks.as_of:
        conditions.append(sql.SQL("e.date_to <= {}").format(clocks.as_of))
    if after:
        conditions.append(
            sql.SQL("(e.date_from, e.id) {} ({}::date, {}::uuid)").format(
                sql.SQL(">" if order == "asc" else "<"), *after.key
            )
        )
    query = sql.SQL(
        "SELECT {} FROM read.entries e WHERE {} ORDER BY e.date_from {order}, e.id {order} LIMIT {}"
    )
    cursor = await conn.execute(
        query.format(
            LISTED,
            both(conditions),
            sql.Literal(limit),
            order=sql.SQL("ASC" if order == "asc" else "DESC"),
        )
    )
    return await cursor.fetchall()


def _checked(after: Cursor) -> Cursor:
    """The cursor with day and id as the database reads them. Raises InvalidInput where they are none."""
    day, id_ = after.key
    try:
        key = dt.date.fromisoformat(str(day)).isoformat(), str(UUID(str(id_)))
    except ValueError:
        raise forged() from None
    return Cursor(after.position, key)


@router.read(
    "/v1/timeline/{entry_id}",
    404,
    410,
    422,
    503,
    response_model=EntryDetail,
    responses={308: {"description": "It was merged into the entry that `Location` names"}},
)
async def get_entry(
    request: Request, entry_id: UUID, conn: ConnectionDep, etag: EtagDep, clocks: ClocksDep
) -> Response:
    """One entry with all mentions, the quotations they stand in, and its history."""
    entry = await find_entry(conn, entry_id, clocks)
    if isinstance(entry, UUID):
        asked = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/v1/timeline/{entry}{asked}", 308)
    return validated(JSONAnswer(entry | {"position": clocks.position}), etag)


async def find_entry(conn: Connection, entry_id: UUID, clocks: Clocks) -> dict[str, Any] | UUID:
    """The entry as `GET /v1/timeline/{id}` shows it, or the id of the one that it was merged into.

    Raises a Problem: 404 where there is none, 410 where nothing tells it any longer.
    """
    if clocks.reported_by:
        found = await find_reported_entry(conn, entry_id, clocks)
        if found is None:
            raise Problem(404, "There is no such entry, or nobody had reported it by then")
        if isinstance(found, UUID):
            return found
        row, told = found
        history = []  # versions tell of what was published later
    else:
        row = await _live_row(conn, entry_id, clocks)
        if row["id"] != entry_id:
            canonical: UUID = row["id"]
            return canonical
        told = (await load_mentions(conn, [entry_id], clocks)).get(entry_id, [])
        history = await _history(conn, entry_id, clocks)
    quotations = await quotations_of(conn, told, clocks.position)
    mentions = [mention_json(m) | {"quotations": quotations.get(m["id"], [])} for m in told]
    return entry_json(row, mentions) | {"history": history}


async def _live_row(conn: Connection, entry_id: UUID, clocks: Clocks) -> dict[str, Any]:
    """The entry's row, or that of the entry which it was merged into. Raises a Problem."""
    query = sql.SQL("SELECT {} FROM read.entries e WHERE e.id = %s AND {}").format(
        ENTRY_COLUMNS, clocks.rows("e")
    )
    seen: set[UUID] = set()
    while True:
        row = await (await conn.execute(query, (entry_id,))).fetchone()
        if row is None or entry_id in seen:
            raise Problem(404, "There is no such entry")
        if row["change"] == "removed":
            raise _gone(row["review"])
        if row["change"] != "merged":
            return row
        seen.add(entry_id)
        entry_id = row["merged_into"]


def _gone(review: dict[str, Any] | None) -> Problem:
    if review and review["state"] == "rejected":
        return Problem(410, "An analyst rejected it", review=review)
    return Problem(410, "No article tells this any longer")


async def _history(conn: Connection, entry_id: UUID, clocks: Clocks) -> list[dict[str, Any]]:
    cursor = await conn.execute(
        "SELECT e.version, e.change, e.cause, e.from_position AS position, v.recorded_at, e.date, e.status,"
        " e.actors, e.recipients, e.mention_count, e.outlet_count, e.story_count, v.type, v.data, v.metadata,"
        " v.position AS place, v.global_position"
        " FROM read.entries e JOIN events v ON v.global_position = e.from_position"
        " WHERE e.id = %s AND e.from_position <= %s ORDER BY e.from_position DESC LIMIT 200",
        (entry_id, clocks.position),
    )
    return [
        {
            "version": row["version"],
            "change": row["change"],
            "cause": row["cause"],
            "position": row["position"],
            "recorded_at": row["recorded_at"],
            "date": row["date"],
            "status": row["status"],
            "actors": row["actors"],
            "recipients": row["recipients"],
            "counts": {
                "mentions": row["mention_count"],
                "outlets": row["outlet_count"],
                "stories": row["story_count"],
            },
            "ruling": ruling_json(row | {"position": row["place"]}),
        }
        async for row in cursor
    ]
