"""An item of a feed, and who takes it in."""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass, replace
from typing import Any, Protocol
from uuid import UUID

import psycopg

Connection = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """An item as the feed has it. `text` or `html` is the whole article; neither: the feed has a summary at best."""

    key: str  # what the feed itself tells it by
    url: str | None = None
    title: str | None = None
    text: str | None = None
    html: str | None = None
    outlet: str | None = None
    published_at: str | None = None
    language: str | None = None
    author: str | None = None
    tags: tuple[str, ...] = ()

    @property
    def has_text(self) -> bool:
        """Whether the feed carries the article itself."""
        return bool((self.text or self.html or "").strip())

    def of_outlet(self, outlet: str | None) -> FeedItem:
        """The same, under the operator's name for whose feed it is."""
        return replace(self, outlet=outlet) if outlet else self

    def digest(self) -> bytes:
        """Differs where anything that makes the article differs."""
        return hashlib.sha256(repr(astuple(self)).encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of an item: an outcome of `POST /v1/articles`, or "refused" for what is no article."""

    outcome: str
    article_id: UUID | None = None
    why: str | None = None


class Intake(Protocol):
    """Takes an item in as `POST /v1/articles` does. It is the write service's: workers import none of it."""

    async def __call__(self, conn: Connection, feed_id: UUID, item: FeedItem) -> TakenIn:
        """On disk when it returns."""
