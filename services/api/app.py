"""The read service: queries and the live stream, nothing that writes."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.api import actors, articles, asyncapi, log, page, positions, sign_in, stories, stream, timeline
from services.api.caching import NotModified, on_not_modified
from services.api.deps import Reads
from services.api.exports import routes as exports
from services.api.hub import Hub
from services.api.schemas.positions import PositionChange, PositionGone
from services.api.schemas.timeline import EntryChange, EntryGone
from services.api.stopping import on_stop_signal
from services.core.errors import UnsafeSettings
from services.core.eventstore.wakeups import Notifier
from services.core.projections.base import PROJECTED
from services.core.settings import Settings
from services.core.web.app import add_schemas, new_app
from services.core.web.database import close_access, install_access, install_database, make_pool

GARBAGE = 10_000  # new objects after which those that refer to each other are looked through


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
    app.state.reads = Reads(pool, Notifier(settings.database_url, PROJECTED))
    install_database(app, pool)
    install_access(app, settings, pool)
    app.add_exception_handler(NotModified, on_not_modified)
    add_schemas(app, EntryChange, EntryGone, PositionChange, PositionGone)
    # The stream before one entry: its path would be taken for an entry's id.
    for part in (
        stream,
        timeline,
        exports,
        positions,
        actors,
        articles,
        stories,
        log,
        asyncapi,
        sign_in,
        page,
    ):
        app.include_router(part.router)
    app.include_router(page.assets)


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[None]:
    """Opens what the read routes need, for a lifespan. Open streams end when the server is told to stop."""
    reads: Reads = app.state.reads
    looked = gc.get_threshold()
    # Not waited for: while there is no database the service says so and comes back with it.
    await reads.pool.open(wait=False)
    try:
        async with reads.notifier, Hub(reads) as hub:
            app.state.hub = hub
            # What there is by now stays, but for what is garbage already. To look through it now and then held up an
            # answer for longer than it takes to make one; and an answer alone is more than what is looked through
            # anew each time that there is a little more.
            gc.collect()
            gc.freeze()
            gc.set_threshold(GARBAGE, *looked[1:])
            with on_stop_signal(hub.close):
                yield
    finally:
        gc.set_threshold(*looked)
        gc.unfreeze()
        await close_access(app)
        await reads.pool.close()
