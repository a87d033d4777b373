"""Amounts of time and what they make: "three months", "two years ago", "a week later", "every Monday"."""

from __future__ import annotations

import re

from services.core.domain.reading import Timex
from workers.extraction.dates import words as w
from workers.extraction.dates.amounts import amount, letters, vague
from workers.extraction.dates.anchoring import Anchoring
from workers.extraction.dates.rules import DIGIT, rule, timex
from workers.extraction.dates.values import shift

_COUNT_WORDS = [*list(w.NUMBER_WORDS)[1:], DIGIT, "a", "an", "half"]
_COUNT_WORDS += [word.split("-")[0] for word in w.NUMBER_WORDS if "-" in word]
_VAGUE_WORDS = [
    "several",
    "some",
    "few",
    "many",
    "numerous",
    "countless",
    "multiple",
    "various",
    "dozens",
    "hundreds",
    "thousands",
    "a",
]
_SPAN_WORDS = [
    "the",
    "these",
    "those",
    "past",
    "last",
    "next",
    "coming",
    "following",
    "first",
    "final",
    "previous",
    "preceding",
    "remaining",
    "another",
    "all",
    "recent",
    "early",
]


_BETWEEN = r"(?:(?i:more|additional|single|further|full|whole|long|short|consecutive|straight|calendar|working|business|successive|entire|solid|extra|odd|intense|tense|crucial|difficult|turbulent)\s+)?"
_SPAN = r"(?:(?i:the|these|those|his|her|its|their|our|my|all|nearly|a)\s+)?(?:(?i:past|last|next|coming|following|first|final|previous|preceding|remaining|intervening|latest|ensuing|opening|closing|initial)\s+)?"
_MERE = r"(?:(?i:a\s+mere|a\s+full|a\s+further|an\s+additional|another)\s+)?"
_RATE_UNIT = re.compile(
    r"\b(?!(?:was|is|has|this|takes|lasts|years|besides|across|plus|minus|less|as|his|its|comes|within|for|in)\b)(?:[a-z]{2,}s|million|billion|trillion|thousand|hundred|dozen|percent|yuan|yen|crude|people|oil|gas)\s+$"
)
_AGE_RIGHT = re.compile(
    r"\s*-?\s*(?:old\b|of\s+age|and\s+(?:older|younger|up|under|over)\b|(?:or|to)\s+\d+\s*(?:-?\s*years?)?\s*-?old)|-olds?\b|\s+(?:younger|older|his|her|their)\s+(?:senior|junior|than)\b|\s+(?:his|her)\s+(?:senior|junior)\b",
    re.IGNORECASE,
)
_FOLLOW = re.compile(
    r"\s+(?P<w>ago|earlier|later|before|after|from\s+now|hence|from\s+today|previously|prior|afterward|afterwards|on|since|back|into)\b(?P<than>\s+than\b)?",
    re.IGNORECASE,
)


def _is_rate(left: str) -> bool:
    """Whether "a year" after these words is a rate: "$3 million a year", "20 cars a day", "twice a week"."""
    if re.search(r"\b(?:once|twice|thrice|times)\s+$", left, re.IGNORECASE):
        return True
    if not re.search(r"(?:[$€£]\s?)?\d[\d,.]*\s+$|%\s+$", left) and not _RATE_UNIT.search(left):
        return False
    return (
        re.search(
            r"\d|\b(?:million|billion|hundred|thousand|dozens?|one|two|three|four|five|six|seven|eight|nine|ten|several|many)\b",
            left,
        )
        is not None
    )


_THAT = re.compile(r"\s+that(?=\s*(?:$|[.,;:!?)—–]|[A-Z]|(?:the|he|she|it|they|there|a|an|its|his|her)\b))")


