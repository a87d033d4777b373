"""`/v1/webhooks`: registered, changed, tried and deleted; what was delivered, and what is to be sent again."""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Security
from psycopg.rows import scalar_row
from starlette.responses import Response

from services.core.access.keys import Scope
from services.core.domain.submission import checked_line
from services.core.errors import FieldError, InvalidInput
from services.core.eventstore.store import LAST_POSITION
from services.core.projections.read_models import ReadModels
from services.core.settings import Settings
from services.core.web.access import STATUSES, Caller, admits
from services.core.web.database import Connection
from services.core.web.problems import Problem, problem_responses
from services.core.web.responses import JSONAnswer
from services.core.webhooks import deliveries, messages, signing, store
from services.core.webhooks.addresses import Reach
from services.core.webhooks.filters import checked_words
from services.core.webhooks.store import Webhook
from services.core.webhooks.targets import TargetRefused, checked_target
from services.ingest.articles import Ingest, IngestDep
from services.ingest.schemas import media_type_of, read_model
from services.ingest.webhook_schemas import (
    DeliveryPage,
    DeliveryShown,
    Resent,
    WebhookMade,
    WebhookPage,
    WebhookPatch,
    WebhookPosted,
    WebhookSecret,
    WebhookShown,
)

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])

LATEST = 2**15  # greater than the number of any change at one global position
_CHANGE = re.compile(r"([0-9]{1,18})\.([0-9]{1,9})", re.ASCII)
_PRIVATE = {"Cache-Control": "no-store"}  # addresses and states, never the same for long

# Whoever registers a webhook makes this system call somebody: more than reading.
AdminDep = Annotated[Caller, Security(admits(Scope.ADMIN))]


def _takes(model: type) -> dict[str, Any]:
    schema = {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}
    return {"requestBody": {"required": True, "content": {"application/json": schema}}}


_BODY = (400, 413, 415, 422)


@router.post(
    "",
    status_code=201,
    response_model=WebhookMade,
    responses=problem_responses(*STATUSES, *_BODY, 409, 503),
    openapi_extra=_takes(WebhookPosted),
)
async def post_webhook(request: Request, ingest: IngestDep, caller: AdminDep) -> Response:
    """Register a webhook. The answer holds its secret, this once."""
    posted = await _read(request, WebhookPosted)
    url, description = _target(ingest.settings, posted.url), _line(posted.description)
    words = checked_words(posted.filter, ingest.settings.dossiers[0])
    async with ingest.store.transaction() as conn:
        if not await store.room(conn):
            raise Problem(409, f"There are {store.MOST} webhooks already: delete one")
        webhook_id, secret = await store.register(
            conn,
            url=url,
            words=words,
            types=sorted(set(posted.types)),
            description=description,
            after=await _after(conn, posted.after),
            key_id=caller.key_id,
        )
        made = await _found(conn, webhook_id)
    shown = WebhookShown.of(made, secret=signing.reveal(secret))
    return JSONAnswer(shown, 201, _PRIVATE | {"Location": f"/v1/webhooks/{webhook_id}"})


@router.get("", response_model=WebhookPage, responses=problem_responses(*STATUSES, 503))
async def get_webhooks(ingest: IngestDep, _: AdminDep) -> Response:
    """Every webhook, oldest first."""
    async with ingest.store.pool.connection() as conn:
        found, position = await store.list_all(conn), await _complete(conn)
    data = [WebhookShown.of(webhook) for webhook in found]
    return JSONAnswer({"data": data, "next": None, "position": position}, headers=_PRIVATE)


@router.get(
    "/{webhook_id}", response_model=WebhookShown, responses=problem_responses(*STATUSES, 404, 422, 503)
)
async def get_webhook(ingest: IngestDep, _: AdminDep, webhook_id: UUID) -> Response:
    """One webhook."""
    async with ingest.store.pool.connection() as conn:
        return JSONAnswer(WebhookShown.of(await _found(conn, webhook_id)), headers=_PRIVATE)


