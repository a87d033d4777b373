"""Expressions that name a place in the calendar: days, months, years, quarters, seasons, centuries, holidays."""

from __future__ import annotations

import datetime as dt
import re

from services.core.domain.reading import Timex
from workers.extraction.dates import words as w
from workers.extraction.dates.anchoring import Anchoring
from workers.extraction.dates.rules import DIGIT, QUOTE, rule, timex
from workers.extraction.dates.values import clamp_day, make_day

_MONTH_WORDS = list(w.MONTH_NUMBER)
_WEEKDAY_WORDS = list(w.WEEKDAY_NUMBER)
_EDGE_WORDS = ["early", "late", "mid", "the", "beginning", "start", "end", "middle"]
_EDGE = (
    r"(?:(?:(?i:early|late|mid)(?:\s+(?i:in|on)|-)?\s*-?\s*"
    r"|(?:(?i:the)\s+)?(?i:very\s+)?(?i:beginning|start|end|middle|first\s+half|second\s+half)\s+(?i:of)\s+(?:(?i:the)\s+)?))"
)
_TO = r"\s*(?:-|–|—|(?i:to|and|until|till|through))\s*"


@rule(
    r"9/11(?![\d/])|(?:September|Sept\.?)\s+11(?:th)?(?=,?\s+(?:(?:terror\w*|al-Qa\w+|suicide)\s+)*(?:attack|hijack|strike)\w*)",
    [DIGIT, "september", "sept"],
)
def september_11(found: re.Match[str], at: Anchoring) -> Timex:
    """The attacks are named by their day."""
    del at
    return timex(found, "2001-09-11")


_REL_YEAR = r"(?:,?\s+(?:(?i:of|in)\s+)?(?P<rel>(?i:this|last|next|that|the\s+same|the\s+following|the\s+previous))\s+(?i:year)(?![\w-]))?"


def _relative_year(found: re.Match[str], at: Anchoring) -> str | None:
    """The year of "October last year", "December of that year"."""
    word = re.sub(r"\s+", " ", (found["rel"] or "").lower())
    if word in {"this", "last", "next"}:
        base = at.anchor
    else:
        base = at.base(4) if word else None
    steps = {"last": -1, "next": 1, "the following": 1, "the previous": -1}.get(word, 0)
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


_LATER_YEAR = rf"(?=(?:{_TO}(?:{w.WEEKDAY_ANY},?\s+)?(?:{w.MONTH_ANY}\s+{w.DAY},?\s+|{w.DAY}\s+{w.MONTH_ANY},?\s+)(?P<later>{w.YEAR}))?)"


@rule(
    rf"(?:(?P<wd>{w.WEEKDAY_ANY}),?\s+(?:(?i:the)\s+)?)?(?P<edge>{_EDGE})?(?P<mon>{w.MONTH_ANY})\s+(?:(?i:the)\s+)?(?P<day>{w.DAY})"
    rf"(?!\s?(?:[ap]\.?m\b|-?(?:year|month|day)|%|percent|per\s+cent))"
    rf"(?:{_TO}(?P<day2>{w.DAY})(?!\s*(?:{w.MONTH_ANY}|[ap]\.?m\b|years?|months?|days?|%)))?"
    rf"(?:,?\s+(?:(?i:of|in)\s+)?(?P<year>{w.YEAR}))?{_REL_YEAR}{_LATER_YEAR}",
    [*_MONTH_WORDS, *_WEEKDAY_WORDS, *_EDGE_WORDS],
)
def month_day(found: re.Match[str], at: Anchoring) -> list[Timex] | Timex | None:
    """ "Wednesday, August 2, 2019", "Aug. 2", "October 5-7"."""
    year = found["year"] or _relative_year(found, at) or found["later"]
    value = _full(found, found["day"], found["mon"], year, at)
    return value and _with_range(found, found["year"], value, found["mon"]) or None


@rule(
    rf"(?:(?P<wd>{w.WEEKDAY_ANY}),?\s+)?(?:(?i:the)\s+)?(?P<day>{w.DAY})(?:{_TO}(?P<day2>{w.DAY}))?"
    rf"[\s-]+(?:(?i:of)\s+)?(?P<mon>{w.MONTH_ANY})(?:,?[\s-]+(?:(?i:of|in)\s+)?(?P<year>{w.YEAR}))?{_REL_YEAR}{_LATER_YEAR}",
    [DIGIT, "the", *_WEEKDAY_WORDS],
)
def day_month(found: re.Match[str], at: Anchoring) -> list[Timex] | Timex | None:
    """ "2 August 2019", "the 2nd of August", "5-7 October"."""
    year = found["year"] or _relative_year(found, at) or found["later"]
    value = _full(found, found["day"], found["mon"], year, at)
    return value and _with_range(found, found["year"], value, found["mon"]) or None


_MONTH_LEFT = re.compile(
    r"\b(?:in|since|by|until|till|through|throughout|from|to|of|during|before|after|between|and|or|for|next|last|this|early|late|mid|"
    r"a|every|each|around|into|as|ending|ended|beginning|starting|on)[\s-]+$|[(,]\s*$",
    re.IGNORECASE,
)


