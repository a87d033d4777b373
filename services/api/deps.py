"""What the read routes are given: a view of the read tables as of one moment, the dossier.

FastAPI works out what a dependency needs each time that one names it, though it calls it once: so few are nested, and
none is a plain function, which would be sent to another thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, cast

import psycopg
from fastapi import Depends, Header, Query, Request
from psycopg import sql
from psycopg.rows import DictRow, dict_row, scalar_row

from services.core.domain.dossier import Dossier, DossierError, load_dossier
from services.core.errors import FieldError, InvalidInput
from services.core.eventstore.wakeups import Notifier
from services.core.projections.read_models import ReadModels
from services.core.web.database import Pool
from services.core.web.problems import Problem

WAIT_SECONDS = 10.0  # the longest that a read waits for the projections
POLL_SECONDS = 0.5  # a wake-up can be lost

Connection = psycopg.AsyncConnection[DictRow]

_POSITION = (
    sql.SQL("SELECT global_position FROM checkpoints WHERE name = {}").format(ReadModels.name).as_string()
)
# Said each time, not left to the session's settings: what stands between may share or reset sessions.
_BEGIN = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {_POSITION}"


@dataclass(frozen=True, slots=True)
class View:
    """A connection whose one transaction sees the read tables as of one moment, and the position that they reflect."""

    conn: Connection
    position: int


class Reads:
    """The pool that reads go through (`make_pool(snapshots=True)`), and who wakes those that wait."""

    def __init__(self, pool: Pool, notifier: Notifier) -> None:
        self.pool = pool
        self.notifier = notifier

    @asynccontextmanager
    async def _lent(self) -> AsyncIterator[Connection]:
        """Each statement sees the database as of a moment of its own. What was begun is ended with it."""
        async with self.pool.connection() as lent:
            conn = cast("Connection", lent)
            conn.row_factory = dict_row
            yield conn

    @asynccontextmanager
    async def view(self) -> AsyncIterator[View]:
        """The read tables as of one moment. That it begins, and what they reflect, is one question to the database."""
        async with self._lent() as conn:
            cursor = conn.cursor(row_factory=scalar_row)
            await cursor.execute(_BEGIN, prepare=False)  # two statements cannot be prepared
            cursor.nextset()
            view = View(conn, await cursor.fetchone() or 0)
            try:
                yield view
            except psycopg.Error:
                raise
            except Exception:
                # An answer such as 404. Nothing was written; rolled back, the connection would forget what it has prepared.
                await conn.commit()
                raise

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """The connection of such a view."""
        async with self.view() as view:
            yield view.conn

    async def position(self) -> int:
        """The global position up to which the read tables reflect the log."""
        async with self._lent() as conn:
            return await projected_position(conn)

    async def newest(self) -> int:
        """The last global position of the log, projected or not."""
        async with self._lent() as conn:
            return await newest_position(conn)

    async def wait_for(self, position: int, seconds: float) -> bool:
        """Whether the read tables reach a position within a time. Holds no connection while it waits."""
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            seen = self.notifier.generation
            if await self.position() >= position:
                return True
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                return False
            await self.notifier.wait(seen, min(left, POLL_SECONDS))


async def projected_position(conn: psycopg.AsyncConnection[Any]) -> int:
    """The read tables' checkpoint, 0 before the first event."""
    cursor = conn.cursor(row_factory=scalar_row)
    await cursor.execute(_POSITION, prepare=True)
    return await cursor.fetchone() or 0


async def newest_position(conn: Connection) -> int:
    """The last global position of the log, projected or not."""
    row = await (await conn.execute("SELECT max(global_position) AS newest FROM events")).fetchone()
    return (row["newest"] or 0) if row else 0


async def get_reads(request: Request) -> Reads:
    reads: Reads = request.app.state.reads
    return reads


ReadsDep = Annotated[Reads, Depends(get_reads)]

MIN_POSITION = "x-min-position"

MinPosition = Annotated[
    int | None, Header(ge=0, description="Wait, at most ten seconds, until the answer reflects this position")
]


async def at_least(reads: ReadsDep, x_min_position: MinPosition = None) -> None:
    """Honours `X-Min-Position`: a client reads what it wrote. Nobody can have written beyond the log's end."""
    if x_min_position is None:
        return
    if x_min_position > await reads.newest():
        raise InvalidInput([FieldError(MIN_POSITION, "The log does not reach so far", "header")])
    if not await reads.wait_for(x_min_position, WAIT_SECONDS):
        raise Problem(503, "The projections have not reached that position yet", headers={"Retry-After": "1"})


AtLeastDep = Annotated[None, Depends(at_least)]


async def get_view(request: Request, x_min_position: MinPosition = None) -> AsyncIterator[View]:
    """`Reads.view` for the time of a route, when it reflects what the client wants it to."""
    reads = await get_reads(request)
    await at_least(reads, x_min_position)
    async with reads.view() as view:
        yield view


# Given back when the route is done, not when the answer has been sent: streams would keep it for hours.
ViewDep = Annotated[View, Depends(get_view, scope="function")]


async def get_connection(view: ViewDep) -> Connection:
    """The view's."""
    return view.conn


ConnectionDep = Annotated[Connection, Depends(get_connection)]


async def get_position(view: ViewDep) -> int:
    """What the answer reflects, unless a clock says otherwise."""
    return view.position


PositionDep = Annotated[int, Depends(get_position)]


async def get_dossier(
    request: Request,
    dossier: Annotated[str | None, Query(description="default: the first configured")] = None,
) -> Dossier:
    """The dossier asked for. Unknown ones are a problem that names the field."""
    name = dossier or request.app.state.settings.dossiers[0]
    try:
        return load_dossier(name)
    except DossierError:
        raise InvalidInput([FieldError("dossier", "There is no such dossier", "query")]) from None


DossierDep = Annotated[Dossier, Depends(get_dossier)]
