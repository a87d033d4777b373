"""The read tables, all in the schema `read` and rebuildable from the log at any time.

`mentions`, `entries`, `statements` and `standings` are versioned: a row is what the system knew from
`from_position` up to, not including, `to_position` (NULL: still), and `cause` says what made it. One
table so serves the present, the past, the stream and the webhooks. `change_number` numbers the changes
to `entries` and `standings` within one global position: the two together are a stream event's id.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Index,
    Integer,
    SmallInteger,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from services.core.projections.base import SCHEMA

__all__ = ["READ_TABLES", "SCHEMA"]


def _column(type_: Any, *, null: bool = False, key: bool = False) -> Any:
    return Field(sa_column=Column(type_, nullable=null, primary_key=key))


def _text(*, null: bool = False, key: bool = False) -> Any:
    return _column(Text, null=null, key=key)


def _texts() -> Any:
    return _column(ARRAY(Text))


def _position(*, null: bool = False, key: bool = False) -> Any:
    return _column(BigInteger, null=null, key=key)


class ArticleRow(SQLModel, table=True):
    """An article as it stands: which revision counts, its state and its story."""

    __tablename__ = "articles"
    __table_args__ = (
        Index("articles_received", "received_position"),
        Index("articles_state", "state", "received_position"),
        Index("articles_story", "story_id"),
        {"schema": SCHEMA},
    )

    id: str = _text(key=True)
    state: str = _text()  # received, extracted, skipped, failed, withdrawn
    reason: str | None = _text(null=True)  # why skipped, failed or withdrawn
    revision: int = _column(Integer)  # the current one
    shown_revision: int | None = _column(Integer, null=True)  # the one whose reading is shown
    story_id: UUID | None = _column(Uuid, null=True)
    judged: str | None = _text(null=True)  # original or duplicate
    duplicate_of: str | None = _text(null=True)
    method: str | None = _text(null=True)  # exact or near
    similarity: float | None = _column(Double, null=True)
    outlet: str | None = _text(null=True)
    published_on: dt.date = _column(Date)  # its day where it was published; else worked out; else received
    published_order: dt.datetime = _column(DateTime(timezone=True))  # sorts a story's articles
    received_position: int = _position()
    received_at: dt.datetime = _column(DateTime(timezone=True))
    changed_position: int = _position()


class ArticleRevisionRow(SQLModel, table=True):
    """One revision of an article, with what was read out of it last."""

    __tablename__ = "article_revisions"
    __table_args__ = ({"schema": SCHEMA},)

    article_id: str = _text(key=True)
    revision: int = _column(Integer, key=True)
    current: bool = _column(Boolean)  # False: came late, never replaced the newest
    url: str | None = _text(null=True)
    outlet: str | None = _text(null=True)
    published_at: str | None = _text(null=True)  # as posted
    language: str | None = _text(null=True)
    tags: list[str] = _texts()
    body_sha256: str = _text()
    text_sha256: str = _text()
    received_as: str = _text()
    global_position: int = _position()
    recorded_at: dt.datetime = _column(DateTime(timezone=True))
    article_date: str | None = _text(null=True)
    article_date_basis: str | None = _text(null=True)
    language_read: str | None = _text(null=True)
    reading_position: int | None = _position(null=True)  # of its latest ExtractionCompleted or -Skipped
    extractor_version: str | None = _text(null=True)


class StoryRow(SQLModel, table=True):
    """A story: articles that carry the same words. Its head is the one published first."""

    __tablename__ = "stories"
    __table_args__ = ({"schema": SCHEMA},)

    id: UUID = _column(Uuid, key=True)
    head: str = _text()  # article id
    head_order: dt.datetime = _column(DateTime(timezone=True))
    articles: int = _column(Integer)


class MentionRow(SQLModel, table=True):
    """One article's telling of a political event, versioned."""

    __tablename__ = "mentions"
    __table_args__ = (
        Index("mentions_entry", "entry_id", "from_position"),
        Index(
            "mentions_first",
            "entry_id",
            "is_copy",
            "published_on",
            "published_at",
            "article_id",
            "id",
            postgresql_where=text("to_position IS NULL"),
        ),
        Index("mentions_story", "entry_id", "story_id", postgresql_where=text("to_position IS NULL")),
        Index("mentions_article", "article_id"),
        Index("mentions_scope", "dossier", "kind", postgresql_where=text("to_position IS NULL")),
        Index("mentions_published", "published_on"),
        Index(
            "mentions_words",
            func.to_tsvector(text("'english'::regconfig"), text("sentence")),
            postgresql_using="gin",
        ),
        {"schema": SCHEMA},
    )

    id: UUID = _column(Uuid, key=True)
    from_position: int = _position(key=True)
    to_position: int | None = _position(null=True)
    cause: str = _text()
    entry_id: UUID = _column(Uuid)
    dossier: str = _text()
    kind: str = _text()
    plover: str | None = _text(null=True)
    plover_mode: str | None = _text(null=True)
    date: str = _text()
    status: str = _text()
    actors: list[str] = _texts()
    recipients: list[str] = _texts()
    person: str | None = _text(null=True)
    speaker: str | None = _text(null=True)
    confidence: float = _column(Double)
    evidence_start: int = _column(Integer)
    evidence_end: int = _column(Integer)
    evidence_text: str | None = _text(null=True)
    sentence: str | None = _text(null=True)  # that the evidence stands in
    article_id: str = _text()
    revision: int = _column(Integer)
    outlet: str | None = _text(null=True)
    url: str | None = _text(null=True)
    published_at: str | None = _text(null=True)
    published_on: dt.date = _column(Date)
    story_id: UUID | None = _column(Uuid, null=True)
    is_copy: bool = _column(Boolean)


