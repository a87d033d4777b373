"""The read service: queries and the live stream, nothing that writes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI

from services.api import actors, articles, log, page, positions, stream, timeline
from services.api.caching import NotModified, on_not_modified
from services.api.deps import Reads
from services.api.stream import Hub
from services.core.errors import UnsafeSettings
from services.core.eventstore.wakeups import Notifier
from services.core.projections.base import PROJECTED
from services.core.settings import Settings
from services.core.web.app import new_app
from services.core.web.database import install_database, make_pool


def create_app(settings: Settings) -> FastAPI:
    """The read service on its own port."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running(app):
            yield

    app = new_app(
        settings,
        title="Treatyline: reading",
        summary="Who said and did what about a treaty, when, and where each actor stands",
        lifespan=lifespan,
    )
    install(app, settings)
    return app


def install(app: FastAPI, settings: Settings) -> None:
    """Add the read routes; `running(app)` must surround the time in which they are asked."""
    if settings.database_url is None:
        raise UnsafeSettings("TREATYLINE_DATABASE_URL: names no database")
    pool = make_pool(settings, application_name="treatyline-api", snapshots=True)
    app.state.reads = Reads(pool)
    app.state.reading = _Reading(app.state.reads, settings.database_url)
    install_database(app, pool)
    app.add_exception_handler(NotModified, on_not_modified)
    # The stream before one entry: its path would be taken for an entry's id.
    for part in (stream, timeline, positions, actors, articles, log, page):
        app.include_router(part.router)


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[None]:
    """Opens what the read routes need, for a lifespan."""
    async with app.state.reading.open() as hub:
        app.state.hub = hub
        yield


class _Reading:
    def __init__(self, reads: Reads, conninfo: str) -> None:
        self._reads = reads
        self._conninfo = conninfo

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Hub]:
        async with AsyncExitStack() as stack:
            await self._reads.pool.open()
            stack.push_async_callback(self._reads.pool.close)
            notifier = await stack.enter_async_context(Notifier(self._conninfo, PROJECTED))
            yield await stack.enter_async_context(Hub(self._reads, notifier))
