"""The article's own day: as posted, else from its dateline or date stamp, else from what its text pins down.

A dateline often lacks the year ("MOSCOW, October 28."). Each year that could be meant is then weighed
against what the article itself says: the weekday that the report names must be the dateline's day or one
shortly before it, dates told as past cannot lie ahead, and news seldom reaches for a date long after the
last one that it spells out. A dossier adds who held office when and when its treaty ended. The cheapest
year wins (see `docs` of `_Evidence.cost`); without any evidence for the year the date stays unknown.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterator

from services.core.domain.dossier_records import Dossier
from services.core.domain.reading import ArticleDate, ArticleText, Timex
from services.core.domain.vocabulary import DateBasis
from workers.extraction.dates import find_dates, to_calendar
from workers.extraction.dates import words as w
from workers.extraction.dates.anchoring import Anchoring, Tense
from workers.extraction.dates.calendar_rules import numeric_day
from workers.extraction.dates.values import make_day

_HEAD = 1800  # characters from the top in which a dateline or a stamp is looked for
_TAIL = 300  # and from the end, for stamps below the text
_EARLIEST = 1945

_CLOCK = r"(?:\s*(?:,|-|–|—|\||at|um|T)?\s*\d{1,2}[:.]\d\d(?::\d\d)?(?:\s?[ap]\.?m\.?)?(?:\s*\(?(?:[A-Z]{2,5}|Z|[+-]\d\d:?\d\d|Moscow time|local time)\)?)?)?"
_DATE_MDY = (
    rf"(?:(?P<wd1>{w.WEEKDAY_ANY}),?\s+)?(?P<m1>{w.MONTH_ANY})\s+(?P<d1>{w.DAY})(?:,?\s+(?P<y1>{w.YEAR}))?"
)
_DATE_DMY = rf"(?:(?P<wd2>{w.WEEKDAY_ANY}),?\s+)?(?:the\s+)?(?P<d2>{w.DAY})[\s-]+(?:of\s+)?(?P<m2>{w.MONTH_ANY})(?:,?[\s-]+(?P<y2>{w.YEAR}))?"
_DATE_NUM = (
    rf"(?:(?P<wd3>{w.WEEKDAY_ANY}),?\s+)?(?:(?P<a>\d\d?)(?P<sep>[./-])(?P<b>\d\d?)(?P=sep)(?P<y3>(?:19|20)\d\d|\d\d)(?!\d)"
    r"|(?P<y4>(?:19|20)\d\d)(?P<sep4>[-/.])(?P<m4>\d\d?)(?P=sep4)(?P<d4>\d\d?)(?!\d))"
)
_DATE = rf"(?:{_DATE_MDY}|{_DATE_DMY}|{_DATE_NUM})"
_STAMP = re.compile(
    r"(?P<label>(?i:(?:date\s+of\s+publication|publication\s+date|(?:first\s+)?published|posted|submitted|released|release\s+date|issued|"
    r"created|date|filed|last\s+updated|updated|last\s+modified|modified)))\b"
    rf"(?:\s*:|\s+(?i:on|at|by\s+[\w .]+?\s+on))?\s*(?:\d{{1,2}}:\d\d(?:\s?[ap]\.?m\.?)?(?:\s[A-Z]{{2,4}})?,?\s+)?{_DATE}{_CLOCK}"
)
_OWN_LINE = re.compile(
    rf"^[ \t]*(?:[•|·*\[(-]\s*)?(?:\d\d?:\d\d,?\s+)?{_DATE},?{_CLOCK}\s*[\])|.]?[ \t]*$", re.MULTILINE
)
_PLACE = r"[A-ZÀ-Þ][\w.'’-]*(?:[ -](?:[A-ZÀ-Þ][\w.'’-]*|de|of|al|el|la|the|sur|am))*"
_AGENCY = r"(?:[/(\[][^/()\[\]\n]{2,40}[/)\]])"
_DATELINE = re.compile(
    rf"^[ \t]*(?:[•*]\s*)?(?:(?P<place>{_PLACE}(?:\s?(?:,|/)\s?{_PLACE}){{0,3}}?)(?:\s*(?:,|\.|:|—|–|-{{1,2}}|\|))?\s*(?:{_AGENCY}\s*(?:,|—|–|-{{1,2}})?\s*)?(?:,\s*)?)?"
    rf"{_DATE}{_CLOCK}(?P<stop>\s*(?:\.?\s*{_AGENCY}|[.:—–]|-{{1,2}}\s|,?\s+[A-Z/-]{{3,}}[./]|\s\|))",
    re.MULTILINE,
)
_AGENCY_INSIDE = re.compile(
    rf"^[ \t]*(?:{_PLACE}(?:,\s{_PLACE})*\s*[,.—–-]?\s*)?[/(\[](?P<agency>[A-Z][\w .&-]{{1,30}}),?\s+{_DATE}[/)\]]",
    re.MULTILINE,
)
_CONTINUES = re.compile(r"\s*(?:,\s*)?(?:[a-z]|the\b)")


class _Day:
    """A date as a dateline gives it: month and day, perhaps the year, perhaps the weekday."""

    def __init__(self, found: re.Match[str]) -> None:
        groups = found.groupdict()
        self.weekday = next((w.weekday_number(groups[k]) for k in ("wd1", "wd2", "wd3") if groups[k]), None)
        self.choices: list[dt.date] = []  # in figures, both readings of which may exist
        self.year: int | None = None
        self.month = self.day = 0
        if groups["a"]:
            year = int(groups["y3"])
            first, second = int(groups["a"]), int(groups["b"])
            orders = (
                [(first, second), (second, first)]
                if groups["sep"] == "/"
                else [(second, first), (first, second)]
            )
            full = numeric_day(first, second, year, ".", None)
            year = full.year if full else year
            made = (make_day(year, m, d) for m, d in orders)
            self.choices = list(dict.fromkeys(d for d in made if d))
            if self.weekday is not None:
                self.choices.sort(key=lambda d: d.weekday() != self.weekday)
        elif groups["y4"]:
            day = make_day(int(groups["y4"]), int(groups["m4"]), int(groups["d4"]))
            self.choices = [day] if day else []
        else:
            self.month = w.month_number(groups["m1"] or groups["m2"])
            self.day = int(re.sub(r"\D", "", groups["d1"] or groups["d2"]))
            year_word = groups["y1"] or groups["y2"]
            self.year = int(year_word) if year_word else None
            if self.year and (whole := make_day(self.year, self.month, self.day)):
                self.choices = [whole]

    @property
    def usable(self) -> bool:
        return bool(self.choices) or (self.year is None and make_day(2000, self.month, self.day) is not None)


def _regions(text: str) -> Iterator[str]:
    yield text[:_HEAD]
    if len(text) > _HEAD:
        yield text[-_TAIL:]


def _stamp(text: str) -> _Day | None:
    """The date of a line such as "Published: 12 June 2021 14:05 GMT"; of several, publication before update."""
    found: list[tuple[bool, _Day]] = []
    for region in _regions(text):
        for match in _STAMP.finditer(region):
            day = _Day(match)
            line_start = region.rfind("\n", 0, match.start()) + 1
            label = match["label"]
            own = not region[line_start : match.start()].strip(" \t|•·-*([—–") or label[0].isupper()
            if own and day.choices:
                found.append(("updated" in label.lower() or "modified" in label.lower(), day))
    if found:
        return min(found, key=lambda item: item[0])[1]
    top = text[:600]
    bottom = text[-120:] if len(text) > 600 else ""
    for region in (top, bottom):
        for match in _OWN_LINE.finditer(region):
            day = _Day(match)
            if day.usable:
                return day
    return None


def _dateline(text: str) -> _Day | None:
    """The date behind the place that a report begins with."""
    for pattern in (_AGENCY_INSIDE, _DATELINE):
        for match in pattern.finditer(text[:_HEAD]):
            if pattern is _DATELINE:
                place = match["place"]
                if place and re.match(
                    r"(?:On|In|By|Since|Until|From|At|After|Before|The|This|Last|Next|As)\b", place
                ):
                    continue
                if not place and not re.search(r"[/(\[—–]|-\s|\.\s*[A-Z/]", match["stop"]):
                    continue
                if place and len(place.split()) > 6:
                    continue
                if match["stop"].strip() in {"-", "--"} and not text[match.end() - 1].isspace():
                    continue
            day = _Day(match)
            if day.usable:
                return day
    return None


_ENDING = re.compile(
    r"\b(?:withdr[ae]w\w*|terminat\w+|collapse\w*|demise|end(?:ed)?\s+of|pull(?:ed)?[\s-]out|pulling\s+out|quit|abandon\w*|scrapp\w+|exit\w*|ceased|expir\w+|lapse\w*)\b",
    re.IGNORECASE,
)
_AGO = re.compile(rf"\b(?P<n>{w.COUNT}|a)\s+(?i:years?)\s+(?i:ago|earlier)\b")
_ANNIVERSARY = re.compile(rf"\b(?P<n>{w.ORDINAL})[\s-](?i:anniversary)\b")
_RELATIVE = re.compile(r"\b(?P<w>last|this|next)\s+year\b", re.IGNORECASE)
_DAYS_BACK_COST = (0.0, 0.7, 2.0, 2.5, 3.0, 3.0, 3.0)


class _Evidence:
    """What an article says about the year in which it was written."""

    def __init__(self, text: str, dossier: Dossier | None, today: dt.date) -> None:
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
        self.offices = self._officials()

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
                (self.ahead if ahead else self.past).append(date)

    def _treaty_end(self) -> dt.date | None:
        parties = self.dossier.groups.get("parties", {}) if self.dossier else {}
        ends = [period.end for period in parties.values() if period.end]
        return max(ends) if ends and len(ends) == len(parties) else None

    def _officials(self) -> list[Callable[[dt.date], bool]]:
        """For each official named in full, and not as a former one, whether they held office on a day."""
        checks: list[Callable[[dt.date], bool]] = []
        for person in self.dossier.people.values() if self.dossier else ():
            for name in person.names:
                place = self.text.find(name) if " " in name else -1
                if place >= 0 and not re.search(
                    r"(?i)\b(?:former|ex|then|late)[\s-]+(?:\S+\s+){0,4}$",
                    self.text[max(0, place - 50) : place],
                ):
                    checks.append(lambda day, person=person: person.office_on(day) is not None)  # type: ignore[misc]
                    break
        return checks

    def weekday_cost(self, day: dt.date) -> float:
        """The report's first weekday is its own day or shortly before; later ones and plans count little."""
        cost, first = 0.0, True
        for weekday, told in self.weekdays:
            if told:
                price = _DAYS_BACK_COST[(day.weekday() - weekday) % 7]
                cost += price if first else 0.15 * price
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
        cost += sum(3.0 for date in self.ahead if date < iso[: len(date)] and date[:4] < iso[:4])
        back = [date for date in self.past if date <= iso[: len(date)]]
        if back:
            last = max(back)
            gap = (day - dt.date.fromisoformat((last + "-01-01")[:10])).days / 365.25
            cost += min(2.6, 0.8 * math.log2(1 + max(0.0, gap)))
            cost += min(1.0, sum(1.0 if len(date) == 4 else 0.3 for date in back if date[:4] == iso[:4]))
        else:
            cost += 2.6
        return cost

    def _relative_cost(self, day: dt.date) -> float:
        """ "Last year", "two years ago", "30th anniversary" beside a year that the text spells out."""
        gain = 0.0
        steps = {"last": 1, "this": 0, "next": -1}
        for found in _RELATIVE.finditer(self.text):
            word = found["w"].lower()
            years = {int(d[:4]) for d in self.ahead} if word == "next" else self.years
            gain += 0.5 if day.year - steps[word] in years else 0.0
        for pattern in (_AGO, _ANNIVERSARY):
            for found in pattern.finditer(self.text):
                count = w.ordinal(found["n"]) if pattern is _ANNIVERSARY else round(w.number(found["n"]))
                gain += 1.0 if day.year - count in self.years else 0.0
        return -min(gain, 2.0)

    def dossier_cost(self, day: dt.date) -> float:
        """Officials out of office on that day, and the treaty's end told at odds with it."""
        cost = min(8.0, 2.0 * sum(not held(day) for held in self.offices))
        if self.ended is None:
            return cost
        told = False
        for sentence in re.split(r"(?<=[.!?])\s+|\n+", self.text):
            if not re.search(r"\b(?:Treaty|treaty|pact|accord)\b", sentence) or not _ENDING.search(sentence):
                continue
            relative = _RELATIVE.search(sentence)
            if relative and relative["w"].lower() in {"last", "this"}:
                told = True
                cost += 3.0 if day.year - (relative["w"].lower() == "last") != self.ended.year else 0.0
            if (self.ended.month, self.ended.day) in self.month_days and re.search(
                rf"\b{self.ended.day}\b", sentence
            ):
                told = True
                since = (day - self.ended).days
                cost += 0.0 if -200 <= since <= 366 else 1.5
        if told and day < self.ended - dt.timedelta(days=366):
            cost += 4.0
        return cost

    def cost(self, day: dt.date) -> float:
        """How badly a day fits: 0 is perfect. Equal fits go to the later year (0.05 a year)."""
        recency = 0.05 * max(0, self.today.year - day.year)
        return (
            self.weekday_cost(day)
            + self._explicit_cost(day)
            + self._relative_cost(day)
            + self.dossier_cost(day)
            + recency
        )

    @property
    def any(self) -> bool:
        """Whether anything in the article speaks for one year over another."""
        recent = [year for year in self.years if year > self.today.year - 60]
        return bool(self.weekdays or self.dated_weekdays or recent or self.offices)


