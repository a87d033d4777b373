"""Fixtures that most tests need: real servers, and a fresh database for each test.

Add one here only when tests of more than one folder use it; keep the others beside their tests. Smallest
first. `database_url` is what the services use (a role that cannot alter the log); tests of migrations take
`owner_url`, tests that tamper take `superuser_url`. All three are the same fresh database.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
import structlog
from psycopg import sql
from redis import Redis

from services.cli.embedded import EmbeddedPostgres, EmbeddedValkey
from services.core.eventstore.migrate import migrate

TEMPLATE = "treatyline_template"
_numbers = itertools.count(1)

# Without a set-up of its own structlog draws tracebacks with every variable in them, which takes it seconds.
*_processors, _ = structlog.get_config()["processors"]
_renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
structlog.configure(processors=[*_processors, _renderer])


@dataclass(frozen=True, slots=True)
class Database:
    """One database, seen by the three roles."""

    name: str
    services_url: str
    owner_url: str
    superuser_url: str


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests are marked `anyio` and run on asyncio."""
    return "asyncio"


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """One PostgreSQL for all tests. Do not stop it: a test that kills its server starts its own."""
    folder = tmp_path_factory.mktemp("postgres")
    with EmbeddedPostgres(folder, durable=False, options={"file_copy_method": "clone"}) as server:
        yield server


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    """One Valkey for all tests."""
    with EmbeddedValkey(tmp_path_factory.mktemp("valkey"), durable=False) as server:
        yield server


@pytest.fixture
def valkey_url(valkey: EmbeddedValkey) -> str:
    """An empty Valkey."""
    with Redis.from_url(valkey.url) as client:
        client.flushall()
    return valkey.url


def _database(server: EmbeddedPostgres, name: str) -> Database:
    def at(url: str) -> str:
        return url.rpartition("/")[0] + "/" + name

    return Database(name, at(server.services_url), at(server.url), at(server.superuser_url))


def _drop(server: EmbeddedPostgres, name: str) -> None:
    with psycopg.connect(server.superuser_url, autocommit=True) as conn:
        conn.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def migrated_template(postgres: EmbeddedPostgres) -> str:
    """A migrated database that nothing connects to: copying it is faster than migrating."""
    with psycopg.connect(postgres.url, autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    migrate(_database(postgres, TEMPLATE).owner_url, postgres.services_password)
    return TEMPLATE


@pytest.fixture
def empty_database(postgres: EmbeddedPostgres) -> Iterator[Database]:
    """A fresh database that nothing was migrated into."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(postgres.url, autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield _database(postgres, name)
    _drop(postgres, name)


def _copy_of_template(server: EmbeddedPostgres, template: str) -> Iterator[Database]:
    name = f"test_{next(_numbers)}"
    # The files are copied by the kernel: a quarter of what it costs through the write-ahead log, as is usual.
    copied = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
    with psycopg.connect(server.url, autocommit=True) as conn:
        conn.execute(copied.format(sql.Identifier(name), sql.Identifier(template)))
    yield _database(server, name)
    _drop(server, name)


@pytest.fixture
def database(postgres: EmbeddedPostgres, migrated_template: str) -> Iterator[Database]:
    """A fresh, migrated, empty database."""
    yield from _copy_of_template(postgres, migrated_template)


@pytest.fixture(scope="module")
def module_database(postgres: EmbeddedPostgres, migrated_template: str) -> Iterator[Database]:
    """The same for all tests of a module: for modules that only read what one fixture of theirs wrote."""
    yield from _copy_of_template(postgres, migrated_template)


@pytest.fixture
def database_url(database: Database) -> str:
    """The fresh database as the services see it."""
    return database.services_url


@pytest.fixture
def owner_url(database: Database) -> str:
    """The fresh database as its owner sees it."""
    return database.owner_url


@pytest.fixture
def superuser_url(database: Database) -> str:
    """The fresh database as a superuser sees it: nothing is refused."""
    return database.superuser_url
