"""What every answer is made of: words and where they stand, counts, rulings, pages."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """An answer, or a part of one: with these fields and no others."""

    model_config = ConfigDict(extra="forbid")


class SpanWords(Answer):
    """`text[start:end]` of the article, in Unicode code points; `text` is null once it is withdrawn."""

    start: int
    end: int
    text: str | None


class Review(Answer):
    """What an analyst made of a record. `state` as-read: a ruling was taken back; `fields` are those amended."""

    state: Literal["confirmed", "rejected", "amended", "merged", "split", "as-read"]
    at: dt.datetime
    reason: str
    by: str | None
    position: int
    fields: list[str]
    version: int


class RulingShown(Answer):
    """A ruling as the log has it. `version`: how many rulings on its record there were with it."""

    record: str
    verdict: Literal["confirm", "reject", "amend", "merge", "split", "undo"]
    reason: str
    by: str | None
    stated: dict[str, str] | None
    changes: dict[str, Any]
    into: str | None
    part: str | None
    articles: list[str]
    version: int
    position: int
    recorded_at: dt.datetime


class Counts(Answer):
    """Articles, distinct outlets, independent accounts."""

    mentions: int
    outlets: int
    stories: int


class Told(Answer):
    """One article's telling, and the words that carry it."""

    article: str
    outlet: str | None
    url: str | None
    published_at: str | None
    story: str | None
    copy_: bool
    speaker: str | None
    person: str | None
    confidence: float
    evidence: SpanWords

    model_config = ConfigDict(extra="forbid", alias_generator=lambda name: name.rstrip("_"))


class QuotationShown(Answer):
    source: SpanWords | None
    cue: SpanWords | None
    content: SpanWords
    speaker: str | None
    person: str | None
    actor: str | None
    direct: bool


class Page(Answer):
    """One page of a list, the cursor of the next, and the place in the log that all of it reflects."""

    next: str | None
    position: int
