"""The three clocks: what had been said, what had been published, what this system had recorded."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends, Query
from psycopg import sql

from services.api.cursor import forged
from services.api.deps import Connection, ViewDep
from services.core.domain.calendar import first_day, last_day
from services.core.errors import FieldError, InvalidInput

_DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?", re.ASCII)

_NOW = "row.to_position IS NULL"
_THEN = "row.from_position <= %(position)s AND (row.to_position IS NULL OR row.to_position > %(position)s)"


@dataclass(frozen=True, slots=True)
class Clocks:
    """`position` is what the answer reflects; `past` says that it lies before the newest."""

    as_of: dt.date | None
    reported_by: dt.date | None
    position: int
    past: bool

    def at(self, position: int) -> Clocks:
        """The same clocks at an earlier position, for the pages after the first. Raises InvalidInput."""
        if position > self.position:
            raise forged()
        return self if position == self.position else replace(self, position=position, past=True)

    def rows(self, alias: str) -> sql.Composable:
        """The condition under which a versioned row was in force."""
        name = sql.Identifier(alias)
        if not self.past:
            return sql.SQL("{}.to_position IS NULL").format(name)
        return sql.SQL(
            "{0}.from_position <= {1} AND ({0}.to_position IS NULL OR {0}.to_position > {1})"
        ).format(name, sql.Literal(self.position))

    def rows_at(self, alias: str) -> str:
        """The same for a query that is given the `position`: alike for every one, so that it is planned once."""
        return (_THEN if self.past else _NOW).replace("row.", f"{alias}.")


def parse_date(value: str, field: str, *, last: bool) -> dt.date:
    """The first or last day of an ISO 8601 date, month or year. Raises InvalidInput naming the field."""
    if _DATE.fullmatch(value):
        try:
            return last_day(value) if last else first_day(value)
        except ValueError:
            pass
    raise InvalidInput([FieldError(field, "Wants a date: 2019-08-02, 2019-08 or 2019", "query")])


def parse_range(from_: str | None, to: str | None) -> tuple[dt.date | None, dt.date | None]:
    """The first and last day that are asked for, both included. Raises InvalidInput if they are the wrong way round."""
    first = parse_date(from_, "from", last=False) if from_ else None
    last = parse_date(to, "to", last=True) if to else None
    if first and last and first > last:
        raise InvalidInput([FieldError("to", "Lies before `from`", "query")])
    return first, last


async def get_clocks(
    view: ViewDep,
    as_of: Annotated[str | None, Query(description="What had been said by this day (2019-08-02)")] = None,
    reported_by: Annotated[str | None, Query(description="What had been published by this day")] = None,
    known_at: Annotated[
        str | None,
        Query(description="What was recorded here by this moment (RFC 3339) or global position"),
    ] = None,
) -> Clocks:
    newest = view.position
    position = min(newest, await _position_at(view.conn, known_at)) if known_at else newest
    return Clocks(
        as_of=parse_date(as_of, "as_of", last=True) if as_of else None,
        reported_by=parse_date(reported_by, "reported_by", last=True) if reported_by else None,
        position=position,
        past=position != newest,
    )


ClocksDep = Annotated[Clocks, Depends(get_clocks)]


async def _position_at(conn: Connection, known_at: str) -> int:
    """The last global position recorded by a moment; `known_at` may name the position itself."""
    if known_at.isascii() and known_at.isdigit() and len(known_at) <= 18:
        return int(known_at)
    moment = _moment(known_at)
    cursor = await conn.execute("SELECT max(global_position) AS last FROM events")
    row = await cursor.fetchone()
    low, high = 0, (row["last"] or 0) if row else 0
    # Recorded times never run backwards, so the log itself is the index.
    while low < high:
        middle = (low + high + 1) // 2
        cursor = await conn.execute(
            "SELECT recorded_at <= %s AS known FROM events WHERE global_position = %s", (moment, middle)
        )
        row = await cursor.fetchone()
        if row and row["known"]:
            low = middle
        else:
            high = middle - 1
    return low


def _moment(value: str) -> dt.datetime:
    try:
        if _DATE.fullmatch(value):
            return dt.datetime.combine(last_day(value), dt.time.max, dt.UTC)
        date, _, offset = value.rpartition(" ")
        # A plus sign in an address stands for a space: the offset of "12:00:00+02:00" comes without it.
        plus = "T" in date and ":" in offset
        moment = dt.datetime.fromisoformat(f"{date}+{offset}" if plus else value)
    except ValueError:
        raise InvalidInput(
            [
                FieldError(
                    "known_at", "Wants a time such as 2019-08-02T12:00:00Z, or a global position", "query"
                )
            ]
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def both(conditions: Iterable[sql.Composable]) -> sql.Composable:
    """All conditions joined by AND; true where there are none."""
    found = list(conditions)
    return sql.SQL(" AND ").join(sql.SQL("({})").format(c) for c in found) if found else sql.SQL("true")
