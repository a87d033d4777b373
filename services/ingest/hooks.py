"""`POST /v1/hooks/miniflux`: what a Miniflux reads, as it reads it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Request
from starlette.responses import Response

from services.core.errors import InvalidInput
from services.core.logging import get_logger
from services.core.web.access import Access
from services.core.web.problems import Problem, problem_responses
from services.core.web.responses import JSONAnswer
from services.ingest import documents
from services.ingest.articles import IngestDep
from services.ingest.bulk import Batch, as_problem
from services.ingest.documents import EntryResults
from services.ingest.formats import miniflux
from services.ingest.schemas import media_type_of, parsed

log = get_logger(__name__)
router = APIRouter(prefix="/v1/hooks", tags=["ingest"])


@router.post(
    "/miniflux",
    response_model=EntryResults,
    responses=problem_responses(400, 401, 403, 413, 415, 422, 429, 503),
    openapi_extra=documents.MINIFLUX,
)
async def post_miniflux(
    request: Request,
    ingest: IngestDep,
    x_miniflux_signature: Annotated[
        str, Header(description="HMAC-SHA256 of the body in hexadecimal; stands in place of a key")
    ] = "",
) -> Response:
    """Take in what a Miniflux webhook brings: `new_entries` and `save_entry`. Each entry has its own outcome.

    Nothing is taken unless TREATYLINE_MINIFLUX_SECRET is set, to the secret that Miniflux shows for its webhook.
    """
    access: Access = request.app.state.access
    if await access.in_force():
        await access.caller(request)  # counts the request against its address
    secret = ingest.settings.miniflux_secret
    if secret is None:
        raise Problem(403, "TREATYLINE_MINIFLUX_SECRET is not set: no webhook of a Miniflux is taken")
    media_type_of(request.headers.get("content-type", ""))
    body = await request.body()
    if not miniflux.is_signed(body, x_miniflux_signature, secret.get_secret_value()):
        detail = "X-Miniflux-Signature is not the body's, made with the secret that is set here"
        raise Problem(403, detail if x_miniflux_signature else "X-Miniflux-Signature is wanted")
    batch = Batch(ingest, key_id=None)
    for entry in miniflux.read(parsed(body)):
        name = {"entry": entry.id}
        if isinstance(entry.article, InvalidInput):
            batch.refuse(name, as_problem(entry.article))
        else:
            await batch.add(name, entry.article, len(entry.article.html or ""))
    await batch.write()
    return JSONAnswer({"data": batch.results})
