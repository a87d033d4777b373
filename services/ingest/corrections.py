"""`POST /v1/timeline/{id}/corrections` and `/v1/positions/{id}/corrections`: an analyst's rulings."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Header, Request, Security
from starlette.responses import Response

from services.core.access.keys import Scope
from services.core.errors import FieldError, InvalidInput
from services.core.logging import get_logger
from services.core.web.access import STATUSES, Caller, admits
from services.core.web.database import Connection
from services.core.web.problems import problem_responses
from services.core.web.responses import JSONAnswer
from services.ingest import idempotency
from services.ingest.articles import Ingest, IngestDep
from services.ingest.correction_schemas import EntryRulingPosted, PositionRulingPosted, RulingTaken
from services.ingest.rulings import rule_on_entry, rule_on_position
from services.ingest.schemas import media_type_of, read_model

log = get_logger(__name__)
router = APIRouter(prefix="/v1", tags=["corrections"])

ReviewerDep = Annotated[Caller, Security(admits(Scope.REVIEW))]
IdempotencyKey = Annotated[
    list[str] | None, Header(description='A structured-field string, such as "8e03978e-40d5"; kept for a day')
]
IfMatch = Annotated[
    list[str] | None,
    Header(description='How many rulings on this record you know of, in quotes: "0" is none; 412 otherwise'),
]
Posted = TypeVar("Posted", EntryRulingPosted, PositionRulingPosted)
Rule = Callable[[Connection, int | None], Awaitable[RulingTaken]]
_VERSION = re.compile(r'"([0-9]{1,9})"', re.ASCII)


def _described(model: type, record: str) -> dict[str, Any]:
    schema = {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}
    headers = {
        "Location": {"description": record, "schema": {"type": "string", "format": "uri-reference"}},
        "ETag": {"description": "For `If-Match` of the next ruling", "schema": {"type": "string"}},
    }
    return {
        "status_code": 202,
        "response_model": RulingTaken,
        "responses": {
            202: {"description": "Taken down", "headers": headers},
            **problem_responses(*STATUSES, 400, 404, 409, 410, 412, 413, 415, 422, 503),
        },
        "openapi_extra": {"requestBody": {"required": True, "content": {"application/json": schema}}},
    }


@router.post("/timeline/{entry_id}/corrections", **_described(EntryRulingPosted, "The entry"))
async def post_entry_ruling(
    request: Request,
    ingest: IngestDep,
    caller: ReviewerDep,
    entry_id: UUID,
    idempotency_key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Response:
    """Confirm, reject, amend, merge or split an entry of the timeline, or take the last of these back."""
    posted = await _read(request, EntryRulingPosted)

    async def rule(conn: Connection, expected: int | None) -> RulingTaken:
        return await rule_on_entry(conn, entry_id, posted, expected=expected, key_id=caller.key_id)

    location = f"/v1/timeline/{entry_id}"
    return await _answer(request, ingest, caller, rule, location, idempotency_key, if_match)


@router.post("/positions/{position_id}/corrections", **_described(PositionRulingPosted, "The positions"))
async def post_position_ruling(
    request: Request,
    ingest: IngestDep,
    caller: ReviewerDep,
    position_id: UUID,
    idempotency_key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Response:
    """Confirm, reject or amend what an actor stated on a day, or take the last of these back."""
    posted = await _read(request, PositionRulingPosted)

    async def rule(conn: Connection, expected: int | None) -> RulingTaken:
        return await rule_on_position(conn, position_id, posted, expected=expected, key_id=caller.key_id)

    return await _answer(request, ingest, caller, rule, "/v1/positions", idempotency_key, if_match)


async def _read(request: Request, model: type[Posted]) -> Posted:
    media_type_of(request.headers.get("content-type", ""))
    return read_model(model, await request.body())


async def _answer(
    request: Request,
    ingest: Ingest,
    caller: Caller,
    rule: Rule,
    location: str,
    key: list[str] | None,
    if_match: list[str] | None,
) -> Response:
    expected = _expected(if_match)
    path = request.url.path.encode()
    given = ", ".join(if_match or ()).encode()
    keyed = idempotency.keyed_request(
        key or [], scope=caller.key_id or "", parts=[b"POST", path, await request.body(), given]
    )
    async with ingest.store.transaction() as conn:
        kept = await idempotency.begin(conn, keyed) if keyed else None
        if kept is None:
            taken = await rule(conn, expected)
            kept = idempotency.KeptAnswer(202, taken.model_dump(mode="json"))
            log.info("ruled", record_id=str(taken.id), verdict=taken.verdict, position=taken.global_position)
            if keyed:
                await idempotency.keep(conn, keyed, kept)
    headers = {"Location": location, "ETag": f'"{kept.answer["version"]}"'}
    return JSONAnswer(kept.answer, kept.status, headers)


def _expected(if_match: list[str] | None) -> int | None:
    """The version that `If-Match` names; None for `*` and where there is none. Raises InvalidInput."""
    if not if_match or if_match == ["*"]:
        return None
    match = _VERSION.fullmatch(if_match[0].strip()) if len(if_match) == 1 else None
    if match is None:
        raise InvalidInput([FieldError("If-Match", 'Wants the number of rulings in quotes: "0"', "header")])
    return int(match[1])