def _year_for(month: int, day: int, weekday: int | None, evidence: _Evidence) -> dt.date | None:
    """The day in the year that fits best; None without any evidence of the year."""
    if weekday is None and not evidence.any:
        return None
    years = range(evidence.today.year + 1, _EARLIEST - 1, -1)
    days = [d for y in years if (d := make_day(y, month, day)) and d <= evidence.today + dt.timedelta(days=1)]
    if weekday is not None:
        days = [d for d in days if d.weekday() == weekday] or days
    return min(days, key=evidence.cost, default=None)


def _posted_day(published_at: str | None) -> str | None:
    """The day of an ISO 8601 date or time where it was posted: the offset is its own, so it is not shifted."""
    found = re.match(r"\s*(\d{4})-?(\d\d)-?(\d\d)(?!\d)", published_at or "")
    if found is None:
        return None
    day = make_day(int(found[1]), int(found[2]), int(found[3]))
    return day.isoformat() if day else None


def _from_text(article: ArticleText, evidence: _Evidence) -> dt.date | None:
    """No dateline: "today, October 28, 2020", or a full date in the lead whose weekday the report names."""
    lead = "\n".join(part for part in (article.title or "", article.text[:700]) if part)
    for timex in find_dates(lead, None):
        date = to_calendar(timex.value) if timex.type == "DATE" else None
        if date is None or len(date) != 10:
            continue
        day = dt.date.fromisoformat(date)
        around = lead[max(0, timex.start - 12) : timex.end + 12].lower()
        if re.search(r"\btoday\b", around):
            return day
        told = [weekday for weekday, past in evidence.weekdays if past]
        named = re.match(w.WEEKDAY, lead[timex.start : timex.end])
        latest = max(evidence.past, default=date) <= date
        if (
            latest
            and day <= evidence.today
            and (
                told and (day.weekday() == told[0]) or (named and w.weekday_number(named[0]) == day.weekday())
            )
        ):
            return day
    if article.url and (found := re.search(r"/((?:19|20)\d\d)[/-](\d\d?)[/-](\d\d?)(?!\d)", article.url)):
        return make_day(int(found[1]), int(found[2]), int(found[3]))
    return None


