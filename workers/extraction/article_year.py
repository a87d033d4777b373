"""Which year a date without one means, weighed by what its article says.

Each year that could be meant costs what the article holds against it: the weekday that the report names must
be that day or one shortly before it, dates told as past cannot lie ahead, and news seldom reaches far past
the last date that it spells out. A dossier adds who held office when, when its treaty ended, and what words its
coverage used in which year (`learned/years.py`).
"""

from __future__ import annotations

import datetime as dt
import math
import re

from services.core.domain.dossier_records import Dossier, Person
from services.core.domain.reading import Timex
from workers.extraction.dates import find_dates, to_calendar
from workers.extraction.dates import words as w
from workers.extraction.dates.anchoring import Anchoring, Tense
from workers.extraction.dates.values import make_day
from workers.extraction.learned.years import year_model

_EARLIEST = 1945
_HOPELESS = 9.0  # a best year that costs more than this contradicts its article: better none

_ENDING = re.compile(
    r"\b(?:withdr[ae]w\w*|terminat\w+|collapse\w*|demise|end(?:ed)?\s+of|pull(?:ed)?[\s-]out|pulling\s+out|quit|abandon\w*|scrapp\w+|exit\w*|ceased|expir\w+|lapse\w*)\b",
    re.IGNORECASE,
)
_AGO = re.compile(rf"\b(?P<n>{w.COUNT}|a)\s+(?i:years?)\s+(?i:ago|earlier)\b")
_SINCE = re.compile(
    rf"\b(?P<n>{w.COUNT})\s+(?i:years?)\s+(?i:since|after)\b[^.;\n]{{0,80}}?\b(?P<year>(?:19|20)\d\d)\b"
)
# "five years have passed since the treaty ended", "quit the pact six years ago"; longer spans count something else
_YEARS_AFTER = re.compile(
    rf"\b(?P<n>{w.COUNT})\s+(?i:years?)\s+(?i:ago|(?:have\s+(?:passed|gone\s+by)\s+)?since|after|later)\b"
)
_LONGEST_AFTER = 15
_ANNIVERSARY = re.compile(rf"\b(?P<n>{w.ORDINAL})[\s-](?i:anniversary)\b")
_TREATY = re.compile(r"\b(?:Treaty|treaty|pact|accord)\b")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_BOUND = re.compile(r"(?i)\bbefore\s+$")
_RELATIVE = re.compile(r"\b(?P<w>last|this|next)\s+year\b", re.IGNORECASE)
_FORMER = re.compile(r"(?i)\b(?:former|ex|then|late)[\s-]+(?:\S+\s+){0,4}$")
_DAYS_BACK_COST = (0.0, 0.7, 2.0, 2.5, 3.0, 3.0, 3.0)


