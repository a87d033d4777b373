"""Coded sentences (tests/corpus/sentences*.yaml) and how a reading of them is scored (codebook, section 5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from services.core.domain.reading import ArticleText, Reading

CORPUS = Path(__file__).parents[2] / "corpus"


@dataclass(frozen=True)
class Coded:
    """One coded text: `events` are (kind, actors, date, status)."""

    article: ArticleText
    positions: frozenset[tuple[str, str, str]]
    events: tuple[tuple[str, frozenset[str], str, str], ...]


@dataclass
class Score:
    """Counts over texts; what was missed or too much by name."""

    right: int = 0
    extra: int = 0
    missed: int = 0
    errors: list[str] = field(default_factory=list)

    @property
    def f1(self) -> float:
        whole = 2 * self.right + self.extra + self.missed
        return 2 * self.right / whole if whole else 0.0


def load(name: str) -> Iterator[Coded]:
    """The coded texts of one file."""
    for entry in yaml.safe_load((CORPUS / name).read_text("utf-8")):
        day = str(entry.get("d", "2019-03-06"))
        text = f"{entry['x']} {entry['t']}" if "x" in entry else entry["t"]
        yield Coded(
            ArticleText(text=text, published_at=day, outlet=entry.get("o")),
            frozenset(_position(p) for p in entry["p"]),
            tuple(_event(e, day) for e in entry["e"]),
        )


def _position(line: str) -> tuple[str, str, str]:
    actor, proposition, stance = line.split()
    return actor, proposition, stance


def _event(line: str, day: str) -> tuple[str, frozenset[str], str, str]:
    status = "planned" if line.endswith(" planned") else "actual"
    words = line.removesuffix(" planned").split(" ")
    dates = [w[1:] for w in words if w.startswith("@")]
    who = words[1].partition(">")[0] if len(words) > 1 and not words[1].startswith("@") else ""
    return words[0], frozenset(a for a in who.split(",") if a), dates[0] if dates else day, status


def score(readings: Iterable[tuple[Coded, Reading]]) -> tuple[Score, Score]:
    """Micro scores of positions and of events."""
    positions, events = Score(), Score()
    for coded, reading in readings:
        found = {(p.actor, p.proposition, p.stance.value) for p in reading.positions}
        _add(positions, coded, coded.positions & found, found - coded.positions, coded.positions - found)
        left = list(reading.events)
        right, missed = [], []
        for kind, actors, date, status in coded.events:
            hit = next(
                (
                    e
                    for e in left
                    if e.kind == kind
                    and e.date[: len(date)] == date
                    and (not actors or actors & set(e.actors))
                ),
                None,
            )
            if hit is None:
                missed.append((kind, *sorted(actors), date, status))
            else:
                left.remove(hit)
                right.append(kind)
        _add(events, coded, right, [(e.kind, *e.actors, e.date, e.rule) for e in left], missed)
    return positions, events


def _add(into: Score, coded: Coded, right: Any, extra: Any, missed: Any) -> None:
    into.right += len(right)
    into.extra += len(extra)
    into.missed += len(missed)
    for mark, items in (("+", extra), ("-", missed)):
        into.errors.extend(
            f"{mark} {' '.join(map(str, item))} | {coded.article.text[:150]}" for item in items
        )


def by_name(score_: Score) -> Counter[str]:
    """How often each kind of error occurred."""
    return Counter(" ".join(e.split(" | ")[0].split()[:3]) for e in score_.errors)
