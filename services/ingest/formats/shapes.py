"""Which form a body is of: by its content type, and where that is only "JSON", by its shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.core.errors import FieldError, InvalidInput
from services.ingest.formats import json_feed, news_article, ninjs
from services.ingest.formats.posted import Canceled, Posted

JSON = "application/json"
LINKED_DATA = "application/ld+json"
FEED = "application/feed+json"
HTML = "text/html"
MEDIA_TYPES = (JSON, LINKED_DATA, FEED, HTML)

Article = Posted | Canceled
Reader = Callable[[dict[str, Any]], Article]


def foreign(value: Any) -> Reader | None:
    """The form of a JSON value that is not the plain one, by members that only it has."""
    if news_article.is_linked_data(value):
        return news_article.read
    if not isinstance(value, dict) or "text" in value or "html" in value:
        return None
    if json_feed.is_item(value):
        return json_feed.read
    return ninjs.read if ninjs.is_ninjs(value) else None


def read_json(value: Any, media_type: str, plain: Callable[[dict[str, Any]], Article]) -> Article:
    """The article that a JSON value of this media type is. Raises InvalidInput for what is none."""
    if media_type == LINKED_DATA:
        return news_article.read(value)
    reader = json_feed.read if media_type == FEED else foreign(value)
    if reader is news_article.read:
        return reader(value)
    if not isinstance(value, dict):
        raise InvalidInput([FieldError("", "A JSON object is wanted")])
    return reader(value) if reader else plain(value)
