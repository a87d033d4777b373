"""`GET /v1/timeline` and one entry of it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from psycopg import sql
from starlette.responses import RedirectResponse

from services.api.caching import EtagDep, validated
from services.api.clocks import Clocks, ClocksDep, both
from services.api.cursor import DEFAULT_LIMIT, Cursor, CursorQuery, LimitQuery, decode, page
from services.api.deps import Connection, ConnectionDep
from services.api.entries import (
    ENTRY_COLUMNS,
    MENTIONS_IN_LISTS,
    entry_json,
    fold_rows,
    load_mentions,
    mention_json,
    public,
)
from services.api.filters import TimelineFilter, TimelineFilterDep
from services.api.quotes import quotations_of
from services.api.schemas import EntryDetail, EntryPage
from services.core.web.problems import Problem, problem_responses
from services.core.web.responses import JSONAnswer

router = APIRouter(tags=["timeline"])

Order = Annotated[Literal["asc", "desc"], Query(description="By date; newest first by default")]


@router.get("/v1/timeline", response_model=EntryPage, responses=problem_responses(422))
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
    return validated(page(request, [public(entry) for entry in entries], following, clocks.position), etag)


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
    found: list[dict[str, Any]] = []
    while True:
        rows = await _rows(conn, chosen, clocks, limit=limit + 1, after=after, order=order)
        most = None if clocks.reported_by else MENTIONS_IN_LISTS
        mentions = await load_mentions(conn, [row["id"] for row in rows], clocks, most=most)
        for row in rows:
            if len(found) == limit:
                return found, after
            after = Cursor(clocks.position, (row["date_from"].isoformat(), str(row["id"])))
            told = mentions.get(row["id"], [])
            if clocks.reported_by:
                # Recounted from what had been published by then, so the filters are asked again.
                entry = entry_json(fold_rows(row, told), [mention_json(m) for m in told])
                if not chosen.passes(entry):
                    continue
                entry["mentions"] = entry["mentions"][:MENTIONS_IN_LISTS]
            else:
                entry = entry_json(row, [mention_json(m) for m in told])
            found.append(entry)
        if len(rows) <= limit:
            return found, None


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
        *chosen.where(clocks.rows("m")),
    ]
    if clocks.as_of:
        conditions.append(sql.SQL("e.date_to <= {}").format(sql.Literal(clocks.as_of)))
    if clocks.reported_by:
        conditions.append(
            sql.SQL(
                "EXISTS (SELECT FROM read.mentions m WHERE m.entry_id = e.id AND {} AND m.published_on <= {})"
            ).format(clocks.rows("m"), sql.Literal(clocks.reported_by))
        )
    if after:
        conditions.append(
            sql.SQL("(e.date_from, e.id) {} ({}::date, {}::uuid)").format(
                sql.SQL(">" if order == "asc" else "<"),
                sql.Literal(_day(after.key[0])),
                sql.Literal(_uuid(after.key[1])),
            )
        )
    query = sql.SQL(
        "SELECT {} FROM read.entries e WHERE {} ORDER BY e.date_from {order}, e.id {order} LIMIT {}"
    )
    cursor = await conn.execute(
        query.format(
            ENTRY_COLUMNS,
            both(conditions),
            sql.Literal(limit),
            order=sql.SQL("ASC" if order == "asc" else "DESC"),
        )
    )
    return await cursor.fetchall()


def _day(value: str | int) -> str:
    try:
        return dt.date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise Problem(422, "The cursor is not one of ours") from None


def _uuid(value: str | int) -> str:
    try:
        return str(UUID(str(value)))
    except ValueError:
        raise Problem(422, "The cursor is not one of ours") from None


@router.get("/v1/timeline/{entry_id}", response_model=EntryDetail, responses=problem_responses(404, 410, 422))
async def get_entry(
    request: Request, entry_id: UUID, conn: ConnectionDep, etag: EtagDep, clocks: ClocksDep
) -> Response:
    """One entry with all mentions, the quotations they stand in, and its history."""
    query = sql.SQL("SELECT {} FROM read.entries e WHERE e.id = %s AND {}").format(
        ENTRY_COLUMNS, clocks.rows("e")
    )
    row = await (await conn.execute(query, (entry_id,))).fetchone()
    if row is None:
        raise Problem(404, "There is no such entry")
    if row["change"] == "merged":
        asked = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/v1/timeline/{row['merged_into']}{asked}", 308)
    if row["change"] == "removed":
        raise Problem(410, "No article tells this any longer")
    told = (await load_mentions(conn, [entry_id], clocks, most=None)).get(entry_id, [])
    if clocks.reported_by:
        if not told:
            raise Problem(404, "Nobody had reported this by then")
        row = fold_rows(row, told)
    quotations = await quotations_of(conn, told)
    mentions = [mention_json(m) | {"quotations": quotations.get(m["id"], [])} for m in told]
    entry = public(entry_json(row, mentions)) | {"history": await _history(conn, entry_id, clocks)}
    return validated(JSONAnswer(entry | {"position": clocks.position}), etag)


async def _history(conn: Connection, entry_id: UUID, clocks: Clocks) -> list[dict[str, Any]]:
    cursor = await conn.execute(
        "SELECT e.version, e.change, e.cause, e.from_position AS position, v.recorded_at, e.date, e.status,"
        " e.actors, e.recipients, e.mention_count, e.outlet_count, e.story_count"
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
        }
        async for row in cursor
    ]
