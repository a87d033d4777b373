"""`GET /v1/timeline.atom`, `.feed.json`, `.csv`, `.jsonl`, `.timelinejs.json`, `.ics` and `/v1/export/plover.tsv`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Response
from starlette.responses import JSONResponse, StreamingResponse

from services.api.exports import calendars, feeds, plover, tables
from services.api.exports.answers import FeedDep, WholeDep
from services.api.exports.timelinejs import TimelineJS, TimelineJSDocument
from services.api.routing import ReadRouter
from services.core.web.responses import JSONAnswer

router = ReadRouter(tag="exports")


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
async def get_atom(found: FeedDep) -> Response:
    """The timeline for feed readers, paged by `next` links (RFC 5005): what changed last comes first, what is no
    longer told is named (RFC 6721).
    """
    return found.answer(Response(feeds.atom(found.head, found.lines), media_type=feeds.ATOM))


@router.read("/v1/timeline.feed.json", 422, 503, response_class=_JSONFeed, response_model=feeds.JSONFeed)
async def get_json_feed(found: FeedDep) -> Response:
    """The same as JSON Feed 1.1, paged by `next_url`."""
    return found.answer(JSONAnswer(feeds.json_feed(found.head, found.lines), media_type=feeds.JSON_FEED))


@router.read(
    "/v1/timeline.csv",
    422,
    503,
    response_class=StreamingResponse,
    responses=_text(tables.CSV, "An entry a row. No cell can be taken for a formula"),
)
async def get_csv(
    whole: WholeDep,
    bom: Annotated[bool, Query(description="Begin with a byte order mark: Excel knows UTF-8 by it")] = False,
) -> Response:
    """The whole timeline for spreadsheets."""
    return await whole.answer(tables.CsvTable(bom=bom), f"{tables.CSV}; header=present", "csv")


@router.read(
    "/v1/timeline.jsonl",
    422,
    503,
    response_class=StreamingResponse,
    responses=_text(tables.JSONL, "An `Entry` a line"),
)
async def get_jsonl(whole: WholeDep) -> Response:
    """The whole timeline for scripts, each line as in `GET /v1/timeline`."""
    return await whole.answer(tables.JsonLines(), tables.JSONL, "jsonl")


@router.read("/v1/timeline.timelinejs.json", 422, 503, response_model=TimelineJSDocument)
async def get_timelinejs(whole: WholeDep) -> Response:
    """The timeline as a source of TimelineJS 3."""
    return await whole.answer(TimelineJS(whole.asked.title, whole.asked.subtitle), "application/json")


@router.read(
    "/v1/timeline.ics",
    422,
    503,
    response_class=StreamingResponse,
    responses=_text(
        calendars.MEDIA_TYPE, "A calendar (RFC 5545): whole-day events, as long as dates are coarse"
    ),
)
async def get_calendar(whole: WholeDep) -> Response:
    """The timeline for calendars."""
    return await whole.answer(calendars.Calendar(whole.asked.title), calendars.MEDIA_TYPE, "ics")


@router.read(
    "/v1/export/plover.tsv",
    422,
    503,
    response_class=StreamingResponse,
    responses=_text(plover.TSV, "POLECAT's forty columns; what is not known is empty"),
)
async def get_plover(whole: WholeDep) -> Response:
    """Entries that PLOVER has a type for, in POLECAT's columns."""
    return await whole.answer(plover.PloverTable(), plover.TSV, "tsv")
