"""The pool of database connections of a web process, and what is answered while there is no database."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
import psycopg_pool
import redis.asyncio
from fastapi import FastAPI, Request
from psycopg.rows import TupleRow
from starlette.responses import Response

from services.core.access.store import StoredKeys
from services.core.errors import UnsafeSettings
from services.core.eventstore.outages import DATABASE_AWAY
from services.core.logging import get_logger
from services.core.settings import Settings
from services.core.web.access import Access
from services.core.web.health import add_check
from services.core.web.problems import Problem, ProblemType
from services.core.web.readiness import DatabaseCheck

log = get_logger(__name__)

Connection = psycopg.AsyncConnection[TupleRow]
Pool = psycopg_pool.AsyncConnectionPool[Connection]

RETRY_SECONDS = 2
STATEMENT_SECONDS = 20
IDLE_SECONDS = 1.0

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def make_pool(settings: Settings, *, application_name: str, snapshots: bool = False, **options: Any) -> Pool:
    """A closed pool of autocommit connections; `pool_lifespan` opens it, without waiting for the database.

    With `snapshots` its connections only read, and each transaction, begun by `BEGIN`, sees the database as of one
    moment.
    """
    if settings.database_url is None:
        raise UnsafeSettings("TREATYLINE_DATABASE_URL: names no database")
    return psycopg_pool.AsyncConnectionPool(
        settings.database_url,
        min_size=min(2, settings.database_pool_size),
        max_size=settings.database_pool_size,
        timeout=settings.database_timeout,
        max_waiting=settings.database_pool_size * 64,  # more are told 503 at once: waiting costs memory
        reconnect_timeout=5.0,
        check=_Check(),
        configure=_configure_snapshots if snapshots else _configure,
        kwargs={"application_name": application_name, "connect_timeout": 5, "autocommit": True, **_SILENCE},
        open=False,
        name=application_name,
        **options,
    )


def pool_lifespan(pool: Pool) -> Lifespan:
    """The lifespan of an app that owns its pool."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await pool.open(wait=False)
        try:
            yield
        finally:
            await close_access(app)
            await pool.close()

    return lifespan


# A server that is gone without a word is noticed in seconds, not when the kernel gives up: many wait for one answer.
_SILENCE = {
    "tcp_user_timeout": 10_000,  # ms that what was sent may be without an answer of its kernel
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
}


class _Check:
    """Finds a connection that died while idle before it is lent out; those in constant use cost no round trip."""

    def __init__(self) -> None:
        self._lent: WeakKeyDictionary[Connection, float] = WeakKeyDictionary()

    async def __call__(self, connection: Connection) -> None:
        now = time.monotonic()
        if now - self._lent.get(connection, -IDLE_SECONDS) >= IDLE_SECONDS:
            await psycopg_pool.AsyncConnectionPool.check_connection(connection)
        self._lent[connection] = now


async def _configure(connection: Connection) -> None:
    # No request waits longer for a lock or a query; the client is told 503 and may send it again.
    await connection.execute(f"SET statement_timeout = '{STATEMENT_SECONDS}s'")


async def _configure_snapshots(connection: Connection) -> None:
    await _configure(connection)
    await connection.execute(
        "SET default_transaction_isolation = 'repeatable read'; SET default_transaction_read_only = on"
    )


def install_access(app: FastAPI, settings: Settings, pool: Pool) -> None:
    """Keys of the database decide who may in. The first of two services in one app installs it for both."""
    if getattr(app.state, "access", None) is None:
        app.state.access = Access(settings, StoredKeys(pool, settings.database_url or ""))


async def close_access(app: FastAPI) -> None:
    """At the end of the app's lifespan; also where the last one has been there."""
    access: Access | None = getattr(app.state, "access", None)
    if access is not None:
        await access.close()


def install_database(app: FastAPI, pool: Pool) -> None:
    """503 with `Retry-After` while the database is gone, and a readiness check "database"."""
    app.state.database_check = check = DatabaseCheck(pool)
    add_check(app, "database", check)
    for error in DATABASE_AWAY:
        app.add_exception_handler(error, on_database_error)


async def on_database_error(request: Request, error: Exception) -> Response:
    """Answers for a database that is gone, full, or turned read-only. The cause goes to the log alone."""
    if isinstance(error, psycopg.errors.DiskFull):
        request.app.state.database_check.was_full()
    log.warning("database unavailable", error=type(error).__name__, sqlstate=getattr(error, "sqlstate", None))
    return Problem(ProblemType.DATABASE_UNAVAILABLE, headers={"Retry-After": str(RETRY_SECONDS)}).response()


def install_broker(app: FastAPI, settings: Settings) -> None:
    """A check "broker". Without it articles are taken and wait in the log, and requests are counted in memory."""
    if settings.redis_url is not None:
        url = settings.redis_url
        add_check(app, "broker", lambda: _ping(url), needed=False)


async def _ping(url: str) -> None:
    async with redis.asyncio.Redis.from_url(url, socket_timeout=1.5, socket_connect_timeout=1.5) as client:
        await client.ping()
