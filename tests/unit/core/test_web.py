"""The frame of every web service: problems, request ids, limits, headers, health."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest
from jsonschema import Draft202012Validator
from starlette.responses import Response

from services.core import metrics
from services.core.access.store import NoKeys
from services.core.settings import Settings
from services.core.web.access import Access
from services.core.web.app import new_app
from services.core.web.health import add_check
from services.core.web.middleware import (
    SAFE_HEADERS,
    current_request_id,
    current_traceparent,
    new_traceparent,
)
from services.core.web.problems import Problem, ProblemDocument, ProblemType

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    settings = Settings(max_body_bytes=2000)
    app = new_app(settings, title="Test", summary="Test")
    app.state.access = Access(settings, NoKeys())

    @app.get("/items/{number}")
    async def read_item(number: int, limit: int = 1) -> dict[str, object]:
        return {"number": number, "limit": limit, "id": current_request_id(), "trace": current_traceparent()}

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("the secret is out")

    @app.get("/teapot")
    async def teapot() -> None:
        raise Problem(418, "short and stout", headers={"X-Handle": "yes"}, spout=True)

    async def fine() -> None:
        return None

    async def down() -> None:
        raise OSError

    async def slow() -> None:
        await asyncio.sleep(60)

    add_check(app, "fine", fine)
    app.state.switch = {"down": down, "slow": slow}
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://localhost") as client:
        client.app = app  # type: ignore[attr-defined]
        yield client


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("PUT", "/items/1", 405),
        ("GET", "/items/one", 422),
        ("GET", "/broken", 500),
        ("GET", "/teapot", 418),
        ("GET", "/problems/nothing", 404),
    ],
)
async def test_every_error_is_a_problem(
    client: httpx2.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    Draft202012Validator(ProblemDocument.model_json_schema()).validate(answer.json())
    assert answer.json()["status"] == status
    assert "secret" not in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["X-Request-ID"]


async def test_errors_name_the_field_and_where_it_is(client: httpx2.AsyncClient) -> None:
    found = (await client.get("/items/one?limit=x")).json()["errors"]
    assert [(error["field"], error["in"]) for error in found] == [("number", "path"), ("limit", "query")]
    assert "pointer" not in found[0]


async def test_a_problem_brings_its_headers_and_members(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/teapot")
    assert answer.headers["X-Handle"] == "yes"
    assert answer.json()["spout"] is True


async def test_a_safe_header_that_an_answer_brings_is_left_as_it_is(client: httpx2.AsyncClient) -> None:
    app = client.app  # type: ignore[attr-defined]

    @app.get("/framed")
    async def framed() -> Response:
        return Response("<p>", headers={"X-Frame-Options": "SAMEORIGIN"}, media_type="text/html")

    answer = await client.get("/framed")
    assert answer.headers.get_list("X-Frame-Options") == ["SAMEORIGIN"]
    for name, value in SAFE_HEADERS.items():
        assert answer.headers.get_list(name) == [value] or name == "X-Frame-Options"


async def test_each_problem_type_says_what_it_means(client: httpx2.AsyncClient) -> None:
    for kind in ProblemType:
        answer = await client.get(kind.uri)
        assert answer.status_code == 200
        assert kind.title in answer.text


async def test_request_ids_and_traces_are_taken_over_where_they_are_sound(client: httpx2.AsyncClient) -> None:
    trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    answer = await client.get("/items/1", headers={"X-Request-ID": "mine-1", "traceparent": trace})
    assert answer.headers["X-Request-ID"] == answer.json()["id"] == "mine-1"
    assert answer.json()["trace"].startswith("00-" + "a" * 32 + "-")
    assert answer.json()["trace"].endswith("-01")
    assert answer.json()["trace"] != trace  # our own span
    bad = await client.get("/items/1", headers={"X-Request-ID": "a b{}", "traceparent": "zz"})
    assert bad.json()["id"] != "a b{}"
    assert current_request_id() is None


@pytest.mark.parametrize(
    "given", [None, "", "00-" + "0" * 32 + "-" + "b" * 16 + "-01", "01-x", "00-" + "A" * 32]
)
def test_a_new_trace_begins_where_none_was_given_rightly(given: str | None) -> None:
    made = new_traceparent(given).split("-")
    assert [len(part) for part in made] == [2, 32, 16, 2]
    assert made[1] != "0" * 32


async def test_ready_only_while_every_part_is(client: httpx2.AsyncClient) -> None:
    app = client.app  # type: ignore[attr-defined]
    assert (await client.get("/readyz")).json() == {"status": "ready", "checks": {"fine": "ok"}}
    add_check(app, "down", app.state.switch["down"])
    add_check(app, "slow", app.state.switch["slow"])
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "unavailable",
        "checks": {"fine": "ok", "down": "unreachable", "slow": "timeout"},
    }
    assert (await client.get("/healthz")).json() == {"status": "ok"}


async def test_requests_are_counted_by_route_not_by_address(client: httpx2.AsyncClient) -> None:
    def counted() -> float:
        return metrics.HTTP_REQUESTS.labels("/items/{number}", "GET", 200)._value.get()

    before = counted()
    await client.get("/items/77")
    assert counted() == before + 1
    shown = (await client.get("/metrics")).text
    assert 'route="/items/{number}"' in shown
    assert "/items/77" not in shown


async def test_the_openapi_document_has_problems_for_every_operation(client: httpx2.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    for path in document["paths"].values():
        for operation in path.values():
            assert "application/problem+json" in operation["responses"]["default"]["content"]
            assert "HTTPValidationError" not in str(operation)
    assert "ProblemDocument" in document["components"]["schemas"]
