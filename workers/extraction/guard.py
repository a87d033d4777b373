"""The last gate: what does not hold is dropped and counted, whichever reader made it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from services.core.domain.dossier import Dossier
from services.core.domain.reading import PoliticalEvent, Position, Reading, Span


def guard(reading: Reading, text: str, dossier: Dossier) -> Reading:
    """The reading without records whose evidence is not in `text`, whose actor, proposition or kind is
    not in the dossier, or whose date is not ISO 8601; `dropped` counts them."""
    positions = tuple(p for p in reading.positions if _position_holds(p, text, dossier))
    events = tuple(e for e in reading.events if _event_holds(e, text, dossier))
    refused = len(reading.positions) - len(positions) + len(reading.events) - len(events)
    return replace(reading, positions=positions, events=events, dropped=reading.dropped + refused)


def _position_holds(position: Position, text: str, dossier: Dossier) -> bool:
    return (
        position.actor in dossier.actors
        and position.proposition in dossier.propositions
        and _in_text(position.evidence, text)
        and (position.condition is None or _in_text(position.condition, text))
        and (position.date is None or is_date(position.date))
    )


def _event_holds(event: PoliticalEvent, text: str, dossier: Dossier) -> bool:
    return (
        event.kind in dossier.kinds
        and all(actor in dossier.actors for actor in (*event.actors, *event.recipients))
        and _in_text(event.evidence, text)
        and is_date(event.date)
    )


def _in_text(span: Span, text: str) -> bool:
    return 0 <= span.start < span.end <= len(text) and bool(span.of(text).strip())


def is_date(value: str) -> bool:
    """Whether it is an ISO 8601 calendar date cut to day, month or year."""
    if len(value) not in {4, 7, 10}:
        return False
    try:
        date.fromisoformat(value + "-01-01"[len(value) - 4 :])
    except ValueError:
        return False
    return True
