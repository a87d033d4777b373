"""JSON answers, written by orjson."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.responses import Response


def json_bytes(content: Any) -> bytes:
    """JSON in UTF-8. Takes what orjson takes: dataclasses, UUIDs, aware datetimes (RFC 3339, `Z` for UTC)."""
    return orjson.dumps(content, option=orjson.OPT_UTC_Z)


class JSONAnswer(Response):
    """A JSON response: `JSONAnswer({"id": …}, 202, {"Location": …})`."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return content if isinstance(content, bytes) else json_bytes(content)
