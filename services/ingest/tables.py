"""The ingest service's own table, as SQLModel class. `eventstore/migrations/versions/0004_ingest.py` makes it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, DateTime, LargeBinary, SmallInteger, Text, func
from sqlmodel import Field, SQLModel


class IdempotencyKey(SQLModel, table=True):
    """A request that was answered, for a client that sends it again under the same key. Kept for a day."""

    __tablename__ = "idempotency_keys"

    scope: str = Field(sa_type=Text, primary_key=True)  # id of the API key; "" without one
    key: str = Field(sa_type=Text, primary_key=True)
    request_sha256: bytes = Field(sa_type=LargeBinary)
    status: int = Field(sa_type=SmallInteger)
    answer: dict[str, Any] = Field(sa_type=JSON)  # ids and positions, never an article's words
    created_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now(), index=True)
    )
