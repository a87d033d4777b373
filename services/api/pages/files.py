"""The style sheet, the script and the picture of the page."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from services.api.pages.base import METHODS
from services.api.pages.frame import asset
from services.core.web.problems import Problem

router = APIRouter(include_in_schema=False)


@router.api_route("/static/{name}", methods=METHODS)
async def show_asset(request: Request, name: str, v: str | None = None) -> Response:
    """A static file; kept for ever under an address that names its content."""
    found = asset(name)
    if found is None:
        raise Problem(404, "There is no such file")
    headers = {
        "ETag": found.etag,
        "Cache-Control": "public, max-age=31536000, immutable" if v == found.digest else "no-cache",
    }
    if found.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(found.content, headers=headers, media_type=found.media_type)
