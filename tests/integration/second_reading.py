"""What the tests of the second reader share: an article, answers about it, a reader that asks."""

from __future__ import annotations

from typing import Any

from services.core.domain.dossier import load_dossier
from services.core.domain.reading import ArticleText, Position, Reading
from tests.integration.endpoint_server import EndpointServer
from workers.extraction.endpoint.client import Endpoint
from workers.extraction.endpoint.reader import EndpointReader

TEXT = (
    "BRUSSELS, September 25. NATO spokeswoman Oana Lungescu said on Wednesday that the Russian moratorium was not a "
    "credible offer. In Berlin, the chancellor let it be known that she would shed no\ntears over the INF Treaty "
    "if the allies stood together. France was silent."
)
DAY = "2019-09-25"
ARTICLE = ArticleText(TEXT, published_at=DAY)

TEARS: dict[str, Any] = {
    "actor": "germany",
    "proposition": "treaty-preserved",
    "stance": "conditional",
    "condition": "if the allies stood together",
    "date": DAY,
    "speaker": "the chancellor",
    "voice": "reported",
    "evidence": "she would shed no tears over the INF Treaty",
}
HINT: dict[str, Any] = {
    "kind": "statement",
    "date": DAY,
    "status": "actual",
    "actors": ["germany"],
    "recipients": ["nato"],
    "speaker": "the chancellor",
    "evidence": "let it be known that she would shed no tears over the INF Treaty",
}


def told(*positions: dict[str, Any], events: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {"positions": list(positions), "events": events or []}


def reader(server: EndpointServer, seconds: float = 60.0) -> EndpointReader:
    return EndpointReader(load_dossier("inf"), Endpoint(server.url, "small-model", "secret-key", seconds))


def added(reading: Reading, alone: Reading) -> list[Position]:
    assert set(alone.positions) <= set(reading.positions)
    assert set(alone.events) <= set(reading.events)
    return [p for p in reading.positions if p not in alone.positions]
