"""The timeline's entries and their history."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from services.client.models.parts import Counts, Mention, Model, Review


class Entry(Model):
    """A political event on the timeline, with who tells it."""

    id: str
    dossier: str
    kind: str
    plover: str | None = None
    plover_mode: str | None = None
    date: str
    precision: Literal["day", "month", "year"]
    status: Literal["actual", "planned"]
    actors: list[str]
    recipients: list[str]
    summary: str | None = None
    confidence: float
    counts: Counts
    version: int
    mentions: list[Mention]
    review: Review | None = None


class EntryVersion(Model):
    """What an entry was from one place in the log on, and what changed it."""

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


class EntryDetail(Entry):
    """An entry with all its mentions, and its history."""

    history: list[EntryVersion]
    position: int
