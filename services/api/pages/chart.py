"""Positions over time as a drawing: where on the scale each stretch of a stance lies.

Places are percentages, so the drawing fits any width without a script.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from services.core.domain.calendar import first_day, last_day
from services.core.domain.standing import Run, StatedPosition, history

SILENT = 0.12  # the width of a year in which nothing was stated; one with a statement has 1 and more
LABEL_ROOM = 6.5  # per cent between two labels
SIGN_ROOM = 2.2


@dataclass(frozen=True, slots=True)
class Tick:
    """The first day of a year on the scale; blank where there is no room for the year."""

    x: float
    label: str
    major: bool  # there is room for the label on a narrow screen too


class Scale:
    """Time from left to right. Years in which nothing was stated are narrow, busy ones are wide."""

    def __init__(self, stated: Iterable[dt.date], end: dt.date) -> None:
        found = Counter(day.year for day in stated)
        self.first, self.last = min([*found, end.year]), max([*found, end.year])
        edges = [0.0]
        for year in range(self.first, self.last + 1):
            said = found.get(year, 0)
            edges.append(edges[-1] + (1 + math.log2(1 + said) / 2 if said else SILENT))
        self._edges = [edge / edges[-1] * 100 for edge in edges]
        self._said = frozenset(found)

    def x(self, day: dt.date) -> float:
        """Where a day lies, 0 to 100; what is beyond an end lies on it."""
        if day.year < self.first:
            return 0.0
        if day.year > self.last:
            return 100.0
        left, right = self._edges[day.year - self.first : day.year - self.first + 2]
        return round(left + (right - left) * (day.timetuple().tm_yday - 1) / 366, 2)

    @property
    def ticks(self) -> list[Tick]:
        """The first day of years with statements, and of others where there is room for their labels."""
        labelled: list[float] = []
        wide: list[float] = []
        found = []
        for year, x in sorted(
            zip(range(self.first, self.last + 1), self._edges, strict=False),
            key=lambda tick: (tick[0] not in self._said, tick[0]),
        ):
            room = x <= 100 - LABEL_ROOM and all(abs(x - other) >= LABEL_ROOM for other in labelled)
            if room:
                labelled.append(x)
            major = room and all(abs(x - other) >= 2 * LABEL_ROOM for other in wide)
            if major:
                wide.append(x)
            if room or year in self._said:
                found.append(Tick(round(x, 2), str(year) if room else "", major))
        return sorted(found, key=lambda tick: tick.x)


@dataclass(frozen=True, slots=True)
class Stretch:
    """One run: thick from its first statement to its last, thin until another stance was told."""

    stance: str
    contested: bool
    since: str
    last_stated: str
    x: float
    stated: float  # width of the thick part
    holds: float  # width of all of it
    sign: bool  # there is room for one
    dots: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One proposition's stretches."""

    proposition: str
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """An actor's positions over time."""

    scale: Scale
    rows: tuple[Row, ...]


def draw(
    cells: Mapping[str, Sequence[StatedPosition]], order: Iterable[str], end: dt.date | None
) -> Chart | None:
    """The chart of an actor's statements by proposition; `end` is the last day that it shows. None: no statements."""
    days = [statement.day for told in cells.values() for statement in told]
    if not days:
        return None
    latest = max([*days, end]) if end else max(days)
    scale = Scale(days, latest)
    rows = [Row(name, _stretches(cells[name], scale)) for name in order if cells.get(name)]
    return Chart(scale, tuple(rows))


def _stretches(told: Sequence[StatedPosition], scale: Scale) -> tuple[Stretch, ...]:
    runs = history(told)
    starts = [scale.x(last_day(run.since)) for run in runs]
    return tuple(
        _stretch(run, x, until, scale)
        for run, (x, until) in zip(runs, pairwise([*starts, 100.0]), strict=True)
    )


def _stretch(run: Run, x: float, until: float, scale: Scale) -> Stretch:
    stated = max(0.0, min(until, scale.x(last_day(run.last_stated))) - x)
    return Stretch(
        stance=run.stance.value,
        contested=run.contested,
        since=run.since,
        last_stated=run.last_stated,
        x=x,
        stated=round(stated, 2),
        holds=round(max(0.0, until - x), 2),
        sign=until - x >= SIGN_ROOM,
        dots=tuple(sorted({scale.x(statement.day) for statement in run.told_by})),
    )


@dataclass(frozen=True, slots=True)
class Term:
    """How long somebody spoke for the actor, on the chart's scale."""

    x: float
    width: float


def term(scale: Scale, start: str, end: str | None) -> Term:
    """A period of office."""
    x = scale.x(first_day(start))
    return Term(x, round((scale.x(last_day(end)) if end else 100.0) - x, 2))
