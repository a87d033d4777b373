"""The tables of feeds, as SQLModel classes. `eventstore/migrations/versions/0008_feeds.py` makes them."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import Column, DateTime, ForeignKey, Index, Integer, LargeBinary, Text, Uuid, text
from sqlmodel import Field, SQLModel


def _time(*, null: bool = True) -> Any:
    return Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=null))


class FeedRow(SQLModel, table=True):
    """A feed: where it is, when it is asked next, and what came of it last."""

    __tablename__ = "feeds"
    __table_args__ = (
        Index("feeds_url", "url", unique=True),
        Index("feeds_due", "due_at", postgresql_where=text("state = 'active'")),
    )

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    url: str = Field(sa_column=Column(Text, nullable=False))  # may hold a secret: never in logs
    title: str | None = Field(sa_column=Column(Text))  # as the feed says
    outlet: str | None = Field(sa_column=Column(Text))  # the operator's name for whose it is
    every_seconds: int = Field(sa_column=Column(Integer, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))  # "active" or "disabled"
    disabled_reason: str | None = Field(sa_column=Column(Text))  # "gone" (410)
    etag: str | None = Field(sa_column=Column(Text))  # of what was taken in whole
    last_modified: str | None = Field(sa_column=Column(Text))
    due_at: dt.datetime = _time(null=False)
    not_before: dt.datetime | None = _time()  # the site's own word (Retry-After)
    sent_at: dt.datetime | None = _time()  # a message about it is under way
    failures: int = Field(sa_column=Column(Integer, nullable=False, server_default=text("0")))  # in a row
    polled_at: dt.datetime | None = _time()
    outcome: str | None = Field(sa_column=Column(Text))  # of the last poll, in a word of ours
    created_at: dt.datetime = _time(null=False)


class FeedItemRow(SQLModel, table=True):
    """An item that was seen, by hashes: what has not changed is not taken in again, nor its page fetched."""

    __tablename__ = "feed_items"

    feed_id: UUID = Field(
        sa_column=Column(Uuid, ForeignKey("feeds.id", ondelete="CASCADE"), primary_key=True)
    )
    item: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    outcome: str = Field(sa_column=Column(Text, nullable=False))
    article_id: UUID | None = Field(sa_column=Column(Uuid))
    seen_at: dt.datetime = _time(null=False)


class FeedRobotsRow(SQLModel, table=True):
    """What a site lets robots do, for a day."""

    __tablename__ = "feed_robots"

    origin: str = Field(sa_column=Column(Text, primary_key=True))
    rules: str | None = Field(sa_column=Column(Text))  # robots.txt; none: it could not be asked
    until: dt.datetime = _time(null=False)
