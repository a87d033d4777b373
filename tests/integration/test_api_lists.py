"""What all lists share: pages, cursors that hold still while the log grows, conditional requests, HEAD, methods."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import orjson
import psycopg
import pytest

from tests.conftest import Database
from tests.integration.api_client import World, api_client, ok, refused, world_of
from tests.integration.log_writer import Telling

pytestmark = pytest.mark.anyio

TEXT = "They met in Geneva. On the moratorium."
LISTS = [
    "/v1/timeline", "/v1/positions", "/v1/actors", "/v1/actors/usa/positions", "/v1/articles", "/v1/coverage",
    "/v1/events",
]  # fmt: skip
ACTORS = ("china", "nato", "russia", "usa")


def write(world: World, number: int) -> None:
    day = f"2019-0{1 + number % 9}-{1 + number // 9:02}"
    actor = ACTORS[number % 4]
    proposition = ("moratorium", "us-complied", "deployment")[number % 3]
    world.article(
        f"a{number:03}",
        f"{TEXT} {number}",
        [
            Telling("They met in Geneva", day, "consultation", (actor,)),
            Telling("On the moratorium", day, proposition=proposition, actors=("usa",)),
            Telling("On the moratorium", day, proposition=proposition, actors=(actor,)),
        ],
        outlet=f"Outlet {number % 5}",
        published_at=day,
    )


@pytest.fixture(scope="module")
def filled(module_database: Database) -> Database:
    """Thirty articles. Tests only read it."""
    with world_of(module_database.owner_url) as world:
        for number in range(30):
            write(world, number)
        world.project()
    return module_database


@pytest.fixture(scope="module")
async def client(filled: Database) -> AsyncIterator[httpx2.AsyncClient]:
    async with api_client(filled.services_url) as client:
        yield client


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    with world_of(database.owner_url) as world:
        yield world


async def pages(client: httpx2.AsyncClient, path: str, **asked: Any) -> AsyncIterator[dict[str, Any]]:
    """Every page, by following `Link`."""
    response = await client.get(path, params=asked)
    while True:
        assert response.status_code == 200, response.text
        yield response.json()
        following = response.links.get("next")
        assert (following is None) == (response.json()["next"] is None)
        if following is None:
            return
        assert orjson.dumps(response.json()["next"]).decode().strip('"') in following["url"]
        response = await client.get(following["url"])


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("limit", [1, 2, 7])
async def test_the_pages_together_are_the_whole(client: httpx2.AsyncClient, path: str, limit: int) -> None:
    whole = (await ok(client, path, limit=500))["data"]
    found = [page async for page in pages(client, path, limit=limit)]
    assert [item for page in found for item in page["data"]] == whole
    assert all(len(page["data"]) == limit for page in found[:-1])
    assert 0 < len(found[-1]["data"]) <= limit
    assert len({page["position"] for page in found}) == 1


@pytest.mark.parametrize(
    "clocks", [{"reported_by": "2030"}, {"reported_by": "2019-06"}, {"as_of": "2019-05"}]
)
@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_pages_by_the_clocks(client: httpx2.AsyncClient, clocks: dict[str, str], order: str) -> None:
    whole = (await ok(client, "/v1/timeline", limit=500, order=order, **clocks))["data"]
    assert 0 < len(whole) <= 30
    found = [page async for page in pages(client, "/v1/timeline", limit=4, order=order, **clocks)]
    assert [item for page in found for item in page["data"]] == whole


async def test_fifty_by_default_and_a_list_that_fits_has_no_next(client: httpx2.AsyncClient) -> None:
    assert len((await ok(client, "/v1/events"))["data"]) == 50
    assert len((await ok(client, "/v1/actors"))["data"]) == 50
    answer = await client.get("/v1/timeline", params={"limit": 30})
    assert answer.json()["next"] is None
    assert "link" not in answer.headers


async def test_pages_hold_still_while_the_log_grows(database: Database, world: World) -> None:
    for number in range(10):
        write(world, number)
    position = world.project()
    async with api_client(database.services_url) as client:
        for path in ("/v1/timeline", "/v1/positions", "/v1/timeline?reported_by=2030"):
            whole = (await ok(client, path))["data"] if "?" not in path else None
            seen = []
            async for page in (
                pages(client, path, limit=3)
                if "?" not in path
                else pages(client, "/v1/timeline", limit=3, reported_by="2030")
            ):
                seen += page["data"]
                assert page["position"] == position or len(seen) <= 3
                position = page["position"]
                # Entries appear before, between and behind, others get more mentions.
                for _ in range(3):
                    write(world, world_size(world))
                world.article(f"x{len(seen)}{path}", TEXT, [Telling("They met in Geneva", "2019-01-01", "consultation", ("china",))])  # fmt: skip
                world.project()
            if whole is not None:
                assert seen == whole
            assert len({item["id"] for item in seen}) == len(seen)
            position = (await ok(client, "/v1/timeline"))["position"]


def world_size(world: World) -> int:
    row = world.conn.execute("SELECT count(*) FROM read.articles WHERE id LIKE 'a%'").fetchone()
    assert row is not None
    return int(row[0])


def packed(*values: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(values)).rstrip(b"=").decode()


@pytest.mark.parametrize("path", LISTS)
async def test_a_cursor_of_another_question_or_of_nobody_is_refused(
    client: httpx2.AsyncClient, path: str
) -> None:
    mine = (await ok(client, path, limit=1))["next"]
    other = (await ok(client, "/v1/timeline", limit=1, kind="consultation", order="asc"))["next"]
    asked, position, *key = orjson.loads(base64.urlsafe_b64decode(mine + "=" * (-len(mine) % 4)))
    forged = [
        other, "", "x", "====", "%", "🚀", mine[:-3], mine + "AAAA", packed(), packed(1), packed(asked, position),
        packed(asked, "1", *key), packed(asked, -1, *key), packed(asked, True, *key), packed(asked, position, *key, 1),
        packed(asked, position, *[None for _ in key]), packed(asked, position, *["\x00" for _ in key]),
        packed(asked, position, *[2**63 for _ in key]), packed(asked, 2**63, *key), packed("0" * 16, position, *key),
        base64.urlsafe_b64encode(b'{"a":1}').decode(), base64.urlsafe_b64encode(b"\xff").decode(),
    ]  # fmt: skip
    for cursor in forged:
        assert await refused(client, path, cursor=cursor) == ["cursor"], cursor
    if path in {"/v1/timeline", "/v1/positions", "/v1/actors"}:
        assert await refused(client, path, cursor=packed(asked, position + 1, *key)) == ["cursor"]
    assert (await client.get(path, params={"cursor": mine, "limit": 5})).status_code == 200
    if path in {"/v1/timeline", "/v1/coverage"}:
        assert await refused(client, path, cursor=packed(asked, position, "no date", "x")) == ["cursor"]
    if path == "/v1/timeline":
        # What Python reads as a day or an id and PostgreSQL does not must not become an error of ours.
        for day, id_ in (("2019-W31-5", key[1]), (key[0], f"urn:uuid:{key[1]}"), (key[0], f"{{{key[1]}}}")):
            again = await client.get(path, params={"cursor": packed(asked, position, day, id_)})
            assert again.status_code in {200, 422}, again.text
    assert await refused(client, path, cursor="A" * 1001) == ["cursor"]


@pytest.mark.parametrize("path", [*LISTS, "/v1/articles/a001", "/v1/actors/usa"])
async def test_unknown_query_fields_are_refused_by_name(client: httpx2.AsyncClient, path: str) -> None:
    assert await refused(client, path, actr="usa") == ["actr"]
    assert await refused(client, path, Limit="5") == ["Limit"]
    assert await refused(client, path, **{"<script>": "1"}) == ["?"]


CONDITIONAL = [p for p in LISTS if p != "/v1/events"]


async def test_an_unchanged_answer_is_304_until_something_is_projected(
    database: Database, world: World
) -> None:
    for number in range(5):
        write(world, number)
    world.project()
    async with api_client(database.services_url) as client:
        entry = (await ok(client, "/v1/timeline"))["data"][0]
        paths = [
            *CONDITIONAL, f"/v1/timeline/{entry['id']}", "/v1/actors/usa", "/v1/articles/a001",
            "/v1/actors/usa/positions/moratorium/history", f"/v1/stories/{entry['mentions'][0]['story']}",
        ]  # fmt: skip
        tags = {}
        for path in paths:
            response = await client.get(path)
            tags[path] = etag = response.headers["etag"]
            assert response.headers["cache-control"] == "no-cache"
            for given in (etag, f'"other", {etag}', etag.removeprefix("W/"), "*"):
                for method in ("GET", "HEAD"):
                    same = await client.request(method, path, headers={"If-None-Match": given})
                    assert (same.status_code, same.content) == (304, b""), (path, given)
                    assert same.headers["etag"] == etag
            for given in ('"other"', "", etag + "x"):
                assert (await client.get(path, headers={"If-None-Match": given})).status_code == 200
        assert len(set(tags.values())) == len(tags)
        other = await client.get("/v1/timeline?order=asc", headers={"If-None-Match": tags["/v1/timeline"]})
        assert other.status_code == 200
        write(world, 6)
        for path in paths:
            assert (await client.get(path, headers={"If-None-Match": tags[path]})).status_code == 304
        world.project()
        for path in paths:
            assert (await client.get(path, headers={"If-None-Match": tags[path]})).status_code == 200


async def test_who_wants_a_position_reflected_is_not_told_before_that_nothing_changed(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.get("/v1/timeline")
    known = {"If-None-Match": answer.headers["ETag"]}
    reached = known | {"X-Min-Position": answer.headers["X-Position"]}
    assert (await client.get("/v1/timeline", headers=reached)).status_code == 304
    for beyond in ("999999999", "-1", "soon"):
        answer = await client.get("/v1/timeline", headers=known | {"X-Min-Position": beyond})
        assert answer.status_code == 422


@pytest.mark.parametrize("path", [*LISTS, "/v1/articles/a001", "/v1/actors/usa"])
async def test_head_is_get_without_the_body(client: httpx2.AsyncClient, path: str) -> None:
    get, head = await client.get(path), await client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("etag", "link", "content-type", "x-position"):
        assert head.headers.get(name) == get.headers.get(name)
    assert (await client.head(path, params={"actr": "usa"})).status_code == 422


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_nothing_can_be_written_here(client: httpx2.AsyncClient, path: str, method: str) -> None:
    response = await client.request(method, path, json={})
    assert response.status_code == 405
    assert response.headers["content-type"] == "application/problem+json"


async def test_there_is_nothing_anywhere_else(client: httpx2.AsyncClient) -> None:
    for path in ("/v1", "/v1/", "/v1/timeline/", "/v2/timeline", "/v1/nothing", "/docs"):
        response = await client.get(path)
        assert response.status_code == 404, path
        assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path", [*CONDITIONAL, "/v1/events", "/v1/timeline?reported_by=2030", "/v1/timeline?q=geneva"]
)
async def test_a_longer_page_takes_no_more_queries(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    asked: list[Any] = []
    execute = psycopg.AsyncCursor.execute

    async def counted(self: Any, query: Any, *args: Any, **more: Any) -> Any:
        asked.append(query)
        return await execute(self, query, *args, **more)

    monkeypatch.setattr(psycopg.AsyncCursor, "execute", counted)
    taken = []
    for limit in (1, 2, 30):
        asked.clear()
        response = await client.get(path, params={"limit": limit})
        assert response.status_code == 200
        # Not what belongs to a connection or a process: it comes now and then, whatever is asked.
        others = ("checkpoints", "api_keys", "SET statement_timeout", "LISTEN")
        own = [repr(q) for q in asked if q and not any(other in repr(q) for other in others)]
        taken.append(len(own))
    assert taken[0] == taken[1] == taken[2] <= 4, (taken, own)
