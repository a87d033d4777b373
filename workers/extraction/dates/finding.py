"""Finds the time expressions of a text, left to right, the longest form that fits at each place."""

from __future__ import annotations

import datetime as dt
import re

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
from workers.extraction.dates.words import HEADS

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
                    at.note(timex.end, timex.value)
            break
    return clock_rules.join(text, found)
