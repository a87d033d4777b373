"""Dates cut to their precision ("2019-08-02", "2019-08", "2019") and the days that they cover."""

from __future__ import annotations

import calendar
import datetime as dt
from functools import lru_cache


@lru_cache(maxsize=8192)  # news tells of few days
def first_day(date: str) -> dt.date:
    """The first day that an ISO 8601 date cut to its precision covers. Raises ValueError."""
    parts = [int(part) for part in date.split("-")]
    year, month, day = (*parts, 1, 1)[:3]
    return dt.date(year, month, day)


@lru_cache(maxsize=8192)
def last_day(date: str) -> dt.date:
    """The last day that an ISO 8601 date cut to its precision covers. Raises ValueError."""
    parts = [int(part) for part in date.split("-")]
    if len(parts) == 1:
        return dt.date(parts[0], 12, 31)
    if len(parts) == 2:
        return dt.date(parts[0], parts[1], calendar.monthrange(parts[0], parts[1])[1])
    return dt.date(parts[0], parts[1], parts[2])


def covering(date: str) -> list[str]:
    """The dates whose period covers this one's, coarsest first: its year, its month, itself."""
    parts = date.split("-")
    return ["-".join(parts[: n + 1]) for n in range(len(parts))]


def day_of(published_at: str) -> dt.date:
    """The local day of a posted ISO 8601 date or time: the day where it was published. Raises ValueError."""
    return dt.date.fromisoformat(published_at[:10])


def instant_of(published_at: str) -> dt.datetime:
    """The moment of a posted ISO 8601 date or time; a bare date counts from its midnight in UTC."""
    moment = dt.datetime.fromisoformat(published_at)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
