"""The rows that the projections keep in memory while they fold a batch, and their SQL.

Plain mutable records for what is overwritten (`ArticleState`, `RevisionState`, `StoryState`), and
`Version`, one versioned row, for what is not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Generic, TypeVar
from uuid import UUID

Content = TypeVar("Content")


@dataclass(slots=True, kw_only=True)
class ArticleState:
    """A row of `articles`; see `tables.ArticleRow`."""

    id: str
    state: str
    revision: int
    published_on: dt.date
    published_order: dt.datetime
    received_position: int
    received_at: dt.datetime
    changed_position: int
    reason: str | None = None
    shown_revision: int | None = None
    story_id: UUID | None = None
    judged: str | None = None
    duplicate_of: str | None = None
    method: str | None = None
    similarity: float | None = None
    outlet: str | None = None


@dataclass(slots=True, kw_only=True)
class RevisionState:
    """A row of `article_revisions`; see `tables.ArticleRevisionRow`."""

    article_id: str
    revision: int
    current: bool
    url: str | None
    outlet: str | None
    published_at: str | None
    language: str | None
    tags: list[str]
    body_sha256: str
    text_sha256: str
    received_as: str
    global_position: int
    recorded_at: dt.datetime
    article_date: str | None = None
    article_date_basis: str | None = None
    language_read: str | None = None
    reading_position: int | None = None
    extractor_version: str | None = None


@dataclass(slots=True, kw_only=True)
class StoryState:
    """A row of `stories`; see `tables.StoryRow`."""

    id: UUID
    head: str
    head_order: dt.datetime
    articles: int


@dataclass(slots=True)
class Version(Generic[Content]):
    """One versioned row: what was known from one global position up to another."""

    id: UUID
    from_position: int
    content: Content
    cause: str
    to_position: int | None = None
    stored: bool = False  # already in the table as it was loaded


def columns(cls: type) -> tuple[str, ...]:
    """The column names of a plain row, in the order of its fields."""
    return tuple(field.name for field in fields(cls))


def values_of(cls: type) -> Callable[[Any], tuple[Any, ...]]:
    """What gives the values of a plain row, in the order of `columns`."""
    return attrgetter(*columns(cls))
