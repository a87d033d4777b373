"""`GET /v1/articles`, and one article with what was read out of it."""

from __future__ import annotations

import asyncio
import datetime as dt
import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Header, Path, Query, Request, Response
from psycopg import sql

from services.api.caching import EtagDep, check_unchanged, etag_of, validated
from services.api.clocks import both, parse_range
from services.api.cursor import DEFAULT_LIMIT, Cursor, CursorQuery, LimitQuery, decode, page
from services.api.deps import AtLeastDep, Connection, ConnectionDep, PositionDep, ReadsDep, projected_position
from services.api.quotes import bodies_of, latest_readings
from services.api.reading import entries_of, reading_json
from services.api.routing import ReadRouter
from services.api.schemas.articles import ArticleDetail, ArticleHeld, ArticlePage
from services.core.domain.calendar import day_of
from services.core.domain.events import (
    ArticleReceived,
    ArticleRevised,
    ArticleWithdrawn,
    article_stream,
    event_of,
)
from services.core.embargo import store as embargoed
from services.core.embargo.store import Held
from services.core.eventstore.bodies import Body
from services.core.eventstore.store import Recorded, read_stream_async
from services.core.web.problems import Problem
from services.core.web.responses import JSONAnswer

router = ReadRouter(tag="articles")

State = Literal["received", "extracted", "skipped", "failed", "withdrawn"]
FINISHED = frozenset({"extracted", "skipped", "failed", "withdrawn"})
MAX_WAIT = 30
POLL_SECONDS = 0.5  # while waiting; a wake-up can be lost

COLUMNS = sql.SQL(
    "a.*, r.url, r.published_at, r.language, r.language_read, r.tags, r.body_sha256, r.article_date,"
    " r.article_date_basis"
)
FROM = sql.SQL(
    " FROM read.articles a JOIN read.article_revisions r ON r.article_id = a.id AND r.revision = a.revision"
)


@router.read("/v1/articles", 422, 503, response_model=ArticlePage)
async def get_articles(
    request: Request,
    conn: ConnectionDep,
    position: PositionDep,
    etag: EtagDep,
    state: Annotated[State | None, Query()] = None,
    outlet: Annotated[str | None, Query(max_length=300)] = None,
    story: Annotated[UUID | None, Query()] = None,
    from_: Annotated[str | None, Query(alias="from", description="Published on this day or later")] = None,
    to: Annotated[str | None, Query(description="Published by this day")] = None,
    order: Annotated[Literal["asc", "desc"], Query(description="As received; newest first")] = "desc",
    limit: LimitQuery = DEFAULT_LIMIT,
    cursor: CursorQuery = None,
) -> Response:
    """Articles as they stand."""
    where: list[sql.Composable] = []
    for column, value in (("state", state), ("outlet", outlet), ("story_id", story)):
        if value is not None:
            where.append(sql.SQL("a.{} = {}").format(sql.Identifier(column), sql.Literal(value)))
    first, last = parse_range(from_, to)
    if first:
        where.append(sql.SQL("a.published_on >= {}").format(sql.Literal(first)))
    if last:
        where.append(sql.SQL("a.published_on <= {}").format(sql.Literal(last)))
    after = decode(request, cursor, int)
    if after:
        where.append(
            sql.SQL("a.received_position {} {}").format(
                sql.SQL(">" if order == "asc" else "<"), sql.Literal(after.key[0])
            )
        )
    query = sql.SQL("SELECT {}{} WHERE {} ORDER BY a.received_position {} LIMIT {}").format(
        COLUMNS,
        FROM,
        both(where),
        sql.SQL(order.upper()),
        sql.Literal(limit + 1),
    )
    rows = await (await conn.execute(query)).fetchall()
    bodies = await bodies_of(conn, [row["body_sha256"] for row in rows])
    data = [article_json(row, _live_body(row, bodies)) for row in rows[:limit]]
    following = Cursor(position, (rows[limit - 1]["received_position"],)) if len(rows) > limit else None
    return validated(page(request, data, following, position), etag)


def _live_body(row: Mapping[str, Any], bodies: Mapping[str, Body]) -> Body | None:
    return None if row["state"] == "withdrawn" else bodies.get(row["body_sha256"])