def _point(at: Anchoring, start: int, count: float, unit: str, word: str) -> str | None:
    """The DATE that an amount and "ago", "later", "from now" make."""
    letter, factor = letters(unit)
    amount = count * factor
    if word in {"ago", "back", "from now", "hence", "from today"}:
        base = at.anchor
    else:
        precision = {"Y": 4, "M": 7, "Q": 7}.get(letter, 10)
        here = at.last(precision, since=at.sentence_start(start))
        base = (
            at.base(precision)
            if here or letter != "Y" or word in {"later", "after", "afterward", "afterwards", "on"}
            else at.anchor
        )
    sign = -1 if word in {"ago", "back", "earlier", "before", "previously", "prior"} else 1
    if base is None:
        unknown = {
            "Y": "XXXX",
            "M": "XXXX-XX",
            "Q": "XXXX-QX",
            "W": "XXXX-WXX",
            "WE": "XXXX-WXX-WE",
            "D": "XXXX-XX-XX",
        }
        return unknown.get(letter, "XXXX-XX-XXTXX:XX")
    if letter in {"Y", "M"} and amount != int(amount):
        months = round(amount * (12 if letter == "Y" else 1))
        return shift(base, sign * months, "M")
    return shift(base, sign * amount, letter)


def _read(at: Anchoring, count: float | None, unit: str, start: int, end: int) -> Timex | None:
    """What the words after an amount make of it: a point in time, an age, a rate or a plain duration."""
    text = at.text
    left = text[max(0, start - 16) : start]
    right = text[end : end + 40]
    if _AGE_RIGHT.match(right) or (re.match(r"\s*(?:or|and)\s+(?:older|younger|over|under)", right)):
        return None
    if re.search(r"\b(?:aged?|ages|age\s+of)\s+$", left, re.IGNORECASE):
        return None
    word = _FOLLOW.match(right)
    if word and not word["than"]:
        name = re.sub(r"\s+", " ", word["w"].lower())
        tail = right[word.end() :]
        stop = re.match(
            r"\s*(?:$|[.,;:!?)”\"—–]|(?:and|but|when|in|at|with|that|it|he|she|they|the\s+\w+\s+(?:was|were|had|said))\b)",
            tail,
        )
        if (
            name in {"ago", "earlier", "from now", "hence", "from today", "previously"}
            or (name == "later" and not tail.startswith(" this"))
            or (name in {"before", "after"} and _THAT.match(tail))
            or (
                name in {"before", "after", "afterward", "afterwards", "prior", "on", "back"}
                and stop
                and not (
                    name in {"before", "after"}
                    and re.match(r"\s+(?:the|he|she|it|they|that|in|at|when|with)\b", tail)
                )
                and not (name == "on" and not re.match(r"\s*(?:$|[.,])", tail))
            )
        ):
            if name == "on" and count is None:
                return None
            if count is not None and letters(unit)[0] in {"TS", "TM", "TH"}:
                return Timex(start, end + word.end("w"), amount(count, unit), "DURATION")
            value = (
                ("PAST_REF" if name in {"ago", "earlier", "before", "back", "previously"} else "FUTURE_REF")
                if count is None
                else _point(at, start, count, unit, name)
            )
            if count is None and name not in {"ago", "from now", "hence", "back"}:
                return Timex(start, end, vague(unit), "DURATION")
            return Timex(start, end + word.end("w"), value, "DATE") if value else None
    if (
        count == 1
        and re.match(r"(?i)an?\s", text[start:end])
        and not (word and word["w"].lower() in {"before", "after"})
        and _is_rate(text[max(0, start - 40) : start])
    ):
        return Timex(start, end, amount(1, unit), "SET")
    return Timex(start, end, vague(unit) if count is None else amount(count, unit), "DURATION")


_NOT_AFTER = r"(?![\w]|-(?!long|old|plus)\w)"


