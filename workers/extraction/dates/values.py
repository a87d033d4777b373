"""TIMEX3 values: how they are written, shifted, and turned into calendar dates.

A value is an ISO 8601 date cut to its precision ("2019-08-02", "2019-08", "2019"), a week ("2013-W12"),
a quarter or half ("2019-Q3", "2019-H1"), a season ("2012-SU"), a decade ("199"), a century ("19"), a time
("2013-03-22T15:00", "2013-03-22TNI"), a duration ("P60D", "PXY"), a set ("XXXX-WXX-1") or one of PAST_REF,
PRESENT_REF and FUTURE_REF (ISO-TimeML; TempEval-3's files).
"""

from __future__ import annotations

import calendar
import datetime as dt
import re

from services.core.domain.reading import Timex

_CALENDAR = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(?:-XX)?(?:T.*)?$")
_WEEK = re.compile(r"(\d{4})-W(\d\d)(-WE)?$")
_PART_OF_YEAR = re.compile(r"(\d{4})-[QH]\d$")
_DURATION = re.compile(r"P(T?)(\d+(?:\.\d+)?)([SMHDWY])$")


def week_of(day: dt.date) -> str:
    """The ISO 8601 week that holds the day, as "2013-W12"."""
    year, week, _ = day.isocalendar()
    return f"{year:04d}-W{week:02d}"


def add_months(year: int, month: int, count: int) -> tuple[int, int]:
    """The year and month `count` months on."""
    index = year * 12 + month - 1 + count
    return index // 12, index % 12 + 1


def clamp_day(year: int, month: int, day: int) -> dt.date:
    """That day, or the last day of a month that has fewer."""
    return dt.date(year, month, min(day, calendar.monthrange(year, month)[1]))


def make_day(year: int, month: int, day: int) -> dt.date | None:
    """The date, or None if the calendar has no such day."""
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def shift(base: dt.date, count: float, unit: str) -> str:
    """The value `count` units (letters of `UNITS`) from the base, at the unit's own precision."""
    whole = round(count)
    try:
        if unit == "Y":
            return f"{base.replace(year=base.year + whole, day=1).year:04d}"
        if unit in {"M", "Q"}:
            year, month = add_months(base.year, base.month, whole * (3 if unit == "Q" else 1))
            dt.date(year, month, 1)  # raises beyond the calendar
            return f"{year:04d}-Q{(month + 2) // 3}" if unit == "Q" else f"{year:04d}-{month:02d}"
        if unit == "W":
            return week_of(base + dt.timedelta(weeks=whole))
        if unit == "WE":
            return week_of(base + dt.timedelta(weeks=whole)) + "-WE"
        if unit == "D":
            return (base + dt.timedelta(days=whole)).isoformat()
    except (OverflowError, ValueError):
        return "PAST_REF" if count < 0 else "FUTURE_REF"
    return f"{base.isoformat()}TXX:XX"


def to_calendar(value: str) -> str | None:
    """The ISO 8601 date of a value, cut to day, month or year; None where it names no such date.

    A time gives its day, a quarter or half its year, a week its month if it lies inside one month.
    Seasons, decades, durations, sets, references and values with unknown places give None.
    """
    if found := _CALENDAR.match(value):
        return "-".join(part for part in found.groups() if part)
    if found := _PART_OF_YEAR.match(value):
        return found[1]
    if found := _WEEK.match(value):
        try:
            first = dt.date.fromisocalendar(int(found[1]), int(found[2]), 6 if found[3] else 1)
            last = dt.date.fromisocalendar(int(found[1]), int(found[2]), 7)
        except ValueError:
            return None
        return first.isoformat()[:7] if first.month == last.month else None
    return None


def resolve(timex: Timex) -> str | None:
    """`to_calendar` of a DATE or TIME; None for durations and sets."""
    return to_calendar(timex.value) if timex.type in {"DATE", "TIME"} else None


def deadline(timex: Timex, anchor: dt.date | str | None, *, back: bool = False) -> str | None:
    """The date that a DURATION makes from the anchor: "within 60 days" of 2018-12-04 is 2019-02-02.

    The anchor is the day on which it was said, as a date or an ISO 8601 date cut to its precision. The
    answer is no more exact than the two: days and weeks give a day, months a month, years a year, and never
    finer than the anchor. `back` counts towards the past ("in the last 60 days"). None for vague durations
    (PXD), for anything that is no duration, and without an anchor.
    """
    found = _DURATION.match(timex.value)
    if anchor is None or found is None or timex.type != "DURATION":
        return None
    given = anchor.isoformat() if isinstance(anchor, dt.date) else anchor
    fields = [int(part) for part in given.split("-")]
    base = dt.date(*([*fields, 1, 1])[:3])
    clock, amount, unit = bool(found[1]), float(found[2]) * (-1 if back else 1), found[3]
    try:
        if clock:
            hours = amount / {"S": 3600, "M": 60, "H": 1}[unit]
            point = (base + dt.timedelta(hours=hours)).isoformat()
        elif unit in {"D", "W"}:
            point = (base + dt.timedelta(days=amount * (7 if unit == "W" else 1))).isoformat()
        elif unit == "Y" and amount == int(amount):
            point = shift(base, amount, "Y")
        else:
            point = shift(base, amount * (12 if unit == "Y" else 1), "M")
    except (OverflowError, ValueError):
        return None
    if not re.match(r"\d{4}(?:-|$)", point):
        return None
    return point[: len(given)]
