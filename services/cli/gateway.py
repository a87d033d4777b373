"""Both web services as one app on one port, as `treatyline up` serves them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.api import app as api
from services.core.settings import Settings
from services.core.web.app import new_app
from services.core.web.database import make_pool
from services.ingest import app as ingest


def create_app(settings: Settings) -> FastAPI:
    """Ingest and api together; each keeps connections of its own: reads cannot starve commands."""
    writing = make_pool(settings, application_name="treatyline-ingest")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await writing.open()
        try:
            async with api.running(app):
                yield
        finally:
            await writing.close()

    app = new_app(
        settings,
        title="Treatyline",
        summary="Who said and did what about a treaty, when, and where each actor stands",
        lifespan=lifespan,
    )
    ingest.install(app, settings, writing)
    api.install(app, settings)
    return app
