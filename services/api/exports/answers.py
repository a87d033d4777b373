"""The two ways in which formats are answered: feeds page by page, everything else whole, sent while it is read."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol

from fastapi import Depends, Query, Response
from starlette.responses import StreamingResponse

from services.api.caching import validated
from services.api.cursor import DEFAULT_LIMIT, Cursor, CursorQuery, LimitQuery, decode, encode
from services.api.deps import Connection, ConnectionDep
from services.api.exports import feeds
from services.api.exports.asked import Asked, AskedDep, ByDate, MostQuery, OrderQuery, find_changed
from services.api.exports.gone import Gone, find_gone
from services.api.exports.lines import BEGINNING, Line
from services.api.timeline import find_entries
from services.core.errors import FieldError, InvalidInput

FeedOrder = Annotated[
    Literal["updated", "asc", "desc"] | None,
    Query(description="Last changed first, or by date; by default what changed, with `reported_by` by date"),
]


def _finished(asked: Asked, response: Response, following: str | None = None) -> Response:
    response.headers["X-Position"] = str(asked.clocks.position)
    if following:
        response.headers["Link"] = f'<{following}>; rel="next"'
    return validated(response, asked.etag)


@dataclass(frozen=True, slots=True)
class FeedPage:
    """One page of a feed."""

    asked: Asked
    head: feeds.Head
    lines: Sequence[Line]

    def answer(self, response: Response) -> Response:
        """The response with its validator and the address of the next page."""
        return _finished(self.asked, response, self.head.following)


async def get_feed(
    asked: AskedDep,
    conn: ConnectionDep,
    limit: LimitQuery = DEFAULT_LIMIT,
    cursor: CursorQuery = None,
    order: FeedOrder = None,
) -> FeedPage:
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
    gone: Sequence[Gone] = ()
    chosen, clocks = asked.chosen, asked.clocks
    if by_date:
        found = await find_entries(conn, chosen, clocks, limit=limit, after=after, order=by_date)
    else:
        found = await find_changed(conn, chosen, clocks, limit=limit, after=after)
        gone = await find_gone(conn, chosen, clocks, after=after, until=found[1])
    entries, following = found
    head = await _head(asked, conn, following, gone)
    return FeedPage(asked, head, await asked.lines(conn, entries))


FeedDep = Annotated[FeedPage, Depends(get_feed)]


async def _head(asked: Asked, conn: Connection, following: Cursor | None, gone: Sequence[Gone]) -> feeds.Head:
    recorded = await conn.execute(
        "SELECT recorded_at FROM events WHERE global_position = %s", (asked.clocks.position,)
    )
    row = await recorded.fetchone()
    recorded_at: dt.datetime = row["recorded_at"] if row else BEGINNING
    return feeds.Head(
        title=asked.title,
        subtitle=asked.subtitle,
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
        gone=gone,
    )


class Writer(Protocol):
    """Writes a document part by part, so that a long one is never held whole."""

    def head(self) -> bytes: ...
    def part(self, lines: Sequence[Line]) -> bytes: ...
    def tail(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Whole:
    """All entries that were asked for, in the order of their dates."""

    asked: Asked
    conn: Connection
    order: ByDate
    most: int | None

    async def answer(self, writer: Writer, media_type: str, suffix: str = "") -> Response:
        """An answer that is sent while it is read; with a suffix it is a file to keep.

        What goes wrong at its beginning is still a problem document; later the connection breaks, so that a part
        is never taken for the whole.
        """
        headers = {}
        if suffix:
            name = f"treatyline-{self.asked.chosen.dossier}.{suffix}"
            headers["Content-Disposition"] = f'attachment; filename="{name}"'
        if self.asked.request.method == "HEAD":
            return _finished(self.asked, Response(media_type=media_type, headers=headers))
        parts = await self.asked.parts(self.conn, self.order, self.most)

        async def sent() -> AsyncIterator[bytes]:
            yield writer.head()
            async for lines in parts:
                yield writer.part(lines)
            yield writer.tail()

        return _finished(self.asked, StreamingResponse(sent(), media_type=media_type, headers=headers))


async def get_whole(
    asked: AskedDep, conn: ConnectionDep, limit: MostQuery = None, order: OrderQuery = "desc"
) -> Whole:
    return Whole(asked, conn, order, limit)


WholeDep = Annotated[Whole, Depends(get_whole)]
