"""Expressions that lean on the article's day or on a date named before: "last month", "two days later", "now"."""

from __future__ import annotations

import datetime as dt
import re

from services.core.domain.reading import Timex
from workers.extraction.dates import words as w
from workers.extraction.dates.anchoring import Anchoring, Tense
from workers.extraction.dates.rules import rule, timex
from workers.extraction.dates.values import add_months, clamp_day, shift, week_of

_LETTERS = {
    "day": "D",
    "week": "W",
    "fortnight": "W",
    "weekend": "WE",
    "month": "M",
    "quarter": "Q",
    "year": "Y",
    "decade": "DE",
    "century": "CE",
}
_STEPS = {"this": 0, "current": 0, "last": -1, "past": -1, "next": 1, "coming": 1, "upcoming": 1}
_DAY_WORDS = {"today": 0, "yesterday": -1, "tomorrow": 1}
_PREFIX = r"(?:(?i:earlier|later|early|late)\s+(?:(?i:in|on)\s+)?)?"
_PREFIX_WORDS = ["earlier", "later", "early", "late"]
_BESIDE = 400  # characters back to what "on the eve" leans on
_NEWS_DAYS = 60  # and how long ago that may be
_EDGE = r"(?:(?:(?i:the)\s+)?(?i:very\s+)?(?i:beginning|start|end|middle|first\s+half|second\s+half|rest|remainder|course)\s+(?i:of)\s+)?"
_EDGE_WORDS = ["the", "beginning", "start", "end", "middle", "first", "second", "rest", "remainder", "course"]
_PART = rf"(?:\s+(?P<part>{w.DAY_PART})(?![\w-]))?"


def _with_part(found: re.Match[str], day: str) -> Timex:
    """The day, or its morning, afternoon, evening or night."""
    part = found["part"]
    if not part:
        return timex(found, day)
    return timex(found, f"{day}T{w.DAY_PARTS[part.lower()]}", "TIME")


