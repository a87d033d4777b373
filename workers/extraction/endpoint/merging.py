"""What two readers say of one article: all of it, and where they disagree, the built-in reader's word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from services.core.domain.reading import PoliticalEvent, Reading


def merged(built_in: Reading, second: Reading) -> Reading:
    """The union. The built-in reader wins where both speak of one actor and proposition, or of the same event."""
    spoken = {(p.actor, p.proposition) for p in built_in.positions}
    positions = (p for p in second.positions if (p.actor, p.proposition) not in spoken)
    events = (e for e in second.events if not any(_same(e, known) for known in built_in.events))
    return replace(
        built_in,
        positions=tuple(
            sorted((*built_in.positions, *positions), key=lambda p: (p.evidence, p.actor, p.proposition))
        ),
        events=tuple(sorted((*built_in.events, *events), key=lambda e: (e.evidence, e.kind, e.date))),
        refused=_sum(built_in.refused.items(), second.refused.items()),
    )


def _same(one: PoliticalEvent, other: PoliticalEvent) -> bool:
    """Whether two events may be one: a kind, dates of which one may be the other cut, and somebody in common."""
    shorter, longer = sorted((one.date, other.date), key=len)
    together = not one.actors or not other.actors or set(one.actors) & set(other.actors)
    return one.kind == other.kind and longer.startswith(shorter) and bool(together)


def _sum(*counts: Iterable[tuple[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for some in counts:
        total.update(dict(some))
    return dict(total)
