"""What the read API answers, for its OpenAPI document; the routes write these shapes directly."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SpanWords(_Answer):
    """`text[start:end]` of the article, in Unicode code points; `text` is null once it is withdrawn."""

    start: int
    end: int
    text: str | None


class Review(_Answer):
    """What an analyst made of a record. `state` as-read: a ruling was taken back; `fields` are those amended."""

    state: Literal["confirmed", "rejected", "amended", "merged", "split", "as-read"]
    at: dt.datetime
    reason: str
    by: str | None
    position: int
    fields: list[str]
    version: int


class RulingShown(_Answer):
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


class Counts(_Answer):
    """Articles, distinct outlets, independent accounts."""

    mentions: int
    outlets: int
    stories: int


class Told(_Answer):
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


class QuotationShown(_Answer):
    source: SpanWords | None
    cue: SpanWords | None
    content: SpanWords
    speaker: str | None
    person: str | None
    actor: str | None
    direct: bool


class Mention(Told):
    pass


class MentionDetail(Told):
    quotations: list[QuotationShown]


class _EntryHead(_Answer):
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


class EntryVersionShown(_Answer):
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


class EntryGone(_Answer):
    """Data of `entry.merged` (with `merged_into`) and `entry.removed`."""

    id: str
    dossier: str
    kind: str
    date: str
    actors: list[str]
    version: int
    cause: str
    merged_into: str | None = None


class _Page(_Answer):
    next: str | None
    position: int


class EntryPage(_Page):
    data: list[Entry]


class StatedShown(Told):
    stance: Literal["supports", "opposes", "conditional"]
    date: str
    voice: Literal["own", "reported", "adversary"]
    condition: str | None
    review: Review | None


class Alternative(_Answer):
    """What else was told about the same day."""

    stance: Literal["supports", "opposes", "conditional"]
    counts: Counts
    evidence: list[StatedShown]


class PositionShown(_Answer):
    id: str
    dossier: str
    actor: str
    proposition: str
    stance: Literal["supports", "opposes", "conditional"]
    condition: str | None
    contested: bool
    since: str
    last_stated: str
    voice: Literal["own", "reported", "adversary"]
    counts: Counts
    review: Review | None
    evidence: list[StatedShown]
    alternatives: list[Alternative]


class PositionChange(PositionShown):
    """Data of the stream's `position.changed`."""

    version: int
    cause: str


class PositionGone(_Answer):
    """Data of `position.changed` where nothing is left that states one."""

    id: str
    dossier: str
    actor: str
    proposition: str
    stance: None
    version: int
    cause: str


class PositionPage(_Page):
    data: list[PositionShown]


class ChangeOfStance(_Answer):
    stance: Literal["supports", "opposes", "conditional"]
    condition: str | None
    contested: bool
    since: str
    last_stated: str
    voice: Literal["own", "reported", "adversary"]
    counts: Counts
    review: Review | None
    evidence: list[StatedShown]


class PositionHistory(_Page):
    actor: str
    proposition: str
    data: list[ChangeOfStance]
    rulings: list[RulingShown]


class ActorShown(_Answer):
    id: str
    name: str
    type: str
    entries: int
    positions: int


class ActorPage(_Page):
    data: list[ActorShown]


class SpeakerShown(_Answer):
    id: str
    name: str
    title: str
    start: str
    end: str | None


class ActorDetail(ActorShown):
    aliases: list[str]
    speakers: list[SpeakerShown]
    position: int


class ArticleDateShown(_Answer):
    value: str | None
    basis: str


class ArticleShown(_Answer):
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


class ArticlePage(_Page):
    data: list[ArticleShown]


class RevisionShown(_Answer):
    revision: int
    current: bool
    published_at: str | None
    outlet: str | None
    title: str | None
    body_sha256: str
    received_at: dt.datetime
    global_position: int
    diff: str | None


class _ReadRecord(_Answer):
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


class ReadingShown(_Answer):
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


class ArticleHeld(_Answer):
    """An article under embargo, or one that was withdrawn while it was: nothing else is told of it."""

    id: str
    state: Literal["embargoed", "withdrawn"]
    reason: str | None
    embargoed_until: dt.datetime | None
    position: int


class StoryArticle(_Answer):
    id: str
    outlet: str | None
    title: str | None
    url: str | None
    published_at: str | None
    head: bool
    duplicate_of: str | None
    method: str | None
    similarity: float | None


class StoryDetail(_Answer):
    id: str
    head: str
    articles: int
    data: list[StoryArticle]
    position: int


class CoverageDay(_Answer):
    outlet: str | None
    day: str
    articles: int
    extracted: int
    skipped: int
    failed: int


class CoveragePage(_Page):
    data: list[CoverageDay]


class CloudEvent(BaseModel):
    """CloudEvents 1.0 in structured mode, with the extensions that FORMATS name."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    subject: str
    time: dt.datetime
    recordedtime: dt.datetime
    sequence: str
    partitionkey: str
    correlationid: str | None = None
    causationid: str | None = None
    traceparent: str | None = None
    keyid: str | None = None  # of the API key that it came with
    datacontenttype: Literal["application/json"]
    data: dict[str, Any]


class EventPage(_Page):
    data: list[CloudEvent]
