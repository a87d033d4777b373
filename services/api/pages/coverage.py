"""`/coverage`: which outlets were read on which days, so that silence is not taken for absence."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Query, Request, Response
from psycopg import sql

from services.api.articles import COLUMNS, FROM
from services.api.clocks import both, parse_range
from services.api.deps import Connection, ConnectionDep, DossierDep, PositionDep
from services.api.pages.base import METHODS, page_router, recorded_at, view_of
from services.api.pages.frame import page_etag, render
from services.api.pages.words import date_words
from services.api.quotes import bodies_of

MONTHS_ON_PAGE = 12
ARTICLES_SHOWN = 200

router = page_router()


@dataclass(frozen=True, slots=True)
class Day:
    """What one outlet published on one day, as far as it was read here."""

    date: str
    articles: int
    extracted: int
    failed: int

    @property
    def level(self) -> int:
        """How dark the cell is, 1 to 4."""
        return next((level for level, most in ((1, 1), (2, 3), (3, 9)) if self.articles <= most), 4)


@dataclass(frozen=True, slots=True)
class Month:
    """Outlets by the days of a month; `silent` describes the months without any article right after it."""

    date: str
    days: int
    outlets: tuple[tuple[str | None, tuple[Day | None, ...], int], ...]
    silent: str | None


@router.api_route("/coverage", methods=METHODS)
async def show_coverage(
    request: Request,
    conn: ConnectionDep,
    position: PositionDep,
    dossier: DossierDep,
    outlet: Annotated[str | None, Query(max_length=300)] = None,
    from_: Annotated[str | None, Query(alias="from")] = None,
    to: Annotated[str | None, Query()] = None,
) -> Response:
    """Outlets by day, newest month first; a question narrow enough is answered with the articles too."""
    etag = page_etag(request, position)
    first, last = parse_range(from_, to)
    where = _where(outlet, first, last)
    rows = await _rows(conn, where)
    months = by_month(rows)
    narrow = (
        bool(rows)
        and (sum(row["articles"] for row in rows) <= ARTICLES_SHOWN)
        and bool(outlet or from_ or to)
    )
    return render(
        "coverage.html",
        view_of(request, dossier),
        etag=etag,
        position=position,
        recorded_at=await recorded_at(conn, position),
        months=months[:MONTHS_ON_PAGE],
        earlier=months[MONTHS_ON_PAGE].date if len(months) > MONTHS_ON_PAGE else None,
        outlets=await _outlets(conn),
        articles=await _articles(conn, where) if narrow else [],
    )


def _where(outlet: str | None, first: dt.date | None, last: dt.date | None) -> list[sql.Composable]:
    where: list[sql.Composable] = [sql.SQL("a.state <> 'withdrawn'")]
    if outlet is not None:
        where.append(sql.SQL("a.outlet = {}").format(sql.Literal(outlet)))
    if first:
        where.append(sql.SQL("a.published_on >= {}").format(sql.Literal(first)))
    if last:
        where.append(sql.SQL("a.published_on <= {}").format(sql.Literal(last)))
    return where


async def _rows(conn: Connection, where: Iterable[sql.Composable]) -> list[dict[str, Any]]:
    """As `GET /v1/coverage` counts them, of the months that the page can show and one more."""
    query = sql.SQL(
        "SELECT a.outlet, a.published_on, count(*) AS articles, count(*) FILTER (WHERE a.state = 'extracted') AS extracted,"
        " count(*) FILTER (WHERE a.state = 'failed') AS failed FROM read.articles a WHERE {where}"
        " AND date_trunc('month', a.published_on) IN (SELECT DISTINCT date_trunc('month', a.published_on) AS month"
        "   FROM read.articles a WHERE {where} ORDER BY month DESC LIMIT {most})"
        " GROUP BY 1, 2 ORDER BY 2 DESC, 1"
    ).format(where=both(where), most=sql.Literal(MONTHS_ON_PAGE + 1))
    return await (await conn.execute(query)).fetchall()


def by_month(rows: Iterable[Mapping[str, Any]]) -> list[Month]:
    """Months that have articles, newest first, each with what lies silent before the next older one."""
    cells: dict[str, dict[str | None, dict[int, Day]]] = {}
    for row in rows:
        day: dt.date = row["published_on"]
        of_outlet = cells.setdefault(day.isoformat()[:7], {}).setdefault(row["outlet"], {})
        of_outlet[day.day] = Day(day.isoformat(), row["articles"], row["extracted"], row["failed"])
    dates = sorted(cells, reverse=True)
    found = []
    for date, older in zip(dates, [*dates[1:], None], strict=False):
        length = calendar.monthrange(int(date[:4]), int(date[5:]))[1]
        outlets = tuple(
            (name, tuple(days.get(n) for n in range(1, length + 1)), sum(d.articles for d in days.values()))
            for name, days in sorted(cells[date].items(), key=lambda item: (item[0] or "").casefold())
        )
        found.append(Month(date, length, outlets, _silent(older, date) if older else None))
    return found


def _silent(older: str, newer: str) -> str | None:
    """The months between two, in words."""
    first = _shift(older, 1)
    last = _shift(newer, -1)
    if first > last:
        return None
    return date_words(first) if first == last else f"{date_words(first)} to {date_words(last)}"


def _shift(month: str, by: int) -> str:
    number = int(month[:4]) * 12 + int(month[5:]) - 1 + by
    return f"{number // 12:04}-{number % 12 + 1:02}"


async def _outlets(conn: Connection) -> list[str]:
    query = (
        "SELECT outlet FROM read.articles WHERE outlet IS NOT NULL AND state <> 'withdrawn'"
        " GROUP BY outlet ORDER BY count(*) DESC, outlet LIMIT 500"
    )
    return sorted([row["outlet"] async for row in await conn.execute(query)], key=str.casefold)


async def _articles(conn: Connection, where: Iterable[sql.Composable]) -> list[dict[str, Any]]:
    query = sql.SQL(
        "SELECT {}{} WHERE {} ORDER BY a.published_order DESC, a.received_position DESC LIMIT {}"
    ).format(COLUMNS, FROM, both(where), sql.Literal(ARTICLES_SHOWN))
    rows = await (await conn.execute(query)).fetchall()
    bodies = await bodies_of(conn, [row["body_sha256"] for row in rows])
    return [
        {
            "id": row["id"],
            "title": body.title if (body := bodies.get(row["body_sha256"])) else None,
            "outlet": row["outlet"],
            "url": row["url"],
            "published_at": row["published_at"] or row["published_on"].isoformat(),
            "state": row["state"],
            "reason": row["reason"],
        }
        for row in rows
    ]
