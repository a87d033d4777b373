"""Finds the time expressions of a text, left to right, the longest form that fits at each place."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from itertools import pairwise

from services.core.domain.reading import Timex
from workers.extraction.dates import (
    anniversary_rules,
    calendar_rules,
    clock_rules,
    duration_rules,
    holiday_rules,
    period_rules,
    reference_rules,
    relative_rules,
    set_rules,
)
from workers.extraction.dates.anchoring import Anchoring
from workers.extraction.dates.rules import DIGIT, QUOTE, RULES
from workers.extraction.dates.words import HEADS, WEEKDAY

# imported for the rules that they declare
FAMILIES = (
    anniversary_rules,
    holiday_rules,
    calendar_rules,
    period_rules,
    relative_rules,
    reference_rules,
    duration_rules,
    set_rules,
    clock_rules,
)
_HEADS = HEADS | {DIGIT, QUOTE}
_NEAR = 9  # words within which an expression shows its head
_WEEKDAY = re.compile(rf"{WEEKDAY}$")
_FIGURES = re.compile(r"\d")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_BESIDE = re.compile(r",? ?\(?(?:the )?")
_YEAR = re.compile(r"(?:19|20)\d\d")
_THE = re.compile(r"(?i)\b(?:the|an?|that)\s+$")
_NAMED = re.compile(r"\s+(?:[\w-]+\s+){0,5}?(?i:treaty|pact|accord|agreement|deal|INF)\b")
_WORD = re.compile(r"\b(?:(?P<word>[A-Za-z]+)|\d+)|['’‘](?=[2-9]0s)")


def find_dates(text: str, anchor: dt.date | None) -> list[Timex]:
    """The TIMEX3 expressions of an English text, in order, without overlaps.

    Relative and incomplete expressions count from `anchor`, the article's own day, or from the date that
    they lean on. Without an anchor their values keep unknown places, as TIMEX3 writes them ("XXXX-10-26",
    "XXXX-WXX-1", "XXXX" for "last year"); those have no calendar date.
    """
    at = Anchoring(text, anchor)
    found: list[Timex] = []
    done = 0
    starts: list[int] = []
    keys: list[str] = []
    for token in _WORD.finditer(text):
        starts.append(token.start())
        word = token["word"]
        keys.append(word.lower() if word else DIGIT if token[0].isdigit() else QUOTE)
    for index, (start, key) in enumerate(zip(starts, keys, strict=True)):
        if start < done:
            continue
        rules = RULES.get(key)
        if not rules or _HEADS.isdisjoint(keys[index : index + _NEAR]):
            continue
        at.position = start
        matches = [
            (m.end(), rule, m) for rule in rules if (m := rule.pattern.match(text, start)) and m.end() > start
        ]
        for _, rule, match in sorted(matches, key=lambda item: -item[0]):
            made = rule.build(match, at)
            if made is None:
                continue
            for timex in made if isinstance(made, list) else [made]:
                found.append(timex)
                done = timex.end
                if timex.type in {"DATE", "TIME"}:
                    at.note(timex.end, timex.value, name=_is_name(text, timex))
            break
    return _by_the_date_beside(text, clock_rules.join(text, found))


def _is_name(text: str, timex: Timex) -> bool:
    """Whether a year is part of a name ("the 1987 Washington treaty"): little counts on from there."""
    return (
        bool(_YEAR.fullmatch(text, timex.start, timex.end))
        and bool(_THE.search(text, max(0, timex.start - 6), timex.start))
        and bool(_NAMED.match(text, timex.end))
    )


def _by_the_date_beside(text: str, found: list[Timex]) -> list[Timex]:
    """The same expressions; in "next Friday, 5 July" and "last Monday (June 3)" the weekday is that very day."""
    told = list(found)
    for number, (this, beside) in enumerate(pairwise(found)):
        if (
            _BESIDE.fullmatch(text[this.end : beside.start])
            and _WEEKDAY.search(text[this.start : this.end])
            and _FIGURES.search(text[beside.start : beside.end])
            and this.type == beside.type == "DATE"
            and (day := _weekday(beside.value)) is not None
            and day == _weekday(this.value)
        ):
            told[number] = replace(this, value=beside.value)
    return told


def _weekday(value: str) -> int | None:
    """0 (Monday) to 6 of a calendar day, None for anything else."""
    try:
        return dt.date.fromisoformat(value).weekday() if _DAY.fullmatch(value) else None
    except ValueError:  # a day that no month has
        return None
