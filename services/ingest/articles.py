"""`POST /v1/articles` and `DELETE /v1/articles/{id}`: parse, call, answer."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Security
from fastapi.routing import APIRoute
from starlette.responses import Response

from services.core import metrics
from services.core.access.keys import Scope
from services.core.domain.article import Outcome
from services.core.domain.canonical_url import canonical_url
from services.core.domain.commands import HoldArticle, SubmitArticle, WithdrawArticle
from services.core.domain.submission import checked_line
from services.core.errors import FieldError, InvalidInput
from services.core.eventstore.store import AsyncEventStore, flush_async
from services.core.logging import get_logger
from services.core.settings import Settings
from services.core.web.access import STATUSES, Access, Caller, admits
from services.core.web.database import Connection
from services.core.web.problems import Problem, ProblemType, problem_responses
from services.core.web.responses import JSONAnswer
from services.ingest import documents, idempotency
from services.ingest.embargo import hold_on
from services.ingest.formats.posted import Posted
from services.ingest.formats.shapes import Article
from services.ingest.schemas import (
    ArticleTaken,
    Command,
    Withdrawal,
    checked,
    media_type_of,
    posted,
    read_model,
)
from services.ingest.submit import Taken, submit_on, withdraw, withdraw_on
from services.ingest.together import Together

log = get_logger(__name__)
router = APIRouter(prefix="/v1", tags=["ingest"])

MAX_REASON = 1000


@dataclass(frozen=True, slots=True)
class Ingest:
    """What the routes need; `services.ingest.app.install` puts it into `app.state.ingest`."""

    store: AsyncEventStore
    settings: Settings
    together: Together
    # HTML is read in threads that share one interpreter: more at once would only hold more pages in memory.
    html_slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))

    async def command(self, article: Article, key_id: str | None) -> Command:
        """The checked command. Raises InvalidInput."""
        longest = self.settings.max_text_characters
        if not isinstance(article, Posted) or article.html is None:
            return checked(article, max_characters=longest, key_id=key_id)
        async with self.html_slots:
            return await asyncio.to_thread(checked, article, max_characters=longest, key_id=key_id)

    async def carry_out(self, command: Command) -> Taken:
        """The command, on disk when it returns. Raises Problem 404 and 410."""
        if isinstance(command, SubmitArticle):
            taken = await self.together.append(command)
            if taken is not None:
                return _told(taken, command)
        async with self.store.pool.connection() as conn:
            taken = await carry_out(conn, command)
            await flush_async(conn)  # also for "same": the other's append may not be on disk yet
            return taken


async def get_ingest(request: Request) -> Ingest:  # not async, it would cost a thread
    ingest: Ingest = request.app.state.ingest
    return ingest


IngestDep = Annotated[Ingest, Depends(get_ingest)]
WriterDep = Annotated[Caller, Security(admits(Scope.WRITE))]

_TAKEN: dict[str, Any] = {
    "model": ArticleTaken,
    "headers": {
        "Location": {"description": "The article", "schema": {"type": "string", "format": "uri-reference"}}
    },
}
_DELETE_BODY = {
    "requestBody": {
        "required": False,
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{Withdrawal.__name__}"}}},
    }
}


class _Direct(APIRoute):
    """The endpoint is called with what it wants, not with what FastAPI finds out anew for each request that it wants:
    that would take longer than reading and checking an article. Its signature is for the OpenAPI document."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        async def answer(request: Request) -> Response:
            access: Access = request.app.state.access
            caller = await access.admit(request, Scope.WRITE)
            given = request.headers
            keys, address = given.getlist("idempotency-key"), given.get("content-location")
            return await post_article(request, await get_ingest(request), caller, keys, address)

        return answer


posting = APIRouter(prefix="/v1", tags=["ingest"], route_class=_Direct)


