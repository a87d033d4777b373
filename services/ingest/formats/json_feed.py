"""An item of a JSON Feed (1.0 and 1.1), by itself."""

from __future__ import annotations

from typing import Any

from services.core.errors import FieldError, InvalidInput
from services.ingest.formats import values
from services.ingest.formats.posted import Posted

_CONTENT = ("content_text", "content_html")


def is_item(value: dict[str, Any]) -> bool:
    """Whether an object is an item, or a whole feed, by its look."""
    return any(key in value for key in _CONTENT) or is_feed(value)


def is_feed(value: dict[str, Any]) -> bool:
    """Whether it is a whole feed."""
    version = value.get("version")
    return (isinstance(version, str) and "jsonfeed.org" in version[:100]) or isinstance(
        value.get("items"), list
    )


def read(value: dict[str, Any]) -> Posted:
    """The item. Raises InvalidInput for a feed, and for members that are not what the format says."""
    if is_feed(value):
        raise InvalidInput([FieldError("items", "Is a whole feed: send its items by themselves, or in bulk")])
    text, _ = values.string(value, "content_text")
    html, _ = values.string(value, "content_html")
    url, url_field = values.string(value, "url", "external_url")
    own, _ = values.string({"id": _as_string(value.get("id"))}, "id")
    if url is None and values.is_web(own):
        url, url_field = own, "id"
    published, date_field = values.string(value, "date_published", "date_modified")
    title, _ = values.string(value, "title")
    return Posted(
        text=text or (None if html else ""),  # words as they are before words taken out of HTML
        html=None if text else html,
        title=title,
        url=url,
        # An item's own id names it only within its feed, unless it is a URI.
        uri=own if own and own.lower().startswith(("urn:", "tag:")) else None,
        published_at=values.normal_time(published) if published else None,
        language=values.string(value, "language")[0],
        author=values.names(value.get("authors")) or values.names(value.get("author")),
        tags=values.tags(value.get("tags")),
        received_as="feed-item",
        names={
            "text": "content_text",
            "html": "content_html",
            "url": url_field,
            "uri": "id",
            "published_at": date_field,
            "author": "authors",
        },
    )


def _as_string(value: Any) -> Any:
    """Ids are strings; the format's first text has readers coerce numbers."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