class EntryRow(SQLModel, table=True):
    """A timeline entry, versioned. `change` added or changed: live; merged or removed: a tombstone."""

    __tablename__ = "entries"
    __table_args__ = (
        Index("entries_date", "dossier", "date_from", "id", postgresql_where=text("to_position IS NULL")),
        Index("entries_actors", "actors", postgresql_using="gin"),
        Index(
            "entries_begun",
            "actors",
            text("(ARRAY[date_trunc('month'::text, date_from::timestamp without time zone)::date])"),
            postgresql_using="gin",
            postgresql_where=text("to_position IS NULL"),
            postgresql_with={"gin_pending_list_limit": 256},  # kB that every search looks through
        ),
        Index("entries_recipients", "recipients", postgresql_using="gin"),
        Index("entries_feed", "from_position", "change_number"),
        {"schema": SCHEMA},
    )

    id: UUID = _column(Uuid, key=True)
    from_position: int = _position(key=True)
    to_position: int | None = _position(null=True)
    change_number: int = _column(SmallInteger)
    change: str = _text()
    cause: str = _text()
    version: int = _column(Integer)
    merged_into: UUID | None = _column(Uuid, null=True)
    dossier: str = _text()
    kind: str = _text()
    plover: str | None = _text(null=True)
    plover_mode: str | None = _text(null=True)
    date: str = _text()
    date_from: dt.date = _column(Date)
    date_to: dt.date = _column(Date)
    status: str = _text()
    actors: list[str] = _texts()
    recipients: list[str] = _texts()
    speakers: list[str] = _texts()  # person ids
    outlets: list[str] = _texts()  # outlet keys
    summary: str | None = _text(null=True)  # the representative mention's sentence
    representative: UUID = _column(Uuid)  # mention id
    confidence: float = _column(Double)
    mention_count: int = _column(Integer)
    outlet_count: int = _column(Integer)
    story_count: int = _column(Integer)
    review: dict[str, Any] | None = _column(JSONB, null=True)  # what an analyst made of it