@rule(
    rf"(?P<edge>{_EDGE})?(?P<mon>{w.MONTH_ANY})(?:(?:,?\s+(?:(?i:of|in)\s+)?|-)(?P<year>{w.YEAR}))?"
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
    r"(?:[$€£¥#№\w.,:+]|(?<!\d)[-–/]"
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
    rf"(?:(?P<edge>{_EDGE}))?(?:(?:(?i:the)\s+)?(?i:fiscal\s+years?|fiscal|year|calendar\s+year|FY)\s*)?(?P<y>{w.YEAR})(?P<short>[-–/]\d\d(?!\d))?",
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


_DECADES = {word[:-1] + "ies": n // 10 for word, n in w.NUMBER_WORDS.items() if n >= 20 and "-" not in word}


@rule(
    rf"(?P<edge>{_EDGE}|(?:(?i:the)\s+)?(?i:early|mid|late)(?:\s+|-))?(?:(?i:the)\s+)?"
    rf"(?:(?P<full>1[5-9]\d|20\d)0['’]?s|['’‘]?(?P<two>[2-9])0['’]?s|(?:(?i:nineteen)[\s-])?(?P<word>(?i:{'|'.join(_DECADES)})))\b",
    [DIGIT, QUOTE, "the", "early", "mid", "late", "nineteen", *_DECADES],
)
def decade(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "the 1990s", "the late '80s", "the sixties"; not "in her 60s"."""
    left = at.text[max(0, found.start() - 12) : found.start()]
    if found["full"]:
        return timex(found, found["full"])
    if re.search(r"\b(?:his|her|their|my|our|your)\s+$", left) or re.match(
        r"\s+(?:and|or)\s+\d0s|\s*(?:F|C|°|degrees|percent)\b", at.text[found.end() : found.end() + 12]
    ):
        return None
    if not re.search(
        r"\bthe\b|['’‘]|nineteen",
        found[0] + " " if not left.rstrip().lower().endswith("the") else "the",
        re.IGNORECASE,
    ):
        return None
    digit = int(found["two"]) if found["two"] else _DECADES[found["word"].lower()]
    return timex(found, f"19{digit}" if digit > 2 or found["word"] else f"20{digit}")


@rule(
    rf"(?:(?i:the)\s+)?(?:(?i:early|mid|late)[\s-]+)?(?P<n>{w.ORDINAL})[\s-](?:(?i:century|centuries))(?:\s+(?P<bc>B\.?C\.?(?:E\.?)?))?(?![-\w])"
    rf"|(?:(?i:the)\s+)?(?i:early|mid|late)[\s-]+(?P<n2>{w.ORDINAL})[\s-](?i:century)",
    [DIGIT, "the", "early", "mid", "late", *w.ORDINALS],
)
def century(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "the 20th century": 19."""
    del at
    number = w.ordinal(found["n"] or found["n2"]) - 1
    return timex(found, f"BC{number:02d}" if found["bc"] else f"{number:02d}")


_OF_YEAR = rf"(?:,?\s+(?:(?:(?i:of|in)\s+)?(?:(?i:fiscal)\s+)?(?P<year>{w.YEAR})|(?i:of)\s+(?P<rel>(?i:this|last|next))\s+(?i:year)))?"


def _year_of(found: re.Match[str], at: Anchoring) -> int | None:
    if found["year"]:
        return int(found["year"])
    if found["rel"] and at.anchor:
        return at.anchor.year + {"this": 0, "last": -1, "next": 1}[found["rel"].lower()]
    return None


@rule(
    rf"(?:(?i:the)\s+)?(?:(?i:fiscal)[\s-]+)?(?:(?P<n>(?i:first|second|third|fourth|1st|2nd|3rd|4th))[\s-]+(?i:fiscal[\s-]+)?(?i:quarters?)|Q(?P<q>[1-4]))(?!\w){_OF_YEAR}",
    ["the", "fiscal", "first", "second", "third", "fourth", "q", DIGIT],
)
def quarter(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "the third quarter of 2019", "Q3 2019", "fourth-quarter"; not in games ("the fourth quarter, trailing")."""
    number = int(found["q"]) if found["q"] else w.ordinal(found["n"])
    known = _year_of(found, at)
    return timex(
        found, f"{known}-Q{number}" if known else at.part(number, "Q", 3, found.start(), found.end())
    )


@rule(
    rf"(?:(?i:the)\s+)?(?P<n>(?i:first|second))[\s-]+(?i:half){_OF_YEAR}(?=(?P<own>\s+(?i:of\s+the\s+year))?)",
    ["the", "first", "second"],
)
def half(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "the first half of 2019"; a bare "first half" is as often of a game."""
    number = w.ordinal(found["n"])
    known = _year_of(found, at)
    if known is None and not found["own"]:
        return None
    return timex(
        found, f"{known}-H{number}" if known else at.part(number, "H", 6, found.start(), found.end())
    )


@rule(
    rf"(?:(?i:the)\s+)?(?:(?i:early|mid|late)[\s-]+)?(?P<s>{w.SEASON})(?:,?\s+(?:(?i:of|in)\s+)?(?P<year>{w.YEAR})|\s+(?i:of)\s+(?P<rel>(?i:this|last|next))\s+(?i:year))?(?![\w-])",
    ["the", "early", "mid", "late", *w.SEASONS],
)
def season(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "the summer of 2012", "in the spring"; not "winter storm", "falls", "spring water"."""
    code = w.SEASONS[found["s"].lower()]
    known = _year_of(found, at)
    if known:
        return timex(found, f"{known}-{code}")
    left = at.text[max(0, found.start() - 12) : found.start()]
    right = at.text[found.end() : found.end() + 12]
    placed = re.search(
        r"\b(?:in|by|until|through|since|during|over|throughout|before|after|of|for|every|each)\s+$",
        left,
        re.IGNORECASE,
    )
    detached = re.match(
        r"\s*(?:$|[.,;:!?)\"”—–]|(?:and|or|when|but|to|as|after|before|with|because|that|at|in|for|is|was|will|of)\b)",
        right,
    )
    if (
        not placed
        or not detached
        or (found["s"].lower() == "fall" and not re.match(r"the\b|early|late", found[0], re.IGNORECASE))
    ):
        return None
    return timex(found, at.season(code, found.start(), found.end()))


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
