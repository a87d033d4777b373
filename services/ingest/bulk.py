"""`POST /v1/articles/bulk`: many articles in one request, each with an outcome of its own.

Read piece by piece and written batch by batch, in the order of the lines: what is held at once is bounded, and a
sender that is faster than the log waits, because nothing more is read from it. Answered when all is on disk.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from starlette.responses import Response

from services.core import metrics
from services.core.errors import FieldError, InvalidInput
from services.core.eventstore.outages import DATABASE_AWAY
from services.core.eventstore.store import flush_async
from services.core.logging import get_logger
from services.core.web.access import STATUSES
from services.core.web.database import Connection
from services.core.web.problems import Problem, ProblemType, problem_responses
from services.core.web.responses import json_bytes
from services.ingest import documents, idempotency
from services.ingest.articles import Ingest, IngestDep, WriterDep, carry_out, shown, status_of
from services.ingest.documents import NDJSON
from services.ingest.formats import shapes
from services.ingest.formats.shapes import Article
from services.ingest.lines import read_lines
from services.ingest.schemas import Command, media_type_of, parsed, posted_value

log = get_logger(__name__)
router = APIRouter(prefix="/v1", tags=["ingest"])

PATH = "/v1/articles/bulk"
MEDIA_TYPES = (NDJSON, "application/ndjson", "application/jsonl", "application/json-lines", shapes.JSON)
MAX_LINES = 10_000
MAX_ERRORS = 20  # of one line that are told
BATCH_LINES = 64
BATCH_BYTES = 1024 * 1024

Result = dict[str, Any]


@dataclass(slots=True)
class Batch:
    """Articles on their way into the log, in their order. `results` has each one's outcome when they are on disk."""

    ingest: Ingest
    key_id: str | None
    results: list[Result] = field(default_factory=list)
    _waiting: list[tuple[Result, Command, idempotency.KeyedRequest | None]] = field(default_factory=list)
    _bytes: int = 0
    _written: bool = False
    _broken: Problem | None = None

    async def add(
        self, name: Result, article: Article, size: int, keyed: idempotency.KeyedRequest | None = None
    ) -> None:
        """Take one up; `name` is what its result begins with. Raises what `write` raises."""
        try:
            command = await self.ingest.command(article, self.key_id)
        except InvalidInput as error:
            self.refuse(name, as_problem(error))
            return
        self.results.append(name)
        self._waiting.append((name, command, keyed))
        self._bytes += size
        if len(self._waiting) >= BATCH_LINES or self._bytes >= BATCH_BYTES:
            await self.write()

    def refuse(self, name: Result, problem: Problem) -> None:
        """One that is not taken in, and why."""
        metrics.ARTICLES_SUBMITTED.labels("refused", "any").inc()
        self.results.append(name | told(problem))

    async def write(self) -> None:
        """Write what waits, and have it on disk. Where the database goes away after it took some, the rest is told
        so; where it took nothing, its error is raised."""
        waiting, self._waiting, self._bytes = self._waiting, [], 0
        if self._broken is None and waiting:
            try:
                await self._write(waiting)
                self._written = True
            except DATABASE_AWAY as error:
                if not self._written:
                    raise
                log.warning("database unavailable in the middle of many articles", error=type(error).__name__)
                self._broken = Problem(ProblemType.DATABASE_UNAVAILABLE)
        if self._broken is not None:
            for name, _, _ in waiting:
                for key in name.keys() - {"line", "entry"}:
                    del name[key]
                name.update(told(self._broken))

    async def _write(self, waiting: list[tuple[Result, Command, idempotency.KeyedRequest | None]]) -> None:
        async with self.ingest.store.pool.connection() as conn:
            for name, command, keyed in waiting:
                try:
                    name.update(await _take(conn, command, keyed))
                except Problem as problem:
                    name.update(told(problem))
            await flush_async(conn)


async def _take(conn: Connection, command: Command, keyed: idempotency.KeyedRequest | None) -> Result:
    if keyed is None:
        taken = await carry_out(conn, command)
        return {"status": status_of(taken), **shown(taken)}
    async with conn.transaction():
        await conn.execute("SET LOCAL synchronous_commit = off")
        kept = await idempotency.begin(conn, keyed)
        if kept is None:
            taken = await carry_out(conn, command)
            kept = idempotency.KeptAnswer(status_of(taken), shown(taken))
            await idempotency.keep(conn, keyed, kept)
        return {"status": kept.status, **kept.answer}