@rule(
    rf"(?<![\w$€£-]){_MERE}{_SPAN}(?P<n>{w.COUNT}|(?i:an?|one))(?:\s*(?:-|–|(?i:to|or))\s*(?P<n2>{w.COUNT}))?(?:-plus)?[\s-]+(?:(?i:or\s+so|or\s+more)\s+)?{_BETWEEN}"
    rf"(?P<u>{w.UNIT_MANY}|{w.UNIT})(?P<long>-long)?(?P<half>\s+(?i:and\s+a\s+half|and\s+one-half))?['’]?(?![\w]|-\w)",
    [
        *_COUNT_WORDS,
        *_SPAN_WORDS,
        "one",
        "his",
        "her",
        "its",
        "their",
        "our",
        "my",
        "nearly",
        "latest",
        "ensuing",
        "opening",
        "initial",
        "closing",
        "intervening",
    ],
)
def counted(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "three months", "the past two years", "24-hour", "a decade ago", "60 days later"."""
    unit = found["u"]
    low = unit.lower()
    name = found["n2"] or found["n"]
    try:
        count = w.number(name)
    except (KeyError, ValueError):
        return None
    many = low == "centuries" or low.endswith("s")
    lead = found[0][: found.start("n") - found.start()]
    start = found.start()
    if low == "second" and (
        name.lower() in {"a", "an", "one"} or re.search(r"\s", at.text[found.end("n") : found.start("u")])
    ):
        return None  # "a second attempt"
    if low in {"quarter", "quarters", "weekend"} and not many and name.lower() in {"a", "an", "one"}:
        return None if low == "quarter" else timex(found, "P1WE", "DURATION")
    if not many and count != 1 and not re.search(r"[-–]", at.text[found.end("n") : found.start("u")]):
        return None  # "five month" is a slip, "20 second-hand" something else
    if (
        name.lower() == "one"
        and not many
        and low == "day"
        and not lead
        and re.match(
            r"\s*[,]|\s+(?:will|be|he|she|they|we|it|could|might|may|become|soon)\b",
            at.text[found.end() : found.end() + 10],
        )
    ):
        return None  # "one day, ..."
    if name.lower() in {"a", "an"} and lead.strip().lower() in {"nearly", "the", "all"}:
        return None
    if name.lower() == "one" and re.match(r"\s+of\b", at.text[found.end() : found.end() + 4]):
        return None
    if re.match(r"(?i)(?:his|her|its|their|our|my|nearly|all)\s", lead):
        start += len(lead) - len(lead.lstrip()) + re.match(r"\w+\s+", lead).end()  # type: ignore[union-attr]
    if found["half"]:
        count += 0.5
    if "-" in at.text[found.end("n") : found.start("u")] and re.fullmatch(
        r"(?i)(?:the|these|those|a|an)\s+", lead
    ):
        start = found.start("n")  # "a two-day summit": the article is the noun's
    return _read(
        at,
        count,
        unit,
        start,
        found.end("half") if found["half"] else found.end("long") if found["long"] else found.end("u"),
    )


@rule(
    rf"(?:(?i:about\s+)?(?P<h>(?i:half)(?:\s+(?i:an?|of\s+an?)\s+|[\s-]))|(?:(?i:a|one)\s+)?(?P<q>(?i:quarter|quarter\s+of\s+a|quarters\s+of\s+an?)[\s-]+)|(?P<m>{w.COUNT})\s+(?i:and\s+(?:a|one)[\s-]half)\s+|(?P<x>(?i:an?|one))\s+(?P<y>(?i:half))-?\s*)"
    rf"(?P<u>{w.UNIT}|{w.UNIT_MANY})(?![\w]|-\w)",
    [*_COUNT_WORDS, "half", "quarter", "about", "one"],
)
def halves(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "half an hour", "two and a half years", "a quarter of a century", "half-century"."""
    if found["q"] and not found["u"].lower().startswith(("cent", "hour")):
        return None
    start = found.start("h") if found["h"] else found.start()
    count = 0.5 if found["h"] or found["y"] else 0.25 if found["q"] else w.number(found["m"]) + 0.5
    return _read(at, count, found["u"], start, found.end("u"))


@rule(
    rf"(?:(?i:the|these|those)\s+)?(?:(?i:past|last|next|coming|following|first|final|previous|preceding|early|recent|latest)\s+)?"
    rf"(?:(?P<pair>(?i:a\s+couple(?:\s+of)?|couple(?:\s+of)?|a\s+pair\s+of))|(?P<dozen>(?i:a\s+(?:half[\s-])?dozen|half\s+a\s+dozen|two\s+dozen))|(?P<v>{w.VAGUE_COUNT}))\s+{_BETWEEN}(?P<u>{w.UNIT_MANY})(?![\w-])",
    [*_VAGUE_WORDS, *_SPAN_WORDS, "couple", "dozen", "half", "two"],
)
def vaguely_counted(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "several weeks", "the past few years", "a couple of days"."""
    count: float | None = None
    if found["pair"]:
        count = 2
    elif found["dozen"]:
        count = 6 if "half" in found["dozen"].lower() else 24 if "two" in found["dozen"].lower() else 12
    return _read(at, count, found["u"], found.start(), found.end("u"))


@rule(
    rf"(?P<span>(?:(?i:the|these|those)\s+)?(?i:past|last|next|coming|following|previous|preceding|intervening|ensuing|early|final|first|closing)\s+)(?P<u>{w.UNIT_MANY})(?![\w-])"
    rf"|(?P<many>{w.UNIT_MANY})(?![\w-])",
    [
        *_SPAN_WORDS,
        "past",
        "intervening",
        "ensuing",
        "closing",
        *(u + "s" for u in w.UNITS if u != "century"),
        "centuries",
    ],
)
def bare_plural(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "for years", "the coming weeks", "months of talks", "years ago", "hours after"."""
    unit = found["u"] or found["many"]
    left = at.text[max(0, found.start() - 16) : found.start()]
    right = at.text[found.end() : found.end() + 16]
    if found["span"]:
        return timex(found, vague(unit), "DURATION")
    if unit.lower() in {"quarters", "seconds", "nights", "weekends"} and not re.match(
        r"\s+(?:later|ago|after|before|earlier)\b", right
    ):
        return None
    if re.match(
        r"\s+(?:ago|later|earlier|before|after|ahead|leading|of|in|from\s+now|on\s+end|-long)\b|\s+since\b",
        right,
    ) or re.search(
        r"\b(?:for|in|over|within|after|through|took|take|takes|taken|last|lasted|lasting|many|spent|spend|spending|during|despite|than|of|by|be|wait(?:ed|ing)?|until|following)\s+$",
        left,
        re.IGNORECASE,
    ):
        if (
            re.search(r"\b(?:of|by|than)\s+$", left)
            and not re.match(r"\s+of\b", right)
            and not re.search(r"(?:matter|couple|hundreds|period|number)\s+of\s+$", left)
        ):
            return None
        if unit.lower() == "minutes" and re.match(r"\s+of\s+(?:the|a)\b", right):
            return None
        if re.match(r"\s+of\s+(?:age|service|birth|the\s+week)", right):
            return None
        if (
            re.match(r"(?i)days?$", unit)
            and re.match(r"\s+of\b", right)
            and not re.search(r"\b(?:after|for|in|following|with|through)\s+$", left)
        ):
            return None
        return _read(at, None, unit, found.start(), found.end())
    return None


@rule(r"(?i:all)\s+(?P<u>(?i:day|week|month|year|winter|summer|century))(?:\s+long)?(?![\w-])", ["all"])
def all_unit(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "all week"."""
    del at
    unit = found["u"].lower()
    return timex(found, "P3M" if unit in w.SEASONS else amount(1, unit), "DURATION")


@rule(
    r"(?P<one>(?i:day|week|month|year|decade|century|hour))-?(?i:long)(?![\w-])|(?P<many>(?i:hours|days|weeks|months|years|decades|centuries))-(?i:long|old)(?![\w-])",
    [
        f"{u}{long}"
        for u in ("day", "week", "month", "year", "decade", "century", "hour")
        for long in ("", "long")
    ]
    + ["hours", "days", "weeks", "months", "years", "decades", "centuries"],
)
def long(found: re.Match[str], at: Anchoring) -> Timex:
    """ "a yearlong study", "the decades-old dispute"."""
    del at
    return timex(found, amount(1, found["one"]) if found["one"] else vague(found["many"]), "DURATION")
