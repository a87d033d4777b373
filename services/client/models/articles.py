"""Articles: as they are posted, what became of them, and what was read out of them."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import ConfigDict, Field

from services.client.errors import Problem
from services.client.models.parts import Model, Span, Stance, Voice

# States that do not change by themselves; and those that are not waited for.
FINISHED = frozenset({"extracted", "skipped", "failed", "withdrawn"})
WAITED_FOR = FINISHED | {"embargoed"}


class NewArticle(Model):
    """An article to post, in the plain form: `text` or `html`, and what is known about it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str | None = None
    html: str | None = None
    url: str | None = None
    title: str | None = None
    outlet: str | None = None
    published_at: str | dt.datetime | dt.date | None = None
    language: str | None = None
    author: str | None = None
    tags: tuple[str, ...] | None = None
    embargoed_until: str | dt.datetime | dt.date | None = None


class Taken(Model):
    """What became of a command: the article, its state, and the place in the log to wait for when reading.

    Nothing is in the log (`None`) of one that waits for its embargo.
    """

    id: str
    state: str
    global_position: int | None = None
    embargoed_until: dt.datetime | None = None


class Posted(Taken):
    """The same of an article that was posted. Not `written`: the same was there already."""

    written: bool


class BulkResult(Model):
    """What became of one of many articles, by its number from 1: taken (`id`), or refused (`problem`)."""

    line: int
    status: int
    id: str | None = None
    state: str | None = None
    global_position: int | None = None
    problem: Problem | None = None


class Article(Model):
    """An article as lists show it. Of one under embargo nothing is told but `state` and `embargoed_until`."""

    id: str
    state: str
    reason: str | None = None
    revision: int | None = None
    url: str | None = None
    outlet: str | None = None
    title: str | None = None
    author: str | None = None
    published_at: str | None = None
    language: str | None = None
    tags: list[str] = Field(default_factory=list)
    story: str | None = None
    judged: str | None = None
    duplicate_of: str | None = None
    received_at: dt.datetime | None = None
    global_position: int | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing more will be read out of it by itself."""
        return self.state in FINISHED


class ReadPosition(Model):
    """A position that was read out of an article; `position` is the id of the cell that it counts for."""

    position: str
    actor: str
    proposition: str
    stance: Stance
    condition: Span | None = None
    date: str | None = None
    voice: Voice
    speaker: str | None = None
    person: str | None = None
    confidence: float
    evidence: Span


class ReadEvent(Model):
    """A political event that was read out of an article; `entry` is where the timeline shows it."""

    entry: str | None = None
    kind: str
    plover: str | None = None
    plover_mode: str | None = None
    date: str
    precision: Literal["day", "month", "year"]
    status: Literal["actual", "planned"]
    actors: list[str]
    recipients: list[str]
    speaker: str | None = None
    person: str | None = None
    confidence: float
    evidence: Span


class Quotation(Model):
    """Who is quoted saying what."""

    source: Span | None = None
    cue: Span | None = None
    content: Span
    speaker: str | None = None
    person: str | None = None
    actor: str | None = None
    direct: bool


class Reading(Model):
    """What was read out of one revision of an article, for one dossier."""

    dossier: str
    revision: int
    language: str | None = None
    positions: list[ReadPosition]
    events: list[ReadEvent]
    quotations: list[Quotation]


class Revision(Model):
    """One version of an article."""

    revision: int
    current: bool
    published_at: str | None = None
    outlet: str | None = None
    title: str | None = None
    received_at: dt.datetime
    global_position: int
    diff: str | None = None


class ArticleDetail(Article):
    """An article with its text, its revisions and what was read out of it."""

    text: str | None = None
    revisions: list[Revision] = Field(default_factory=list)
    readings: list[Reading] = Field(default_factory=list)
    embargoed_until: dt.datetime | None = None
