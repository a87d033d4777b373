"""ETags: an answer is named by its question and the position that it reflects, so 304 costs one small read."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from typing import Annotated

from fastapi import Depends, Header, Request, Response

from services.api.deps import MIN_POSITION, ViewDep, get_reads

_RELEASE = f"1 {version('treatyline')}"  # another release may answer the same question in another shape


class NotModified(Exception):  # noqa: N818 - HTTP's own words
    """The client has this answer already."""

    def __init__(self, etag: str) -> None:
        self.etag = etag
        super().__init__(etag)


def etag_of(request: Request, position: int) -> str:
    """A weak validator (RFC 9110): same question, same position, same release."""
    asked = f"{_RELEASE}\n{request.url.path}\n{request.url.query}\n{request.headers.get('accept', '')}\n{position}"
    return f'W/"{hashlib.sha256(asked.encode()).hexdigest()[:24]}"'


def check_unchanged(request: Request, etag: str) -> None:
    """Raises NotModified if the client named this validator in `If-None-Match` (weak comparison)."""
    tags = _named(request)
    if "*" in tags or etag.removeprefix("W/") in tags:
        raise NotModified(etag)


def _named(request: Request) -> set[str]:
    given = ",".join(request.headers.getlist("if-none-match"))
    return {tag.strip().removeprefix("W/") for tag in given.split(",")}


async def conditional(
    request: Request,
    view: ViewDep,
    if_none_match: Annotated[  # noqa: ARG001 - declared for the OpenAPI document; there may be several
        str | None, Header(description="ETags of answers that the client has")
    ] = None,
) -> str:
    """The validator of the answer. Raises NotModified where the client has it."""
    etag = etag_of(request, view.position)
    check_unchanged(request, etag)
    return etag


async def unchanged(request: Request) -> Response | None:
    """The 304 that `conditional` would come to, where one row is enough to see it; None where it is not.

    The validator names the question: whoever has it was answered, so nothing that was asked needs to be looked at
    again. But `*` is anything, and whoever wants to wait for a position must be let wait.
    """
    if "if-none-match" not in request.headers or MIN_POSITION in request.headers or "*" in _named(request):
        return None
    try:
        check_unchanged(request, etag_of(request, await (await get_reads(request)).position()))
    except NotModified as known:
        return await on_not_modified(request, known)
    return None


EtagDep = Annotated[str, Depends(conditional)]


async def on_not_modified(_request: Request, error: Exception) -> Response:
    """304 with the validator."""
    assert isinstance(error, NotModified)  # noqa: S101 - starlette's signature is wider than its use
    return Response(status_code=304, headers={"ETag": error.etag, "Cache-Control": "no-cache"})


def validated(response: Response, etag: str) -> Response:
    """Put the validator on an answer; caches ask again each time."""
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "no-cache"
    return response
