"""Days counted by years ("31 years ago today", "that day 30 years ago") and days of a month in words."""

from __future__ import annotations

import datetime as dt
import re

from services.core.domain.reading import Timex
from workers.extraction.dates import words as w
from workers.extraction.dates.anchoring import Anchoring
from workers.extraction.dates.rules import DIGIT, rule, timex
from workers.extraction.dates.values import add_months, clamp_day, make_day

_COUNT_WORDS = [*list(w.NUMBER_WORDS)[1:], DIGIT, "a", "an", "exactly"]
_COUNT_WORDS += [word.split("-")[0] for word in w.NUMBER_WORDS if "-" in word]
_YEARS = rf"(?:(?i:exactly)\s+)?(?P<n>{w.COUNT}|(?i:an?))\s+(?i:years?)\s+(?i:ago)"
_STEPS = {"today": 0, "yesterday": -1, "tomorrow": 1}


def _years_back(day: dt.date, count: str) -> str:
    years = 1 if count.lower() in {"a", "an"} else round(w.number(count))
    return clamp_day(max(1, day.year - years), day.month, day.day).isoformat()


@rule(
    rf"{_YEARS},?\s+(?:(?P<day>(?i:today|yesterday|tomorrow))|(?P<which>(?i:this|on|last|next))\s+(?P<wd>{w.WEEKDAY})"
    r"|(?P<month>(?i:this|last|next)\s+(?i:month)))(?!['’]?\w|-\w)",
    _COUNT_WORDS,
)
def years_ago_on(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "31 years ago today", "40 years ago this Saturday", "a year ago this month"."""
    if at.anchor is None:
        return timex(found, "XXXX-XX" if found["month"] else "XXXX-XX-XX")
    if found["month"]:
        value = _years_back(at.anchor.replace(day=1), found["n"])
        step = {"this": 0, "last": -1, "next": 1}[found["month"].split()[0].lower()]
        return timex(found, "{:04d}-{:02d}".format(*add_months(int(value[:4]), int(value[5:7]), step)))
    if found["day"]:
        steps = _STEPS[found["day"].lower()]
    else:
        back = (at.anchor.weekday() - w.weekday_number(found["wd"])) % 7
        which = found["which"].lower()
        ahead = which in {"this", "next"} or (which == "on" and back > 3)
        steps = (7 - back) % 7 if ahead else -back
    return timex(found, _years_back(at.anchor + dt.timedelta(days=steps), found["n"]))


@rule(
    rf"(?:(?P<that>(?i:that)(?:\s+(?i:very|same))?\s+(?i:day|date))|(?P<day>(?i:today))),?\s+{_YEARS}(?![\w-])",
    ["that", "today"],
)
def day_years_ago(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "Today forty years ago", "a plaque will be unveiled on December 8. On that day 30 years ago ..."."""
    base = at.anchor if found["day"] else at.base()
    return timex(found, _years_back(base, found["n"]) if base else "XXXX-XX-XX")


_ORDINAL_DAY = (
    r"(?P<d>(?i:twenty|thirty)[\s-](?i:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)"
    r"|(?i:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth"
    r"|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth))"
)
_UNITS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]
_UNITS += ["eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth"]
_UNITS += ["eighteenth", "nineteenth", "twentieth"]
_ORDINALS = {word: number for number, word in enumerate(_UNITS, 1)} | {"thirtieth": 30}


def _day_number(words: str) -> int:
    low = re.sub(r"\s", "-", words.lower())
    tens, _, unit = low.partition("-")
    return {"twenty": 20, "thirty": 30}[tens] + _ORDINALS[unit] if unit else _ORDINALS[low]


@rule(
    rf"(?:(?i:the)\s+)?{_ORDINAL_DAY}\s+(?i:of)\s+(?P<mon>{w.MONTH})(?:,?\s+(?:(?i:of)\s+)?(?P<year>{w.YEAR}))?(?![\w-])",
    ["the", *_ORDINALS, "twenty", "thirty"],
)
def ordinal_of_month(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "the second of August 2019", "the first of June"."""
    month, day = w.month_number(found["mon"]), _day_number(found["d"])
    if make_day(2000, month, day) is None:
        return None
    if not found["year"]:
        return timex(found, at.month_day(month, day, found.start(), found.end()))
    date = make_day(int(found["year"]), month, day)
    return timex(found, date.isoformat()) if date else None


@rule(
    rf"(?i:the)\s+(?:{_ORDINAL_DAY}|(?P<n>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th))\s+(?i:of)\s+(?P<which>(?i:this|last|next|the\s+same|that))\s+(?i:month)(?![\w-])",
    ["the"],
)
def ordinal_of_this_month(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "the second of this month", "the 18th of last month"."""
    which = found["which"].lower()
    base = at.anchor if which in {"this", "last", "next"} else at.base(7)
    number = int(found["n"]) if found["n"] else _day_number(found["d"])
    if base is None:
        return timex(found, f"XXXX-XX-{number:02d}")
    year, month = add_months(base.year, base.month, {"last": -1, "next": 1}.get(which, 0))
    day = make_day(year, month, number)
    return timex(found, day.isoformat()) if day else None
