"""The log's tables as SQLModel classes. `migrations/versions/0001_log.py` makes them; a test compares the two.

Services only select from `events` and `seals`: rows come in by the functions `append_events` and `seal_events`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Column, DateTime, LargeBinary, Text, UniqueConstraint, func, text
from sqlmodel import Field, SQLModel


class EventRecord(SQLModel, table=True):
    """One event of the log. Never changed, never removed."""

    __tablename__ = "events"
    __table_args__ = (UniqueConstraint("stream_name", "position"), UniqueConstraint("id"))

    global_position: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    stream_name: str = Field(sa_type=Text)
    position: int = Field(sa_type=BigInteger)  # in the stream, from 0
    id: UUID
    type: str = Field(sa_type=Text)
    data: dict[str, Any] = Field(sa_type=JSON)  # json, not jsonb: kept to the byte
    metadata_: dict[str, Any] = Field(sa_column=Column("metadata", JSON, nullable=False))
    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))


class Seal(SQLModel, table=True):
    """A closed range of the log. `seals.py` says what the digests are taken of."""

    __tablename__ = "seals"
    __table_args__ = (UniqueConstraint("first_position"), UniqueConstraint("last_position"))

    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))  # from 1
    first_position: int = Field(sa_type=BigInteger)
    last_position: int = Field(sa_type=BigInteger)
    event_digests: bytes = Field(sa_type=LargeBinary)  # 32 bytes an event, in order
    previous: bytes = Field(sa_type=LargeBinary)  # digest of the seal before; 32 zeros in the first
    digest: bytes = Field(sa_type=LargeBinary)
    sealed_at: datetime = Field(sa_type=DateTime(timezone=True))


class ArticleBody(SQLModel, table=True):
    """The words of an article, stored once by content. The only place that holds them beside the read tables."""

    __tablename__ = "article_bodies"

    sha256: bytes = Field(sa_type=LargeBinary, primary_key=True)
    title: str | None = Field(default=None, sa_type=Text)
    author: str | None = Field(default=None, sa_type=Text)
    text: str = Field(sa_type=Text)
    created_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now())
    )


class BodyUse(SQLModel, table=True):
    """Which live article uses which body: a body goes with its last use."""

    __tablename__ = "body_uses"

    sha256: bytes = Field(sa_type=LargeBinary, primary_key=True)
    article_id: str = Field(sa_type=Text, primary_key=True, index=True)


class Checkpoint(SQLModel, table=True):
    """How far a reader of the log has got; committed with what it made of the events."""

    __tablename__ = "checkpoints"

    name: str = Field(sa_type=Text, primary_key=True)
    global_position: int = Field(sa_type=BigInteger)
    updated_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now())
    )
    meta: dict[str, Any] = Field(
        sa_column=Column(JSON, nullable=False, server_default=text("'{}'::json")), default_factory=dict
    )
