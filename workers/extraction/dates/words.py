"""The words of English time expressions, and the pattern pieces that the grammar is put together from.

Month and weekday names are matched with their capitals ("may", "march", "sun" are other words); all
else regardless of case.
"""

from __future__ import annotations

import re

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
MONTH_NUMBER: dict[str, int] = {name.lower(): i for i, name in enumerate(MONTHS, 1)}
MONTH_NUMBER |= {name[:3].lower(): i for i, name in enumerate(MONTHS, 1)} | {"sept": 9}

WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
WEEKDAY_NUMBER: dict[str, int] = {name.lower(): i for i, name in enumerate(WEEKDAYS)}
WEEKDAY_NUMBER |= {name[:3].lower(): i for i, name in enumerate(WEEKDAYS)}
WEEKDAY_NUMBER |= {"tues": 1, "weds": 2, "thur": 3, "thurs": 3}

# TIMEX3's codes for the seasons and the parts of a day (ISO-TimeML, after TIMEX2)
SEASONS = {"spring": "SP", "summer": "SU", "autumn": "FA", "fall": "FA", "winter": "WI"}
DAY_PARTS = {
    "morning": "MO",
    "dawn": "MO",
    "afternoon": "AF",
    "evening": "EV",
    "dusk": "EV",
    "night": "NI",
    "overnight": "NI",
    "daytime": "DT",
    "lunchtime": "MI",
    "midday": "MI",
}

_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
NUMBER_WORDS: dict[str, int] = {word: i for i, word in enumerate(_ONES)}
NUMBER_WORDS |= {word: 10 * i for i, word in enumerate(_TENS, 2)}
NUMBER_WORDS |= {f"{t}-{o}": NUMBER_WORDS[t] + i for t in _TENS for i, o in enumerate(_ONES[1:10], 1)}

_ORDINAL_WORDS = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
]
ORDINALS: dict[str, int] = {word: i for i, word in enumerate(_ORDINAL_WORDS, 1)} | {"twenty-first": 21}

# unit -> (letters of an ISO 8601 duration, factor). A decade is ten years, as news annotators write it.
UNITS: dict[str, tuple[str, int]] = {
    "second": ("TS", 1),
    "minute": ("TM", 1),
    "hour": ("TH", 1),
    "day": ("D", 1),
    "night": ("D", 1),
    "week": ("W", 1),
    "fortnight": ("W", 2),
    "weekend": ("WE", 1),
    "month": ("M", 1),
    "quarter": ("Q", 1),
    "year": ("Y", 1),
    "decade": ("Y", 10),
    "century": ("Y", 100),
    "centurie": ("Y", 100),
    "millennium": ("Y", 1000),
}
# vague counts keep the unit's own letters: "decades" is PXDE
VAGUE_UNITS = {"decade": "DE", "century": "CE", "centurie": "CE", "fortnight": "W", "millennium": "ML"}


