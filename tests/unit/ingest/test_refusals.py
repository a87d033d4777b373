"""What is refused is refused with its reason, before the database is asked for anything."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from services.core.access.store import NoKeys
from services.core.settings import Settings
from services.core.web.access import Access
from services.ingest.app import create_app
from tests.unit.ingest.samples import article

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    """A service whose pool was never opened: whatever gets as far as the database is a 503."""
    settings = Settings(database_url="postgresql://nobody@127.0.0.1:1/none", max_body_bytes=2_000_000)
    app = create_app(settings)
    app.state.access = Access(settings, NoKeys())  # else the database would be asked whether there are keys
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


async def post(client: httpx2.AsyncClient, **fields: Any) -> httpx2.Response:
    return await client.post("/v1/articles", json=article(**fields))


async def test_what_is_right_gets_as_far_as_the_database(client: httpx2.AsyncClient) -> None:
    assert (await post(client)).status_code == 503


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"text": None}, "text"),
        ({"html": "<p>Two words</p>"}, "html"),
        ({"text": ""}, "text"),
        ({"text": "Word"}, "text"),
        ({"text": None, "html": "<p></p>"}, "html"),
        ({"text": "Nul \x00 here."}, "text"),
        ({"text": 5}, "text"),
        ({"title": 5}, "title"),
        ({"title": "a\x07"}, "title"),
        ({"url": "file:///etc/passwd"}, "url"),
        ({"url": "https://me:secret@news.example/"}, "url"),
        ({"published_at": "2020-02-30"}, "published_at"),
        ({"published_at": 20200305}, "published_at"),
        ({"tags": "talks"}, "tags"),
        ({"tags": ["a", 5]}, "tags.1"),
        ({"language": "English"}, "language"),
        ({"headline": "x"}, "headline"),
        ({"id": "x"}, "id"),
    ],
)
async def test_what_is_wrong_is_named(client: httpx2.AsyncClient, fields: dict[str, Any], named: str) -> None:
    answer = await post(client, **fields)
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == 422
    assert [error["field"] for error in problem["errors"]] == [named]
    assert problem["errors"][0]["pointer"] == "#/" + named.replace(".", "/")
    assert "secret" not in answer.text


async def test_many_and_endless_names_are_not_all_repeated(client: httpx2.AsyncClient) -> None:
    answer = await post(client, **{f"{number:04}{'x' * 10_000}": 1 for number in range(60)})
    assert answer.status_code == 422
    assert len(answer.content) < 30_000
    errors = answer.json()["errors"]
    assert (errors[0]["field"], len(errors)) == ("0000" + 96 * "x" + "…", 51)
    assert errors[-1]["detail"] == "10 more like these"


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b'{"text": "\xff\xfe two words"}', "application/json", 400),
        (b'{"text": "half \\ud83d pair"}', "application/json", 400),
        (b'{"text": NaN}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"a":' * 100_000, "application/json", 400),
        (b"[]", "application/json", 422),
        (b'"Two words"', "application/json", 422),
        (b"null", "application/json", 422),
        (b'{"text": "Two words."}', "", 415),
        (b'{"text": "Two words."}', "text/plain", 415),
        (b"text=Two+words", "application/x-www-form-urlencoded", 415),
        (b'{"text": "Two words."}', "application/json; charset=utf-16", 415),
        (b'{"text": "Two words."}', ";;;=", 415),
        (b'{"text": "' + b"word " * 500_000 + b'"}', "application/json", 413),
    ],
)
async def test_bodies_that_cannot_be_read(
    client: httpx2.AsyncClient, body: bytes, content_type: str, status: int
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    answer = await client.post("/v1/articles", content=body, headers=headers)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == status


async def test_a_chunked_body_over_the_limit_and_a_packed_one(client: httpx2.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b'{"text": "'
        for _ in range(300):
            yield b"word " * 2000
        yield b'"}'

    headers = {"Content-Type": "application/json"}
    assert (await client.post("/v1/articles", content=chunks(), headers=headers)).status_code == 413
    packed = await client.post(
        "/v1/articles", content=b"\x1f\x8b", headers=headers | {"Content-Encoding": "gzip"}
    )
    assert packed.status_code == 415


@pytest.mark.parametrize(
    "key", ["", "one", '"', '""', '"a', '"ä"', "'one'", ":YQ==:", '"a" "b"', '"' + "a" * 256 + '"', r'"\a"']
)
async def test_a_key_that_is_no_string_is_400(client: httpx2.AsyncClient, key: str) -> None:
    headers = {"Idempotency-Key": key.encode("latin-1")}
    answer = await client.post("/v1/articles", json=article(), headers=headers)
    assert answer.status_code == 400
    assert answer.json()["type"] == "/problems/idempotency-key-invalid"


async def test_two_keys_in_one_request_are_400(client: httpx2.AsyncClient) -> None:
    headers = [("Idempotency-Key", '"a"'), ("Idempotency-Key", '"b"')]
    assert (await client.post("/v1/articles", json=article(), headers=headers)).status_code == 400
