"""Expressions that name days, months and years of the calendar, wholly or in part."""

from __future__ import annotations

import datetime as dt
import re

from services.core.domain.reading import Timex
from workers.extraction.dates import words as w
from workers.extraction.dates.anchoring import Anchoring
from workers.extraction.dates.rules import DIGIT, rule, timex
from workers.extraction.dates.values import make_day

_MONTH_WORDS = list(w.MONTH_NUMBER)
_WEEKDAY_WORDS = list(w.WEEKDAY_NUMBER)
_EDGE_WORDS = ["early", "late", "mid", "the", "beginning", "start", "end", "middle"]
_TO = r"\s*(?:-|–|—|(?i:to|and|until|till|through))\s*"


_REL_YEAR = r"(?:,?\s+(?:(?i:of|in)\s+)?(?P<rel>(?i:this|last|next|that|the\s+same|the\s+following|the\s+next|the\s+previous))\s+(?i:year)(?![\w-]))?"


_YEAR_BACK = 2_000  # characters back to what "of that year" leans on


def _relative_year(found: re.Match[str], at: Anchoring) -> str | None:
    """The year of "October last year", "December of that year"."""
    word = re.sub(r"\s+", " ", (found["rel"] or "").lower())
    base = at.anchor if word in {"this", "last", "next"} else at.base(4, _YEAR_BACK) if word else None
    steps = {"last": -1, "next": 1, "the following": 1, "the next": 1, "the previous": -1}.get(word, 0)
    return f"{base.year + steps:04d}" if base else None


def _full(found: re.Match[str], day: str, month: str, year: str | None, at: Anchoring) -> str | None:
    number, name = int(re.sub(r"\D", "", day)), w.month_number(month)
    if make_day(2000, name, number) is None:
        return None
    weekday = w.weekday_number(found["wd"]) if found["wd"] else None
    if year:
        date = make_day(int(year), name, number)
        return date.isoformat() if date else None
    return at.month_day(name, number, found.start(), found.end(), weekday)


def _with_range(found: re.Match[str], year: str | None, value: str, month: str) -> list[Timex] | Timex:
    """One expression, or two where the days are a range ("October 5-7")."""
    if not found["day2"]:
        return timex(found, value)
    second = int(re.sub(r"\D", "", found["day2"]))
    lead = value[:5] if re.match(r"\d{4}-", value) else "XXXX-"
    last = f"{lead}{w.month_number(month):02d}-{second:02d}"
    split = found.end("day2") if found.start("day2") < found.start("mon") else None
    if split is not None:  # "5-7 October": the month belongs to both
        return [
            Timex(found.start(), found.end("day"), value, "DATE"),
            Timex(found.start("day2"), found.end(), last, "DATE"),
        ]
    return [
        Timex(found.start(), found.end("day"), value, "DATE"),
        Timex(found.start("day2"), found.end() if year else found.end("day2"), last, "DATE"),
    ]


def _of_month(found: re.Match[str], at: Anchoring) -> list[Timex] | Timex | None:
    """The day, or the days, of a month that a match names."""
    year = found["year"] or _relative_year(found, at) or found["later"]
    value = _full(found, found["day"], found["mon"], year, at)
    return (value and _with_range(found, found["year"], value, found["mon"])) or None


_LATER_YEAR = rf"(?=(?:{_TO}(?:{w.WEEKDAY_ANY},?\s+)?(?:{w.MONTH_ANY}\s+{w.DAY},?\s+|{w.DAY}\s+{w.MONTH_ANY},?\s+)(?P<later>{w.YEAR}))?)"


