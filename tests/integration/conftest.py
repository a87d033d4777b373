"""Fixtures that several of these modules need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from services.core.domain.dossier import load_dossier
from services.core.domain.reading import Reading
from tests.conftest import Database
from tests.integration.endpoint_server import EndpointServer, endpoint_server
from tests.integration.log_writer import LogWriter
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
