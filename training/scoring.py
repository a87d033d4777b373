"""Scores of readings against coded articles (codebook, section 5); records marked optional count neither way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from services.core.domain.reading import PoliticalEvent, Position


@dataclass
class Count:
    """True and false positives, and what was missed."""

    right: int = 0
    extra: int = 0
    missed: int = 0

    def add(self, right: int, extra: int, missed: int) -> None:
        self.right, self.extra, self.missed = self.right + right, self.extra + extra, self.missed + missed

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.extra)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)

    @property
    def f1(self) -> float:
        return 2 * self.right / max(1, 2 * self.right + self.extra + self.missed)

    def __str__(self) -> str:
        return f"P {self.precision:.3f}  R {self.recall:.3f}  F1 {self.f1:.3f}"


def positions(gold: Sequence[dict[str, Any]], found: Iterable[Position]) -> tuple[int, int, int]:
    """Right, too much, missed of one article's positions."""
    keys = {(p["actor"], p["proposition"], p["stance"]): bool(p.get("optional")) for p in gold}
    mine = {(p.actor, p.proposition, p.stance.value) for p in found}
    right = sum(1 for k in mine if keys.get(k) is False)
    return (
        right,
        len(mine - keys.keys()),
        sum(1 for k, optional in keys.items() if not optional and k not in mine),
    )


def events(gold: Sequence[dict[str, Any]], found: Sequence[PoliticalEvent]) -> tuple[int, int, int]:
    """Right, too much, missed of one article's events, matched one to one, best agreement first."""
    pairs = sorted(
        (
            (-(set(g["actors"]) == set(e.actors)), bool(g.get("optional")), i, j)
            for i, g in enumerate(gold)
            for j, e in enumerate(found)
            if g["kind"] == e.kind
            and _same_day(g, e)
            and (not g["actors"] or set(g["actors"]) & set(e.actors))
        )
    )
    golds: set[int] = set()
    mine: set[int] = set()
    for _, _, i, j in pairs:
        if i not in golds and j not in mine:
            golds.add(i)
            mine.add(j)
    right = sum(1 for i in golds if not gold[i].get("optional"))
    missed = sum(1 for i, g in enumerate(gold) if i not in golds and not g.get("optional"))
    return right, len(found) - len(mine), missed


def _same_day(gold: dict[str, Any], event: PoliticalEvent) -> bool:
    days = [str(d) for d in (gold.get("date"), *(gold.get("also_dates") or ())) if d]
    return any(event.date[: len(d)] == d for d in days)
