"""ETags: an answer is named by its question and the position that it reflects, so 304 costs one small read."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from typing import Annotated

from fastapi import Depends, Header, Request, Response

from services.api.deps import PositionDep

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
    given = ",".join(request.headers.getlist("if-none-match"))
    tags = {tag.strip().removeprefix("W/") for tag in given.split(",")}
    if "*" in tags or etag.removeprefix("W/") in tags:
        raise NotModified(etag)


async def _conditional(
    request: Request,
    position: PositionDep,
    if_none_match: Annotated[  # noqa: ARG001 - declared for the OpenAPI document; there may be several
        str | None, Header(description="ETags of answers that the client has")
    ] = None,
) -> str:
    etag = etag_of(request, position)
    check_unchanged(request, etag)
    return etag


EtagDep = Annotated[str, Depends(_conditional)]


async def on_not_modified(_request: Request, error: Exception) -> Response:
    """304 with the validator."""
    assert isinstance(error, NotModified)  # noqa: S101 - starlette's signature is wider than its use
    return Response(status_code=304, headers={"ETag": error.etag, "Cache-Control": "no-cache"})


def validated(response: Response, etag: str) -> Response:
    """Put the validator on an answer; caches ask again each time."""
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "no-cache"
    return response
