"""How many entries fall in each month, for the strip that a reader jumps along."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from psycopg import sql

from services.api.clocks import Clocks, both, parse_date
from services.api.cursor import Cursor
from services.api.deps import Connection
from services.api.filters import TimelineFilter
from services.api.pages.words import MONTHS, date_words
from services.api.timeline import find_entries

TALL = 36  # of the highest bar


@dataclass(frozen=True, slots=True)
class Bar:
    """One month, or what is dated to the year alone."""

    date: str  # 2019-08, or 2019
    count: int
    height: float
    here: bool  # on the page that is shown

    @property
    def at(self) -> str:
        """What a page is asked to begin with; what is dated to the year alone is sorted by its first day."""
        return self.date if len(self.date) > 4 else f"{self.date}-01-01"

    @property
    def letter(self) -> str:
        return MONTHS[int(self.date[5:7]) - 1][0] if len(self.date) > 4 else "–"

    @property
    def label(self) -> str:
        return date_words(self.date) if len(self.date) > 4 else f"{self.date}, month not told"


@dataclass(frozen=True, slots=True)
class Year:
    """A year that something is told of, with as many silent years right before it."""

    year: str
    bars: tuple[Bar, ...]
    silent: int


async def count_months(conn: Connection, chosen: TimelineFilter, clocks: Clocks) -> Mapping[str, int]:
    """Entries that pass the filters by month (2019-08), or by year (2019) where no month is told."""
    if clocks.reported_by:
        return await _count_reported(conn, chosen, clocks)
    conditions = [
        clocks.rows("e"),
        sql.SQL("e.change IN ('added', 'changed')"),
        *chosen.where(clocks.rows),
    ]
    if clocks.as_of:
        conditions.append(sql.SQL("e.date_to <= {}").format(clocks.as_of))
    query = sql.SQL("SELECT left(e.date, 7) AS month, count(*) FROM read.entries e WHERE {} GROUP BY 1")
    return {row["month"]: row["count"] async for row in await conn.execute(query.format(both(conditions)))}


async def _count_reported(conn: Connection, chosen: TimelineFilter, clocks: Clocks) -> Mapping[str, int]:
    found: Counter[str] = Counter()
    after = None
    while True:
        entries, after = await find_entries(conn, chosen, clocks, limit=500, after=after)
        found.update(entry["date"][:7] for entry in entries)
        if after is None:
            return found


def strip(months: Mapping[str, int], shown: Collection[str], order: Literal["asc", "desc"]) -> list[Year]:
    """The years in the timeline's order, each with a bar for every month that has entries."""
    most = max(months.values(), default=1)
    years: dict[str, list[Bar]] = {}
    for month in sorted(months, reverse=order == "desc"):
        height = max(2.0, round(TALL * months[month] / most, 1))
        years.setdefault(month[:4], []).append(Bar(month, months[month], height, month in shown))
    found: list[Year] = []
    for year, bars in years.items():
        silent = abs(int(found[-1].year) - int(year)) - 1 if found else 0
        found.append(Year(year, tuple(bars), silent))
    return found


def jump(clocks: Clocks, at: str, order: Literal["asc", "desc"]) -> Cursor:
    """Where a page begins that shows a month or year first. Raises InvalidInput."""
    if order == "desc":
        day = parse_date(at, "at", last=True)
        beyond = day + dt.timedelta(days=1) if day < dt.date.max else day
        return Cursor(clocks.position, (beyond.isoformat(), str(UUID(int=0))))
    day = parse_date(at, "at", last=False)
    beyond = day - dt.timedelta(days=1) if day > dt.date.min else day
    return Cursor(clocks.position, (beyond.isoformat(), str(UUID(int=2**128 - 1))))
