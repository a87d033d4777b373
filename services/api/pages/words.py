"""How the web page says things: dates as a person writes them, names for ids, addresses it may link to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December")  # fmt: skip

SIGNS = {"supports": "+", "opposes": "−", "conditional": "?"}
VOICES = {
    "own": "in its own words",
    "reported": "as reported",
    "adversary": "as told by an actor it is in dispute with",
}
CAUSES = {
    "news": "an article told it",
    "copy": "a copy told it, or was found to be one",
    "revision": "an article was revised",
    "withdrawal": "an article was withdrawn",
    "correction": "an analyst ruled",
    "re-reading": "an article was read again",
}

REVIEWS = {
    "confirmed": "Confirmed by an analyst",
    "amended": "Amended by an analyst",
    "split": "Split by an analyst",
    "as-read": "As it was read; an analyst took a ruling back",
}
VERDICTS = {
    "confirm": "confirmed",
    "reject": "rejected",
    "amend": "amended",
    "merge": "merged into another",
    "split": "some tellings set apart",
    "undo": "a ruling taken back",
}

BASES = {
    "given": "as posted",
    "dateline": "from its dateline",
    "text": "from its text",
    "unknown": "it does not say",
}

# Who speaks is told by names; these say nothing out of their sentence.
_PRONOUNS = frozenset(("he", "she", "it", "they", "we", "i", "you", "who", "which", "both"))

# PLOVER types by the four classes that its users know from event data: what was said or done, for or against.
_COOPERATION = {"AGREE": "word", "CONSULT": "word", "SUPPORT": "word", "CONCEDE": "word",
                "COOPERATE": "deed", "AID": "deed", "RETREAT": "deed"}  # fmt: skip
_CONFLICT = {"REQUEST": "word", "ACCUSE": "word", "REJECT": "word", "THREATEN": "word", "PROTEST": "deed",
             "SANCTION": "deed", "MOBILIZE": "deed", "COERCE": "deed", "ASSAULT": "deed"}  # fmt: skip


def tone(plover: str | None) -> str:
    """The class of a PLOVER type as CSS classes: `conflict deed`, `cooperation word` … or `neutral`."""
    if plover in _COOPERATION:
        return f"cooperation {_COOPERATION[plover]}"
    if plover in _CONFLICT:
        return f"conflict {_CONFLICT[plover]}"
    return "neutral"


def date_words(date: str) -> str:
    """A date cut to its precision as a person writes it: 2 August 2019, August 2019, 2019."""
    year, *rest = date.split("-")
    if not rest:
        return year
    month = MONTHS[int(rest[0]) - 1]
    return f"{int(rest[1])} {month} {year}" if len(rest) == 2 else f"{month} {year}"


def month_name(date: str) -> str:
    """The month of a date: August; blank where only the year is known."""
    return MONTHS[int(date[5:7]) - 1] if len(date) > 4 else ""


def month_short(date: str) -> str:
    """The month of a date of that precision or finer, for narrow columns: Aug."""
    return MONTHS[int(date[5:7]) - 1][:3]


def time_words(moment: str | dt.datetime | None) -> str:
    """A posted date or time: 2 August 2019, 18:05 (UTC+2). An offset is told as it was posted."""
    if moment is None:
        return "no date given"
    if isinstance(moment, str):
        if len(moment) <= 10:
            return date_words(moment)
        moment = dt.datetime.fromisoformat(moment)
    day = f"{date_words(moment.date().isoformat())}, {moment:%H:%M}"
    offset = moment.utcoffset()
    if offset is None:
        return day
    minutes = int(offset.total_seconds()) // 60
    if not minutes:
        return f"{day} (UTC)"
    hours, rest = divmod(abs(minutes), 60)
    return f"{day} (UTC{'+' if minutes > 0 else '−'}{hours}{f':{rest:02}' if rest else ''})"


def exact_time(moment: str | dt.datetime | None) -> str:
    """What a pointer that rests on a time is told: the same to the second in UTC, or how exact it is."""
    if moment is None:
        return ""
    if isinstance(moment, str):
        if len(moment) <= 10:
            return f"{moment}, no time of day given"
        moment = dt.datetime.fromisoformat(moment)
    if moment.tzinfo is None:
        return f"{moment:%Y-%m-%d %H:%M:%S}, no time zone given"
    return f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"


def machine_time(moment: str | dt.datetime) -> str:
    """For `<time datetime>`."""
    return moment if isinstance(moment, str) else moment.isoformat(timespec="seconds")


def clock_words(value: str) -> str:
    """A value of a clock or of a date's filter: a date, a moment or a log position; anything else as it is."""
    if value.isascii() and value.isdigit() and len(value) != 4:
        return f"log position {value}"
    try:
        return time_words(value)
    except (ValueError, IndexError):
        return value


def mid_sentence(title: str) -> str:
    """A title within a sentence: the INF Treaty."""
    return f"the {title[4:]}" if title.startswith("The ") else title


def number(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun: 1 outlet, 3 outlets, 12,000 stories."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def named(speaker: str | None) -> str | None:
    """A speaker that means something out of its sentence; a pronoun does not."""
    return None if speaker is None or speaker.lower() in _PRONOUNS else speaker


def web_address(url: str | None) -> str | None:
    """The address if a page may link to it; anything that is not the web (`javascript:` …) is None."""
    return url if url and url.startswith(("https://", "http://")) else None


def host(url: str) -> str:
    """Where an address leads, without the rest of it."""
    return (urlsplit(url).hostname or "").removeprefix("www.") or url


def source_name(told: Mapping[str, Any]) -> str:
    """An outlet's name, else the host that published the article."""
    host = urlsplit(told["url"]).hostname if web_address(told["url"]) else None
    return told["outlet"] or (host or "").removeprefix("www.") or "Outlet not named"


Months = list[tuple[str, list[dict[str, Any]]]]


def by_year_and_month(entries: Sequence[dict[str, Any]]) -> list[tuple[str, Months]]:
    """Entries in their order under years and months (2019-08; 2019 where only the year is known)."""

    return [
        (
            year,
            [(month, list(group)) for month, group in groupby(of_year, key=lambda entry: entry["date"][:7])],
        )
        for year, of_year in groupby(entries, key=lambda entry: entry["date"][:4])
    ]
