"""`GET /v1/timeline.atom`, `.feed.json`, `.csv`, `.jsonl`, `.timelinejs.json`, `.ics` and `/v1/export/plover.tsv`."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, Literal, Protocol

from fastapi import Query, Response
from starlette.responses import JSONResponse, StreamingResponse

from services.api.caching import validated
from services.api.cursor import DEFAULT_LIMIT, Cursor, CursorQuery, LimitQuery, decode, encode
from services.api.deps import Connection, ConnectionDep
from services.api.exports import calendars, feeds, plover, tables
from services.api.exports.asked import Asked, AskedDep, ByDate, MostQuery, OrderQuery, find_changed
from services.api.exports.lines import BEGINNING, Line
from services.api.exports.timelinejs import TimelineJS, TimelineJSDocument
from services.api.routing import ReadRouter
from services.api.timeline import find_entries
from services.core.errors import FieldError, InvalidInput
from services.core.web.responses import JSONAnswer

router = ReadRouter(tag="exports")

FeedOrder = Annotated[
    Literal["updated", "asc", "desc"] | None,
    Query(description="Last changed first, or by date; by default what changed, with `reported_by` by date"),
]


class Writer(Protocol):
    """Writes a document part by part, so that a long one is never held whole."""

    def head(self) -> bytes: ...
    def part(self, lines: Sequence[Line]) -> bytes: ...
    def tail(self) -> bytes: ...


class _JSONFeed(JSONResponse):
    """For the OpenAPI document; what is sent is a `JSONAnswer`."""

    media_type = feeds.JSON_FEED


def _text(media_type: str, description: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": description, "content": {media_type: {"schema": {"type": "string"}}}}}


@router.read(
    "/v1/timeline.atom",
    422,
    503,
    response_class=Response,
    responses={200: {"description": "An Atom feed (RFC 4287)", "content": {feeds.ATOM: {}}}},
)
async def get_atom(
    asked: AskedDep,
    conn: ConnectionDep,
    limit: LimitQuery = DEFAULT_LIMIT,
    cursor: CursorQuery = None,
    order: FeedOrder = None,
) -> Response:
    """The timeline for feed readers, paged by `next` links (RFC 5005): what changed last comes first."""
    head, lines = await _feed(asked, conn, limit, cursor, order)
    return _finished(asked, Response(feeds.atom(head, lines), media_type=feeds.ATOM), head.following)


@router.read("/v1/timeline.feed.json", 422, 503, response_class=_JSONFeed, response_model=feeds.JSONFeed)
async def get_json_feed(
    asked: AskedDep,
    conn: ConnectionDep,
    limit: LimitQuery = DEFAULT_LIMIT,
    cursor: CursorQuery = None,
    order: FeedOrder = None,
) -> Response:
    """The same as JSON Feed 1.1, paged by `next_url`."""
    head, lines = await _feed(asked, conn, limit, cursor, order)
    answer = JSONAnswer(feeds.json_feed(head, lines), media_type=feeds.JSON_FEED)
    return _finished(asked, answer, head.following)


async def _feed(
    asked: Asked, conn: Connection, limit: int, cursor: str | None, order: str | None
) -> tuple[feeds.Head, list[Line]]:
    by_date: ByDate | None = "asc" if order == "asc" else "desc" if order == "desc" else None
    if asked.clocks.reported_by and by_date is None:
        if order == "updated":
            detail = "What had been published by a day has no order of change: ask for asc or desc"
            raise InvalidInput([FieldError("order", detail, "query")])
        by_date = "desc"
    kinds = (str, str) if by_date else (int, int)
    after = decode(asked.request, cursor, *kinds)
    if after:
        asked = asked.at(after.position)
    if by_date:
        found = await find_entries(conn, asked.chosen, asked.clocks, limit=limit, after=after, order=by_date)
    else:
        found = await find_changed(conn, asked.chosen, asked.clocks, limit=limit, after=after)
    entries, following = found
    return await _head(asked, conn, following), await asked.lines(conn, entries)


async def _head(asked: Asked, conn: Connection, following: Cursor | None) -> feeds.Head:
    recorded = await conn.execute(
        "SELECT recorded_at FROM events WHERE global_position = %s", (asked.clocks.position,)
    )
    row = await recorded.fetchone()
    recorded_at: dt.datetime = row["recorded_at"] if row else BEGINNING
    return feeds.Head(
        title=_title(asked),
        subtitle=_subtitle(asked),
        question=(
            asked.request.url.path,
            asked.chosen.dossier,
            *(f"{k}={v}" for k, v in sorted(asked.conditions)),
        ),
        here=asked.address(),
        first=asked.address(cursor=None),
        following=asked.address(cursor=encode(asked.request, following)) if following else None,
        page=asked.page,
        recorded_at=recorded_at,
    )


def _title(asked: Asked) -> str:
    return f"{asked.dossier.title}: timeline"


def _subtitle(asked: Asked) -> str:
    return "; ".join(f"{name}: {value}" for name, value in asked.conditions)


@router.read(
    "/v1/timeline.csv",
    422,
    503,
    response_class=StreamingResponse,
    responses=_text(tables.CSV, "An entry a row. No cell can be taken for a formula"),
)
async def get_csv(
    asked: AskedDep,
    conn: ConnectionDep,
    limit: MostQuery = None,
    order: OrderQuery = "desc",
    bom: Annotated[bool, Query(description="Begin with a byte order mark: Excel knows UTF-8 by it")] = False,
) -> Response:
    """The whole timeline for spreadsheets."""
    media_type = f"{tables.CSV}; header=present"
    return await _long(asked, conn, tables.CsvTable(bom=bom), media_type, "csv", order, limit)


@router.read(
    "/v1/timeline.jsonl",
    422,
    503,
    response_class=StreamingResponse,
    responses=_text(tables.JSONL, "An `Entry` a line"),
)
async def get_jsonl(
    asked: AskedDep, conn: ConnectionDep, limit: MostQuery = None, order: OrderQuery = "desc"
) -> Response:
    """The whole timeline for scripts, each line as in `GET /v1/timeline`."""
    return await _long(asked, conn, tables.JsonLines(), tables.JSONL, "jsonl", order, limit)


@router.read("/v1/timeline.timelinejs.json", 422, 503, response_model=TimelineJSDocument)
async def get_timelinejs(
    asked: AskedDep, conn: ConnectionDep, limit: MostQuery = None, order: OrderQuery = "desc"
) -> Response:
    """The timeline as a source of TimelineJS 3."""
    writer = TimelineJS(_title(asked), _subtitle(asked))
    return await _long(asked, conn, writer, "application/json", "", order, limit)


@router.read(
    "/v1/timeline.ics",
    422,
    503,
    response_class=StreamingResponse,
    responses=_text(
        calendars.MEDIA_TYPE, "A calendar (RFC 5545): whole-day events, as long as dates are coarse"
    ),
)
async def get_calendar(
    asked: AskedDep, conn: ConnectionDep, limit: MostQuery = None, order: OrderQuery = "desc"
) -> Response:
    """The timeline for calendars."""
    return await _long(
        asked, conn, calendars.Calendar(_title(asked)), calendars.MEDIA_TYPE, "ics", order, limit
    )


@router.read(
    "/v1/export/plover.tsv",
    422,
    503,
    response_class=StreamingResponse,
    responses=_text(plover.TSV, "POLECAT's forty columns; what is not known is empty"),
)
async def get_plover(
    asked: AskedDep, conn: ConnectionDep, limit: MostQuery = None, order: OrderQuery = "desc"
) -> Response:
    """Entries that PLOVER has a type for, in POLECAT's columns."""
    return await _long(asked, conn, plover.PloverTable(), plover.TSV, "tsv", order, limit)


async def _long(
    asked: Asked,
    conn: Connection,
    writer: Writer,
    media_type: str,
    suffix: str,
    order: ByDate,
    most: int | None,
) -> Response:
    """An answer that is sent while it is read. What goes wrong at its beginning is still a problem document; later
    the connection breaks, so that a part is never taken for the whole.
    """
    headers = {}
    if suffix:
        name = f"treatyline-{asked.chosen.dossier}.{suffix}"
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    if asked.request.method == "HEAD":
        return _finished(asked, Response(media_type=media_type, headers=headers))
    parts = await asked.parts(conn, order, most)

    async def sent() -> AsyncIterator[bytes]:
        yield writer.head()
        async for lines in parts:
            yield writer.part(lines)
        yield writer.tail()

    return _finished(asked, StreamingResponse(sent(), media_type=media_type, headers=headers))


def _finished(asked: Asked, response: Response, following: str | None = None) -> Response:
    response.headers["X-Position"] = str(asked.clocks.position)
    if following:
        response.headers["Link"] = f'<{following}>; rel="next"'
    return validated(response, asked.etag)