def _alternatives(words: list[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_month_names = MONTHS + [m.upper() for m in MONTHS if m != "May"] + ["MAY"]
_month_short = [m[:3] for m in MONTHS if m != "May"] + ["Sept"]
_month_short += [m.upper() for m in _month_short]
MONTH = rf"(?:{_alternatives(_month_names)})"
MONTH_ANY = rf"(?:{_alternatives(_month_names)}|(?:{_alternatives(_month_short)})\b\.?)"
WEEKDAY = rf"(?:{_alternatives(WEEKDAYS + [w.upper() for w in WEEKDAYS])})"
_weekday_short = ["Mon", "Tues", "Tue", "Weds", "Wed", "Thurs", "Thur", "Thu", "Fri", "Sat", "Sun"]
WEEKDAY_ANY = rf"(?:{WEEKDAY[3:-1]}|(?:{'|'.join(_weekday_short)})\b\.?)"

YEAR = r"(?:1[5-9]\d\d|20\d\d|2100)(?![\d%]|[.,:]\d|[A-Za-z])"
DAY = r"(?:3[01]|[12]\d|0?[1-9])(?![\d%]|[.,:]\d)(?:st|nd|rd|th)?(?![A-Za-z])"
SEASON = r"(?i:spring|summer|autumn|fall|winter)"
DAY_PART = r"(?i:morning|afternoon|evening|night|dawn|dusk|lunchtime)"
UNIT = r"(?i:second|minute|hour|day|week|fortnight|weekend|month|quarter|year|decade|century|millennium)"
UNIT_MANY = r"(?i:seconds|minutes|hours|days|nights|weeks|fortnights|weekends|months|quarters|years|decades|centuries)"
CALENDAR_UNIT = r"(?i:day|week|weekend|month|quarter|year|decade|century)"

# "early", "the end of" before a month, a year or a decade
EDGE = (
    r"(?:(?:(?i:early|late|mid)(?:\s+(?i:in|on)|-)?\s*-?\s*"
    r"|(?:(?i:the)\s+)?(?i:very\s+)?(?i:beginning|start|end|middle|first\s+half|second\s+half)\s+(?i:of)\s+(?:(?i:the)\s+)?))"
)

COUNT_WORD = rf"(?i:{_alternatives(list(NUMBER_WORDS)[1:])})"
COUNT = rf"(?:\d{{1,3}}(?:,\d{{3}})+|\d+(?:\.\d+)?(?!\d|[,.:]\d)|{COUNT_WORD})"
VAGUE_COUNT = (
    r"(?i:several|some|a\s+few|few|many|numerous|countless|multiple|various|dozens\s+of|hundreds\s+of|"
    r"thousands\s+of|a\s+number\s+of|a\s+handful\s+of)"
)
ORDINAL = rf"(?:(?i:{_alternatives(list(ORDINALS))})|\d{{1,2}}(?:st|nd|rd|th))"

# every expression has one of these within its first words, or figures; places without are not looked at
HEADS = frozenset(
    [*MONTH_NUMBER, *WEEKDAY_NUMBER, *SEASONS, *DAY_PARTS, *UNITS, *(u + "s" for u in UNITS), "centuries"]
    + [f"{d.lower()}s" for d in WEEKDAYS]
    + [word[:-1] + "ies" for word in _TENS]
    + [
        "eve",
        "today",
        "yesterday",
        "tomorrow",
        "tonight",
        "now",
        "currently",
        "presently",
        "nowadays",
        "recently",
        "lately",
        "soon",
        "ago",
        "past",
        "future",
        "present",
    ]
    + [
        "moment",
        "time",
        "point",
        "juncture",
        "noon",
        "midnight",
        "noontime",
        "clock",
        "half",
        "hours",
        "q",
        "fy",
        "weekdays",
        "weekends",
        "weeknights",
        "annum",
    ]
    + ["daylong", "weeklong", "monthlong", "yearlong", "decadelong", "centurylong", "hourlong"]
    + [
        "daily",
        "nightly",
        "hourly",
        "weekly",
        "biweekly",
        "fortnightly",
        "monthly",
        "bimonthly",
        "quarterly",
        "annually",
        "annual",
        "yearly",
    ]
    + [
        "semiannual",
        "semi",
        "biannual",
        "biannually",
        "biennial",
        "christmas",
        "thanksgiving",
        "easter",
        "halloween",
        "new",
        "boxing",
        "independence",
    ]
    + [
        "labor",
        "memorial",
        "veterans",
        "armistice",
        "valentine",
        "victory",
        "groundhog",
        "earth",
        "bastille",
        "martin",
        "presidents",
        "columbus",
    ]
    + ["mother", "father", "good", "ash", "palm", "fools", "patrick", "fourth", "times", "history", "bygone"]
)


_MOST = 1e15  # more of anything is told by nobody, and some hundred figures would be infinitely many


def number(word: str) -> float:
    """The number that a numeral or a number word names; raises `ValueError` for any other word."""
    low = re.sub(r"\s+", "-", word.lower().strip())
    if low in {"a", "an"}:
        return 1
    if low in NUMBER_WORDS:
        return NUMBER_WORDS[low]
    return min(float(low.replace(",", "")), _MOST)


def ordinal(word: str) -> int:
    """The place that "third" or "3rd" names."""
    low = word.lower()
    return ORDINALS[low] if low in ORDINALS else int(re.sub(r"\D", "", low))


def month_number(word: str) -> int:
    """1 to 12 of a month's name or abbreviation."""
    return MONTH_NUMBER[word.rstrip(".").lower()]


def weekday_number(word: str) -> int:
    """0 (Monday) to 6 of a weekday's name or abbreviation."""
    return WEEKDAY_NUMBER[word.rstrip(".").lower()]
