"""405 names every method that a path takes (RFC 9110, 15.5.6), whichever service's route it is."""

from __future__ import annotations

import httpx2
import pytest

from services.cli.gateway import create_app
from services.core.settings import Settings


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/v1/timeline", "GET, HEAD"),
        ("PUT", "/v1/articles", "GET, HEAD, POST"),
        ("PUT", "/v1/articles/00000000-0000-0000-0000-000000000000", "DELETE, GET, HEAD"),
    ],
)
async def test_allow_names_all(method: str, path: str, allowed: str) -> None:
    app = create_app(Settings(database_url="postgresql://nobody@127.0.0.1:1/none"))
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app), base_url="http://localhost"
    ) as client:
        response = await client.request(method, path)
    assert response.status_code == 405
    assert response.headers["allow"] == allowed
    assert response.headers["content-type"] == "application/problem+json"
