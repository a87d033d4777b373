"""`GET /v1/stories/{id}` and `GET /v1/coverage`: who copied whom, and which outlets were read on which days."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from psycopg import sql

from services.api.articles import COLUMNS, FROM
from services.api.caching import EtagDep, validated
from services.api.clocks import both, parse_date, parse_range
from services.api.cursor import DEFAULT_LIMIT, Cursor, CursorQuery, LimitQuery, decode, forged, page
from services.api.deps import Connection, ConnectionDep, PositionDep
from services.api.quotes import bodies_of
from services.api.routing import ReadRouter
from services.api.schemas.stories import CoveragePage, StoryDetail
from services.core.errors import InvalidInput
from services.core.web.problems import Problem
from services.core.web.responses import JSONAnswer

router = ReadRouter(tag="articles")


@router.read("/v1/stories/{story_id}", 404, 422, 503, response_model=StoryDetail)
async def get_story(story_id: UUID, conn: ConnectionDep, position: PositionDep, etag: EtagDep) -> Response:
    """A story: the article that was published first, and every other that carries its words."""
    story = await find_story(conn, story_id)
    if story is None:
        raise Problem(404, "There is no such story")
    return validated(JSONAnswer(story | {"position": position}), etag)


async def find_story(conn: Connection, story_id: UUID) -> dict[str, Any] | None:
    """A story and its first thousand articles; None where there is none."""
    story = await (await conn.execute("SELECT * FROM read.stories WHERE id = %s", (story_id,))).fetchone()
    if story is None:
        return None
    query = sql.SQL(
        "SELECT {}{} WHERE a.story_id = %s ORDER BY a.published_order, a.received_position LIMIT 1000"
    )
    rows = await (await conn.execute(query.format(COLUMNS, FROM), (story_id,))).fetchall()
    bodies = await bodies_of(conn, [row["body_sha256"] for row in rows])
    articles = [
        {
            "id": row["id"],
            "outlet": row["outlet"],
            "title": body.title if (body := bodies.get(row["body_sha256"])) else None,
            "url": row["url"],
            "published_at": row["published_at"] or row["article_date"],
            "head": row["id"] == story["head"],
            "duplicate_of": row["duplicate_of"],
            "method": row["method"],
            "similarity": row["similarity"],
        }
        for row in rows
    ]
    return {
        "id": str(story_id),
        "head": story["head"],
        "articles": story["articles"],
        "data": articles,
    }


@router.read("/v1/coverage", 422, 503, response_model=CoveragePage)
async def get_coverage(
    request: Request,
    conn: ConnectionDep,
    position: PositionDep,
    etag: EtagDep,
    outlet: Annotated[str | None, Query(max_length=300)] = None,
    from_: Annotated[str | None, Query(alias="from")] = None,
    to: Annotated[str | None, Query()] = None,
    limit: LimitQuery = DEFAULT_LIMIT,
    cursor: CursorQuery = None,
) -> Response:
    """Outlets by day, newest first: what was read, so that silence is not taken for absence."""
    where: list[sql.Composable] = [sql.SQL("state <> 'withdrawn'")]
    if outlet is not None:
        where.append(sql.SQL("outlet = {}").format(sql.Literal(outlet)))
    begin, end = parse_range(from_, to)
    if begin:
        where.append(sql.SQL("published_on >= {}").format(sql.Literal(begin)))
    if end:
        where.append(sql.SQL("published_on <= {}").format(sql.Literal(end)))
    if after := decode(request, cursor, str, str):
        where.append(
            sql.SQL("(published_on, coalesce(outlet, '')) < ({}, {})").format(
                _cursor_day(str(after.key[0])), after.key[1]
            )
        )
    query = sql.SQL(
        "SELECT outlet, published_on, count(*) AS articles, count(*) FILTER (WHERE state = 'extracted') AS extracted,"
        " count(*) FILTER (WHERE state = 'skipped') AS skipped, count(*) FILTER (WHERE state = 'failed') AS failed"
        " FROM read.articles WHERE {} GROUP BY outlet, published_on"
        " ORDER BY published_on DESC, coalesce(outlet, '') DESC LIMIT {}"
    ).format(both(where), limit + 1)
    rows = await (await conn.execute(query)).fetchall()
    data = [
        {
            "outlet": row["outlet"],
            "day": row["published_on"].isoformat(),
            **{name: row[name] for name in ("articles", "extracted", "skipped", "failed")},
        }
        for row in rows[:limit]
    ]
    following = None
    if len(rows) > limit:
        last = data[-1]
        following = Cursor(position, (last["day"], last["outlet"] or ""))
    return validated(page(request, data, following, position), etag)


def _cursor_day(day: str) -> object:
    try:
        return parse_date(day, "cursor", last=True)
    except InvalidInput:
        raise forged() from None
