"""Fixtures that several of these modules need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.core.domain.dossier import load_dossier
from services.core.domain.reading import Reading
from tests.integration.endpoint_server import EndpointServer, endpoint_server
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