class Evidence:
    """What an article says about the year in which it was written."""

    def __init__(self, text: str, dossier: Dossier | None, today: dt.date, title: str | None = None) -> None:
        self.text = text
        self.today = today
        self.dossier = dossier
        at = Anchoring(text, None)
        self.weekdays: list[tuple[int, bool]] = []  # (weekday, told as past) of the bare ones
        self.dated_weekdays: list[tuple[int, int, int]] = []  # (weekday, month, day) without a year
        self.month_days: list[tuple[int, int]] = []
        self.past: list[str] = []
        self.ahead: list[str] = []
        for timex in find_dates(text, None):
            self._take(timex, at)
        self.years = {int(value[:4]) for value in self.past}
        self.ended = self._treaty_end()
        self.endings = self._told_endings(self.ended) if self.ended else ([], False)
        self.offices = self._officials()
        self.counted = self._counted_years()
        self.model = year_model(dossier.id) if dossier else None
        self.words = self.model.scores(f"{title or ''}\n{text}") if self.model else None

    def _take(self, timex: Timex, at: Anchoring) -> None:
        words = self.text[timex.start : timex.end]
        if timex.type in {"DATE", "TIME"}:
            if found := re.match(r"XXXX-WXX-(\d)", timex.value):
                if not re.match(r"(?i)(?:last|next|this|the|that)\b", words):
                    self.weekdays.append(
                        (int(found[1]) - 1, at.tense(timex.start, timex.end) is not Tense.FUTURE)
                    )
            elif found := re.match(r"XXXX-(\d\d)-(\d\d)", timex.value):
                month, day = int(found[1]), int(found[2])
                self.month_days.append((month, day))
                if named := re.match(w.WEEKDAY, words):
                    self.dated_weekdays.append((w.weekday_number(named[0]), month, day))
            elif (date := to_calendar(timex.value)) and int(date[:4]) >= 1500:
                ahead = at.tense(timex.start, timex.end) is Tense.FUTURE
                if not ahead and _BOUND.search(self.text[max(0, timex.start - 10) : timex.start]):
                    return  # "no deployments before 2021" may be said on either side of it
                (self.ahead if ahead else self.past).append(date)

    def _treaty_end(self) -> dt.date | None:
        parties = self.dossier.groups.get("parties", {}) if self.dossier else {}
        ends = [period.end for period in parties.values() if period.end]
        return max(ends) if ends and len(ends) == len(parties) else None

    def _officials(self) -> list[Person]:
        """The dossier's people named in full, unless as former or late ones."""
        found: list[Person] = []
        for person in self.dossier.people.values() if self.dossier else ():
            for name in person.names:
                place = self.text.find(name) if " " in name else -1
                if place >= 0:
                    if not _FORMER.search(self.text[max(0, place - 50) : place]):
                        found.append(person)
                    break
        return found

    def weekday_cost(self, day: dt.date) -> float:
        """The report's first weekday is its own day or shortly before; later ones and plans count little."""
        cost, first = 0.0, True
        for weekday, told in self.weekdays:
            if told:
                price = _DAYS_BACK_COST[(day.weekday() - weekday) % 7]
                cost += price if first else 0.25 * price
                first = False
            else:
                cost += 0.05 * ((weekday - day.weekday()) % 7)
        for weekday, month, number in self.dated_weekdays:
            dates = [
                d
                for y in (day.year - 1, day.year, day.year + 1)
                if (d := make_day(y, month, number)) and abs((d - day).days) < 330
            ]
            if dates and all(d.weekday() != weekday for d in dates):
                cost += 4
        return cost

    def _explicit_cost(self, day: dt.date) -> float:
        """Past dates must lie back; the nearer the last of them the better; the running year goes unsaid."""
        cost, iso = 0.0, day.isoformat()
        late = [date for date in self.past if date > iso[: len(date)]]
        cost += 4.0 * min(len(late), 3)
        cost += min(2.0, sum(1.0 for date in self.ahead if date[:4] < iso[:4]))
        plans = [
            dt.date.fromisoformat((date + "-01-01")[:10]) for date in self.ahead if date > iso[: len(date)]
        ]
        if plans:
            cost += min(5.0, 0.2 * (min(plans) - day).days / 365.25)
        back = [date for date in self.past if date <= iso[: len(date)]]
        if back:
            last = max(back)
            gap = (day - dt.date.fromisoformat((last + "-12-28"[len(last) - 4 :])[:10])).days / 365.25
            cost += min(2.6, 0.8 * math.log2(1 + max(0.0, gap)))
            cost += min(1.5, sum(1.5 if len(date) == 4 else 0.3 for date in back if date[:4] == iso[:4]))
        else:
            cost += 2.6
        return cost

    def _counted_years(self) -> list[tuple[int, float]]:
        """Years that "last year", "two years ago" and "30th anniversary" make of a year told, with their weights."""
        made: list[tuple[int, float]] = []
        for found in _RELATIVE.finditer(self.text):
            word = found["w"].lower()
            years = {int(d[:4]) for d in self.ahead} if word == "next" else self.years
            made += [(year + {"last": 1, "this": 0, "next": -1}[word], 0.5) for year in years]
        for pattern, weight in ((_AGO, 1.0), (_ANNIVERSARY, 2.5)):
            for found in pattern.finditer(self.text):
                count = w.ordinal(found["n"]) if pattern is _ANNIVERSARY else round(w.number(found["n"]))
                made += [(year + count, weight) for year in self.years]
        made += [(int(f["year"]) + round(w.number(f["n"])), 2.5) for f in _SINCE.finditer(self.text)]
        return made

    def _told_endings(self, ended: dt.date) -> tuple[list[int], bool]:
        """Years in which the end of the treaty was "last" or "this year", and whether its day is told without one."""
        years: list[int] = []
        dated = False
        for sentence in _SENTENCE.split(self.text):
            if _TREATY.search(sentence) and _ENDING.search(sentence):
                relative = _RELATIVE.search(sentence)
                if relative and relative["w"].lower() in {"last", "this"}:
                    years.append(ended.year + (relative["w"].lower() == "last"))
                after = (round(w.number(found["n"])) for found in _YEARS_AFTER.finditer(sentence))
                years += [ended.year + count for count in after if 0 < count <= _LONGEST_AFTER]
                dated |= (ended.month, ended.day) in self.month_days and bool(
                    re.search(rf"\b{ended.day}\b", sentence)
                )
        return years, dated

    def _relative_cost(self, day: dt.date) -> float:
        return -min(3.0, sum(weight for year, weight in self.counted if year == day.year))

    def dossier_cost(self, day: dt.date) -> float:
        """Officials out of office on that day, and the treaty's end told at odds with it."""
        cost = min(8.0, 2.0 * sum(person.office_on(day) is None for person in self.offices))
        if self.ended:
            years, dated = self.endings
            cost += 3.0 * sum(year != day.year for year in years)
            cost += 1.5 * (dated and not -200 <= (day - self.ended).days <= 366)
            if (years or dated) and day < self.ended - dt.timedelta(days=366):
                cost += 4.0
        return cost

    def cost(self, day: dt.date) -> float:
        """How badly a day fits: 0 is perfect. What its words say is no contradiction, but decides between the rest."""
        return self._contradiction(day) + self._words_cost(day)

    def _contradiction(self, day: dt.date) -> float:
        return (
            self.weekday_cost(day)
            + self._explicit_cost(day)
            + self._relative_cost(day)
            + self.dossier_cost(day)
        )

    def _words_cost(self, day: dt.date) -> float:
        """In nats beside the time that the words fit best; without a model equal fits go to the later year."""
        if self.model is None or self.words is None:
            return 0.03 * max(0, self.today.year - day.year)
        return float(self.words.max()) - self.model.score(self.words, day)

    @property
    def any(self) -> bool:
        """Whether anything in the article speaks for one year over another."""
        recent = [year for year in self.years if year > self.today.year - 60]
        return bool(self.weekdays or self.dated_weekdays or recent or self.offices)

    def year_for(self, month: int, day: int, weekday: int | None) -> dt.date | None:
        """The day in the year that fits best; None where nothing tells the year."""
        if weekday is None and not self.any:
            return None
        last = self.today + dt.timedelta(days=1)  # somewhere it is tomorrow already
        years = range(last.year, _EARLIEST - 1, -1)
        days = [d for y in years if (d := make_day(y, month, day)) and d <= last]
        if weekday is not None:
            days = [d for d in days if d.weekday() == weekday] or days
        best = min(days, key=self.cost, default=None)
        return best if best and self._contradiction(best) < _HOPELESS else None
