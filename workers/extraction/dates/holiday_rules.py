"""Days that are known by a name: "Christmas Eve", "Thanksgiving 2018", "Good Friday", "9/11"."""

from __future__ import annotations

import datetime as dt
import re

from services.core.domain.reading import Timex
from workers.extraction.dates import words as w
from workers.extraction.dates.anchoring import Anchoring
from workers.extraction.dates.rules import DIGIT, rule, timex
from workers.extraction.dates.values import clamp_day

_FIXED = {
    "christmas day": (12, 25),
    "christmas eve": (12, 24),
    "christmas": (12, 25),
    "new year's day": (1, 1),
    "new year's eve": (12, 31),
    "boxing day": (12, 26),
    "independence day": (7, 4),
    "july fourth": (7, 4),
    "fourth of july": (7, 4),
    "halloween": (10, 31),
    "valentine's day": (2, 14),
    "st. patrick's day": (3, 17),
    "veterans day": (11, 11),
    "armistice day": (11, 11),
    "april fools' day": (4, 1),
    "may day": (5, 1),
    "victory day": (5, 9),
    "groundhog day": (2, 2),
    "earth day": (4, 22),
    "bastille day": (7, 14),
}
# (month, weekday, which one; -1 the last)
_FLOATING = {
    "thanksgiving day": (11, 3, 4),
    "thanksgiving": (11, 3, 4),
    "labor day": (9, 0, 1),
    "memorial day": (5, 0, -1),
    "martin luther king jr. day": (1, 0, 3),
    "martin luther king day": (1, 0, 3),
    "presidents' day": (2, 0, 3),
    "columbus day": (10, 0, 2),
    "mother's day": (5, 6, 2),
    "father's day": (6, 6, 3),
}
_EASTER = {
    "good friday": -2,
    "easter sunday": 0,
    "easter monday": 1,
    "easter": 0,
    "ash wednesday": -46,
    "palm sunday": -7,
}


def easter(year: int) -> dt.date:
    """Western Easter Sunday (the anonymous Gregorian algorithm, Nature, 20 April 1876)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    j = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * j) // 451
    month, day = divmod(h + j - 7 * m + 114, 31)
    return dt.date(year, month, day + 1)


def holiday_date(name: str, year: int) -> dt.date:
    """The day of a holiday of `_FIXED`, `_FLOATING` or `_EASTER` in that year."""
    if name in _FIXED:
        return dt.date(year, *_FIXED[name])
    if name in _EASTER:
        return easter(year) + dt.timedelta(days=_EASTER[name])
    month, weekday, nth = _FLOATING[name]
    first = dt.date(year, month, 1) if nth > 0 else clamp_day(year, month, 31) - dt.timedelta(days=6)
    return first + dt.timedelta(days=(weekday - first.weekday()) % 7 + 7 * max(0, nth - 1))


_HOLIDAY_NAMES = sorted([*_FIXED, *_FLOATING, *_EASTER], key=len, reverse=True)
_HOLIDAY = "|".join(
    re.escape(n).replace("'", "['’]?").replace("['’]?s", "['’]?s").replace(r"\ ", r"\s+")
    for n in _HOLIDAY_NAMES
)


@rule(
    rf"(?P<h>(?i:{_HOLIDAY}))(?![\w-])(?:,?\s+(?P<year>{w.YEAR}))?",
    {n.replace("'", " ").split()[0].rstrip(".'") for n in _HOLIDAY_NAMES} | {"presidents", "fools"},
)
def holiday(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "Christmas Day", "Thanksgiving 2018", "Good Friday"."""
    spoken = re.sub(r"\s+", " ", found["h"]).replace("’", "'")
    if not spoken[0].isupper():
        return None
    if (
        re.match(
            r"\s+(?:trees?|cards?|gifts?|presents?|carols?|shopp\w+|season|part(?:y|ies)|markets?|eggs?|[A-Z])",
            at.text[found.end() : found.end() + 10],
        )
        and " " not in spoken
    ):
        return None
    folded = {n.replace("'", ""): n for n in _HOLIDAY_NAMES}
    name = folded[spoken.lower().replace("'", "")]
    if found["year"]:
        return timex(found, holiday_date(name, int(found["year"])).isoformat())
    if at.anchor is None:
        return timex(found, "XXXX-{:02d}-{:02d}".format(*_FIXED[name])) if name in _FIXED else None
    date = holiday_date(name, at.anchor.year)
    return timex(
        found,
        at.month_day(date.month, date.day, found.start(), found.end())
        if name in _FIXED
        else date.isoformat(),
    )


@rule(
    r"(?P<d>9/11)(?![\d/])|(?P<m>(?:September|Sept\.?)\s+11(?:th)?),?\s+(?:(?:terror\w*|al-Qa\w+|suicide)\s+)*(?:attack|hijack|strike)\w*",
    [DIGIT, "september", "sept"],
)
def september_11(found: re.Match[str], at: Anchoring) -> Timex:
    """The attacks are named by their day."""
    del at
    return timex(found, "2001-09-11", group="d" if found["d"] else "m")
