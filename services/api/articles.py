"""`GET /v1/articles`, one article with what was read out of it, its story, and which days were covered."""

from __future__ import annotations

import asyncio
import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query, Request, Response
from psycopg import sql

from services.api.caching import EtagDep, etag_of, validated
from services.api.clocks import both, parse_date
from services.api.cursor import DEFAULT_LIMIT, Cursor, CursorQuery, LimitQuery, decode, page
from services.api.deps import Connection, ConnectionDep, ReadsDep, get_connection, projected_position
from services.api.quotes import bodies_of, latest_readings, quotation_json, span_json, speaker_of
from services.api.schemas import ArticleDetail, ArticlePage, CoveragePage, StoryDetail
from services.core.eventstore.bodies import Body
from services.core.eventstore.store import Recorded
from services.core.web.problems import Problem, problem_responses
from services.core.web.responses import JSONAnswer

router = APIRouter(tags=["articles"])

State = Literal["received", "extracted", "skipped", "failed", "withdrawn"]
FINISHED = frozenset({"extracted", "skipped", "failed", "withdrawn"})
MAX_WAIT = 30
GRACE_SECONDS = 2.0  # how long the projections may take to show an article that the log has

_COLUMNS = sql.SQL(
    "a.*, r.url, r.published_at, r.language, r.language_read, r.tags, r.body_sha256, r.article_date,"
    " r.article_date_basis"
)
_FROM = sql.SQL(
    " FROM read.articles a JOIN read.article_revisions r ON r.article_id = a.id AND r.revision = a.revision"
)


