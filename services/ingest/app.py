"""The write service: takes every command, answers once it is in the log and on disk."""

from __future__ import annotations

from fastapi import FastAPI

from services.core.eventstore.store import AsyncEventStore
from services.core.settings import Settings
from services.core.web.app import add_schemas, new_app
from services.core.web.database import (
    Pool,
    install_access,
    install_broker,
    install_database,
    make_pool,
    pool_lifespan,
)
from services.core.web.middleware import allow_larger
from services.ingest import articles, bulk, correction_schemas, corrections, documents, hooks, webhooks
from services.ingest.schemas import Withdrawal
from services.ingest.together import Together
from services.ingest.webhook_schemas import WebhookPatch, WebhookPosted


def create_app(settings: Settings, pool: Pool | None = None) -> FastAPI:
    """The service by itself. A given pool is the caller's to open and close; opens nothing until it is served."""
    lifespan = None
    if pool is None:
        pool = make_pool(settings, application_name="treatyline-ingest")
        lifespan = pool_lifespan(pool)
    app = new_app(
        settings,
        title="Treatyline ingest",
        summary="Takes articles, withdrawals, corrections and webhooks",
        lifespan=lifespan,
    )
    install(app, settings, pool)
    return app


def install(app: FastAPI, settings: Settings, pool: Pool) -> None:
    """Add the service's routes to an app that `new_app` made, such as the one that also reads."""
    install_database(app, pool)
    install_broker(app, settings)
    install_access(app, settings, pool)
    app.state.ingest = articles.Ingest(AsyncEventStore(pool), settings, Together(pool))
    add_schemas(app, *documents.MODELS, Withdrawal, WebhookPosted, WebhookPatch, *correction_schemas.MODELS)
    allow_larger(app, bulk.PATH, settings.max_bulk_bytes)
    app.include_router(articles.posting)
    app.include_router(articles.router)
    app.include_router(bulk.router)
    app.include_router(hooks.router)
    app.include_router(webhooks.router)
    app.include_router(corrections.router)
