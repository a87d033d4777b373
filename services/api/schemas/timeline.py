"""The timeline's entries, one by one, with their history, and as they change."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from services.api.schemas.parts import Answer, Counts, Page, QuotationShown, Review, RulingShown, Told


class Mention(Told):
    pass


class MentionDetail(Told):
    quotations: list[QuotationShown]


class _EntryHead(Answer):
    id: str
    dossier: str
    kind: str
    plover: str | None
    plover_mode: str | None
    date: str
    precision: Literal["day", "month", "year"]
    status: Literal["actual", "planned"]
    actors: list[str]
    recipients: list[str]
    summary: str | None
    confidence: float
    counts: Counts
    version: int
    review: Review | None


class Entry(_EntryHead):
    mentions: list[Mention]


class EntryVersionShown(Answer):
    version: int
    change: str
    cause: str
    position: int
    recorded_at: dt.datetime
    date: str
    status: str
    actors: list[str]
    recipients: list[str]
    counts: Counts
    ruling: RulingShown | None


class EntryDetail(_EntryHead):
    mentions: list[MentionDetail]
    history: list[EntryVersionShown]
    position: int


class EntryChange(Entry):
    """Data of the stream's `entry.added` and `entry.changed`: the entry as it is from now on, and why."""

    cause: str


class EntryGone(Answer):
    """Data of `entry.merged` (with `merged_into`) and `entry.removed`."""

    id: str
    dossier: str
    kind: str
    date: str
    actors: list[str]
    version: int
    cause: str
    merged_into: str | None = None


class EntryPage(Page):
    data: list[Entry]