def as_problem(error: InvalidInput) -> Problem:
    """What a single request would have been answered."""
    few = InvalidInput(error.errors[:MAX_ERRORS])
    return Problem(ProblemType.INVALID_REQUEST, str(few), errors=few.errors)


def told(problem: Problem) -> Result:
    """A problem as part of a result."""
    return {"status": problem.status, "problem": problem.body()}


@router.post(
    "/articles/bulk",
    response_class=Response,
    responses={
        200: {
            "description": "A BulkResult for each line, in their order, when all is on disk",
            "content": {NDJSON: {"schema": {"type": "string"}}},
        },
        **problem_responses(*STATUSES, 400, 413, 415, 422, 503),
    },
    openapi_extra=documents.BULK,
)
async def post_articles(
    request: Request,
    ingest: IngestDep,
    caller: WriterDep,
    idempotency_key: Annotated[
        list[str] | None, Header(description="Each line counts as a request with this key and its number")
    ] = None,
) -> Response:
    """Take many articles in: NDJSON, or a JSON list that is no larger than one article may be.

    Each line is an object in any form of `POST /v1/articles`. A bad line spoils only itself; lines that were taken
    in before answer 200 again. Lines of one article are its revisions, in their order.
    """
    media_type = media_type_of(request.headers.get("content-type", ""), MEDIA_TYPES)
    keyed = idempotency.keyed_request(idempotency_key or [], scope=caller.key_id or "", parts=[])
    batch = Batch(ingest, caller.key_id)
    longest = ingest.settings.max_body_bytes
    number = 0
    try:
        async for line in (
            _listed(request, longest) if media_type == shapes.JSON else _lines(request, longest)
        ):
            number = line.number
            name = {"line": number}
            if isinstance(line.article, Problem):
                batch.refuse(name, line.article)
            else:
                of_line = keyed.of_line(number, line.digest) if keyed else None
                await batch.add(name, line.article, line.size, of_line)
    except Problem as problem:  # in the middle of the body: what was taken in before it is told first
        await batch.write()
        if not any("id" in result for result in batch.results):
            raise
        batch.refuse({"line": number + 1}, problem)
    await batch.write()
    if not batch.results:
        raise InvalidInput([FieldError("", "Holds no article")])
    return Response(b"".join(json_bytes(result) + b"\n" for result in batch.results), media_type=NDJSON)


@dataclass(frozen=True, slots=True)
class Line:
    """One of many articles. `digest` is the same for the same line of the same request."""

    number: int
    article: Article | Problem
    size: int
    digest: bytes


async def _lines(request: Request, longest: int) -> AsyncIterator[Line]:
    count = 0
    async for number, line in read_lines(request.stream(), longest):
        count += 1
        if count > MAX_LINES:
            raise Problem(ProblemType.BODY_TOO_LARGE, f"At most {MAX_LINES} articles are taken at once")
        if line is None:
            too_long = Problem(ProblemType.BODY_TOO_LARGE, f"At most {longest} bytes are taken in a line")
            yield Line(number, too_long, 0, b"")
            continue
        article: Article | Problem
        try:
            article = _article(parsed(line))
        except Problem as problem:
            article = problem
        yield Line(number, article, len(line), hashlib.sha256(line).digest())


async def _listed(request: Request, longest: int) -> AsyncIterator[Line]:
    """The items of a JSON list, which has to be held at once and so may be no larger than a single article."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > longest:
            detail = f"At most {longest} bytes are taken as a list: send {NDJSON} for more"
            raise Problem(ProblemType.BODY_TOO_LARGE, detail, headers={"Connection": "close"})
    found, digest = parsed(bytes(body)), hashlib.sha256(body).digest()
    if not isinstance(found, list):
        raise InvalidInput([FieldError("", "A JSON list is wanted")])
    if len(found) > MAX_LINES:
        raise Problem(ProblemType.BODY_TOO_LARGE, f"At most {MAX_LINES} articles are taken at once")
    for number, item in enumerate(found, 1):
        yield Line(number, _article(item), len(body) // len(found), digest)


def _article(value: Any) -> Article | Problem:
    try:
        return posted_value(value)
    except InvalidInput as error:
        return as_problem(error)
