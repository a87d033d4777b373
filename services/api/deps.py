"""What the read routes are given: a connection on one snapshot, the dossier, the clocks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

import psycopg
from fastapi import Depends, Header, Query, Request
from psycopg.rows import DictRow, dict_row

from services.core.domain.dossier import Dossier, DossierError, load_dossier
from services.core.errors import FieldError, InvalidInput
from services.core.projections.read_models import ReadModels
from services.core.web.database import Pool
from services.core.web.problems import Problem

WAIT_SECONDS = 10.0  # the longest that a read waits for the projections

Connection = psycopg.AsyncConnection[DictRow]


@dataclass(frozen=True, slots=True)
class Reads:
    """The pool that reads go through, and who wakes those that wait."""

    pool: Pool

    async def position(self) -> int:
        """The global position up to which the read tables reflect the log."""
        async with self.pool.connection() as conn:
            return await projected_position(conn)


async def projected_position(conn: psycopg.AsyncConnection[Any]) -> int:
    """The read tables' checkpoint, 0 before the first event."""
    cursor = conn.cursor(row_factory=dict_row)
    await cursor.execute(
        "SELECT global_position FROM checkpoints WHERE name = %s", (ReadModels.name,), prepare=True
    )
    row = await cursor.fetchone()
    return int(row["global_position"]) if row else 0


def get_reads(request: Request) -> Reads:
    reads: Reads = request.app.state.reads
    return reads


ReadsDep = Annotated[Reads, Depends(get_reads)]


async def _at_least(
    reads: ReadsDep,
    x_min_position: Annotated[
        int | None,
        Header(ge=0, description="Wait, at most ten seconds, until the answer reflects this position"),
    ] = None,
) -> None:
    """Honours `X-Min-Position`: a client reads what it wrote."""
    if x_min_position is None:
        return
    if not await wait_for_position(reads, x_min_position, WAIT_SECONDS):
        raise Problem(503, "The projections have not reached that position yet", headers={"Retry-After": "1"})


async def wait_for_position(reads: Reads, position: int, seconds: float) -> bool:
    """Whether the read tables reach a position within a time."""
    deadline = asyncio.get_running_loop().time() + seconds
    pause = 0.01
    while await reads.position() < position:
        if asyncio.get_running_loop().time() + pause > deadline:
            return False
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.2)
    return True


async def get_connection(
    reads: ReadsDep, _: Annotated[None, Depends(_at_least)]
) -> AsyncIterator[Connection]:
    """A connection whose one transaction sees the read tables and their checkpoint as of one moment."""
    async with reads.pool.connection() as conn:
        conn.row_factory = dict_row  # type: ignore[assignment]  # the pool is typed for tuples
        yield conn  # type: ignore[misc]


# Given back when the route is done, not when the answer has been sent: streams would keep it for hours.
ConnectionDep = Annotated[Connection, Depends(get_connection, scope="function")]


def get_dossier(
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
