"""The table of articles under embargo, as SQLModel class. A migration of `eventstore/migrations/versions` makes it."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, DateTime, Index, Integer, Text, Uuid, text
from sqlmodel import Field, SQLModel


class EmbargoedArticle(SQLModel, table=True):
    """A version of an article that waits for its time, or word that it was withdrawn before."""

    __tablename__ = "embargoed_articles"
    __table_args__ = (
        Index("embargoed_articles_due", "release_at", postgresql_where=text("article IS NOT NULL")),
    )

    article_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    release_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    article: dict[str, Any] | None = Field(
        sa_column=Column(JSON(none_as_null=True))
    )  # its words are here alone
    size: int = Field(sa_column=Column(Integer, nullable=False))  # of `article`, in bytes
    withdrawn_reason: str | None = Field(sa_column=Column(Text))  # then the words are gone
    held_at: dt.datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("now()"))
    )
