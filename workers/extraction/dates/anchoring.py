"""Which day an expression leans on: the article's own, or the last one that the text mentioned.

A weekday or a date without its year points back in a report ("said on Monday") and ahead in a plan ("will
meet on Monday", "until Friday"). The nearest verb before it in its sentence decides, then the first one
after it.
"""

from __future__ import annotations

import datetime as dt
import re
from enum import Enum, auto

from workers.extraction.dates.values import add_months, make_day, to_calendar, week_of


class Tense(Enum):
    """Which way an expression points."""

    PAST = auto()
    FUTURE = auto()
    OPEN = auto()  # no verb tells


_NEAR_AHEAD = (
    45  # days: "confirmed talks on January 15", told in December, lies ahead; nobody writes so of a year ago
)
_SEASON = re.compile(r"\d{4}-(?:SP|SU|FA|WI)")
_HEADING = re.compile(r"[ \t]*(?:[•*–—-]\s*)?((?:19|20)\d\d)\s*(?:[.:]\s|[—–-]\s)")
_LEAN = 500  # characters back to a date that "the following day" can lean on
_REACH = 160  # characters of the sentence that are searched for a verb on each side

_BREAK = re.compile(
    r"(?<![A-Z])(?<!\b[A-Z][a-z])(?<!\b[A-Z][a-z][a-z])(?<!\bSept)(?<!\b[ap]\.m)[.!?][\"”’')\]]*\s+(?=[\"“‘(\[]?[A-Z])|\n\s*\n"
)
_LEAN_FUTURE = re.compile(
    r"(?:\b(?:by|until|till|through|starting|beginning|effective|due|(?:scheduled|slated|set|due|planned|expected) (?:for|on)"
    r"|ahead of|no later than|not before|(?:take|takes|taking)(?: \w+)? effect|come into force|postponed to|delayed to|as (?:of|from))"
    r"\s+(?:(?:late|early|the end of|at least|about|around|on|in|at|the)\s+)*)$",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"^[^“”]*“(?=[^“”]*$)|^[^\"“”]*\"(?=[^\"“”]*$)")  # a quotation speaks for itself
_CLOCK = re.compile(r"(?:at\s+)?\d[\d:.]*\s*(?:[ap]\.?m\.?)?\s*(?:[A-Z]{2,4}\s+)?(?:on\s+)?$")
_FUTURE = (
    r"will|must|should|(?-i:may)|might|(?:is|are|was|were) due|won['’]t|['’]ll|shall|would|going to|is to|are to|was to|were to|(?:about|due|set|likely|poised|ready|scheduled|slated|"
    r"expected|bound|supposed|planned|plans?|planning|wants?|hopes?|hoped|intends?|intended|promise[sd]?|decided|pledge[sd]?|"
    r"vow(?:s|ed)|threaten(?:s|ed)|invited|agreed?|agrees|prepar(?:es|ed|ing)|aims?|offer(?:s|ed)) to|"
    r"(?:to|will|would|shall|(?-i:may)|might|must|should|could|can)(?: also| only| then| now)? be [a-z]+|put off|pushed back|adjourned|"
    r"scheduled|slated|expected|planned|postponed|upcoming|expires?|runs? out|lapses|"
    r"(?:meets?|begins?|opens|starts|resumes?|arrives?|convenes?|gathers?|travels|flies|hosts|ends|leaves|returns? (?:to|from)|kicks? off|"
    r"takes? (?:effect|place)|enters? into force|comes? into force|goes? to|heads? to)"
)
_PAST_IRREGULAR = [
    "said",
    "told",
    "was",
    "were",
    "had",
    "did",
    "has",
    "have",
    "been",
    "began",
    "begun",
    "went",
    "came",
    "took",
    "taken",
    "made",
    "gave",
    "given",
    "left",
    "won",
    "lost",
    "fell",
    "rose",
    "hit",
    "sent",
    "saw",
    "seen",
    "spoke",
    "spoken",
    "wrote",
    "written",
    "met",
    "held",
    "became",
    "brought",
    "built",
    "bought",
    "broke",
    "broken",
    "chose",
    "caught",
    "cut",
    "drew",
    "drove",
    "fought",
    "found",
    "flew",
    "forgot",
    "froze",
    "got",
    "grew",
    "heard",
    "kept",
    "knew",
    "laid",
    "led",
    "lent",
    "let",
    "lit",
    "paid",
    "put",
    "quit",
    "ran",
    "rang",
    "read",
    "sat",
    "sank",
    "sold",
    "set",
    "shook",
    "shot",
    "shut",
    "slept",
    "spent",
    "stood",
    "stole",
    "struck",
    "swore",
    "swept",
    "taught",
    "thought",
    "threw",
    "understood",
    "woke",
    "wore",
    "withdrew",
    "pulled",
    "signed",
    "says",
]
_VERB = re.compile(
    rf"\b(?P<future>(?:{_FUTURE})(?: not| also| only| then| now)?(?: be [a-z]+| have [a-z]+)?)\b|(?<!-)\b(?P<past>{'|'.join(_PAST_IRREGULAR)}|(?!need|indeed|speed|feed|seed|proceed|succeed|exceed|"
    r"breed|hundred|united|armed|so-called|wed|bed|red|embed|shed|allied|nuclear-armed|unprecedented|limited)[a-z]{2,}ed)\b",
    re.IGNORECASE,
)