def article_json(row: Mapping[str, Any], body: Body | None) -> dict[str, Any]:
    """An article as lists show it."""
    return {
        "id": row["id"],
        "state": row["state"],
        "reason": row["reason"],
        "revision": row["revision"],
        "url": row["url"],
        "outlet": row["outlet"],
        "title": body.title if body else None,
        "author": body.author if body else None,
        "published_at": row["published_at"],
        "published_on": row["published_on"].isoformat(),
        "date": {"value": row["article_date"], "basis": row["article_date_basis"]}
        if row["article_date_basis"]
        else None,
        "language": row["language_read"] or row["language"],
        "tags": row["tags"],
        "story": str(row["story_id"]) if row["story_id"] else None,
        "judged": row["judged"],
        "duplicate_of": row["duplicate_of"],
        "method": row["method"],
        "similarity": row["similarity"],
        "received_at": row["received_at"],
        "global_position": row["received_position"],
    }


@router.read("/v1/articles/{article_id}", 404, 422, 503, response_model=ArticleDetail | ArticleHeld)
async def get_article(
    request: Request,
    article_id: Annotated[str, Path(max_length=100)],
    reads: ReadsDep,
    _: AtLeastDep,
    prefer: Annotated[str | None, Header(description="wait=10: answer when it is finished")] = None,
) -> Response:
    """One article: its posted text unchanged, its revisions, what was read out of it.

    Of one under embargo nothing but that, and until when.
    """
    wait = _wait_seconds(prefer)
    deadline = asyncio.get_running_loop().time() + (wait or 0)
    while True:
        seen = reads.notifier.generation
        left = deadline - asyncio.get_running_loop().time()
        async with reads.connection() as conn:
            held = await _held(conn, article_id)
            state, stream = await _find(conn, article_id, there=held is not None)
            if held is not None and not stream:
                answer = await _only_held(conn, article_id, held)
                break
            if state in FINISHED or left <= 0:
                answer = await _answer(request, conn, article_id, stream, held)
                break
        await reads.notifier.wait(seen, min(left, POLL_SECONDS))
    if wait is not None:
        answer.headers["Preference-Applied"] = f"wait={wait}"
    return answer


def _wait_seconds(prefer: str | None) -> int | None:
    """Of `Prefer: wait=10` (RFC 7240), at most thirty seconds."""
    match = re.search(r"(?:^|[,;\s])wait=\"?(\d{1,6})\b", prefer or "", re.ASCII | re.IGNORECASE)
    return min(int(match[1]), MAX_WAIT) if match else None


async def _held(conn: Connection, article_id: str) -> Held | None:
    """Whether a version of it waits under embargo."""
    try:
        known = UUID(article_id)
    except ValueError:
        return None
    return (
        await embargoed.find(conn, known) if str(known) == article_id else None
    )  # written otherwise it is no id