@rule(
    rf"{_PREFIX}(?P<w>(?i:today|yesterday|tomorrow)){_PART}(?!['’]?\w)(?:['’]s\b)?"
    r"|(?:(?i:the)\s+)?(?i:day)\s+(?P<far>(?i:before\s+yesterday|after\s+tomorrow))",
    [*_DAY_WORDS, "the", "day", *_PREFIX_WORDS],
)
def day_word(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "today", "yesterday morning", "the day after tomorrow"."""
    if found["far"]:
        return timex(found, at.deictic("D", -2 if "yesterday" in found["far"].lower() else 2))
    if found["w"] == "Today" and re.search(
        r"\b(?:USA|Russia|India|Pakistan|Britain|China|Scotland|Catholic|Christianity|Psychology)\s$",
        at.text[max(0, found.start() - 14) : found.start()],
    ):
        return None  # a paper or a station
    end = found.end("part") if found["part"] else found.end("w")
    day = _with_part(found, at.deictic("D", _DAY_WORDS[found["w"].lower()]))
    return Timex(found.start(), end, day.value, day.type)


@rule(
    r"(?:(?P<w>(?i:tonight))|(?P<last>(?i:last\s+night|last\s+evening))|(?P<over>(?i:overnight))"
    rf"|(?i:(?:earlier|late|later|early)\s+)?(?i:this)\s+(?P<part>{w.DAY_PART}))(?![\w-])",
    ["tonight", "last", "overnight", "this", *_PREFIX_WORDS],
)
def part_of_today(found: re.Match[str], at: Anchoring) -> Timex:
    """ "tonight", "last night", "this morning", "overnight"."""
    if found["last"]:
        code = "NI" if "night" in found["last"].lower() else "EV"
        return timex(found, at.deictic("D", -1) + "T" + code, "TIME")
    code = w.DAY_PARTS[found["part"].lower()] if found["part"] else "NI"
    return timex(found, at.deictic("D", 0) + "T" + code, "TIME")


@rule(
    rf"{_PREFIX}(?:(?P<which>(?i:last|next|this|this\s+past|this\s+coming|coming|past|the\s+following|the\s+next|the\s+previous|that|the\s+same))\s+)?"
    rf"(?P<wd>{w.WEEKDAY}){_PART}(?!\w|-\w)(?:\s+(?:(?i:of)\s+)?(?P<week>(?i:last|this|next))\s+(?i:week)(?!['’\w-]))?",
    [
        *(d.lower() for d in w.WEEKDAYS),
        "last",
        "next",
        "this",
        "coming",
        "past",
        "the",
        "that",
        *_PREFIX_WORDS,
    ],
)
def weekday(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "Friday", "last Friday", "Friday night", "the following Monday"."""
    number = w.weekday_number(found["wd"])
    which = re.sub(r"\s+", " ", (found["which"] or "").lower())
    if re.match(
        r"\s+(?:[A-Z]\w+\s+)?(?:Times|Post|Herald|Journal|Mail)\b", at.text[found.end() : found.end() + 24]
    ):
        return None
    if found["week"] and at.anchor:
        monday = at.anchor - dt.timedelta(
            days=at.anchor.weekday() - 7 * {"last": -1, "this": 0, "next": 1}[found["week"].lower()]
        )
        return _with_part(found, (monday + dt.timedelta(days=number)).isoformat())
    base = at.anchor
    if which in {"the following", "the next", "the previous"}:
        base = at.base()
    if base is None:
        return _with_part(found, f"XXXX-WXX-{number + 1}")
    back = (base.weekday() - number) % 7
    if which in {"last", "past", "this past", "the previous"}:
        days = -(back or 7)
    elif which == "next" or which in {"the following", "the next", "coming", "this coming"}:
        days = 7 - back
    elif which == "this":
        days = -back if at.tense(found.start(), found.end()) is Tense.PAST else (7 - back) % 7
    else:
        return _with_part(found, at.weekday(number, found.start(), found.end()))
    return _with_part(found, (base + dt.timedelta(days=days)).isoformat())


@rule(
    rf"{_PREFIX}(?P<which>(?i:last|next|this|this\s+past|this\s+coming|the\s+same|that|the\s+following|the\s+next|the\s+previous))\s+(?P<mon>{w.MONTH})(?![\w-]|\s+\d)",
    ["last", "next", "this", "the", "that", *_PREFIX_WORDS],
)
def named_month(found: re.Match[str], at: Anchoring) -> Timex:
    """ "last August", "next June": the nearest one in that direction, never the running month.

    "That December" is the one of the year spoken of, unless it has yet to come.
    """
    number = w.month_number(found["mon"])
    which = re.sub(r"\s+", " ", found["which"].lower())
    leans = which in {"the following", "the next", "the previous", "that", "the same"}
    base = at.base(4) if leans else at.anchor
    if base is None:
        return timex(found, f"XXXX-{number:02d}")
    back = (base.month - number) % 12
    if leans and at.only_year():
        step = {"the following": 1, "the next": 1, "the previous": -1}.get(which, 0)
        return timex(found, f"{base.year + step:04d}-{number:02d}")
    if which in {"last", "this past", "the previous"}:
        steps = -(back or 12)
    elif which in {"next", "this coming", "the following", "the next"}:
        steps = 12 - back
    elif which == "this":
        return timex(found, f"{base.year:04d}-{number:02d}")
    else:
        to_come = at.anchor is not None and (base.year, number) > (at.anchor.year, at.anchor.month)
        steps = -back if to_come else number - base.month
    return timex(found, "{:04d}-{:02d}".format(*add_months(base.year, base.month, steps)))


@rule(
    rf"{_PREFIX}(?P<which>(?i:last|next|this|this\s+past|this\s+coming|that|the\s+following|the\s+next|the\s+previous))\s+(?P<s>{w.SEASON})(?![\w-])",
    ["last", "next", "this", "the", "that", *_PREFIX_WORDS],
)
def named_season(found: re.Match[str], at: Anchoring) -> Timex:
    """ "last summer", "next spring"; a winter carries the year in which it begins."""
    code = w.SEASONS[found["s"].lower()]
    which = re.sub(r"\s+", " ", found["which"].lower())
    leans = which in {"that", "the following", "the next", "the previous"}
    day = at.base(4) if leans else at.anchor
    if day is None:
        return timex(found, f"XXXX-{code}")
    first = {"SP": 3, "SU": 6, "FA": 9, "WI": 12}[code]
    if leans and len(at.last(4, since=0) or "") == len("1990"):  # only the year is known
        step = {"that": 0, "the previous": -1}.get(which, 1)
        return timex(found, f"{day.year + step:04d}-{code}")
    if which == "that":
        year = day.year
    elif which == "this":
        year = day.year - (code == "WI" and day.month <= 2)
    elif which in {"next", "this coming", "the following", "the next"}:
        year = day.year + (day.month >= first)
    else:
        over = day.month >= first + 3 or (code == "WI" and False)
        year = day.year if over else day.year - 1
        if code == "WI" and day.month <= 2:
            year = day.year - 2
    return timex(found, f"{year:04d}-{code}")


@rule(
    rf"{_PREFIX}{_EDGE}(?:(?i:the)\s+)?(?P<which>(?i:this\s+past|this\s+coming|this|current|last|past|next|coming|upcoming))\s+(?:(?i:calendar|fiscal|academic|financial)\s+)?(?P<unit>{w.CALENDAR_UNIT})(?![\w-])",
    [*_STEPS, *_EDGE_WORDS, *_PREFIX_WORDS],
)
def calendar_unit(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "last month", "earlier this year", "the end of next week"; "over the past year" is a duration."""
    which, unit = found["which"].lower().split()[-1], found["unit"].lower()
    this = found["which"].lower().startswith("this ")
    letter = _LETTERS[unit]
    left = at.text[max(0, found.start() - 14) : found.start()]
    article = re.search(r"(?i)\bthe\s+\w+\s+\w+$", found[0])
    spread = re.search(r"\b(?:over|during|for|throughout|within|across)\s+$", left, re.IGNORECASE)
    if article and (
        which in {"past", "coming", "upcoming"}
        or (which in {"last", "next"} and (spread or unit in {"decade", "century"}))
    ):
        return timex(
            found,
            f"P{10 if letter == 'DE' else 100 if letter == 'CE' else 1}{'Y' if letter in {'DE', 'CE'} else 'W' if letter == 'WE' else letter}",
            "DURATION",
        )
    if article and which == "next":
        return None  # leans on a date before: `leaning_unit`
    if unit == "day" and which in {"last", "next", "past", "coming"}:
        return None
    if which == "past" and not article and not this:
        return None
    return timex(found, at.deictic(letter, _STEPS[which]))


def _shift_last(at: Anchoring, letter: str, steps: int) -> str:
    """The unit `steps` from the last date mentioned that is exact enough for it."""
    base = at.anchor if letter == "Q" else at.base({"Y": 4, "M": 7, "DE": 4, "CE": 4}.get(letter, 10))
    if base is None:
        return at.deictic(letter, steps)
    if letter == "DE":
        return f"{base.year // 10 + steps:03d}"
    if letter == "CE":
        return f"{base.year // 100 + steps:02d}"
    return shift(base, steps, letter)


@rule(
    rf"(?i:earlier|later|late|early)\s+(?:(?i:in|on|during)\s+)?(?P<a>(?i:that|the|the\s+same))\s+(?P<unit>{w.CALENDAR_UNIT})(?![\w-])"
    rf"|{_EDGE}(?P<which>(?i:the\s+following|the\s+next|the\s+previous|the\s+preceding|the\s+prior|the\s+same|the\s+very\s+same|that\s+same|that|the\s+very\s+next|the\s+subsequent))\s+"
    rf"(?P<unit2>{w.CALENDAR_UNIT}|{w.DAY_PART})(?![\w-])",
    ["the", "that", *_EDGE_WORDS, *_PREFIX_WORDS],
)
def leaning_unit(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "the following day", "the same month", "that year", "later that week", "the next morning"."""
    which = re.sub(r"\s+", " ", (found["which"] or found["a"]).lower())
    unit = (found["unit"] or found["unit2"]).lower()
    steps = (
        1
        if which.split()[-1] in {"following", "next", "subsequent"}
        else -1
        if which.split()[-1] in {"previous", "preceding", "prior"}
        else 0
    )
    if found["a"] and which == "the":
        return timex(found, at.deictic(_LETTERS[unit], 0))
    if (
        re.match(r"\s+of\b(?!\s+(?:the\s+)?(?:year|month|week))", at.text[found.end() : found.end() + 20])
        and steps
    ):
        return None
    if unit in w.DAY_PARTS:
        base = at.base()
        day = (base + dt.timedelta(days=steps)).isoformat() if base else "XXXX-XX-XX"
        return timex(found, f"{day}T{w.DAY_PARTS[unit]}", "TIME")
    if (
        which == "the next"
        and unit != "day"
        and re.search(
            r"(?i)\b(?:in|over|during|for|within)\s+$", at.text[max(0, found.start() - 8) : found.start()]
        )
        and unit not in w.DAY_PARTS
    ):
        return (
            timex(found, at.deictic(_LETTERS[unit], 1))
            if unit in {"quarter", "century", "weekend"}
            else timex(found, f"P1{_LETTERS[unit]}" if unit != "decade" else "P10Y", "DURATION")
        )
    if not steps and not at.mentioned and at.anchor is None:
        return None
    return timex(found, _shift_last(at, _LETTERS[unit], steps))


@rule(
    r"(?P<edge>(?:(?i:the)\s+)?(?i:beginning|start|end|middle|first\s+half|second\s+half|rest|remainder)\s+(?i:of)\s+)(?:(?i:the)\s+)?(?P<unit>(?i:day|week|month|year|decade|century))(?![\w-])",
    _EDGE_WORDS,
)
def edge_of_unit(found: re.Match[str], at: Anchoring) -> Timex:
    """ "the end of the year": the running one, but one that is over for "by the end of year" told in the past."""
    letter = _LETTERS[found["unit"].lower()]
    steps = 0
    if letter == "Y" and "end" in found["edge"].lower() and at.anchor and at.anchor.month <= 6:
        left = at.text[at.sentence_start(found.start()) : found.start()]
        last = at.last(4, since=at.sentence_start(found.start()))
        if last and last[:4] < f"{at.anchor.year}" and not re.search(r"\b(?:will|would|to)\b", left):
            return timex(found, last[:4])
    return timex(found, at.deictic(letter, steps))


@rule(
    r"(?P<eve>(?i:on\s+the\s+eve))(?=\s*[.,;:]|\s+(?:he|she|it|they|we|the|[A-Z]\w+)\b)"
    r"|(?<=[.!?] )(?:The\s+day|A\s+day)\s+(?P<way>before|after)(?=\s+(?:the|that|this|his|her|their)\s+[a-z]+,)",
    ["on", "the", "a"],
)
def day_beside(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "On the eve she had said", "The day before the briefing, he": beside the last day mentioned."""
    day = at.last(10, since=found.start() - _BESIDE)
    if day is None or (at.anchor and not 0 <= (at.anchor - dt.date.fromisoformat(day)).days <= _NEWS_DAYS):
        return None  # a day of long ago is not what is spoken of
    return timex(found, _shift_last(at, "D", 1 if found["way"] == "after" else -1))


@rule(
    r"(?:(?i:the)\s+)?(?P<unit>(?i:day|week|month|year|night|morning|evening|decade))\s+(?P<dir>(?i:before|after|earlier|prior))(?=\s*(?:$|[.,;:!?)”\"—–]|(?i:and|but|when|that|in|at|with)\b))",
    ["the", "day", "week", "month", "year", "night", "morning", "evening", "decade"],
)
def unit_before(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "the day before.", "the year after,": one step from the last date mentioned."""
    if not found[0].lower().startswith("the"):
        return None
    steps = 1 if found["dir"].lower() == "after" else -1
    unit = found["unit"].lower()
    if unit in w.DAY_PARTS:
        base = at.base()
        day = (base + dt.timedelta(days=steps)).isoformat() if base else "XXXX-XX-XX"
        return timex(found, f"{day}T{w.DAY_PARTS[unit]}", "TIME")
    return timex(found, _shift_last(at, _LETTERS[unit], steps))


@rule(
    rf"(?:(?i:in|on|during)\s+)?(?P<the>(?i:the|early|that|late|mid)[\s-]+)(?P<part>{w.DAY_PART})(?![\w-])(?!\s+(?i:of|before|after|when|that))",
    ["the", "in", "early", "late", "mid", "that", "on", "during"],
)
def part_of_day(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "in the evening", "that night": of the day named in the same sentence, else of the article's."""
    start = found.start("the")
    lead = found[0].lower()
    if lead.startswith("the") or found["the"][-1] == "-":
        return None  # "the night" alone names no time, "late-night calls" none in particular
    if found["the"].lower().startswith("the") and re.match(
        r"\s+(?!of|on|and|or|when|as|to|he|she|they|it|we|after|before|but|with|the|a|an|at|by|his|her)[a-z]",
        at.text[found.end() : found.end() + 8],
    ):
        return None  # "in the morning meetings"
    day = at.last(10, since=at.sentence_start(start))
    if day is None and "that" in lead and (base := at.base()):
        day = base.isoformat()
    day = day or at.deictic("D", 0)
    return Timex(start, found.end(), f"{day}T{w.DAY_PARTS[found['part'].lower()]}", "TIME")


@rule(
    r"(?:(?i:the)\s+)?(?i:same)\s+(?P<u>(?i:day|week|month|quarter|period|time|stage))\s+(?:(?i:of|in)\s+)?(?i:last\s+year|a\s+year\s+(?:ago|earlier|before)|the\s+(?:previous|prior)\s+year)(?![\w-])",
    ["the", "same"],
)
def same_last_year(found: re.Match[str], at: Anchoring) -> Timex:
    """ "the same month last year"."""
    letter = _LETTERS.get(found["u"].lower(), "Y")
    if at.anchor is None or letter == "Y":
        return timex(found, at.deictic("Y", -1))
    if letter == "Q":
        return timex(found, at.deictic("Q", -4))
    earlier = clamp_day(at.anchor.year - 1, at.anchor.month, at.anchor.day)
    return timex(
        found, week_of(earlier) if letter == "W" else earlier.isoformat()[: 10 if letter == "D" else 7]
    )


@rule(
    r"(?:(?i:for|on|in|during)\s+)?(?P<u>(?i:the\s+(?:week|month|year|quarter)))(?=\s*(?:[.,;:]|$|(?:so\s+far|to\s+date)\b))",
    ["for", "on", "in", "during"],
)
def whole_unit(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "for the week.": the running one."""
    if not re.match(r"(?i)(?:for|on|in|during)\s", found[0]):
        return None
    return timex(found, at.deictic(_LETTERS[found["u"].split()[1].lower()], 0), group="u")


@rule(
    r"(?:(?i:the|this|last|next|that|the\s+past|the\s+following|the\s+coming|the\s+previous)\s+)(?i:weekend)(?![\w-])",
    ["the", "this", "last", "next", "that"],
)
def weekend(found: re.Match[str], at: Anchoring) -> Timex:
    """ "the weekend": the last one told of, ahead in plans."""
    day = at.anchor
    low = found[0].lower()
    if day is None:
        return timex(found, "XXXX-WXX-WE")
    if low.startswith("next") or "coming" in low:
        weeks = 1 if low.startswith("next") else 0
    elif low.startswith("this"):
        weeks = 0
    elif low.startswith("last") or "past" in low or "previous" in low:
        weeks = -1
    else:
        weeks = 0 if day.weekday() >= 4 or at.tense(found.start(), found.end()).name == "FUTURE" else -1
    return timex(found, shift(day + dt.timedelta(days=0), weeks, "WE"))
