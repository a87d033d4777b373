"""Where an actor stands on a proposition: a pure fold over what was stated (DESIGN.md, same section)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A run without the many who told it: what it takes to say what one more makes of it (`lengthened`)."""

    stance: Stance
    since: str
    last_stated: str
    contested: bool
    representative: StatedPosition
    counts: Counts
    outlets: Sequence[str]  # by their keys, sorted
    first: dt.date  # its days
    last: dt.date
    before: dt.date  # the newest day before it on which anything was stated; the first of all days: none


def stretch_of(run: Run, before: dt.date) -> Stretch:
    """The run, before which something else was stated last on the day `before`."""
    return Stretch(
        stance=run.stance,
        since=run.since,
        last_stated=run.last_stated,
        contested=run.contested,
        representative=run.representative,
        counts=run.counts,
        outlets=sorted({statement.outlet_key for statement in run.told_by}),
        first=run.told_by[-1].day,
        last=run.told_by[0].day,
        before=before,
    )


Exchange = Sequence[StatedPosition | None]  # of one statement: as it was, as it is


def lengthened(
    stretch: Stretch,
    changed: Iterable[Exchange],
    on_day: Callable[[dt.date], Sequence[StatedPosition]],
    counted: Callable[[Stretch, Sequence[StatedPosition]], Counts],
) -> Stretch | None:
    """The current run once some statements have changed; None where the others have to be looked at.

    Most come to a stance that stays. `on_day` gives all that was stated on a day and holds; `counted` what a stretch
    counts by now that some more tell it, but for the outlets.
    """
    found = _come(stretch, changed)
    if found is None:
        return None
    new, otherwise, again = found
    before = stretch.before
    for statement in otherwise:
        if statement.day > stretch.last:
            return None
        if statement.day < stretch.first:
            if any(other.day <= statement.day for other in new):
                return None
            before = max(before, statement.day)
        elif _judge(on_day(statement.day)).stance is not stretch.stance:
            return None
    first = min((stretch.first, *(s.day for s in new)))
    dates = [s.date for s in new if s.day == first]
    longer = replace(
        stretch,
        since=since_of([stretch.since, *dates] if first == stretch.first else dates),
        outlets=sorted({*stretch.outlets, *(s.outlet_key for s in new)}) if new else stretch.outlets,
        first=first,
        last=max((stretch.last, *(s.day for s in new))),
        before=before,
    )
    if again or any(s.day == longer.last for s in (*new, *otherwise)):
        day = _judge(on_day(longer.last))
        if day.stance is not stretch.stance:
            return None
        longer = replace(
            longer,
            contested=day.contested,
            last_stated=_last_stated(day),
            representative=min(day.told_by, key=_representative_order),
        )
    return replace(longer, counts=replace(counted(longer, new), outlets=len(longer.outlets)))


def _come(
    stretch: Stretch, changed: Iterable[Exchange]
) -> tuple[list[StatedPosition], list[StatedPosition], bool] | None:
    """What came that tells the stretch's stance, what came that does not, and whether others of its last day changed."""
    new: list[StatedPosition] = []
    otherwise: list[StatedPosition] = []
    again = False
    for old, now in changed:
        if old is not None and now is not None and _weighs_alike(old, now):
            again |= now.day == stretch.last
            continue
        for statement in (old, now):
            if statement is None or statement.rejected or statement.day < stretch.before:
                continue
            agrees = statement.stance is stretch.stance
            if statement is old or (agrees and statement.day == stretch.before):
                return None
            if statement.day > stretch.before:
                (new if agrees else otherwise).append(statement)
    return new, otherwise, again


def _weighs_alike(old: StatedPosition, now: StatedPosition) -> bool:
    """Whether a day's stance and who told it stay, whatever else changed of a statement."""

    def weight(s: StatedPosition) -> tuple[object, ...]:
        return (s.stance, s.date, s.rejected, s.article_id, s.story_id, s.outlet_key)

    return weight(old) == weight(now)


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
    if len(by_stance) == 1:  # as on most days
        return _Day(statements[0].stance, contested=False, told_by=list(statements), otherwise=[])

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
        last_stated=_last_stated(last),
        contested=last.contested,
        representative=min(last.told_by, key=_representative_order),
        told_by=tuple(told_by),
        otherwise=tuple(last.otherwise) if last.contested else (),
        counts=count(told_by),
    )


def _last_stated(day: _Day) -> str:
    return max((s.date for s in day.told_by), key=lambda date: (len(date), date))


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
        str(statement.id),  # a ruling may have made one of two stances of a sentence
    )