@router.patch(
    "/{webhook_id}",
    response_model=WebhookShown,
    responses=problem_responses(*STATUSES, *_BODY, 404, 503),
    openapi_extra=_takes(WebhookPatch),
)
async def patch_webhook(request: Request, ingest: IngestDep, caller: AdminDep, webhook_id: UUID) -> Response:
    """Change a webhook, disable it, or send to it again: it goes on from where it was left."""
    patch = await _read(request, WebhookPatch)
    after: dict[str, Any] = {}
    if patch.url is not None:
        after["url"] = _target(ingest.settings, patch.url)
    if patch.filter is not None:
        after["filter"] = checked_words(patch.filter, ingest.settings.dossiers[0])
    if patch.types is not None:
        after["types"] = sorted(set(patch.types))
    if "description" in patch.model_fields_set:
        after["description"] = _line(patch.description)
    async with _on(ingest, webhook_id) as (conn, before):
        await store.change(conn, before, after, caller.key_id)
        if patch.state == "disabled":
            await store.disable(conn, webhook_id, "asked", caller.key_id)
        elif patch.state == "active":
            await store.enable(conn, webhook_id, caller.key_id)
        changed = await _found(conn, webhook_id)
    return JSONAnswer(WebhookShown.of(changed), headers=_PRIVATE)


@router.delete("/{webhook_id}", status_code=204, responses=problem_responses(*STATUSES, 404, 422, 503))
async def delete_webhook(ingest: IngestDep, caller: AdminDep, webhook_id: UUID) -> Response:
    """Delete a webhook, with what it still had to be sent."""
    async with _on(ingest, webhook_id) as (conn, _):
        await store.delete(conn, webhook_id, caller.key_id)
    return Response(status_code=204)


@router.post(
    "/{webhook_id}/secret",
    response_model=WebhookSecret,
    responses=problem_responses(*STATUSES, 404, 422, 503),
)
async def post_secret(ingest: IngestDep, caller: AdminDep, webhook_id: UUID) -> Response:
    """A new secret, shown this once. For a day messages bear a signature of the one before too."""
    async with _on(ingest, webhook_id) as (conn, webhook):
        secret, until = await store.rotate(conn, webhook, caller.key_id)
    return JSONAnswer({"secret": signing.reveal(secret), "previous_until": until}, headers=_PRIVATE)


@router.post(
    "/{webhook_id}/test",
    status_code=202,
    response_model=DeliveryShown,
    responses=problem_responses(*STATUSES, 404, 422, 503),
)
async def post_test(ingest: IngestDep, _: AdminDep, webhook_id: UUID) -> Response:
    """Send a message that tells of nothing, now and once. Look at the delivery to see what came of it."""
    delivery_id = uuid.uuid4()
    async with _on(ingest, webhook_id) as (conn, _webhook):
        await deliveries.add_test(conn, webhook_id, delivery_id, messages.TEST)
        await conn.execute(store.WAKE)
        made = await deliveries.find(conn, webhook_id, delivery_id)
    if made is None:
        raise Problem(404, "There is no such webhook")
    at = {"Location": f"/v1/webhooks/{webhook_id}/deliveries/{delivery_id}"}
    return JSONAnswer(DeliveryShown.of(made), 202, at | _PRIVATE)


