"""From findings to political events: one for each (kind, date, actors), the recipients of all tellings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from services.core.domain.dossier import Dossier
from services.core.domain.reading import PoliticalEvent
from services.core.domain.vocabulary import Status
from workers.extraction.findings import Finding

_Key = tuple[str, str, tuple[str, ...]]  # kind, date, actors


def find_events(findings: Iterable[Finding], dossier: Dossier) -> list[PoliticalEvent]:
    """The events, in text order. A `statement` is kept only where its actor has nothing else that day."""
    best: dict[_Key, PoliticalEvent] = {}
    lines: dict[_Key, set[int]] = {}
    for finding in findings:
        if finding.kind is None or finding.when.value is None:
            continue
        event = _event(finding, dossier)
        key = (event.kind, event.date, event.actors)
        lines.setdefault(key, set()).add(finding.line)
        known = best.get(key)
        best[key] = event if known is None else _joined(known, event)
    _drop_coarser(best, lines)
    _drop_lesser(best, lines)
    return sorted(best.values(), key=lambda e: (e.evidence, e.kind, e.date))


def _event(finding: Finding, dossier: Dossier) -> PoliticalEvent:
    kind = dossier.kinds[finding.kind or "statement"]
    return PoliticalEvent(
        kind=kind.id,
        plover=kind.plover,
        plover_mode=kind.plover_mode,
        date=finding.when.value or "",
        status=finding.status,
        actors=tuple(sorted(set(finding.holders))),
        recipients=tuple(sorted(set(finding.recipients) - set(finding.holders))),
        evidence=finding.evidence,
        speaker=finding.speaker,
        confidence=finding.confidence,
        rule=finding.rule,
    )


def _joined(one: PoliticalEvent, other: PoliticalEvent) -> PoliticalEvent:
    first, second = (one, other) if one.confidence >= other.confidence else (other, one)
    return replace(
        first,
        recipients=tuple(sorted({*one.recipients, *other.recipients})),
        status=Status.ACTUAL if Status.ACTUAL in {one.status, other.status} else Status.PLANNED,
        speaker=first.speaker or second.speaker,
    )


def _drop_coarser(best: dict[_Key, PoliticalEvent], lines: dict[_Key, set[int]]) -> None:
    """An event that another one tells with more actors, or dated more finely, is that one."""
    for key in sorted(best, key=lambda k: (len(k[1]), len(k[2]), k)):
        event = best[key]
        place = next((k for k, other in best.items() if k != key and _tells(other, event)), None)
        if place is None:
            continue
        other = best[place]
        same_day = other.date == event.date
        best[place] = replace(
            other,
            recipients=tuple(sorted({*other.recipients, *event.recipients} - set(other.actors))),
            status=Status.ACTUAL if same_day and event.status is Status.ACTUAL else other.status,
            confidence=max(other.confidence, event.confidence),
        )
        lines[place] |= lines[key]
        del best[key]


def _tells(other: PoliticalEvent, event: PoliticalEvent) -> bool:
    """Whether `other` is the same event told better."""
    if other.kind != event.kind:
        return False
    if other.date == event.date:
        return set(event.actors) < set(other.actors)
    finer = len(other.date) > len(event.date) and other.date.startswith(event.date)
    return finer and set(event.actors) <= set(other.actors)


def _drop_lesser(best: dict[_Key, PoliticalEvent], lines: dict[_Key, set[int]]) -> None:
    """A demand that an ultimatum repeats, and the statements of whoever has done something else that day."""
    for key, event in list(best.items()):
        if event.kind == "demand" and any(
            other.kind == "ultimatum"
            and other.date == event.date
            and set(event.actors) & set(other.actors)
            and lines[key] <= lines[k]
            for k, other in best.items()
        ):
            del best[key]
    for key, event in [(k, e) for k, e in best.items() if e.kind == "statement"]:
        busy = {a for e in best.values() if e.kind != "statement" and e.date == event.date for a in e.actors}
        left = tuple(a for a in event.actors if a not in busy)
        if left != event.actors:
            del best[key]
            if left:  # of a joint statement it stays that of the others
                best.setdefault((event.kind, event.date, left), replace(event, actors=left))