def work_out_date(
    article: ArticleText, dossier: Dossier | None = None, *, today: dt.date | None = None
) -> ArticleDate:
    """The article's own day and how it is known.

    `published_at` wins: its day where it was posted. Else a date stamp or a dateline, whose missing year is
    worked out; else the text, if it pins the day down. `dossier` lends the offices and the end of its treaty
    to the search for the year. `today` bounds it (the day on which the article was received; the clock's
    where it is not given).
    """
    if posted := _posted_day(article.published_at):
        return ArticleDate(posted, DateBasis.GIVEN)
    bound = today or dt.datetime.now(dt.UTC).date()
    text = article.text
    evidence: _Evidence | None = None
    for given in (_dateline(text), _stamp(text)):
        if given is None:
            continue
        evidence = evidence or _Evidence(text, dossier, bound)
        if len(given.choices) == 1 or (given.choices and given.weekday is not None):
            return ArticleDate(given.choices[0].isoformat(), DateBasis.DATELINE)
        if given.choices:  # in figures: the reading that the text fits better, else the separator's usual one
            fits = [d for d in given.choices if d <= bound + dt.timedelta(days=1)] or given.choices
            return ArticleDate(min(fits, key=evidence.cost).isoformat(), DateBasis.DATELINE)
        if day := _year_for(given.month, given.day, given.weekday, evidence):
            return ArticleDate(day.isoformat(), DateBasis.DATELINE)
    evidence = evidence or _Evidence(text, dossier, bound)
    day = _from_text(article, evidence)
    return ArticleDate(day.isoformat(), DateBasis.TEXT) if day else ArticleDate(None, DateBasis.UNKNOWN)