class StatementRow(SQLModel, table=True):
    """One article's telling of a position, versioned."""

    __tablename__ = "statements"
    __table_args__ = (
        Index("statements_cell", "dossier", "actor", "proposition", "from_position"),
        Index(
            "statements_newest",
            "dossier",
            "actor",
            "proposition",
            "date_to",
            postgresql_include=["stance", "story_id", "article_id", "rejected"],
            postgresql_where=text("to_position IS NULL"),
        ),
        Index(
            "statements_story",
            "story_id",
            "dossier",
            "actor",
            "proposition",
            postgresql_where=text("to_position IS NULL"),
        ),
        Index("statements_article", "article_id"),
        {"schema": SCHEMA},
    )

    id: UUID = _column(Uuid, key=True)
    from_position: int = _position(key=True)
    to_position: int | None = _position(null=True)
    cause: str = _text()
    dossier: str = _text()
    actor: str = _text()
    proposition: str = _text()
    stance: str = _text()
    date: str = _text()
    date_to: dt.date = _column(Date)  # a coarse date counts from its last day
    voice: str = _text()
    condition: str | None = _text(null=True)
    person: str | None = _text(null=True)
    speaker: str | None = _text(null=True)
    confidence: float = _column(Double)
    evidence_start: int = _column(Integer)
    evidence_end: int = _column(Integer)
    evidence_text: str | None = _text(null=True)
    sentence: str | None = _text(null=True)  # that the evidence stands in
    article_id: str = _text()
    revision: int = _column(Integer)
    outlet: str | None = _text(null=True)
    url: str | None = _text(null=True)
    published_at: str | None = _text(null=True)
    published_on: dt.date = _column(Date)
    story_id: UUID | None = _column(Uuid, null=True)
    is_copy: bool = _column(Boolean)
    rejected: bool = Field(sa_column=Column(Boolean, nullable=False, server_default=text("false")))
    read_as: list[str] | None = _column(JSONB, null=True)  # stance, date, voice before an analyst ruled
    read_condition: str | None = _text(null=True)
    review: dict[str, Any] | None = _column(JSONB, null=True)


class StandingRow(SQLModel, table=True):
    """Where an actor stands on a proposition, versioned. `stance` NULL: nothing is left (a tombstone)."""

    __tablename__ = "standings"
    __table_args__ = (
        Index("standings_cell", "dossier", "actor", "proposition", "from_position"),
        Index(
            "standings_now", "dossier", "actor", "proposition", postgresql_where=text("to_position IS NULL")
        ),
        Index("standings_feed", "from_position", "change_number"),
        {"schema": SCHEMA},
    )

    id: UUID = _column(Uuid, key=True)
    from_position: int = _position(key=True)
    to_position: int | None = _position(null=True)
    change_number: int = _column(SmallInteger)
    cause: str = _text()
    version: int = _column(Integer)
    dossier: str = _text()
    actor: str = _text()
    proposition: str = _text()
    stance: str | None = _text(null=True)
    condition: str | None = _text(null=True)
    contested: bool = _column(Boolean)
    since: str | None = _text(null=True)
    last_stated: str | None = _text(null=True)
    voice: str | None = _text(null=True)
    representative: UUID | None = _column(Uuid, null=True)  # statement id
    revision: int | None = _column(Integer, null=True)  # of its article
    mention_count: int = _column(Integer)
    outlet_count: int = _column(Integer)
    story_count: int = _column(Integer)


class RulingRow(SQLModel, table=True):
    """What analysts ruled, as it is in force: on an entry, or on one stance stated on one day; versioned."""

    __tablename__ = "rulings"
    __table_args__ = (
        Index("rulings_record", "record_id", "from_position"),
        Index("rulings_into", "into_id", postgresql_where=text("into_id IS NOT NULL")),
        Index("rulings_places", "dossier", postgresql_where=text("places AND to_position IS NULL")),
        {"schema": SCHEMA},
    )

    id: UUID = _column(Uuid, key=True)
    from_position: int = _position(key=True)
    to_position: int | None = _position(null=True)
    cause: str = _text()
    record_id: UUID = _column(Uuid)
    dossier: str = _text()
    kind: str | None = _text(null=True)  # of an entry, as read; NULL: of a position
    verdict: str = _text()
    reason: str = _text()
    said_by: str | None = _text(null=True)
    ruled_at: dt.datetime = _column(DateTime(timezone=True))
    position: int = _position()
    number: int = _column(Integer)  # how many rulings there were in the record's stream
    changes: dict[str, Any] = _column(JSONB)
    into_id: UUID | None = _column(Uuid, null=True)
    into_kind: str | None = _text(null=True)
    splits: list[dict[str, Any]] = _column(JSONB)
    places: bool = _column(Boolean)  # tellings are elsewhere by it: a merger or a split


READ_TABLES = (
    ArticleRow,
    ArticleRevisionRow,
    StoryRow,
    MentionRow,
    EntryRow,
    StatementRow,
    StandingRow,
    RulingRow,
)
