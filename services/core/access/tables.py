"""The table of keys, as SQLModel class. `eventstore/migrations/versions/0005_api_keys.py` makes it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ARRAY, Column, DateTime, LargeBinary, Text, func
from sqlmodel import Field, SQLModel


class ApiKey(SQLModel, table=True):
    """A key. Rows are never removed: what a key did is in the log under its id."""

    __tablename__ = "api_keys"

    id: str = Field(sa_type=Text, primary_key=True)
    name: str = Field(sa_type=Text)
    scopes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    secret_sha256: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now())
    )
    last_used_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))  # to a minute
    revoked_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