@rule(
    rf"(?:(?P<wd>{w.WEEKDAY_ANY}),?\s+(?:(?i:the)\s+)?)?(?P<edge>{w.EDGE})?(?P<mon>{w.MONTH_ANY})\s+(?:(?i:the)\s+)?(?P<day>{w.DAY})"
    rf"(?!\s?(?:[ap]\.?m\b|-?(?:year|month|day)|%|percent|per\s+cent))"
    rf"(?:{_TO}(?P<day2>{w.DAY})(?!\s*(?:{w.MONTH_ANY}|[ap]\.?m\b|years?|months?|days?|%)))?"
    rf"(?:,?\s+(?:(?i:of|in)\s+)?(?P<year>{w.YEAR}))?{_REL_YEAR}{_LATER_YEAR}",
    [*_MONTH_WORDS, *_WEEKDAY_WORDS, *_EDGE_WORDS],
)
def month_day(found: re.Match[str], at: Anchoring) -> list[Timex] | Timex | None:
    """ "Wednesday, August 2, 2019", "Aug. 2", "October 5-7"."""
    return _of_month(found, at)


@rule(
    rf"(?:(?P<wd>{w.WEEKDAY_ANY}),?\s+)?(?:(?i:the)\s+)?(?P<day>{w.DAY})(?:{_TO}(?P<day2>{w.DAY}))?"
    rf"[\s-]+(?:(?i:of)\s+)?(?P<mon>{w.MONTH_ANY})(?:,?[\s-]+(?:(?i:of|in)\s+)?(?P<year>{w.YEAR}))?{_REL_YEAR}{_LATER_YEAR}",
    [DIGIT, "the", *_WEEKDAY_WORDS],
)
def day_month(found: re.Match[str], at: Anchoring) -> list[Timex] | Timex | None:
    """ "2 August 2019", "the 2nd of August", "5-7 October"."""
    return _of_month(found, at)


