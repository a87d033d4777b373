"""Alembic's environment: one for all packages' tables. Offline SQL scripts are not offered."""

from __future__ import annotations

import os

from alembic import context
from sqlmodel import SQLModel

from services.core.eventstore.migrate import engine_for


def run() -> None:
    """Runs on the caller's connection, or on TREATYLINE_MIGRATE_URL when `alembic` itself was called."""
    connection = context.config.attributes.get("connection")
    if connection is not None:
        _run_on(connection)
        return
    with engine_for(os.environ["TREATYLINE_MIGRATE_URL"]).connect() as own:
        _run_on(own)
        own.commit()


def _run_on(connection: object) -> None:
    context.configure(connection=connection, target_metadata=SQLModel.metadata)  # type: ignore[arg-type]
    with context.begin_transaction():
        context.run_migrations()


run()
