"""What analysts ruled, and what follows for the timeline and for positions (`docs/decisions/`, on corrections).

Rulings bind to ids, not to what stood under them on the day: to an entry's id, and for a position to one stance
stated on one day. So what is shown is a function of the articles and of the rulings in force, and the order in
which both arrived changes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.core.domain.events import RecordCorrected
from services.core.domain.ids import derived_id
from services.core.domain.standing import StatedPosition
from services.core.domain.timeline import Entry, EntryKey, Mention, representative_order
from services.core.domain.vocabulary import Stance, Status, Voice


class Verdict(StrEnum):
    """What an analyst rules."""

    CONFIRM = "confirm"
    REJECT = "reject"
    AMEND = "amend"
    MERGE = "merge"
    SPLIT = "split"
    UNDO = "undo"


STATES = {
    Verdict.CONFIRM: "confirmed",
    Verdict.REJECT: "rejected",
    Verdict.AMEND: "amended",
    Verdict.MERGE: "merged",
    Verdict.SPLIT: "split",
    Verdict.UNDO: "as-read",
}
"""How answers call what a verdict made of a record."""


@dataclass(frozen=True, slots=True)
class Split:
    """Tellings that were taken out of an entry: those of some articles, and their copies."""

    part: UUID
    articles: frozenset[str]
    stories: frozenset[UUID]

    def takes(self, article_id: str, story_id: UUID | None) -> bool:
        """Whether an article's telling goes to the part."""
        return article_id in self.articles or story_id in self.stories


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """The rulings in force on one entry, or on one stance stated on one day.

    Of confirm, reject, amend, merge and undo the last one holds, whole; splits add up. `number` counts what was
    ruled in the record's stream up to here.
    """

    record_id: UUID
    dossier: str
    kind: str | None  # of an entry, as first read
    verdict: Verdict
    reason: str
    by: str | None
    ruled_at: dt.datetime
    position: int
    number: int
    changes: Mapping[str, Any] = field(default_factory=dict)
    into: UUID | None = None
    into_kind: str | None = None
    splits: tuple[Split, ...] = ()

    @property
    def rejected(self) -> bool:
        return self.verdict is Verdict.REJECT

    @property
    def places(self) -> bool:
        """Whether tellings are elsewhere by it."""
        return self.verdict is Verdict.MERGE or bool(self.splits)

    def shown(self) -> dict[str, Any]:
        """The `review` of answers."""
        return {
            "state": STATES[self.verdict],
            "at": self.ruled_at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z"),
            "reason": self.reason,
            "by": self.by,
            "position": self.position,
            "fields": sorted(name for name in self.changes if name not in _DERIVED),
            "version": self.number,
        }


_DERIVED = frozenset({"plover", "plover_mode"})  # follow from the kind


def ruled(
    before: Ruling | None, event: RecordCorrected, *, position: int, number: int, at: dt.datetime
) -> Ruling:
    """What is in force once `event` was taken down."""
    verdict = Verdict(event.verdict)
    splits = before.splits if before else ()
    if verdict is Verdict.SPLIT and event.part is not None:
        split = Split(UUID(event.part), frozenset(event.articles), frozenset(map(UUID, event.stories)))
        splits = (*splits, split)
        if before is not None:  # a split leaves what was said of the rest in force
            return replace(before, splits=splits, number=number)
    return Ruling(
        record_id=UUID(event.record_id),
        dossier=event.dossier,
        kind=event.kind,
        verdict=verdict,
        reason=event.reason,
        by=event.by,
        ruled_at=at,
        position=position,
        number=number,
        changes=event.changes if verdict is Verdict.AMEND else {},
        into=UUID(event.into) if verdict is Verdict.MERGE and event.into else None,
        into_kind=event.into_kind if verdict is Verdict.MERGE else None,
        splits=splits,
    )


def ruling_on_part(part: UUID, event: RecordCorrected, *, position: int, at: dt.datetime) -> Ruling:
    """What is in force on the part that a split made, before anything was ruled on it alone."""
    return Ruling(
        record_id=part,
        dossier=event.dossier,
        kind=event.kind,
        verdict=Verdict.SPLIT,
        reason=event.reason,
        by=event.by,
        ruled_at=at,
        position=position,
        number=0,
    )


def stated_id(dossier: str, actor: str, proposition: str, stance: str, date: str) -> UUID:
    """What a ruling on a position binds to: a stance as it was read, stated on a day."""
    return derived_id("stated", dossier, actor, proposition, stance, date)


def subject_of(event: RecordCorrected) -> UUID:
    """What the ruling binds to."""
    if event.stated is None:
        return UUID(event.record_id)
    s = event.stated
    return stated_id(event.dossier, s["actor"], s["proposition"], s["stance"], s["date"])


def place(
    start: UUID,
    article_id: str,
    story_id: UUID | None,
    ruling: Callable[[UUID], Ruling | None],
    settled: Callable[[UUID, str | None], UUID],
) -> UUID:
    """The entry that shows an article's telling which, as read, belongs to the entry `start`.

    `settled(id, kind)` is the entry that shows what was read under an id: a coarse telling's is the finer one's.
    Where mergers have come to run in a circle, all of it stands under the smallest id of the circle.
    """
    here, merged, parted = start, list[UUID](), set[UUID]()
    while (found := ruling(here)) is not None:
        part = next(
            (s.part for s in found.splits if s.part not in parted and s.takes(article_id, story_id)), None
        )
        if part is not None:
            parted.add(part)
            here = part
        elif found.verdict is Verdict.MERGE and found.into is not None:
            if here in merged:
                return min(merged[merged.index(here) :])
            merged.append(here)
            here = settled(found.into, found.into_kind)
        else:
            break
    return here


def amended_entry(entry: Entry, mentions: list[Mention], changes: Mapping[str, Any]) -> Entry:
    """The entry with what was amended. What the changes do not name stays as it is read."""
    if not changes:
        return entry
    key = entry.key
    actors = tuple(changes.get("actors", entry.actors))
    recipients = tuple(changes["recipients"]) if "recipients" in changes else entry.recipients
    speaks = [m for m in mentions if m.article_id == changes.get("representative")]
    representative = min(speaks, key=representative_order) if speaks else entry.representative
    return replace(
        entry,
        key=EntryKey(key.dossier, changes.get("kind", key.kind), changes.get("date", key.date), actors),
        plover=changes.get("plover", entry.plover),
        plover_mode=changes.get("plover_mode", entry.plover_mode) if "kind" in changes else entry.plover_mode,
        status=Status(changes.get("status", entry.status)),
        actors=actors,
        recipients=tuple(r for r in recipients if r not in actors),
        representative=representative,
    )


def ruled_statement(read: StatedPosition, ruling: Ruling | None) -> StatedPosition:
    """The statement, as it was read, with what was ruled on it."""
    if ruling is None:
        return read
    changes = ruling.changes
    stance = Stance(changes.get("stance", read.stance))
    dropped = "condition" in changes or ("stance" in changes and stance is not Stance.CONDITIONAL)
    return replace(
        read,
        stance=stance,
        date=changes.get("date", read.date),
        voice=Voice(changes.get("voice", read.voice)),
        condition=None if dropped else read.condition,
        rejected=ruling.rejected,
        review=ruling.shown(),
        read_as=(read.stance.value, read.date, read.voice.value),
        read_condition=read.condition,
    )