@router.get(
    "/{webhook_id}/deliveries",
    response_model=DeliveryPage,
    responses=problem_responses(*STATUSES, 404, 422, 503),
)
async def get_deliveries(
    request: Request,
    ingest: IngestDep,
    _: AdminDep,
    webhook_id: UUID,
    state: Annotated[Literal["pending", "delivered", "failed"] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[
        str | None, Query(pattern=r"^[0-9]{1,18}$", description="`next` of the page before")
    ] = None,
) -> Response:
    """What was and is to be sent, newest first. What ended is kept for thirty days."""
    async with ingest.store.pool.connection() as conn:
        await _found(conn, webhook_id)
        found = await deliveries.list_some(
            conn, webhook_id, state=state, before=int(cursor) if cursor else None, limit=limit + 1
        )
        position = await _complete(conn)
    following = str(found[limit - 1].ordinal) if len(found) > limit else None
    headers = dict(_PRIVATE)
    if following:
        at = request.url.include_query_params(cursor=following)
        headers["Link"] = f'<{at.path}?{at.query}>; rel="next"'
    data = [DeliveryShown.of(delivery) for delivery in found[:limit]]
    return JSONAnswer({"data": data, "next": following, "position": position}, headers=headers)


@router.get(
    "/{webhook_id}/deliveries/{delivery_id}",
    response_model=DeliveryShown,
    responses=problem_responses(*STATUSES, 404, 422, 503),
)
async def get_delivery(ingest: IngestDep, _: AdminDep, webhook_id: UUID, delivery_id: UUID) -> Response:
    """One message and what became of it."""
    async with ingest.store.pool.connection() as conn:
        found = await deliveries.find(conn, webhook_id, delivery_id)
    if found is None:
        raise Problem(404, "There is no such delivery")
    return JSONAnswer(DeliveryShown.of(found), headers=_PRIVATE)


@router.post(
    "/{webhook_id}/resend",
    status_code=202,
    response_model=Resent,
    responses=problem_responses(*STATUSES, 404, 422, 503),
)
async def post_resend(
    ingest: IngestDep,
    _: AdminDep,
    webhook_id: UUID,
    delivery: Annotated[UUID | None, Query(description="Only this one, whatever became of it")] = None,
) -> Response:
    """Send again what failed for a day, under the same ids."""
    async with _on(ingest, webhook_id) as (conn, _webhook):
        count = await deliveries.resend(conn, webhook_id, delivery)
        await conn.execute(store.WAKE)
    if delivery is not None and not count:
        raise Problem(404, "There is no such delivery")
    return JSONAnswer({"resent": count}, 202, _PRIVATE)


# -- inside -------------------------------------------------------------------------------------------------------


async def _read(request: Request, model: type[Any]) -> Any:
    media_type_of(request.headers.get("content-type", ""))
    return read_model(model, await request.body())


def _target(settings: Settings, url: str) -> str:
    try:
        return checked_target(url, Reach(settings.webhook_networks))
    except TargetRefused as error:
        raise InvalidInput([FieldError("url", f"The address {error}")]) from None


def _line(description: str | None) -> str | None:
    try:
        return checked_line(description, 200)
    except ValueError as error:
        raise InvalidInput([FieldError("description", str(error))]) from None


async def _complete(conn: Connection) -> int:
    """Up to where the read tables, and with them the feed, are complete."""
    return await _number(conn, "SELECT global_position FROM checkpoints WHERE name = %s", ReadModels.name)


async def _number(conn: Connection, query: str, *parameters: Any) -> int:
    async with conn.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(query, parameters)
        return int(await cursor.fetchone() or 0)


async def _after(conn: Connection, given: str | None) -> tuple[int, int]:
    """The change that the first message follows."""
    if given is None:
        return await _complete(conn), LATEST
    match = _CHANGE.fullmatch(given)
    if match is None or int(match[1]) > await _number(conn, LAST_POSITION):
        raise InvalidInput([FieldError("after", "Is not the id of a change")])
    return int(match[1]), min(int(match[2]), LATEST)


async def _found(conn: Connection, webhook_id: UUID) -> Webhook:
    return _there(await store.find(conn, webhook_id))


def _there(webhook: Webhook | None) -> Webhook:
    if webhook is None:
        raise Problem(404, "There is no such webhook")
    return webhook


@asynccontextmanager
async def _on(ingest: Ingest, webhook_id: UUID) -> AsyncIterator[tuple[Connection, Webhook]]:
    """A webhook, and the transaction to change it in; on disk when the block is left."""
    async with ingest.store.transaction() as conn:
        yield conn, _there(await store.find_to_change(conn, webhook_id))