@router.get("/v1/articles", response_model=ArticlePage, responses=problem_responses(422))
async def get_articles(
    request: Request,
    conn: ConnectionDep,
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
    position = await projected_position(conn)
    where: list[sql.Composable] = []
    for column, value in (("state", state), ("outlet", outlet), ("story_id", story)):
        if value is not None:
            where.append(sql.SQL("a.{} = {}").format(sql.Identifier(column), sql.Literal(value)))
    if from_:
        where.append(
            sql.SQL("a.published_on >= {}").format(sql.Literal(parse_date(from_, "from", last=False)))
        )
    if to:
        where.append(sql.SQL("a.published_on <= {}").format(sql.Literal(parse_date(to, "to", last=True))))
    after = decode(request, cursor, int)
    if after:
        where.append(
            sql.SQL("a.received_position {} {}").format(
                sql.SQL(">" if order == "asc" else "<"), sql.Literal(after.key[0])
            )
        )
    query = sql.SQL("SELECT {}{} WHERE {} ORDER BY a.received_position {} LIMIT {}").format(
        _COLUMNS,
        _FROM,
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


@router.get("/v1/articles/{article_id}", response_model=ArticleDetail, responses=problem_responses(404, 422))
async def get_article(
    request: Request,
    article_id: Annotated[str, Path(max_length=100)],
    reads: ReadsDep,
    prefer: Annotated[str | None, Header(description="wait=10: answer when it is finished")] = None,
) -> Response:
    """One article: its posted text unchanged, its revisions, what was read out of it."""
    wait = _wait_seconds(prefer)
    deadline = asyncio.get_running_loop().time() + (GRACE_SECONDS if wait is None else wait)
    pause = 0.01
    while True:
        async for conn in get_connection(reads, None):
            row = await (
                await conn.execute(
                    sql.SQL("SELECT {}{} WHERE a.id = %s").format(_COLUMNS, _FROM), (article_id,)
                )
            ).fetchone()
            late = asyncio.get_running_loop().time() >= deadline
            if row is not None and (wait is None or late or row["state"] in FINISHED):
                answer = await _detail(request, conn, row)
                if wait is not None:
                    answer.headers["Preference-Applied"] = f"wait={wait}"
                return answer
            if row is None and (late or not await _in_log(conn, article_id)):
                raise Problem(404, "There is no such article")
        await asyncio.sleep(pause)
        pause = min(pause * 1.3, 0.2)


def _wait_seconds(prefer: str | None) -> int | None:
    """Of `Prefer: wait=10` (RFC 7240), at most thirty seconds."""
    match = re.search(r"(?:^|[,;\s])wait=\"?(\d{1,6})\b", prefer or "")
    return min(int(match[1]), MAX_WAIT) if match else None


async def _in_log(conn: Connection, article_id: str) -> bool:
    cursor = await conn.execute(
        "SELECT 1 AS one FROM events WHERE stream_name = %s LIMIT 1", (f"article-{article_id}",)
    )
    return await cursor.fetchone() is not None


async def _detail(request: Request, conn: Connection, row: Mapping[str, Any]) -> Response:
    position = await projected_position(conn)
    etag = etag_of(request, position)
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers={"ETag": etag, "Cache-Control": "no-cache"})
    revisions = await (
        await conn.execute(
            "SELECT * FROM read.article_revisions WHERE article_id = %s ORDER BY revision", (row["id"],)
        )
    ).fetchall()
    withdrawn = row["state"] == "withdrawn"
    bodies = {} if withdrawn else await bodies_of(conn, [r["body_sha256"] for r in revisions])
    body = _live_body(row, bodies)
    shown = row["shown_revision"]
    readings = [] if shown is None or withdrawn else await latest_readings(conn, row["id"], shown)
    texts = {r["revision"]: bodies.get(r["body_sha256"]) for r in revisions}
    answer = article_json(row, body) | {
        "text": body.text if body else None,
        "revisions": _revisions(revisions, bodies),
        "readings": [_reading(recorded, texts.get(shown)) for recorded in readings],
        "position": position,
    }
    return validated(JSONAnswer(answer), etag)


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


def _reading(recorded: Recorded, body: Body | None) -> dict[str, Any]:
    data, text = recorded.data, body.text if body else None

    def shown(record: Mapping[str, Any]) -> dict[str, Any]:
        person, speaker = speaker_of(data["dossier"], record["speaker"], text)
        words = {key: span_json(record[key], text) for key in ("evidence", "condition") if key in record}
        return {**record, **words, "person": person, "speaker": speaker}

    return {
        "dossier": data["dossier"],
        "dossier_version": data["dossier_version"],
        "extractor_version": data["extractor_version"],
        "revision": data["revision"],
        "language": data["language"],
        "positions": [shown(record) for record in data["positions"]],
        "events": [shown(record) for record in data["political_events"]],
        "quotations": [quotation_json(data["dossier"], q, text) for q in data["quotations"]],
    }


@router.get("/v1/stories/{story_id}", response_model=StoryDetail, responses=problem_responses(404, 422))
async def get_story(story_id: UUID, conn: ConnectionDep, etag: EtagDep) -> Response:
    """A story: the article that was published first, and every other that carries its words."""
    position = await projected_position(conn)
    story = await (await conn.execute("SELECT * FROM read.stories WHERE id = %s", (story_id,))).fetchone()
    if story is None:
        raise Problem(404, "There is no such story")
    query = sql.SQL(
        "SELECT {}{} WHERE a.story_id = %s ORDER BY a.published_order, a.received_position LIMIT 1000"
    )
    rows = await (await conn.execute(query.format(_COLUMNS, _FROM), (story_id,))).fetchall()
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
    answer = {
        "id": str(story_id),
        "head": story["head"],
        "articles": story["articles"],
        "data": articles,
        "position": position,
    }
    return validated(JSONAnswer(answer), etag)


@router.get("/v1/coverage", response_model=CoveragePage, responses=problem_responses(422))
async def get_coverage(
    request: Request,
    conn: ConnectionDep,
    etag: EtagDep,
    outlet: Annotated[str | None, Query(max_length=300)] = None,
    from_: Annotated[str | None, Query(alias="from")] = None,
    to: Annotated[str | None, Query()] = None,
    limit: LimitQuery = DEFAULT_LIMIT,
    cursor: CursorQuery = None,
) -> Response:
    """Outlets by day, newest first: what was read, so that silence is not taken for absence."""
    position = await projected_position(conn)
    where: list[sql.Composable] = [sql.SQL("state <> 'withdrawn'")]
    if outlet is not None:
        where.append(sql.SQL("outlet = {}").format(sql.Literal(outlet)))
    if from_:
        where.append(sql.SQL("published_on >= {}").format(sql.Literal(parse_date(from_, "from", last=False))))
    if to:
        where.append(sql.SQL("published_on <= {}").format(sql.Literal(parse_date(to, "to", last=True))))
    after = decode(request, cursor, str, str)
    having: sql.Composable = sql.SQL("true")
    if after:
        day = parse_date(str(after.key[0]), "cursor", last=True)
        having = sql.SQL("(published_on, coalesce(outlet, '')) < ({}, {})").format(
            sql.Literal(day), sql.Literal(after.key[1])
        )
    query = sql.SQL(
        "SELECT outlet, published_on, count(*) AS articles, count(*) FILTER (WHERE state = 'extracted') AS extracted,"
        " count(*) FILTER (WHERE state = 'skipped') AS skipped, count(*) FILTER (WHERE state = 'failed') AS failed"
        " FROM read.articles WHERE {} GROUP BY outlet, published_on HAVING {}"
        " ORDER BY published_on DESC, coalesce(outlet, '') DESC LIMIT {}"
    ).format(both(where), having, sql.Literal(limit + 1))
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
