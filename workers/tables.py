"""The pipeline's own tables. None is a source of truth: all can be made again from the log and the bodies."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    Uuid,
    text,
)
from sqlmodel import Field, SQLModel


class Dispatch(SQLModel, table=True):
    """Work that is not finished: one row for each article, stage and dossier; gone when the log has the outcome."""

    __tablename__ = "dispatches"
    __table_args__ = (
        PrimaryKeyConstraint("article_id", "stage", "dossier", name="dispatches_pkey"),
        Index("dispatches_due", "stage", "state", "cause_position"),
    )

    article_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    stage: str = Field(sa_column=Column(Text, nullable=False))  # "deduplicate" or "extract"
    dossier: str = Field(sa_column=Column(Text, nullable=False))  # "" where the stage has none
    revision: int = Field(sa_column=Column(Integer, nullable=False))
    cause_id: UUID = Field(sa_column=Column(Uuid, nullable=False))  # the event that asks for the work
    cause_position: int = Field(sa_column=Column(BigInteger, nullable=False))
    state: str = Field(
        sa_column=Column(Text, nullable=False)
    )  # "waiting", "sent", "held" by a worker, "started"
    sends: int = Field(sa_column=Column(Integer, nullable=False, server_default=text("0")))
    attempts: int = Field(sa_column=Column(Integer, nullable=False, server_default=text("0")))  # failed
    available_at: dt.datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("now()"))
    )  # not to be sent before
    sent_at: dt.datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
    started_at: dt.datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
    worker: int | None = Field(sa_column=Column(Integer))  # the server process of the worker's connection
    error_class: str | None = Field(sa_column=Column(Text))  # of the last attempt that failed
    error_code: str | None = Field(sa_column=Column(Text))  # "error", "timeout" or "lost"


class FingerprintRow(SQLModel, table=True):
    """A live article as the search for copies knows it."""

    __tablename__ = "fingerprints"
    __table_args__ = (
        PrimaryKeyConstraint("ref", name="fingerprints_pkey"),
        Index("fingerprints_article", "article_id", unique=True),
        Index("fingerprints_text", "text_sha256", "ref"),
        Index("fingerprints_story", "story_id"),
        Index("fingerprints_outlet", "outlet", "ref"),
    )

    ref: int = Field(sa_column=Column(Integer, Identity(always=True), nullable=False))
    revision: int = Field(sa_column=Column(Integer, nullable=False))
    outlet: int = Field(sa_column=Column(BigInteger, nullable=False))  # a hash of its name
    article_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    story_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    text_sha256: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    body_sha256: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    furniture: list[int] | None = Field(sa_column=Column(ARRAY(BigInteger)))  # hashes of lines left out
    keys: list[int] = Field(sa_column=Column(ARRAY(Integer), nullable=False))


class ShingleKey(SQLModel, table=True):
    """The index: a sampled shingle and an article that stands for its story there.

    A copy adds only what its story does not have yet, and a key that stands in very many stories says
    nothing, so no key has more than a fixed number of rows.
    """

    __tablename__ = "shingle_keys"
    __table_args__ = (PrimaryKeyConstraint("key", "ref", name="shingle_keys_pkey"),)

    key: int = Field(sa_column=Column(Integer, nullable=False))
    ref: int = Field(sa_column=Column(Integer, nullable=False))


class PrintedLately(SQLModel, table=True):
    """What the furniture of an outlet is known by, of the few articles that it printed last and of no others.

    A row that is missing is worked out from the article's text.
    """

    __tablename__ = "printed_lately"
    __table_args__ = (PrimaryKeyConstraint("ref", name="printed_lately_pkey"),)

    ref: int = Field(sa_column=Column(Integer, autoincrement=False, nullable=False))  # of its fingerprint
    words: int = Field(sa_column=Column(Integer, nullable=False))
    lines: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False))  # hashes
    sample: list[int] = Field(sa_column=Column(ARRAY(Integer), nullable=False))  # of its shingles


class ReadingRow(SQLModel, table=True):
    """Where the log has the reading of an input: equal inputs are read once."""

    __tablename__ = "readings"
    __table_args__ = (PrimaryKeyConstraint("input", name="readings_pkey"),)

    input: UUID = Field(sa_column=Column(Uuid, nullable=False))
    global_position: int = Field(sa_column=Column(BigInteger, nullable=False))
