"""What the service answers, typed. The words are those of its API description (`/openapi.json`).

Fields that a newer release adds are kept (`model_extra`), and are no error. Days are strings cut to their
precision, `2019-09-25` or `2019-08`, as the service says them. Span offsets count Unicode code points.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from services.client.errors import Problem

Stance = Literal["supports", "opposes", "conditional"]
Voice = Literal["own", "reported", "adversary"]

# States that do not change by themselves; and those that are not waited for.
FINISHED = frozenset({"extracted", "skipped", "failed", "withdrawn"})
WAITED_FOR = FINISHED | {"embargoed"}

Item = TypeVar("Item")


class Model(BaseModel):
    """An answer, or a part of one."""

    model_config = ConfigDict(frozen=True, extra="allow", populate_by_name=True)


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


class Statement(Mention):
    """One article's telling of a position."""

    stance: Stance
    date: str
    voice: Voice
    condition: str | None = None
    review: Review | None = None


class Alternative(Model):
    """What else was told about the same day."""

    stance: Stance
    counts: Counts
    evidence: list[Statement]


class _Standing(Model):
    stance: Stance
    condition: str | None = None
    contested: bool
    since: str
    last_stated: str
    voice: Voice
    counts: Counts
    evidence: list[Statement]
    review: Review | None = None


class Position(_Standing):
    """Where an actor stands on a question in dispute."""

    id: str
    dossier: str
    actor: str
    proposition: str
    alternatives: list[Alternative] = []


class ChangeOfStance(_Standing):
    """Where an actor stood from `since` on."""


class Actor(Model):
    """An actor, and how much is known of it."""

    id: str
    name: str
    type: str
    entries: int
    positions: int


class Speaker(Model):
    """Who speaks for an actor, from when to when."""

    id: str
    name: str
    title: str
    start: str
    end: str | None = None


class ActorDetail(Actor):
    """An actor with its names and those who speak for it."""

    aliases: list[str]
    speakers: list[Speaker]
    position: int


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
    tags: list[str] = []
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
    revisions: list[Revision] = []
    readings: list[Reading] = []
    embargoed_until: dt.datetime | None = None


class Webhook(Model):
    """A webhook. `secret` is there once, in the answer to its registration."""

    id: str
    url: str
    description: str | None = None
    filter: dict[str, Any]
    types: list[str]
    state: str
    disabled_reason: str | None = None
    told_up_to: str
    failures: int
    created_at: dt.datetime
    secret: str | None = None


class EntryChange(Entry):
    """An entry as it is from now on, and why it was changed."""

    cause: str


class EntryGone(Model):
    """An entry that is no longer on the timeline: merged into another, or told by no article."""

    id: str
    dossier: str
    kind: str
    date: str
    actors: list[str]
    version: int
    cause: str
    merged_into: str | None = None


class PositionChange(Position):
    """A position as it is from now on, and why it was changed."""

    version: int
    cause: str


class PositionGone(Model):
    """A position that nothing states any longer."""

    id: str
    dossier: str
    actor: str
    proposition: str
    stance: None = None
    version: int
    cause: str


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the timeline or of a position, as the stream tells it.

    `id` is where to go on after it. `data` is a plain dict where the service tells of something that this
    release of the client does not know.
    """

    id: str
    name: str  # entry.added, entry.changed, entry.merged, entry.removed, position.changed
    data: EntryChange | EntryGone | PositionChange | PositionGone | dict[str, Any]