async def _only_held(conn: Connection, article_id: str, held: Held) -> Response:
    """Not to be kept by caches: no position says when it changes."""
    state = "embargoed" if held.withdrawn_reason is None else "withdrawn"
    answer = JSONAnswer(
        {
            "id": article_id,
            "state": state,
            "reason": held.withdrawn_reason,
            "embargoed_until": held.release_at.astimezone(dt.UTC) if state == "embargoed" else None,
            "position": await projected_position(conn),
        }
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


async def _find(
    conn: Connection, article_id: str, *, there: bool = False
) -> tuple[str | None, list[Recorded]]:
    """Its state in the read tables, None before it is there, and its stream. Raises a 404 unless it is `there`."""
    stream = await read_stream_async(conn, article_stream(article_id))
    if not stream and there:
        return None, []
    if not stream:
        raise Problem(404, "There is no such article")
    cursor = await conn.execute("SELECT state FROM read.articles WHERE id = %s", (article_id,))
    row = await cursor.fetchone()
    return (row["state"] if row else None), stream


async def _answer(
    request: Request, conn: Connection, article_id: str, stream: Sequence[Recorded], held: Held | None
) -> Response:
    position = await projected_position(conn)
    until = None if held is None else held.release_at.astimezone(dt.UTC)
    query = sql.SQL("SELECT {}{} WHERE a.id = %s").format(COLUMNS, FROM)
    row = await (await conn.execute(query, (article_id,))).fetchone()
    if row is None:
        # Posted a moment ago, and the projections have not got there: the log says enough.
        received = await _just_received(conn, stream)
        answer = JSONAnswer(received | {"embargoed_until": until, "position": position})
        answer.headers["Cache-Control"] = "no-store"
        return answer
    etag = etag_of(request, position)
    if until is None:
        check_unchanged(request, etag)
    projected = [recorded for recorded in stream if recorded.global_position <= position]
    detail = await _detail(conn, row, projected) | {"embargoed_until": until, "position": position}
    if until is None:
        return validated(JSONAnswer(detail), etag)
    answer = JSONAnswer(detail)
    answer.headers["Cache-Control"] = "no-store"  # no position says when what waits is dropped
    return answer


async def find_article(conn: Connection, article_id: str) -> tuple[dict[str, Any], Sequence[Recorded], int]:
    """An article as `GET /v1/articles/{id}` shows it, its events, and the position that both reflect. Raises a 404."""
    _, stream = await _find(conn, article_id)
    position = await projected_position(conn)
    query = sql.SQL("SELECT {}{} WHERE a.id = %s").format(COLUMNS, FROM)
    row = await (await conn.execute(query, (article_id,))).fetchone()
    if row is None:
        return await _just_received(conn, stream), stream, position
    projected = [recorded for recorded in stream if recorded.global_position <= position]
    return await _detail(conn, row, projected), projected, position


async def _detail(conn: Connection, row: Mapping[str, Any], stream: Sequence[Recorded]) -> dict[str, Any]:
    revisions = await (
        await conn.execute(
            "SELECT * FROM read.article_revisions WHERE article_id = %s ORDER BY revision", (row["id"],)
        )
    ).fetchall()
    withdrawn = row["state"] == "withdrawn"
    bodies = {} if withdrawn else await bodies_of(conn, [r["body_sha256"] for r in revisions])
    body = _live_body(row, bodies)
    shown = row["shown_revision"]
    readings = [] if shown is None or withdrawn else latest_readings(stream, shown)
    told = next((bodies.get(r["body_sha256"]) for r in revisions if r["revision"] == shown), None)
    entries = await entries_of(conn, row["id"])
    return article_json(row, body) | {
        "text": body.text if body else None,
        "revisions": _revisions(revisions, bodies),
        "readings": [reading_json(r, told.text if told else None, entries) for r in readings],
    }


async def _just_received(conn: Connection, stream: Sequence[Recorded]) -> dict[str, Any]:
    """An article that only the log knows yet, as it will be shown."""
    events = [(recorded, event_of(recorded.type, recorded.data)) for recorded in stream]
    withdrawn = next((event for _, event in events if isinstance(event, ArticleWithdrawn)), None)
    received = [(r, event) for r, event in events if isinstance(event, ArticleReceived | ArticleRevised)]
    first = received[0][0]
    event = next(e for _, e in reversed(received) if isinstance(e, ArticleReceived) or e.current)
    bodies = {} if withdrawn else await bodies_of(conn, [e.body_sha256 for _, e in received])
    body = bodies.get(event.body_sha256)
    day = day_of(event.published_at) if event.published_at else first.recorded_at.astimezone(dt.UTC).date()
    revisions = [
        {
            "revision": e.revision,
            "current": not isinstance(e, ArticleRevised) or e.current,
            "published_at": e.published_at,
            "outlet": e.outlet,
            "body_sha256": e.body_sha256,
            "recorded_at": r.recorded_at,
            "global_position": r.global_position,
        }
        for r, e in received
    ]
    return {
        "id": event.article_id,
        "state": "withdrawn" if withdrawn else "received",
        "reason": withdrawn.reason if withdrawn else None,
        "revision": event.revision,
        "url": event.url,
        "outlet": event.outlet,
        "title": body.title if body else None,
        "author": body.author if body else None,
        "published_at": event.published_at,
        "published_on": day.isoformat(),
        "date": None,
        "language": event.language,
        "tags": list(event.tags),
        "story": None,
        "judged": None,
        "duplicate_of": None,
        "method": None,
        "similarity": None,
        "received_at": first.recorded_at,
        "global_position": first.global_position,
        "text": body.text if body else None,
        "revisions": _revisions(revisions, bodies),
        "readings": [],
    }


def _revisions(rows: Sequence[Mapping[str, Any]], bodies: Mapping[str, Body]) -> list[dict[str, Any]]:
    """Every revision with what changed in its text since the one before, as a unified diff."""
    shown = []
    before: Body | None = None
    for row in rows:
        body = bodies.get(row["body_sha256"])
        diff = None
        if before is not None and body is not None and before.text != body.text:
            lines = difflib.unified_diff(before.text.splitlines(), body.text.splitlines(), lineterm="", n=1)
            diff = "\n".join(list(lines)[2:])
        shown.append(
            {
                "revision": row["revision"],
                "current": row["current"],
                "published_at": row["published_at"],
                "outlet": row["outlet"],
                "title": body.title if body else None,
                "body_sha256": row["body_sha256"],
                "received_at": row["recorded_at"],
                "global_position": row["global_position"],
                "diff": diff,
            }
        )
        before = body
    return shown
