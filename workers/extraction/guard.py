"""The last gate: what does not hold is dropped and counted by reason, whichever reader made it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from typing import TypeVar

from services.core.domain.dossier import Dossier
from services.core.domain.reading import PoliticalEvent, Position, Quotation, Reading, Span, Speaker
from services.core.domain.vocabulary import Stance, Status, Voice

#: Why a record may be refused; where several hold, the first is counted.
REASONS = (
    "kind",
    "proposition",
    "stance",
    "actor",
    "date",
    "status",
    "voice",
    "evidence",
    "condition",
    "speaker",
    "confidence",
)

T = TypeVar("T")


def guard(reading: Reading, text: str, dossier: Dossier) -> Reading:
    """The reading without records that do not hold; `refused` counts them by reason.

    A record holds if its evidence (condition, speaker) is in `text`, its actors, proposition or kind are in the
    dossier, its stance is one and its date is ISO 8601, cut to day, month or year.
    """
    refused = Counter(reading.refused)
    return replace(
        reading,
        quotations=_kept(reading.quotations, lambda q: _against_quotation(q, text, dossier), refused),
        positions=_kept(reading.positions, lambda p: _against_position(p, text, dossier), refused),
        events=_kept(reading.events, lambda e: _against_event(e, text, dossier), refused),
        refused=dict(refused),
    )


def _kept(records: Iterable[T], against: Callable[[T], str | None], refused: Counter[str]) -> tuple[T, ...]:
    kept = []
    for record in records:
        reason = against(record)
        if reason is None:
            kept.append(record)
        else:
            refused[reason] += 1
    return tuple(kept)


def _against_position(position: Position, text: str, dossier: Dossier) -> str | None:
    """The first reason against a position, None where it holds."""
    checks = (
        ("proposition", position.proposition in dossier.propositions),
        ("stance", isinstance(position.stance, Stance)),
        ("actor", position.actor in dossier.actors),
        ("date", position.date is None or is_date(position.date)),
        ("voice", isinstance(position.voice, Voice)),
        ("evidence", _in_text(position.evidence, text)),
        ("condition", position.condition is None or _in_text(position.condition, text)),
        ("speaker", _is_speaker(position.speaker, text, dossier)),
        ("confidence", 0.0 <= position.confidence <= 1.0),
    )
    return next((reason for reason, holds in checks if not holds), None)


def _against_event(event: PoliticalEvent, text: str, dossier: Dossier) -> str | None:
    """The first reason against an event, None where it holds."""
    kind = dossier.kinds.get(event.kind)
    checks = (
        ("kind", kind is not None and (event.plover, event.plover_mode) == (kind.plover, kind.plover_mode)),
        ("actor", all(actor in dossier.actors for actor in (*event.actors, *event.recipients))),
        ("date", is_date(event.date)),
        ("status", isinstance(event.status, Status)),
        ("evidence", _in_text(event.evidence, text)),
        ("speaker", _is_speaker(event.speaker, text, dossier)),
        ("confidence", 0.0 <= event.confidence <= 1.0),
    )
    return next((reason for reason, holds in checks if not holds), None)


def _against_quotation(quotation: Quotation, text: str, dossier: Dossier) -> str | None:
    spans = (quotation.content, quotation.source, quotation.cue)
    checks = (
        ("actor", quotation.actor is None or quotation.actor in dossier.actors),
        ("evidence", all(span is None or _in_text(span, text) for span in spans)),
        ("speaker", _is_speaker(quotation.speaker, text, dossier)),
    )
    return next((reason for reason, holds in checks if not holds), None)


def _in_text(span: Span, text: str) -> bool:
    return 0 <= span.start < span.end <= len(text) and bool(span.of(text).strip())


def _is_speaker(speaker: Speaker | None, text: str, dossier: Dossier) -> bool:
    if speaker is None:
        return True
    known = speaker.person is None or speaker.person in dossier.people
    return known and (speaker.span is None or _in_text(speaker.span, text))


_DATE = re.compile(r"[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?")


def is_date(value: str) -> bool:
    """Whether it is an ISO 8601 calendar date cut to day, month or year."""
    if not _DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value + "-01-01"[len(value) - 4 :])
    except ValueError:
        return False
    return True
