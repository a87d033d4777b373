"""What was asked of a format: the timeline's filters and clocks, and the entries that answer, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Depends, Query, Request
from psycopg import sql

from services.api.caching import EtagDep
from services.api.clocks import Clocks, ClocksDep, both
from services.api.cursor import Cursor
from services.api.deps import Connection, DossierDep, Reads, ReadsDep, projected_position
from services.api.entries import LISTED, listed
from services.api.exports.lines import Line, lines_of
from services.api.filters import TimelineFilter, TimelineFilterDep
from services.api.timeline import find_entries
from services.core.domain.dossier import Dossier

AT_A_TIME = 500  # entries that a long answer reads and sends at once

ByDate = Literal["asc", "desc"]
OrderQuery = Annotated[ByDate, Query(description="By date; newest first by default")]
MostQuery = Annotated[
    int | None,
    Query(alias="limit", ge=1, le=10_000_000, description="How many entries at most; all by default"),
]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to the timeline, whatever the format of the answer."""

    request: Request
    reads: Reads
    etag: str
    clocks: Clocks
    chosen: TimelineFilter
    dossier: Dossier = field(repr=False)  # large

    @property
    def base(self) -> str:
        """The service's own address, by which it was asked."""
        return str(self.request.base_url)

    @property
    def conditions(self) -> list[tuple[str, str]]:
        """The filters and clocks in the address, without what belongs to the format."""
        only_here = {"limit", "cursor", "order", "bom"}
        return [(k, v) for k, v in self.request.query_params.multi_items() if k not in only_here]

    @property
    def title(self) -> str:
        """What a document of this question is called."""
        return f"{self.dossier.title}: timeline"

    @property
    def subtitle(self) -> str:
        """What was asked, in one line."""
        return "; ".join(f"{name}: {value}" for name, value in self.conditions)

    @property
    def page(self) -> str:
        """The same question on the web page."""
        return self.base + (f"?{urlencode(self.conditions)}" if self.conditions else "")

    def address(self, **changes: str | None) -> str:
        """This address with other values for some names; None takes a name away."""
        kept = [(k, v) for k, v in self.request.query_params.multi_items() if k not in changes]
        query = urlencode([*kept, *((k, v) for k, v in changes.items() if v is not None)])
        return f"{self.base.rstrip('/')}{self.request.url.path}" + (f"?{query}" if query else "")

    def at(self, position: int) -> Asked:
        """The same question as of an earlier position, for the pages after the first. Raises InvalidInput."""
        return replace(self, clocks=self.clocks.at(position))

    async def lines(self, conn: Connection, entries: list[dict[str, Any]]) -> list[Line]:
        """Entries ready to be written."""
        return await lines_of(conn, entries, self.dossier, position=self.clocks.position, base=self.base)

    async def part(
        self, conn: Connection, order: ByDate, after: Cursor | None, most: int
    ) -> tuple[list[Line], Cursor | None]:
        """The next entries in the order of their dates, at most `AT_A_TIME`, and where the following ones begin."""
        clocks = self.clocks
        if not clocks.past and await projected_position(conn) != clocks.position:
            clocks = replace(clocks, past=True)  # the tables have moved on; this answer has not
        entries, following = await find_entries(
            conn, self.chosen, clocks, limit=min(most, AT_A_TIME), after=after, order=order
        )
        return await self.lines(conn, entries), following

    async def parts(self, conn: Connection, order: ByDate, most: int | None) -> AsyncIterator[list[Line]]:
        """All entries, a part at a time. The first is read on `conn`, now; the others each on a connection that
        is held no longer than reading takes: a slow client holds none, and the read tables keep what they knew.
        """
        left = most if most is not None else 10**9
        first, following = await self.part(conn, order, None, left)

        async def parts() -> AsyncIterator[list[Line]]:
            nonlocal left
            lines, after = first, following
            while True:
                yield lines
                left -= len(lines)
                if after is None or left <= 0:
                    return
                async with self.reads.connection() as fresh:
                    lines, after = await self.part(fresh, order, after, left)

        return parts()


def get_asked(
    request: Request,
    reads: ReadsDep,
    etag: EtagDep,
    clocks: ClocksDep,
    chosen: TimelineFilterDep,
    dossier: DossierDep,
) -> Asked:
    return Asked(request, reads, etag, clocks, chosen, dossier)


AskedDep = Annotated[Asked, Depends(get_asked)]


async def find_changed(
    conn: Connection, chosen: TimelineFilter, clocks: Clocks, *, limit: int, after: Cursor | None
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """A page of entries, the last changed first: what a feed's reader has not seen is at its top, however long
    ago it happened.
    """
    conditions = [clocks.rows("e"), sql.SQL("e.change IN ('added', 'changed')"), *chosen.where(clocks.rows)]
    if clocks.as_of:
        conditions.append(sql.SQL("e.date_to <= {}").format(clocks.as_of))
    if after:
        conditions.append(sql.SQL("(e.from_position, e.change_number) < ({}, {})").format(*after.key))
    query = sql.SQL(
        "SELECT {} FROM read.entries e WHERE {} ORDER BY e.from_position DESC, e.change_number DESC LIMIT {}"
    ).format(LISTED, both(conditions), sql.Literal(limit + 1))
    rows = await (await conn.execute(query)).fetchall()
    shown = rows[:limit]
    found = await listed(conn, shown, clocks)
    if len(rows) <= limit:
        return found, None
    return found, Cursor(clocks.position, (shown[-1]["from_position"], shown[-1]["change_number"]))
