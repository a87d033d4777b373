"""Times of day, and their union with a day beside them: "15:00 GMT Saturday", "Friday at 8:30 p.m."."""

from __future__ import annotations

import re

from services.core.domain.reading import Timex
from workers.extraction.dates import words as w
from workers.extraction.dates.anchoring import Anchoring
from workers.extraction.dates.rules import DIGIT, rule, timex

_ZONE = (
    r"(?:\s*\(?(?:GMT|UTC|BST|CET|CEST|EET|EEST|MSK|EST|EDT|CST|CDT|MST|MDT|PST|PDT|ET|PT|CT|MT|JST|KST|IST|Z)\b(?:\s?[+-]\s?\d{1,2}(?::?\d\d)?)?\)?"
    r"|\s+(?i:local\s+time|eastern(?:\s+(?:standard|daylight))?(?:\s+time)?|pacific(?:\s+time)?|central(?:\s+time)|moscow\s+time|kyiv\s+time|kiev\s+time|brussels\s+time|beijing\s+time))?"
)


_INSIDE_NUMBER = re.compile(r"[:./]$|(?<![ap]m)(?<!\.m\.)(?<!\d\d)-$")
_BEFORE_CLOCK = re.compile(
    r"(?i)\b(?:at|by|from|until|till|around|about|to|since|before|after|between|and)\s+$|[,(–—|-]\s*$|^\s*$|\n\s*$|\d\s+$"
)


@rule(
    rf"(?P<h>[01]?\d|2[0-3])(?:[:.](?P<m>[0-5]\d))?(?::(?P<s>[0-5]\d))?\s?(?P<ap>(?i:a\.?m\.?|p\.?m\.?))(?![A-Za-z]){_ZONE}"
    rf"|(?P<h2>[01]?\d|2[0-4]):(?P<m2>[0-5]\d)(?::(?P<s2>[0-5]\d))?(?!\d|[:.]\d){_ZONE}"
    r"|(?P<h3>[01]\d|2[0-3])(?P<m3>[0-5]\d)(?:\s?(?:GMT|UTC|hrs)\b|\s+(?i:hours|local\s+time)\b)"
    rf"|(?P<h4>\d\d?|{w.COUNT_WORD})\s+(?i:o['’]clock)(?:\s+(?i:in\s+the\s+|at\s+)?(?P<dp>(?i:morning|afternoon|evening|night)))?"
    r"|(?P<h5>\d\d?)\s?(?:GMT|UTC)\b",
    [DIGIT, *list(w.NUMBER_WORDS)[1:13]],
)
def clock(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "10 a.m.", "15:00 GMT", "1930 GMT", "five o'clock"; of the day that the sentence names, else the article's."""
    if _INSIDE_NUMBER.search(at.text[max(0, found.start() - 4) : found.start()]):
        return None
    if (
        found["h2"]
        and found[0][-3:-2] == ":"
        and not _BEFORE_CLOCK.search(at.text[max(0, found.start() - 12) : found.start()])
    ):
        return None  # a score or a ratio
    hour_word = found["h"] or found["h2"] or found["h3"] or found["h4"] or found["h5"]
    hour = int(w.number(hour_word))
    minute = found["m"] or found["m2"] or found["m3"]
    half = (
        found["ap"] or {"afternoon": "p", "evening": "p", "night": "p"}.get((found["dp"] or "").lower()) or ""
    ).lower()
    if half:
        if hour > 12 or (hour == 0 and found["ap"]):
            return None
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    if hour > 24:
        return None
    day = at.last(10, since=at.sentence_start(found.start())) or at.deictic("D", 0)
    time = f"{hour:02d}:{minute or '00'}"
    if second := found["s"] or found["s2"]:
        time += f":{second}"
    end = found.end()
    while at.text[end - 1].isspace():
        end -= 1
    return Timex(found.start(), end, f"{day}T{time}", "TIME")


@rule(r"(?P<n>(?i:noon|midnight|midday|noontime))(?![\w-])", ["noon", "midnight", "midday", "noontime"])
def noon(found: re.Match[str], at: Anchoring) -> Timex:
    """ "noon" is T12:00, "midnight" the T24:00 of its day."""
    day = at.last(10, since=at.sentence_start(found.start())) or at.deictic("D", 0)
    return timex(found, f"{day}T{'24:00' if found['n'].lower() == 'midnight' else '12:00'}", "TIME")


@rule(
    rf"(?:(?i:the|early|late)\s+)*(?i:(?:early\s+)?hours|morning|afternoon|evening|night)\s+(?i:of)\s+(?=(?:(?i:the)\s+)?(?:{w.WEEKDAY}|{w.MONTH_ANY}|\d))",
    ["the", "early", "late", "morning", "afternoon", "evening", "night", "hours"],
)
def part_of(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "the night of" before a date: `join` makes one of the two."""
    del at
    words = found[0].lower().split()
    code = next((w.DAY_PARTS[word] for word in words if word in w.DAY_PARTS), "MO")
    return Timex(found.start(), found.end(), f"XXXX-XX-XXT{code}", "TIME")


_GLUE = re.compile(r"(?:,?\s+(?:(?:on|at|in|around|about|the)\s+)*|,\s*|\s+-\s+)$", re.IGNORECASE)
_DAY_VALUE = re.compile(r"(\d{4}|XXXX)-(\d\d-\d\d|WXX-\d)$")


_CLOCK_VALUE = re.compile(r".*T(\d\d)(:.*)$")
_PART_VALUE = re.compile(r"(.*)T(MO|AF|EV|NI)$")


def join(text: str, found: list[Timex]) -> list[Timex]:
    """Make one of a time and the day beside it: it is that day's time."""
    joined: list[Timex] = []
    for this in found:
        last = joined[-1] if joined else None
        if last is not None and this.start - last.end <= 14:
            between = text[last.end : this.start]
            glued = _GLUE.fullmatch(between) is not None or between == ""
            clock_time, part = _CLOCK_VALUE.match(last.value), _PART_VALUE.match(this.value)
            if glued and last.type == this.type == "TIME" and clock_time and part:
                hour = int(clock_time[1]) + (12 if part[2] != "MO" and int(clock_time[1]) < 12 else 0)
                joined[-1] = Timex(last.start, this.end, f"{part[1]}T{hour:02d}{clock_time[2]}", "TIME")
                continue
            if (
                glued
                and "T" in last.value
                and last.type == "TIME"
                and this.type == "DATE"
                and _DAY_VALUE.match(this.value)
            ):
                joined[-1] = Timex(
                    last.start, this.end, this.value + "T" + last.value.split("T", 1)[1], "TIME"
                )
                continue
            if (
                glued
                and this.type == "TIME"
                and "T" in this.value
                and last.type == "DATE"
                and _DAY_VALUE.match(last.value)
            ):
                joined[-1] = Timex(
                    last.start, this.end, last.value + "T" + this.value.split("T", 1)[1], "TIME"
                )
                continue
        joined.append(this)
    return joined
