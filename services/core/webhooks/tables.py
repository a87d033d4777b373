"""The tables of webhooks, as SQLModel classes. `eventstore/migrations/versions/0007_webhooks.py` makes them.

A delivery names a change of the feed and holds none of it: its body is made from the read tables each time it is
sent, so no words of an article are kept here, and withdrawn ones are not sent.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    Uuid,
    text,
)
from sqlmodel import Field, SQLModel


def _time(*, null: bool = True) -> Any:
    return Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=null))


class WebhookRow(SQLModel, table=True):
    """A webhook: where to, what of the feed, and how far the feed was read for it."""

    __tablename__ = "webhooks"

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    url: str = Field(sa_column=Column(Text, nullable=False))
    description: str | None = Field(sa_column=Column(Text))
    filter: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))  # words of the timeline's filters
    types: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))  # names of changes; empty: all
    state: str = Field(sa_column=Column(Text, nullable=False))  # "active" or "disabled"
    disabled_reason: str | None = Field(sa_column=Column(Text))  # "asked", "gone" (410) or "filter"
    # In the clear: signing needs it. Whoever reads the database can sign as we do.
    secret: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    previous_secret: bytes | None = Field(sa_column=Column(LargeBinary))  # signs too ...
    previous_until: dt.datetime | None = _time()  # ... until then
    position: int = Field(sa_column=Column(BigInteger, nullable=False))  # the feed was read up to this change
    number: int = Field(sa_column=Column(Integer, nullable=False))
    failures: int = Field(sa_column=Column(Integer, nullable=False, server_default=text("0")))  # in a row
    failing_since: dt.datetime | None = _time()
    resume_at: dt.datetime | None = _time()  # nothing is sent before
    created_at: dt.datetime = _time(null=False)
    key_id: str | None = Field(sa_column=Column(Text))  # of the API key it was registered with


class WebhookDeliveryRow(SQLModel, table=True):
    """One message to one webhook. Its id is the `webhook-id`, the same at every attempt."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index("webhook_deliveries_listed", "webhook_id", "ordinal", unique=True),
        Index(
            "webhook_deliveries_pending",
            "webhook_id",
            "ordinal",
            postgresql_where=text("state = 'pending'"),
        ),
        Index("webhook_deliveries_ended", "ended_at"),
    )

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    ordinal: int = Field(
        sa_column=Column(BigInteger, Identity(always=True), nullable=False)
    )  # order of sending
    webhook_id: UUID = Field(
        sa_column=Column(Uuid, ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False)
    )
    type: str = Field(sa_column=Column(Text, nullable=False))  # entry.added …, or "webhook.test"
    position: int | None = Field(sa_column=Column(BigInteger))  # of the change; none for a test
    number: int | None = Field(sa_column=Column(SmallInteger))
    subject: UUID | None = Field(sa_column=Column(Uuid))  # of the entry or position
    state: str = Field(sa_column=Column(Text, nullable=False))  # "pending", "delivered" or "failed"
    attempts: int = Field(sa_column=Column(Integer, nullable=False, server_default=text("0")))
    created_at: dt.datetime = _time(null=False)
    available_at: dt.datetime = _time(null=False)  # not to be sent before
    failing_since: dt.datetime | None = _time()  # when the first attempt failed
    attempted_at: dt.datetime | None = _time()  # last
    ended_at: dt.datetime | None = _time()
    status: int | None = Field(sa_column=Column(SmallInteger))  # of the last answer
    error: str | None = Field(sa_column=Column(Text))  # why there was none, in a word of ours
