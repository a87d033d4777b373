"""Decades, centuries, quarters, halves and seasons."""

from __future__ import annotations

import re

from services.core.domain.reading import Timex
from workers.extraction.dates import words as w
from workers.extraction.dates.anchoring import Anchoring
from workers.extraction.dates.rules import DIGIT, QUOTE, rule, timex

_DECADES = {word[:-1] + "ies": n // 10 for word, n in w.NUMBER_WORDS.items() if n >= 20 and "-" not in word}


@rule(
    rf"(?P<edge>{w.EDGE}|(?:(?i:the)\s+)?(?i:early|mid|late)(?:\s+|-))?(?:(?i:the)\s+)?"
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
    rf"(?:(?i:the)\s+)?(?:(?i:early|mid|late)[\s-]+)?(?P<s>{w.SEASON})(?:,?\s+(?:(?i:of|in)\s+)?(?P<year>{w.YEAR})|\s+(?i:of)\s+(?P<rel>(?i:this|last|next))\s+(?i:year))?(?!\w|-[A-Za-z])",
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