@posting.post(
    "/articles",
    status_code=202,
    response_model=ArticleTaken,
    responses={
        202: _TAKEN
        | {"description": "New, a revision of an article that is there, under embargo, or withdrawn"},
        200: _TAKEN | {"description": "The same article again: nothing was written"},
        **problem_responses(*STATUSES, 400, 404, 409, 410, 413, 415, 422, 503),
    },
    openapi_extra=documents.ARTICLE,
)
async def post_article(
    request: Request,
    ingest: IngestDep,
    caller: WriterDep,
    idempotency_key: Annotated[
        list[str] | None,
        Header(description='A structured-field string, such as "8e03978e-40d5"; kept for a day'),
    ] = None,
    content_location: Annotated[
        str | None, Header(description="Of `text/html`: the page's address, whatever it says itself")
    ] = None,
) -> Response:
    """Take an article in: plain JSON, IPTC ninjs, schema.org NewsArticle, a JSON Feed item, or a page of HTML.

    A ninjs item with `pubStatus: canceled` is withdrawn. What is under embargo waits until its time has come.
    The answer's `global_position` can be sent as
    `X-Min-Position` when reading.
    """
    content_type = request.headers.get("content-type", "")
    body = await request.body()
    try:
        article = _at(posted(body, content_type), content_location)
        keyed = idempotency.keyed_request(
            idempotency_key or [],
            scope=caller.key_id or "",
            parts=[b"POST /v1/articles", content_type.encode(), body, (content_location or "").encode()],
        )
        command = await ingest.command(article, caller.key_id)
    except InvalidInput:
        metrics.ARTICLES_SUBMITTED.labels("refused", "any").inc()
        raise
    if keyed is None:
        return _answer(await ingest.carry_out(command))
    async with ingest.store.transaction() as conn:
        kept = await idempotency.begin(conn, keyed)
        if kept is None:
            response = _answer(taken := await carry_out(conn, command))
            await idempotency.keep(conn, keyed, idempotency.KeptAnswer(response.status_code, shown(taken)))
            return response
    return JSONAnswer(kept.answer, kept.status, _location(kept.answer["id"]))


def _at(article: Article, address: str | None) -> Article:
    """A page with the address that the request gives it (RFC 9110, 8.7: whose representation a body is)."""
    if not address or not isinstance(article, Posted) or article.received_as != "html" or article.url:
        return article
    try:
        return replace(article, url=canonical_url(address))
    except ValueError as error:
        raise InvalidInput([FieldError("Content-Location", str(error), "header")]) from None


async def carry_out(conn: Connection, command: Command) -> Taken:
    """The command on a connection, whose caller flushes. Raises Problem 404 and 410."""
    if isinstance(command, WithdrawArticle):
        taken = await withdraw_on(conn, command)
        if taken is None:
            raise Problem(404, "There is no such article")
        log.info("article withdrawn", article_id=taken.article_id, position=taken.global_position)
        return taken
    if isinstance(command, HoldArticle):
        return _told(await hold_on(conn, command), command.article)
    return _told(await submit_on(conn, command), command)


def _told(taken: Taken, article: SubmitArticle) -> Taken:
    """What became of an article, counted and logged. Raises Problem 410."""
    metrics.ARTICLES_SUBMITTED.labels(taken.outcome, article.received_as).inc()
    if taken.global_position is not None:  # else nobody may know of it: its id is made of its address
        log.info(
            "article posted",
            article_id=taken.article_id,
            outcome=taken.outcome,
            position=taken.global_position,
        )
    if taken.outcome is Outcome.WITHDRAWN:
        raise Problem(
            ProblemType.ARTICLE_WITHDRAWN, id=taken.article_id, global_position=taken.global_position
        )
    return taken


def _answer(taken: Taken) -> Response:
    return JSONAnswer(shown(taken), status_of(taken), _location(taken.article_id))


def status_of(taken: Taken) -> int:
    """What is answered: 200 where nothing was written."""
    return 200 if taken.outcome is Outcome.SAME else 202


def shown(taken: Taken) -> dict[str, Any]:
    """An `ArticleTaken`."""
    answer = {"id": taken.article_id, "state": taken.state, "global_position": taken.global_position}
    if taken.embargoed_until is not None:
        answer["embargoed_until"] = (
            taken.embargoed_until.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
        )
    return answer


def _location(article_id: str) -> dict[str, str]:
    return {"Location": f"/v1/articles/{article_id}"}


@router.delete(
    "/articles/{article_id}",
    status_code=202,
    response_model=ArticleTaken,
    responses={
        202: {"description": "Withdrawn, now or before", "model": ArticleTaken},
        **problem_responses(*STATUSES, 400, 404, 413, 415, 422, 503),
    },
    openapi_extra=_DELETE_BODY,
)
async def delete_article(
    request: Request,
    ingest: IngestDep,
    caller: WriterDep,
    article_id: UUID,
    reason: Annotated[str | None, Query(description='Why; or in the body as {"reason": …}')] = None,
) -> Response:
    """Withdraw an article, with a reason. Its words are deleted with the last live article that has them."""
    where = "query"
    if body := await request.body():
        media_type_of(request.headers.get("content-type", ""))
        reason, where = read_model(Withdrawal, body).reason, "body"
    try:
        why = checked_line(reason, MAX_REASON)
    except ValueError as error:
        raise InvalidInput([FieldError("reason", str(error), where)]) from None
    if why is None:
        raise InvalidInput([FieldError("reason", "Say why the article is withdrawn", where)])
    taken = await withdraw(
        ingest.store, WithdrawArticle(article_id=str(article_id), reason=why, key_id=caller.key_id)
    )
    if taken is None:
        raise Problem(404, "There is no such article")
    log.info("article withdrawn", article_id=taken.article_id, position=taken.global_position)
    return JSONAnswer(shown(taken), 202)
