"""From findings to political events: one for each (kind, date, actors), the recipients of all tellings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from services.core.domain.dossier import Dossier
from services.core.domain.reading import PoliticalEvent
from services.core.domain.vocabulary import Status
from workers.extraction.findings import Finding

_ASKED = {"demand": "ultimatum"}


def find_events(findings: Iterable[Finding], dossier: Dossier) -> list[PoliticalEvent]:
    """The events, in text order. A `statement` is kept only where its actor has nothing else that day."""
    best: dict[tuple[str, str, tuple[str, ...]], PoliticalEvent] = {}
    lines: dict[tuple[str, str, tuple[str, ...]], set[int]] = {}
    for finding in findings:
        if finding.kind is None or finding.when.value is None:
            continue
        event = _event(finding, dossier)
        key = (event.kind, event.date, event.actors)
        lines.setdefault(key, set()).add(finding.line)
        known = best.get(key)
        best[key] = event if known is None else _joined(known, event)
    _drop_coarser(best, dossier)
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


def _drop_coarser(best: dict[tuple[str, str, tuple[str, ...]], PoliticalEvent], dossier: Dossier) -> None:
    """What happens once and is dated more finely, or with its actors, elsewhere in the article is that event."""
    for key, event in list(best.items()):
        for other in list(best.values()):
            if other is event or other.kind != event.kind:
                continue
            same_day = other.date == event.date
            finer = len(other.date) > len(event.date) and other.date.startswith(event.date)
            fewer = set(event.actors) < set(other.actors)
            once = dossier.kinds[event.kind].once
            if (once and finer and set(event.actors) <= set(other.actors)) or (
                same_day and fewer and (once or event.kind == "consultation")
            ):
                best[(other.kind, other.date, other.actors)] = replace(
                    other,
                    recipients=tuple(sorted({*other.recipients, *event.recipients} - set(other.actors))),
                )
                best.pop(key, None)
                break


def _drop_lesser(
    best: dict[tuple[str, str, tuple[str, ...]], PoliticalEvent],
    lines: dict[tuple[str, str, tuple[str, ...]], set[int]],
) -> None:
    for key, event in list(best.items()):
        mine = set(event.actors)
        others = [
            (k, e) for k, e in best.items() if k != key and e.date == event.date and mine & set(e.actors)
        ]
        if (event.kind == "statement" and others) or (
            event.kind == "demand"
            and any(e.kind == "ultimatum" and lines[key] <= lines[k] for k, e in others)
        ):
            del best[key]
