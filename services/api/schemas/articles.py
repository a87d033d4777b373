"""Articles, their revisions, and what was read out of them."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from services.api.schemas.parts import Answer, Page, QuotationShown, SpanWords


class ArticleDateShown(Answer):
    value: str | None
    basis: str


class ArticleShown(Answer):
    id: str
    state: Literal["received", "extracted", "skipped", "failed", "withdrawn"]
    reason: str | None
    revision: int
    url: str | None
    outlet: str | None
    title: str | None
    author: str | None
    published_at: str | None
    published_on: str
    date: ArticleDateShown | None
    language: str | None
    tags: list[str]
    story: str | None
    judged: Literal["original", "duplicate"] | None
    duplicate_of: str | None
    method: Literal["exact", "near"] | None
    similarity: float | None
    received_at: dt.datetime
    global_position: int


class ArticlePage(Page):
    data: list[ArticleShown]


class RevisionShown(Answer):
    revision: int
    current: bool
    published_at: str | None
    outlet: str | None
    title: str | None
    body_sha256: str
    received_at: dt.datetime
    global_position: int
    diff: str | None


class _ReadRecord(Answer):
    speaker: str | None
    person: str | None
    confidence: float
    evidence: SpanWords


class ReadPosition(_ReadRecord):
    """`position` is the id of the cell that it counts for; `date` is null where the article's own counts."""

    position: str
    actor: str
    proposition: str
    stance: Literal["supports", "opposes", "conditional"]
    condition: SpanWords | None
    date: str | None
    voice: Literal["own", "reported", "adversary"]


class ReadPoliticalEvent(_ReadRecord):
    """`entry` is where the timeline shows it; null where it does not: the shown reading is not the one that
    counts, or an analyst rejected the entry."""

    entry: str | None
    kind: str
    plover: str | None
    plover_mode: str | None
    date: str
    precision: Literal["day", "month", "year"]
    status: Literal["actual", "planned"]
    actors: list[str]
    recipients: list[str]


class ReadingShown(Answer):
    """What was read out of a revision."""

    dossier: str
    dossier_version: str
    extractor_version: str
    revision: int
    language: str | None
    positions: list[ReadPosition]
    events: list[ReadPoliticalEvent]
    quotations: list[QuotationShown]


class ArticleDetail(ArticleShown):
    """`embargoed_until`: a further version waits until then."""

    text: str | None
    revisions: list[RevisionShown]
    readings: list[ReadingShown]
    embargoed_until: dt.datetime | None
    position: int


class ArticleHeld(Answer):
    """An article under embargo, or one that was withdrawn while it was: nothing else is told of it."""

    id: str
    state: Literal["embargoed", "withdrawn"]
    reason: str | None
    embargoed_until: dt.datetime | None
    position: int