_REPORTED_PLAN = re.compile(r"\b(?:would|were\s+to|was\s+to)\b")


class Anchoring:
    """The state of one reading of a text: its anchor, and the dates mentioned so far."""

    def __init__(self, text: str, anchor: dt.date | None) -> None:
        self.text = text
        self.anchor = anchor
        self.position = 0  # where the expression at hand begins
        self.mentioned: list[tuple[int, str]] = []  # (end, calendar date cut to its precision)
        self._in_names: list[tuple[int, str]] = []
        self._passed_over = -1  # where a date ends that nothing leans on

    def note(self, end: int, value: str, *, name: bool = False) -> None:
        """Remember a date that the text has mentioned, for what leans on it; one in a `name` where there is no other."""
        date = to_calendar(value) or (value[:4] if _SEASON.fullmatch(value) else None)
        if end != self._passed_over and date:
            (self._in_names if name else self.mentioned).append((end, date))

    def last(self, precision: int, *, since: int = 0) -> str | None:
        """The last date mentioned after `since` with at least that many characters (4, 7 or 10)."""
        for mentioned in (self.mentioned, self._in_names):
            for end, date in reversed(mentioned):
                if end < since:
                    break
                if len(date) >= precision:
                    return date
        return None

    def base(self, precision: int = 10, reach: int = _LEAN) -> dt.date | None:
        """The day that "the following day" and "two years later" count from; else the anchor."""
        date = self.last(precision, since=self.position - reach)
        if date is None:
            return self.anchor
        year, month, day = (int(part) for part in (date + "-01-01")[:10].split("-"))
        return make_day(year, month, day)

    def only_year(self) -> bool:
        """Whether of what `base(4)` gives no more than the year was mentioned."""
        return len(self.last(4, since=self.position - _LEAN) or "") == len("1987")

    def sentence_start(self, position: int) -> int:
        """Where the sentence begins, at most `_REACH` characters back."""
        low = max(0, position - _REACH)
        start = low
        for found in _BREAK.finditer(self.text, low, position + 1):  # the break looks at the letter after it
            start = found.end() if found.end() <= position else start
        return start

    def tense(self, start: int, end: int) -> Tense:
        """Which way an expression at these offsets points."""
        left = _QUOTED.sub("", _CLOCK.sub("", self.text[self.sentence_start(start) : start]))
        verbs = list(_VERB.finditer(left))
        last = verbs[-1] if verbs else None
        leans = _LEAN_FUTURE.search(left)
        if leans and not (last is None and leans[0].lower().startswith(("by", "as"))):
            return Tense.FUTURE
        if last is None:
            stop = _BREAK.search(self.text, end, end + _REACH)
            last = _VERB.search(self.text, end, stop.start() if stop else end + _REACH)
        if last is None:
            return Tense.FUTURE if leans else Tense.OPEN
        return Tense.FUTURE if last["future"] else Tense.PAST

    def weekday(self, number: int, start: int, end: int) -> str:
        """The bare weekday: the nearest one back, the anchor's own day included; ahead for plans."""
        if self.anchor is None:
            return f"XXXX-WXX-{number + 1}"
        back = (self.anchor.weekday() - number) % 7
        days = -back
        if back and self.tense(start, end) is Tense.FUTURE:
            days = 7 - back
            told = self._told_before(start)
            if told is not None:  # seen from the day on which it was said, and no base for what comes after
                self._passed_over = end
                return (told + dt.timedelta(days=(number - told.weekday() - 1) % 7 + 1)).isoformat()
        return (self.anchor + dt.timedelta(days=days)).isoformat()

    def _told_before(self, start: int) -> dt.date | None:
        """The day of the last week on which a plan was told of: "announced on Friday that it would stop on Saturday"."""
        opening = self.sentence_start(start)
        if self.anchor is None or not _REPORTED_PLAN.search(self.text, opening, start):
            return None
        value = self.last(10, since=opening)
        told = make_day(*map(int, value.split("-"))) if value else None
        return told if told and 0 < (self.anchor - told).days < 7 else None

    def month_day(self, month: int, day: int, start: int, end: int, weekday: int | None = None) -> str:
        """A day and month whose year is missing; a weekday beside it must agree if any near year does."""
        if self.anchor is None:
            return f"XXXX-{month:02d}-{day:02d}"
        if (year := self._headed(start)) and (date := make_day(year, month, day)):
            return date.isoformat()
        around = [
            d
            for y in range(-8, 9)
            if self.anchor.year + y >= 1 and (d := make_day(self.anchor.year + y, month, day))
        ]
        near = [d for d in around if abs((d - self.anchor).days) <= 731 and d.weekday() == weekday]
        back = max((d for d in near or around if d <= self.anchor), default=None)
        ahead = min((d for d in near or around if d >= self.anchor), default=None)
        if back is None or ahead is None:
            only = back or ahead
            return only.isoformat() if only else f"XXXX-{month:02d}-{day:02d}"
        tense = self.tense(start, end)
        soon = (ahead - self.anchor).days <= 60 and (self.anchor - back).days > 60
        just_over = (self.anchor - back).days <= 45 and (
            ahead - self.anchor
        ).days > 300  # a dateline, a report's day
        nearer = (ahead - self.anchor).days <= _NEAR_AHEAD and (self.anchor - back).days > 365 - _NEAR_AHEAD
        if (tense is Tense.FUTURE and not just_over) or (tense is Tense.OPEN and soon) or nearer:
            return ahead.isoformat()
        return back.isoformat()

    def _headed(self, position: int) -> int | None:
        """The year that heads the paragraph, as a chronicle's entries are ("2019. On February 1 ...")."""
        start = self.text.rfind("\n", 0, position) + 1
        found = _HEADING.match(self.text, start)
        return int(found[1]) if found and found.end() <= position else None

    def day_of_month(self, day: int, start: int, end: int) -> str | None:
        """ "On the 18th": of the running month, or the one beside it to which the verb points."""
        if self.anchor is None:
            return f"XXXX-XX-{day:02d}"
        ahead = self.tense(start, end) is Tense.FUTURE
        steps = 0 if day == self.anchor.day or (day > self.anchor.day) is ahead else 1 if ahead else -1
        year, month = add_months(self.anchor.year, self.anchor.month, steps)
        found = make_day(year, month, day)
        return found.isoformat() if found else None

    def month(self, number: int, start: int, end: int) -> str:
        """A bare month: the nearest one back, the anchor's own included; ahead for plans."""
        if self.anchor is None:
            return f"XXXX-{number:02d}"
        if year := self._headed(start):
            return f"{year:04d}-{number:02d}"
        back = (self.anchor.month - number) % 12
        tense = self.tense(start, end)
        ahead = tense is Tense.FUTURE or (tense is Tense.OPEN and back >= 9)
        steps = 12 - back if back and ahead else -back
        return "{:04d}-{:02d}".format(*add_months(self.anchor.year, self.anchor.month, steps))

    def part(self, number: int, letter: str, length: int, start: int, end: int) -> str:
        """A quarter (`letter` "Q", 3 months long) or half ("H", 6) whose year is missing."""
        if self.anchor is None:
            return f"XXXX-{letter}{number}"
        current = (self.anchor.month - 1) // length + 1
        tense = self.tense(start, end)
        year = self.anchor.year
        if tense is Tense.FUTURE and number < current:
            year += 1
        elif tense is not Tense.FUTURE and number > current:
            year -= 1
        return f"{year:04d}-{letter}{number}"

    def season(self, code: str, start: int, end: int) -> str:
        """A bare season: the nearest one back, the running one included; ahead for plans."""
        if self.anchor is None:
            return f"XXXX-{code}"
        first = {"SP": 3, "SU": 6, "FA": 9, "WI": 12}[code]
        year = self.anchor.year if self.anchor.month >= first else self.anchor.year - 1
        inside = (self.anchor.month - first) % 12 < 3
        if not inside and self.tense(start, end) is Tense.FUTURE:
            year += 1
        return f"{year:04d}-{code}"

    def deictic(self, unit: str, steps: int) -> str:
        """This (0), last (-1) or next (1) day, week, weekend, month, quarter, year, decade or century."""
        day = self.anchor
        if day is None:
            unknown = {
                "D": "XXXX-XX-XX",
                "W": "XXXX-WXX",
                "WE": "XXXX-WXX-WE",
                "M": "XXXX-XX",
                "Q": "XXXX-QX",
                "Y": "XXXX",
            }
            return unknown.get(unit, "XXX")
        if unit == "DE":
            return f"{day.year // 10 + steps:03d}"
        if unit == "CE":
            return f"{day.year // 100 + steps:02d}"
        if unit == "D":
            return (day + dt.timedelta(days=steps)).isoformat()
        if unit in {"W", "WE"}:
            return week_of(day + dt.timedelta(weeks=steps)) + ("-WE" if unit == "WE" else "")
        if unit in {"M", "Q"}:
            year, month = add_months(day.year, day.month, steps * (3 if unit == "Q" else 1))
            return f"{year:04d}-Q{(month + 2) // 3}" if unit == "Q" else f"{year:04d}-{month:02d}"
        return f"{day.year + steps:04d}"
