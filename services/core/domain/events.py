"""Every event type of the log, the only list of them (DESIGN.md, "The log").

An event is a frozen record of something that this system took down. Field names are the keys of the
event's `data` in the log; a shipped type is never edited, a change is the next version and an upcaster.
No event holds an article's words: bodies are named by their SHA-256 (hex), evidence by spans, a speaker
by the dossier's person id or a span.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, ClassVar, get_args

from services.core.domain.records import maker


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleReceived:
    """An article was taken in for the first time. Stream `article-<id>`."""

    type: ClassVar[str] = "ArticleReceived"

    article_id: str
    revision: int  # 1
    url: str | None  # canonical
    outlet: str | None
    published_at: str | None  # as posted: ISO 8601 date, or time with its offset
    language: str | None  # as posted
    tags: tuple[str, ...]
    body_sha256: str  # of title, author and text together: the key of `article_bodies`
    text_sha256: str  # of the text alone: equal texts are exact copies
    characters: int  # Unicode code points of the text
    received_as: str  # how it came in: "json", "html", "ninjs", "feed" ...
    key_id: str | None  # of the API key it came with


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleRevised:
    """The same article came again with changed text or metadata."""

    type: ClassVar[str] = "ArticleRevised"

    article_id: str
    revision: int  # 2, 3 ...
    current: bool  # False: a version older than the newest, kept without replacing it
    url: str | None
    outlet: str | None
    published_at: str | None
    language: str | None
    tags: tuple[str, ...]
    body_sha256: str
    text_sha256: str
    characters: int
    received_as: str
    key_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleWithdrawn:
    """An article was taken down; its body goes with its last live user."""

    type: ClassVar[str] = "ArticleWithdrawn"

    article_id: str
    reason: str
    key_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleJudgedOriginal:
    """No earlier account of the same words is known: the article opens a story."""

    type: ClassVar[str] = "ArticleJudgedOriginal"

    article_id: str
    revision: int
    story_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleJudgedDuplicate:
    """The article repeats another's words: it joins that one's story."""

    type: ClassVar[str] = "ArticleJudgedDuplicate"

    article_id: str
    revision: int
    story_id: str
    of: str  # article id
    method: str  # "exact" or "near"
    similarity: float  # 0..1: the share of the shorter text's own words that the other has too


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionRequested:
    """An article is to be read again. `reason`: "retry", "revision" or "re-reading"."""

    type: ClassVar[str] = "ExtractionRequested"

    article_id: str
    revision: int
    dossier: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionCompleted:
    """What one extractor read out of one revision for one dossier.

    `positions`, `political_events`, `quotations` are lists of JSON objects as `workers/payload.py` writes
    them: spans as [start, end], speakers as {"person": id} or {"span": [start, end]}.
    """

    type: ClassVar[str] = "ExtractionCompleted"

    article_id: str
    revision: int
    dossier: str
    dossier_version: str
    extractor_version: str
    language: str | None
    article_date: str | None
    article_date_basis: str
    political_events: tuple[dict[str, Any], ...]
    positions: tuple[dict[str, Any], ...]
    quotations: tuple[dict[str, Any], ...]
    dropped: int  # records that did not hold: evidence not in the text, an unknown actor, no date ...
    refused: dict[str, int] = field(default_factory=dict)  # the same by reason
    second_reader: dict[str, str] | None = None  # {"name", "outcome"}: "read", or why the first read alone


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionSkipped:
    """The revision was not read for positions and events. `reason`: "off-topic" or "unsupported-language"."""

    type: ClassVar[str] = "ExtractionSkipped"

    article_id: str
    revision: int
    dossier: str
    dossier_version: str
    extractor_version: str
    reason: str
    language: str | None
    article_date: str | None
    article_date_basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionFailed:
    """The revision could not be read after the last retry. Words of the article never appear here."""

    type: ClassVar[str] = "ExtractionFailed"

    article_id: str
    revision: int
    dossier: str
    extractor_version: str
    error_class: str
    code: str  # "error", "timeout", "lost"
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCorrected:
    """An analyst ruled on an entry of the timeline or on a position. Stream `review-<record id>`.

    `verdict`: "confirm", "reject", "amend", "merge", "split", or "undo" (the verdict before no longer holds).
    No words of articles: what speaks for an entry is chosen by its article, never written.
    """

    type: ClassVar[str] = "RecordCorrected"

    record_type: str  # "entry" or "position"
    record_id: str
    dossier: str
    verdict: str
    reason: str
    by: str | None  # who, in the analyst's own words
    key_id: str | None
    kind: str | None = None  # of an entry: as first read, whatever was amended since
    stated: dict[str, str] | None = None  # of a position: {"actor", "proposition", "stance", "date"} as read
    changes: dict[str, Any] = field(default_factory=dict)  # amend: field -> value
    into: str | None = None  # merge: the entry that tells it from now on
    into_kind: str | None = None  # that entry's kind, as first read
    part: str | None = None  # split: the id of the new entry
    articles: tuple[str, ...] = ()  # split: whose tellings go to the part
    stories: tuple[str, ...] = ()  # split: the stories of those articles; their copies go along


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCreated:
    """The operator made an API key. Stream `admin`. Its secret is nowhere."""

    type: ClassVar[str] = "KeyCreated"

    key_id: str
    name: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRevoked:
    """The operator revoked an API key."""

    type: ClassVar[str] = "KeyRevoked"

    key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRegistered:
    """A webhook was registered. Its whole address may hold a secret: only whose it is is kept here."""

    type: ClassVar[str] = "WebhookRegistered"

    webhook_id: str
    origin: str  # https://example.org


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChanged:
    """A webhook was changed. `fields`: of "url", "filter", "types", "description", "secret"."""

    type: ClassVar[str] = "WebhookChanged"

    webhook_id: str
    origin: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDisabled:
    """Nothing more is sent. `reason`: "asked", "gone" (it answered 410) or "filter" (no longer understood)."""

    type: ClassVar[str] = "WebhookDisabled"

    webhook_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEnabled:
    """It is sent to again, from where it was left."""

    type: ClassVar[str] = "WebhookEnabled"

    webhook_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDeleted:
    """A webhook was deleted, with what it still had to be sent."""

    type: ClassVar[str] = "WebhookDeleted"

    webhook_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedAdded:
    """A feed is polled from now on, or again. Its whole address may hold a secret: only whose it is is kept here."""

    type: ClassVar[str] = "FeedAdded"

    feed_id: str
    origin: str  # https://news.example
    every_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedMoved:
    """Its site said that it is elsewhere for good."""

    type: ClassVar[str] = "FeedMoved"

    feed_id: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDisabled:
    """It is polled no more. `reason`: "gone" (it answered 410)."""

    type: ClassVar[str] = "FeedDisabled"

    feed_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRemoved:
    """The operator removed a feed. Its articles stay."""

    type: ClassVar[str] = "FeedRemoved"

    feed_id: str


Event = (
    ArticleReceived
    | ArticleRevised
    | ArticleWithdrawn
    | ArticleJudgedOriginal
    | ArticleJudgedDuplicate
    | ExtractionRequested
    | ExtractionCompleted
    | ExtractionSkipped
    | ExtractionFailed
)

EVENT_TYPES: dict[str, type[Event]] = {
    cls.type: cls
    for cls in (
        ArticleReceived,
        ArticleRevised,
        ArticleWithdrawn,
        ArticleJudgedOriginal,
        ArticleJudgedDuplicate,
        ExtractionRequested,
        ExtractionCompleted,
        ExtractionSkipped,
        ExtractionFailed,
    )
}

AdminEvent = (
    KeyCreated
    | KeyRevoked
    | WebhookRegistered
    | WebhookChanged
    | WebhookDisabled
    | WebhookEnabled
    | WebhookDeleted
    | FeedAdded
    | FeedMoved
    | FeedDisabled
    | FeedRemoved
)
"""What happened to the system itself, not to an article: all in the stream `admin`."""

ADMIN_EVENT_TYPES: dict[str, type[AdminEvent]] = {cls.type: cls for cls in get_args(AdminEvent)}
ADMIN_STREAM = "admin"


REVIEW_EVENT_TYPES: dict[str, type[RecordCorrected]] = {RecordCorrected.type: RecordCorrected}


def review_stream(record_id: object) -> str:
    """The stream that holds every ruling on one entry or position."""
    return f"review-{record_id}"


def article_stream(article_id: str) -> str:
    """The stream that holds everything that happened to one article."""
    return f"article-{article_id}"


def data_of(event: Event | AdminEvent | RecordCorrected) -> dict[str, Any]:
    """The event's `data` as it goes into the log (JSON-ready, tuples as lists). What is in its lists is the event's own."""
    kind: Any = type(event)
    values = ((name, getattr(event, name)) for name in _names(kind))
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values}


@cache
def _names(event_class: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(event_class))


_MAKERS: dict[str, Callable[[dict[str, Any]], Event]] = {
    event_type: maker(cls) for event_type, cls in EVENT_TYPES.items()
}


def event_of(event_type: str, data: dict[str, Any]) -> Event:
    """The event that `data` of the current version describes. Raises KeyError for an unknown type."""
    return _MAKERS[event_type](data)


ruling_of = maker(RecordCorrected)
"""The ruling that `data` of the current version describes."""
