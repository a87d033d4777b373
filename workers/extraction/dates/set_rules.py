"""Times that come again (TIMEX3's SET): "every Monday", "annually", "twice a week", "on Sundays"."""

from __future__ import annotations

import re

from services.core.domain.reading import Timex
from workers.extraction.dates import words as w
from workers.extraction.dates.amounts import amount, vague
from workers.extraction.dates.anchoring import Anchoring
from workers.extraction.dates.rules import DIGIT, rule, timex

_SET_VALUE = {
    "day": "XXXX-XX-XX",
    "week": "XXXX-WXX",
    "weekend": "XXXX-WXX-WE",
    "month": "XXXX-XX",
    "quarter": "XXXX-QX",
    "year": "XXXX",
    "hour": "PT1H",
    "minute": "PT1M",
    "decade": "XXX",
    "second": "PT1S",
    "fortnight": "P2W",
    "century": "XX",
}
_SET_ADVERB = {
    "daily": "XXXX-XX-XX",
    "nightly": "XXXX-XX-XXTNI",
    "hourly": "PT1H",
    "weekly": "XXXX-WXX",
    "biweekly": "P2W",
    "fortnightly": "P2W",
    "monthly": "XXXX-XX",
    "bimonthly": "P2M",
    "quarterly": "XXXX-QX",
    "annually": "XXXX",
    "annual": "XXXX",
    "yearly": "XXXX",
    "semiannual": "P6M",
    "semi-annual": "P6M",
    "biannual": "P6M",
    "biennial": "P2Y",
    "biannually": "P6M",
}


@rule(
    rf"(?i:every|each)\s+(?:(?i:single|other|and\s+every)\s+)?(?:(?P<wd>{w.WEEKDAY})(?:\s+(?P<wp>{w.DAY_PART}))?|(?P<mon>{w.MONTH})|(?P<s>{w.SEASON})|(?P<part>{w.DAY_PART})|(?P<n>{w.COUNT})\s+(?P<us>{w.UNIT_MANY})|(?P<few>(?i:few|several))\s+(?P<uf>{w.UNIT_MANY})|(?P<u>{w.UNIT}))(?![\w-])",
    ["every", "each"],
)
def every(found: re.Match[str], at: Anchoring) -> Timex:
    """ "every Monday", "each year", "every other week", "every four years"."""
    del at
    other = re.match(r"\w+\s+other\b", found[0], re.IGNORECASE)
    if found["wd"]:
        part = f"T{w.DAY_PARTS[found['wp'].lower()]}" if found["wp"] else ""
        return timex(found, f"XXXX-WXX-{w.weekday_number(found['wd']) + 1}{part}", "SET")
    if found["mon"]:
        return timex(found, f"XXXX-{w.month_number(found['mon']):02d}", "SET")
    if found["s"]:
        return timex(found, f"XXXX-{w.SEASONS[found['s'].lower()]}", "SET")
    if found["part"]:
        return timex(found, f"XXXX-XX-XXT{w.DAY_PARTS[found['part'].lower()]}", "SET")
    if found["n"]:
        return timex(found, amount(w.number(found["n"]), found["us"]), "SET")
    if found["few"]:
        return timex(found, vague(found["uf"]), "SET")
    if other:
        return timex(found, amount(2, found["u"]), "SET")
    return timex(found, _SET_VALUE[found["u"].lower()], "SET")


@rule(
    rf"(?P<a>(?i:{'|'.join(sorted(_SET_ADVERB, key=len, reverse=True))}))(?![\w-])",
    [a.split("-")[0] for a in _SET_ADVERB],
)
def set_adverb(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "annually", "monthly", "daily"; not the name of a paper ("the Kommersant Daily")."""
    if found["a"][0].isupper() and re.search(r"\w\s$", at.text[max(0, found.start() - 2) : found.start()]):
        return None
    if found["a"].lower() == "daily" and re.match(
        r"\s+(?:[A-Z]|informed|reported|said|newspaper|wrote)", at.text[found.end() : found.end() + 12]
    ):
        return None
    return timex(found, _SET_ADVERB[found["a"].lower()], "SET")


@rule(
    r"(?:(?P<times>(?i:once|twice|three\s+times|four\s+times|several\s+times|\d+\s+times))\s+)?(?:(?i:a|per|each|every|an))\s+(?P<u>(?i:hour|day|week|month|quarter|year|decade|annum))(?![\w-])",
    ["once", "twice", "three", "four", "several", "per", DIGIT],
)
def rate(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "twice a week", "per day", "three times a year"."""
    del at
    if not found["times"] and not found[0].lower().startswith("per"):
        return None
    unit = "year" if found["u"].lower() == "annum" else found["u"]
    return timex(found, amount(1, unit), "SET")


@rule(
    rf"(?P<d>{w.WEEKDAY})\s+(?P<p>(?i:morning|afternoon|evening|night))s(?![\w'’-])",
    [d.lower() for d in w.WEEKDAYS],
)
def weekly_part(found: re.Match[str], at: Anchoring) -> Timex:
    """ "on Sunday evenings"."""
    del at
    return timex(
        found, f"XXXX-WXX-{w.weekday_number(found['d']) + 1}T{w.DAY_PARTS[found['p'].lower()]}", "SET"
    )


@rule(
    r"(?P<wd>(?i:mondays|tuesdays|wednesdays|thursdays|fridays|saturdays|sundays|weekdays|weekends|weeknights))(?![\w'’-])",
    [*(d.lower() + "s" for d in w.WEEKDAYS), "weekdays", "weekends", "weeknights"],
)
def weekly(found: re.Match[str], at: Anchoring) -> Timex | None:
    """ "on Mondays", "weekends"."""
    del at
    low = found["wd"].lower()
    if low in {"weekdays", "weeknights"}:
        return timex(found, "XXXX-WXX", "SET")
    if low == "weekends":
        return timex(found, "XXXX-WXX-WE", "SET")
    if not found["wd"][0].isupper():
        return None
    return timex(found, f"XXXX-WXX-{w.weekday_number(low[:-1]) + 1}", "SET")
