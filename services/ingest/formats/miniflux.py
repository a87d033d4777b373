"""A Miniflux webhook: `new_entries`, of one feed, and `save_entry`."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

from services.core.errors import FieldError, InvalidInput
from services.ingest.formats import values
from services.ingest.formats.posted import Posted

EVENTS = ("new_entries", "save_entry")
MAX_ENTRIES = 10_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its number at Miniflux, and the article, or what is wrong with it."""

    id: int | None
    article: Posted | InvalidInput


def is_signed(body: bytes, signature: str, secret: str) -> bool:
    """Whether `X-Miniflux-Signature` is the body's HMAC-SHA256 in hexadecimal. Takes the same time for any other."""
    wanted = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), signature.strip().lower().encode("utf-8", "replace"))


def read(value: Any) -> list[Entry]:
    """The entries. Raises InvalidInput for what is no such webhook; what is wrong with one entry spoils only itself."""
    if not isinstance(value, dict):
        raise InvalidInput([FieldError("", "A JSON object is wanted")])
    event = value.get("event_type")
    if event not in EVENTS:
        raise InvalidInput([FieldError("event_type", f"Must be one of {', '.join(EVENTS)}")])
    if event == "save_entry":
        entry = value.get("entry")
        if not isinstance(entry, dict):
            raise InvalidInput([FieldError("entry", "Must be an object")])
        return [_entry(entry, entry.get("feed") or value.get("feed"))]
    entries = value.get("entries")
    if not isinstance(entries, list):
        raise InvalidInput([FieldError("entries", "Must be a list")])
    if len(entries) > MAX_ENTRIES:
        raise InvalidInput([FieldError("entries", f"At most {MAX_ENTRIES} entries are taken")])
    return [_entry(entry, value.get("feed")) for entry in entries]


def _entry(entry: Any, feed: Any) -> Entry:
    if not isinstance(entry, dict):
        return Entry(None, InvalidInput([FieldError("", "Must be an object")]))
    number = entry.get("id")
    number = number if isinstance(number, int) and not isinstance(number, bool) else None
    try:
        return Entry(number, _article(entry, feed if isinstance(feed, dict) else {}))
    except InvalidInput as error:
        return Entry(number, error)


def _article(entry: dict[str, Any], feed: dict[str, Any]) -> Posted:
    published, date_field = values.string(entry, "published_at", "created_at")
    return Posted(
        html=values.string(entry, "content")[0] or "",
        title=values.string(entry, "title")[0],
        url=values.string(entry, "url")[0],
        outlet=values.words(feed.get("title")),
        published_at=values.normal_time(published) if published else None,
        author=values.string(entry, "author")[0],
        tags=values.tags(entry.get("tags")),
        received_as="miniflux",
        names={"html": "content", "text": "content", "published_at": date_field, "outlet": "feed.title"},
    )
