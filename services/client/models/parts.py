"""What every answer is made of: pages, words and where they stand, counts, rulings."""

from __future__ import annotations

import datetime as dt
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Stance = Literal["supports", "opposes", "conditional"]
Voice = Literal["own", "reported", "adversary"]

Item = TypeVar("Item")


class Model(BaseModel):
    """An answer, or a part of one."""

    model_config = ConfigDict(frozen=True, extra="allow", populate_by_name=True)


class Page(Model, Generic[Item]):
    """One page of a list. `position` is the place in the log that it reflects."""

    data: list[Item]
    next: str | None = None
    position: int


class Span(Model):
    """Words of an article. `text` is none once the article is withdrawn."""

    start: int
    end: int
    text: str | None = None


class Counts(Model):
    """Articles, distinct outlets, independent accounts."""

    mentions: int
    outlets: int
    stories: int


class Mention(Model):
    """One article's telling, and the words that carry it."""

    article: str
    outlet: str | None = None
    url: str | None = None
    published_at: str | None = None
    story: str | None = None
    is_copy: bool = Field(alias="copy")
    speaker: str | None = None
    person: str | None = None
    confidence: float
    evidence: Span


class Review(Model):
    """What an analyst made of a record; of an amended one `fields` are those that say something else."""

    state: str
    at: dt.datetime
    reason: str
    by: str | None = None
    position: int
    fields: list[str]
    version: int
