"""How mentions, entries, statements and standings lie in their versioned tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from services.core.domain.calendar import first_day, last_day
from services.core.domain.ids import derived_id
from services.core.domain.standing import StatedPosition
from services.core.domain.timeline import EntryKey, Mention
from services.core.domain.vocabulary import Stance, Status, Voice
from services.core.projections.rows import columns as columns_of


@dataclass(frozen=True, slots=True)
class PlacedMention:
    """A mention and the entry that it is part of."""

    entry_id: UUID
    mention: Mention


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryVersion:
    """The content of a row of `entries`; see `tables.EntryRow`."""

    change_number: int
    change: str
    version: int
    merged_into: UUID | None
    dossier: str
    kind: str
    plover: str | None
    plover_mode: str | None
    date: str
    date_from: dt.date
    date_to: dt.date
    status: str
    actors: list[str]
    recipients: list[str]
    speakers: list[str]
    outlets: list[str]
    summary: str | None
    representative: UUID
    confidence: float
    mention_count: int
    outlet_count: int
    story_count: int
    review: dict[str, Any] | None

    @property
    def live(self) -> bool:
        return self.change in {"added", "changed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingVersion:
    """The content of a row of `standings`; see `tables.StandingRow`."""

    change_number: int
    version: int
    dossier: str
    actor: str
    proposition: str
    stance: str | None
    condition: str | None
    contested: bool
    since: str | None
    last_stated: str | None
    voice: str | None
    representative: UUID | None
    revision: int | None
    mention_count: int
    outlet_count: int
    story_count: int


class _Plain:
    """Columns and fields carry the same names."""

    table: str
    content: type
    columns: Sequence[str]

    def __init__(self) -> None:
        self.columns = columns_of(self.content)

    def encode(self, content: Any) -> tuple[Any, ...]:
        return tuple(getattr(content, name) for name in self.columns)

    def decode(self, values: Sequence[Any]) -> Any:
        return self.content(**dict(zip(self.columns, values, strict=True)))


class EntryCodec(_Plain):
    table = "entries"
    content = EntryVersion

    def encode(self, content: EntryVersion) -> tuple[Any, ...]:
        *plain, review = super().encode(content)
        return (*plain, _json(review))


class StandingCodec(_Plain):
    table = "standings"
    content = StandingVersion


_SHARED = (
    "person", "speaker", "confidence", "evidence_start", "evidence_end", "evidence_text", "sentence", "article_id",
    "revision", "outlet", "url", "published_at", "published_on", "story_id", "is_copy",
)  # fmt: skip


def _encode_shared(m: Mention | StatedPosition) -> tuple[Any, ...]:
    return (
        m.person, m.speaker, m.confidence, m.evidence[0], m.evidence[1], m.words, m.sentence, m.article_id,
        m.revision, m.outlet, m.url, m.published_at, m.published_on, m.story_id, m.copy,
    )  # fmt: skip


def _decode_shared(values: Sequence[Any]) -> dict[str, Any]:
    shared = dict(zip(_SHARED, values, strict=True))
    shared["evidence"] = (shared.pop("evidence_start"), shared.pop("evidence_end"))
    shared["words"] = shared.pop("evidence_text")
    shared["copy"] = shared.pop("is_copy")
    return shared


class MentionCodec:
    table = "mentions"
    columns: Sequence[str] = (
        "entry_id", "dossier", "kind", "plover", "plover_mode", "date", "status", "actors", "recipients",
        *_SHARED,
    )  # fmt: skip

    def encode(self, content: PlacedMention) -> tuple[Any, ...]:
        m = content.mention
        return (
            content.entry_id, m.key.dossier, m.key.kind, m.plover, m.plover_mode, m.key.date, m.status.value,
            list(m.key.actors), list(m.recipients), *_encode_shared(m),
        )  # fmt: skip

    def decode(self, values: Sequence[Any]) -> PlacedMention:
        entry_id, dossier, kind, plover, mode, date, status, actors, recipients, *rest = values
        key = EntryKey(dossier, kind, date, tuple(actors))
        shared = _decode_shared(rest)
        return PlacedMention(
            entry_id,
            Mention(
                id=mention_id(shared["article_id"], key),
                key=key,
                plover=plover,
                plover_mode=mode,
                status=Status(status),
                recipients=tuple(recipients),
                **shared,
            ),
        )


class StatementCodec:
    table = "statements"
    columns: Sequence[str] = (
        "dossier", "actor", "proposition", "stance", "date", "date_to", "voice", "condition", "rejected",
        "review", "read_as", "read_condition", *_SHARED,
    )  # fmt: skip

    def encode(self, content: StatedPosition) -> tuple[Any, ...]:
        s = content
        return (
            s.dossier, s.actor, s.proposition, s.stance.value, s.date, s.day, s.voice.value, s.condition, s.rejected,
            _json(s.review), _json(list(s.read_as) if s.read_as else None), s.read_condition, *_encode_shared(s),
        )  # fmt: skip

    def decode(self, values: Sequence[Any]) -> StatedPosition:
        dossier, actor, proposition, stance, date, _date_to, voice, condition, *values = values
        rejected, review, read_as, read_condition, *rest = values
        shared = _decode_shared(rest)
        read_stance, read_date, *_ = read_as or (stance, date)
        return StatedPosition(
            id=statement_id(shared["article_id"], dossier, actor, proposition, read_stance, read_date),
            dossier=dossier,
            actor=actor,
            proposition=proposition,
            stance=Stance(stance),
            date=date,
            voice=Voice(voice),
            condition=condition,
            rejected=rejected,
            review=review,
            read_as=tuple(read_as) if read_as else None,
            read_condition=read_condition,
            **shared,
        )


def _json(value: object) -> Jsonb | None:
    return None if value is None else Jsonb(value)


def mention_id(article_id: str, key: EntryKey) -> UUID:
    """An article tells a political event once: article and key name the mention."""
    return derived_id("mention", article_id, *_flat(key))


def statement_id(article_id: str, dossier: str, actor: str, proposition: str, stance: str, date: str) -> UUID:
    """An article tells an actor's stance on a proposition once a day."""
    return derived_id("statement", article_id, dossier, actor, proposition, stance, date)


@lru_cache(maxsize=8192)  # actors state again what they have stated
def standing_id(dossier: str, actor: str, proposition: str) -> UUID:
    """The id of one cell of the table of positions."""
    return derived_id("position", dossier, actor, proposition)


def period(date: str) -> tuple[dt.date, dt.date]:
    """First and last day of a date cut to its precision."""
    return first_day(date), last_day(date)


def _flat(key: EntryKey) -> tuple[str, ...]:
    return (key.dossier, key.kind, key.date, *key.actors)
