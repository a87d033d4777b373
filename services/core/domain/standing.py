"""Where an actor stands on a proposition: a pure fold over what was stated (DESIGN.md, same section)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from services.core.domain.calendar import last_day
from services.core.domain.timeline import Counts, count, outlet_key
from services.core.domain.vocabulary import Stance, Voice


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedPosition:
    """One article's telling of a position. `words`, `sentence`, `condition` are None once it is withdrawn."""

    id: UUID
    dossier: str
    actor: str
    proposition: str
    stance: Stance
    date: str  # the day it was stated, cut to its precision
    voice: Voice
    condition: str | None
    person: str | None
    speaker: str | None
    confidence: float
    evidence: tuple[int, int]
    words: str | None
    sentence: str | None  # that the words stand in
    article_id: str
    revision: int
    outlet: str | None
    url: str | None
    published_at: str | None
    published_on: dt.date
    story_id: UUID | None
    copy: bool
    # What an analyst ruled on it. `stance`, `date`, `voice`, `condition` are as ruled, these as they were read.
    rejected: bool = False
    review: dict[str, Any] | None = None
    read_as: tuple[str, str, str] | None = None  # stance, date, voice
    read_condition: str | None = None

    @property
    def day(self) -> dt.date:
        """A coarse date counts from its last day."""
        return last_day(self.date)

    @property
    def outlet_key(self) -> str:
        return outlet_key(self.outlet, self.url)

    @property
    def read_stance(self) -> str:
        return self.read_as[0] if self.read_as else self.stance.value

    @property
    def read_date(self) -> str:
        return self.read_as[1] if self.read_as else self.date

    def as_read(self) -> StatedPosition:
        """Before anybody ruled on it."""
        if self.read_as is None:
            return self
        stance, date, voice = self.read_as
        return replace(
            self, stance=Stance(stance), date=date, voice=Voice(voice), condition=self.read_condition,
            rejected=False, review=None, read_as=None, read_condition=None,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A stretch of time over which the actor's stance stayed the same."""

    stance: Stance
    since: str
    last_stated: str
    contested: bool  # on its last day another stance was told as well
    representative: StatedPosition
    told_by: tuple[StatedPosition, ...]  # all that tell this stance in the run, newest first
    otherwise: tuple[StatedPosition, ...]  # what else was told about the run's last day
    counts: Counts


def history(statements: Iterable[StatedPosition]) -> list[Run]:
    """Every run of one actor's stance on one proposition, oldest first; the last is the current one."""
    days = _by_day(statements)
    runs: list[list[_Day]] = []
    for moment in sorted(days):
        day = _judge(days[moment])
        if runs and runs[-1][-1].stance is day.stance:
            runs[-1].append(day)
        else:
            runs.append([day])
    return [_run(days_of_run) for days_of_run in runs]


def current(statements: Iterable[StatedPosition]) -> Run | None:
    """The current stance, or None where nothing was stated: the last of `history`, without judging all before it."""
    days = _by_day(statements)
    return newest_run(days[moment] for moment in sorted(days, reverse=True))


def newest_run(days: Iterable[Sequence[StatedPosition]]) -> Run | None:
    """The current stance by what was stated on each day, newest first. Takes no more days than it needs."""
    run: list[_Day] = []
    for told in days:
        day = _judge(told)
        if run and day.stance is not run[-1].stance:
            break
        run.append(day)
    return _run(run[::-1]) if run else None


def _by_day(statements: Iterable[StatedPosition]) -> dict[dt.date, list[StatedPosition]]:
    days: dict[dt.date, list[StatedPosition]] = {}
    for statement in statements:
        if not statement.rejected:
            days.setdefault(statement.day, []).append(statement)
    return days


@dataclass(frozen=True, slots=True)
class _Day:
    stance: Stance
    contested: bool
    told_by: list[StatedPosition]
    otherwise: list[StatedPosition]


def _judge(statements: Sequence[StatedPosition]) -> _Day:
    """The stance told by more stories; then `conditional`; still equal or told otherwise elsewhere: contested."""
    by_stance: dict[Stance, list[StatedPosition]] = {}
    for statement in statements:
        by_stance.setdefault(statement.stance, []).append(statement)

    def weight(stance: Stance) -> tuple[int, bool]:
        return (count(by_stance[stance]).stories, stance is Stance.CONDITIONAL)

    ranked = sorted(by_stance, key=lambda stance: (*weight(stance), stance.value), reverse=True)
    stance = ranked[0]
    told_by = by_stance[stance]
    otherwise = [s for other in ranked[1:] for s in by_stance[other]]
    outlets = {s.outlet_key for s in told_by}
    contested = (len(ranked) > 1 and weight(ranked[0]) == weight(ranked[1])) or any(
        s.outlet_key not in outlets for s in otherwise
    )
    return _Day(stance, contested, told_by, otherwise)


def _run(days: Sequence[_Day]) -> Run:
    last = days[-1]
    told_by = sorted(
        (s for day in days for s in day.told_by),
        key=lambda s: (s.day, s.date, s.published_on, str(s.id)),
        reverse=True,
    )
    return Run(
        stance=last.stance,
        since=since_of([s.date for s in days[0].told_by]),
        last_stated=max((s.date for s in last.told_by), key=lambda date: (len(date), date)),
        contested=last.contested,
        representative=min(last.told_by, key=_representative_order),
        told_by=tuple(told_by),
        otherwise=tuple(last.otherwise) if last.contested else (),
        counts=count(told_by),
    )


def since_of(dates: Iterable[str]) -> str:
    """Since when a run lasts whose first day was told of by these dates: a whole day says it best."""
    return min(dates, key=lambda date: (len(date) < 10, date))


def _representative_order(statement: StatedPosition) -> tuple[object, ...]:
    return (
        statement.copy,
        -statement.confidence,
        statement.published_on,
        statement.published_at or "",
        statement.article_id,
        statement.date,
        statement.evidence,
    )
