"""Fixtures that several of these modules need."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from services.core.domain.dossier import load_dossier
from services.core.domain.reading import Reading
from services.core.eventstore.store import EventStore, open_pool
from tests.conftest import Database
from tests.integration.endpoint_server import EndpointServer, endpoint_server
from tests.integration.feed_desk import Desk
from tests.integration.feed_site import Site, feed_site
from tests.integration.log_writer import LogWriter
from tests.integration.pipeline import Pipeline, pipeline
from tests.integration.sample_log import project, write_samples
from tests.integration.second_reading import ARTICLE
from workers.extraction.explaining import ExplainingReader


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[EndpointServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with endpoint_server() as made:
        yield made


@pytest.fixture(scope="module")
def alone() -> Reading:
    """What the built-in reader reads."""
    return ExplainingReader(load_dossier("inf")).read(ARTICLE)


@pytest.fixture
def conn(owner_url: str) -> Iterator[psycopg.Connection[Any]]:
    """The fresh database as its owner sees it."""
    with psycopg.connect(owner_url, autocommit=True) as conn:
        yield conn


@pytest.fixture
def log(conn: psycopg.Connection[Any]) -> LogWriter:
    """Its log, to be written to."""
    return LogWriter(conn)


@pytest.fixture(scope="module")
def samples(module_database: Database) -> Database:
    """The sample dispatches as they were coded by hand, projected. Tests only read it."""
    with psycopg.connect(module_database.owner_url, autocommit=True) as conn:
        write_samples(conn)
        project(conn)
    return module_database


@pytest.fixture
def store(database_url: str) -> Iterator[EventStore]:
    """The fresh database's log, as the services have it."""
    made = EventStore(open_pool(database_url))
    yield made
    made.pool.close()


@pytest.fixture
def pipe(database_url: str, valkey_url: str, tmp_path: Path) -> Iterator[Pipeline]:
    """A pipeline without processes; those that a test starts are killed after it."""
    made = pipeline(database_url, valkey_url, tmp_path)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def feed_server() -> Iterator[Site]:
    """One server for all of a module's `site`s."""
    with feed_site() as made:
        yield made


@pytest.fixture
def site(feed_server: Site) -> Site:
    """A site that was asked for nothing yet, and answers nothing yet."""
    feed_server.answers.clear()
    feed_server.asked.clear()
    return feed_server


@pytest.fixture
def desk(database_url: str) -> Desk:
    """Who adds feeds and polls them."""
    return Desk(database_url)
