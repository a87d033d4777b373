"""Opaque page cursors. A cursor remembers the position of the first page, so pages never shift under a reader."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from fastapi import Query, Request

from services.core.errors import FieldError, InvalidInput
from services.core.web.responses import JSONAnswer

DEFAULT_LIMIT = 50
MAX_LIMIT = 500

LimitQuery = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Items on a page")]
CursorQuery = Annotated[str | None, Query(max_length=1000, description="`next` of the page before")]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: after the item with these sort `key`s, read at `position`."""

    position: int
    key: tuple[str | int, ...]


def question(request: Request) -> str:
    """What was asked, without where: a cursor fits the question that it was made for, and no other."""
    asked = sorted((k, v) for k, v in request.query_params.multi_items() if k not in {"cursor", "limit"})
    return hashlib.sha256(orjson.dumps([request.url.path, asked])).hexdigest()[:16]


def encode(request: Request, cursor: Cursor) -> str:
    """The cursor as a client passes it back."""
    packed = orjson.dumps([question(request), cursor.position, *cursor.key])
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def decode(request: Request, text: str | None, *kinds: type) -> Cursor | None:
    """The cursor that `encode` made for the same question, its key of these types. Raises InvalidInput."""
    if text is None:
        return None
    try:
        packed = orjson.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        asked, position, *key = packed
    except (binascii.Error, ValueError, TypeError):
        raise forged() from None
    fits = len(key) == len(kinds) and all(type(k) is kind for k, kind in zip(key, kinds, strict=True))
    if asked != question(request) or type(position) is not int or position < 0 or not fits:
        raise forged()
    if any(abs(k) >= 2**63 if isinstance(k, int) else "\x00" in k for k in (*key, position)):
        raise forged()
    return Cursor(position, tuple(key))


def forged() -> InvalidInput:
    """What to raise for a cursor that no page of this question gave."""
    return InvalidInput([FieldError("cursor", "Is not the `next` of a page of this same question", "query")])


def page(request: Request, data: list[Any], following: Cursor | None, position: int) -> JSONAnswer:
    """The answer to a list: `data`, `next`, `position`, and a `Link` to the next page (RFC 8288)."""
    token = encode(request, following) if following else None
    headers = {"X-Position": str(position)}
    if token:
        asked = [(k, v) for k, v in request.query_params.multi_items() if k != "cursor"]
        headers["Link"] = f'<{request.url.path}?{urlencode([*asked, ("cursor", token)])}>; rel="next"'
    return JSONAnswer({"data": data, "next": token, "position": position}, headers=headers)