@rule(
    r"(?i:on|until|till|by|before|since|from)\s+(?P<d>(?i:the)\s+(?P<n>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th))"
    r"(?=\s*(?:[.,;:!?)”\"]|$)|\s+(?:he|she|they|it|we|the|and|when|but|with|as|for|at|in)\b)",
    ["on", "until", "till", "by", "before", "since", "from"],
)
def day_of_month(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "on the 18th,"."""
    value = at.day_of_month(int(found["n"]), found.start("d"), found.end("d"))
    return timex(found, value, group="d") if value else None


_MONTH_LEFT = re.compile(
    r"\b(?:in|since|by|until|till|through|throughout|from|to|of|during|before|after|between|and|or|for|next|last|this|early|late|mid|"
    r"a|every|each|around|into|as|ending|ended|beginning|starting|on)[\s-]+$|(?:January|February|March|April|May|June|July|August|September|October|November)\s?[-–/]$|[(,]\s*$",
    re.IGNORECASE,
)


@rule(
    rf"(?P<edge>{w.EDGE})?(?P<mon>{w.MONTH_ANY})(?:(?:,?\s+(?:(?i:of|in)\s+)?|-)(?P<year>{w.YEAR}))?"
    rf"{_REL_YEAR}(?=(?:{_TO}{w.MONTH_ANY},?\s+(?P<later>{w.YEAR}))?)",
    [*_MONTH_WORDS, *_EDGE_WORDS],
)
def month(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "August 2019", "early December", "in June"; not "May said", "march", "April Smith"."""
    number, year = w.month_number(found["mon"]), found["year"] or _relative_year(found, at) or found["later"]
    if year:
        return timex(found, f"{year}-{number:02d}")
    left, right = at.text[max(0, found.start() - 14) : found.start()], at.text[found.end() : found.end() + 14]
    name = found["mon"].rstrip(".")
    if len(name) <= 4 and name.lower() not in {"june", "july", "may"}:
        return None  # "Mar", "Dec." alone is too often something else
    placed = found["edge"] or _MONTH_LEFT.search(left)
    if re.match(r"['’]s\b|\s+[a-z]", right) is None and re.match(r"\s+[A-Z]\w", right) and not placed:
        return None  # "April Smith"
    if (
        not placed
        and name.lower() in {"may", "march", "august", "april", "june"}
        and (name.lower() in {"may", "march"} or re.search(r"[A-Z]\w*\s$", left))
    ):
        return None
    if (
        name.lower() in {"may", "march"}
        and re.match(r"\s+(?:be|not|have|also|on|against|in|through|for|said|told|was|has)\b", right)
        and not re.search(
            r"\b(?:in|since|by|until|last|this|next|early|late|mid|during|from|of|a)[\s-]+$",
            left,
            re.IGNORECASE,
        )
    ):
        return None
    return timex(found, at.month(number, found.start(), found.end()))


@rule(
    r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)(?:(?:T|\s+)(?P<t>\d\d:\d\d(?::\d\d)?)(?:\.\d+)?\s?(?:Z|[+-]\d\d:?\d\d)?)?(?!\d)"
    r"|(?P<y2>\d{4})/(?P<m2>\d\d?)/(?P<d2>\d\d?)(?![\d/])",
    [DIGIT],
)
def iso(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "2019-08-02", "2019-08-02T14:00Z", "2019/08/02"."""
    del at
    date = make_day(
        int(found["y"] or found["y2"]), int(found["m"] or found["m2"]), int(found["d"] or found["d2"])
    )
    if date is None:
        return None
    if found["t"]:
        return timex(found, f"{date.isoformat()}T{found['t']}", "TIME")
    return timex(found, date.isoformat())


def numeric_day(first: int, second: int, year: int, separator: str, anchor: dt.date | None) -> dt.date | None:
    """A date in figures: day first with dots, month first with strokes (US), the other where only it exists.

    Where both exist and an anchor is known, the one not after the anchor wins over one after it.
    """
    if year < 100:
        year += 2000 if year < 70 else 1900
    month_first, day_first = make_day(year, first, second), make_day(year, second, first)
    if separator == ".":
        return day_first or month_first
    if month_first and day_first and anchor and month_first > anchor >= day_first:
        return day_first
    return month_first or day_first


@rule(
    r"(?P<wd>(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?\s+)?(?P<a>\d\d?)(?P<s>[./])(?P<b>\d\d?)(?P=s)(?P<y>(?:19|20)\d\d|\d\d)(?![\d/]|\.\d)"
    r"|(?P<a2>\d\d?)-(?P<b2>\d\d?)-(?P<y2>(?:19|20)\d\d)(?![\d-])",
    [DIGIT, "mon", "tue", "wed", "thu", "fri", "sat", "sun", *w.WEEKDAYS],
)
def numeric(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "10/26/2020", "26.10.2020", "26-10-2020"."""
    if found["a2"]:
        date = numeric_day(int(found["a2"]), int(found["b2"]), int(found["y2"]), ".", at.anchor)
    else:
        if len(found["y"]) == 2 and found["s"] == "." and not (len(found["a"]) == len(found["b"]) == 2):
            return None  # a version number or a section
        date = numeric_day(int(found["a"]), int(found["b"]), int(found["y"]), found["s"], at.anchor)
        if date and found["wd"]:
            other = make_day(date.year, date.day, date.month)
            wanted = w.weekday_number(found["wd"].strip(" ,")[:3])
            if date.weekday() != wanted and other and other.weekday() == wanted:
                date = other
    return timex(found, date.isoformat()) if date else None


_COUNTED = (
    r"(?:km|kms|kilomet\w+|miles?|met(?:er|re)s?|feet|ft|mm|cm|m|mph|kg|kilos?|kilograms?|tons?|tonnes?|pounds?|lbs|kilotons?|"
    r"people|persons?|troops?|soldiers?|men|women|children|civilians?|workers|employees|jobs|members|officers|police|"
    r"delegates|voters|votes|seats|deaths|cases|refugees|migrants|protesters|demonstrators|students|homes|houses|"
    r"dollars?|euros?|rubles?|roubles?|yuan|yen|cents|percent|per\s+cent|points?|shares|barrels|tanks|missiles?|warheads?|"
    r"launchers|aircraft|planes|vehicles|bombs|hours?|days?|weeks?|months?|years?|minutes|seconds|times|MW|GW|kW|"
    r"GMT|hrs|UTC|EST|EDT|local\s+time|words|pages|copies|BC|B\.C\.|BCE)"
)
_YEAR_BAD_LEFT = re.compile(
    r"(?:[$€£¥#№\w.,:+]|[-–/]"
    r"|\b(?:No|Nos|Res|Resolutions?|UNSCR|Order|Directive|Section|Sec|Article|Flight|Route|Highway|Room|Page|pp|Windows|Office|Boeing|Airbus|"
    r"Model|Agenda|Decree|Bill|Regulation|Rule|number|Number|Vision|Expo|nearly|approximately|roughly|almost|exactly|Vol|Apollo|PO Box)\.?\s+)$"
)
_YEAR_OK_DASH = re.compile(r"(?:\b(?:mid|pre|post|early|late|since|ex)|\d{4})[-–/]$", re.IGNORECASE)
_YEAR_GOOD_LEFT = re.compile(
    r"(?:\b(?:in|since|by|until|till|of|from|during|before|after|the|a|an|for|through|throughout|to|and|or|between|around|circa|early|late|"
    r"mid|year|fiscal|into|on|at|his|her|its|their|our|this|that|beyond|back|ago|late|as|end|summer|winter|spring|autumn|fall)\s+|[(\[,;]\s*)$",
    re.IGNORECASE,
)


@rule(
    rf"(?:(?P<edge>{w.EDGE}))?(?:(?:(?i:the)\s+)?(?i:fiscal\s+years?|fiscal|year|calendar\s+year|FY)\s*)?(?P<y>{w.YEAR})(?P<short>[-–/]\d\d(?!\d))?",
    [DIGIT, *_EDGE_WORDS, "fiscal", "year", "calendar", "fy"],
)
def year(found: re.Match[str], at: Anchoring) -> list[Timex] | Timex | None:
    """ "2019", "late 2019", "fiscal 2020", "2009-10"; not quantities, numbers of papers or parts of names."""
    start = found.start()
    left = at.text[max(0, start - 24) : start]
    right = at.text[found.end("y") : found.end("y") + 24]
    number = int(found["y"])
    if found["edge"] and "half" in found["edge"].lower():
        return None  # `half` reads it
    worded = found.start("y") > start
    if not worded:
        if _YEAR_BAD_LEFT.search(left) and not _YEAR_OK_DASH.search(left):
            return None
        good = _YEAR_GOOD_LEFT.search(left) is not None
        if number < 1900 and not good:
            return None
        if (
            not good
            and re.match(r"\s+(?:[a-z]+\s+)?[a-z]{3,}s\b(?!\s+(?:is|was|has|had|will)\b)", right)
            and left.strip()
        ):
            return None
    if re.match(rf"(?:\s|-)?{_COUNTED}\b|\s?(?:º|°|%)", right) or re.match(
        r"\s*(?:to|-|–)\s*\d[\d,]*\s*(?:km|kilomet|miles|met)", right
    ):
        return None
    if re.match(r"[-–]\d{3}(?!\d)|[-–][A-Z]|/\d{3}", right):
        return None
    if found["short"]:
        last, end = int(found["short"][1:]), found.end("short")
        if last == (number + 1) % 100 or last > number % 100:  # "2009-10", "1992-95"
            until = number - number % 100 + last + (100 if last < number % 100 else 0)
            return [Timex(start, found.end("y"), found["y"], "DATE"), Timex(end - 2, end, f"{until}", "DATE")]
        if 1 <= last <= 12 and found["short"][0] == "-":
            return Timex(start, end, f"{number}-{last:02d}", "DATE")
    return Timex(start, found.end("y"), found["y"], "DATE")
