"""Which article it is, and what a posted one is to it: new, the same, a revision, or withdrawn.

Rules: DESIGN.md, "Articles and stories". Pure: events in, a decision out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from services.core.domain.commands import SubmitArticle, WithdrawArticle
from services.core.domain.events import (
    ArticleReceived,
    ArticleRevised,
    ArticleWithdrawn,
    Event,
    ExtractionCompleted,
    ExtractionFailed,
    ExtractionRequested,
    ExtractionSkipped,
)
from services.core.domain.ids import derived_id


def article_id(url: str | None, text_sha256: str, uri: str | None = None) -> str:
    """The article's id: of its canonical URL, else of its sender's URI for it, else of its text's hash (hex)."""
    if url is None and uri is not None:
        return str(derived_id("article-uri", uri))
    return str(derived_id("article", url) if url else derived_id("article-text", text_sha256))


class Outcome(StrEnum):
    """What a submission is to the article that it names."""

    NEW = "received"
    REVISION = "revised"
    OLDER = "older"  # a revision that was published before the newest: kept, does not replace it
    SAME = "same"
    WITHDRAWN = "withdrawn"
    EMBARGOED = "embargoed"  # it waits, and is one of the others when its time has come


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an article, as an ArticleReceived or ArticleRevised says it."""

    revision: int
    current: bool
    body_sha256: str  # of title, author and text
    published_at: str | None
    outlet: str | None
    language: str | None
    tags: tuple[str, ...]
    global_position: int

    def says_the_same(self, other: Version) -> bool:
        """Equal but for the way it came: words, date (whichever way UTC is written), outlet, language, tags."""
        return self._content() == other._content()

    def _content(self) -> tuple[object, ...]:
        published = self.published_at and _parsed(self.published_at)
        offset = published.utcoffset() if isinstance(published, dt.datetime) else None
        return self.body_sha256, published, offset, self.outlet, self.language, frozenset(self.tags)


_READING_STATES = {
    ExtractionRequested.type: "received",
    ExtractionCompleted.type: "extracted",
    ExtractionSkipped.type: "skipped",
    ExtractionFailed.type: "failed",
}


@dataclass(frozen=True, slots=True)
class ArticleState:
    """What the article's stream says, folded. `position` is the stream's last, -1 for an empty one."""

    position: int = -1
    versions: tuple[Version, ...] = ()
    withdrawn_at: int | None = None  # global position
    readings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # dossier -> state

    @property
    def current(self) -> Version | None:
        """The version that counts: the last one that replaced what was before."""
        return next((version for version in reversed(self.versions) if version.current), None)

    @property
    def state(self) -> str:
        """`received`, `extracted`, `skipped`, `failed` or `withdrawn`, as the API names them."""
        if self.withdrawn_at is not None:
            return "withdrawn"
        found = set(self.readings.values())
        return next(
            (state for state in ("received", "extracted", "failed", "skipped") if state in found), "received"
        )

    def apply(self, event: Event, *, position: int, global_position: int) -> ArticleState:
        """The state after the stream's next event."""
        state = replace(self, position=position)
        match event:
            case ArticleReceived() | ArticleRevised():
                version = _version(event, global_position)
                state = replace(state, versions=(*self.versions, version))
                return replace(state, readings=MappingProxyType({})) if version.current else state
            case ArticleWithdrawn():
                return replace(state, withdrawn_at=global_position)
            case ExtractionRequested() | ExtractionCompleted() | ExtractionSkipped() | ExtractionFailed():
                if self.current is None or self.current.revision != event.revision:
                    return state
                readings = {**self.readings, event.dossier: _READING_STATES[event.type]}
                return replace(state, readings=MappingProxyType(readings))
            case _:
                return state


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done: append `event` (None: nothing), and answer with `version` where it is kept already."""

    outcome: Outcome
    event: Event | None = None
    version: Version | None = None


def fold(events: Iterable[tuple[Event, int, int]]) -> ArticleState:
    """The state that (event, position, global position), in the stream's order, lead to."""
    state = ArticleState()
    for event, position, global_position in events:
        state = state.apply(event, position=position, global_position=global_position)
    return state


def decide(state: ArticleState, command: SubmitArticle, *, body_sha256: str, text_sha256: str) -> Decision:
    """What a submission is to the article, and the event that takes it down.

    Changed words or metadata make a revision (A, B, A are three), unless the version says what the current
    one says. A version that was published before one that is kept does not replace it, and is kept once.
    """
    if state.withdrawn_at is not None:
        return Decision(Outcome.WITHDRAWN)
    facts = {
        "article_id": article_id(command.url, text_sha256, command.uri),
        "url": command.url,
        "outlet": command.outlet,
        "published_at": command.published_at,
        "language": command.language,
        "tags": command.tags,
        "body_sha256": body_sha256,
        "text_sha256": text_sha256,
        "characters": len(command.text),
        "received_as": command.received_as,
        "key_id": command.key_id,
    }
    current = state.current
    if current is None:
        return Decision(Outcome.NEW, ArticleReceived(revision=1, **facts))  # type: ignore[arg-type]
    older = any(published_before(command.published_at, kept.published_at) for kept in state.versions)
    revision = ArticleRevised(revision=len(state.versions) + 1, current=not older, **facts)  # type: ignore[arg-type]
    posted = _version(revision, 0)
    for kept in state.versions if older else (current,):
        if kept.says_the_same(posted):
            return Decision(Outcome.SAME, version=kept)
    return Decision(Outcome.OLDER if older else Outcome.REVISION, revision)


def decide_withdrawal(state: ArticleState, command: WithdrawArticle) -> Decision | None:
    """The withdrawal to append, or that it was withdrawn before; None where there is no such article."""
    if not state.versions:
        return None
    if state.withdrawn_at is not None:
        return Decision(Outcome.WITHDRAWN)
    event = ArticleWithdrawn(article_id=command.article_id, reason=command.reason, key_id=command.key_id)
    return Decision(Outcome.WITHDRAWN, event)


def event_id(event: Event) -> UUID:
    """The id under which an article's event is written once, however often the request runs.

    It holds what the version says: two different revisions posted at once never share an id, two equal ones do.
    """
    match event:
        case ArticleReceived() | ArticleRevised():
            said = (event.body_sha256, event.published_at or "", event.outlet or "", event.language or "")
            return derived_id(event.type, event.article_id, event.revision, *said, *event.tags)
        case ArticleWithdrawn():
            return derived_id(event.type, event.article_id)
        case _:
            raise ValueError(f"not an event of ingest: {event.type}")


def published_before(one: str | None, other: str | None) -> bool:
    """Whether `one` is known to be before `other`: times by their instant, a bare date by whole days."""
    if one is None or other is None:
        return False
    a, b = _parsed(one), _parsed(other)
    if isinstance(a, dt.datetime) and isinstance(b, dt.datetime):
        return a < b
    return _day(a) < _day(b)


def _parsed(published_at: str) -> dt.date | dt.datetime:
    if len(published_at) == len("2019-08-02"):
        return dt.date.fromisoformat(published_at)
    return dt.datetime.fromisoformat(published_at)


def _day(moment: dt.date | dt.datetime) -> dt.date:
    return moment.date() if isinstance(moment, dt.datetime) else moment


def _version(event: ArticleReceived | ArticleRevised, global_position: int) -> Version:
    return Version(
        revision=event.revision,
        current=isinstance(event, ArticleReceived) or event.current,
        body_sha256=event.body_sha256,
        published_at=event.published_at,
        outlet=event.outlet,
        language=event.language,
        tags=event.tags,
        global_position=global_position,
    )
