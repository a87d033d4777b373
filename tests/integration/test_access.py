"""Who may do what over HTTP: keys, scopes, and what is open while there are no keys."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from services.cli.access import check_access
from services.cli.gateway import create_app
from services.core.access.keys import Key, Scope, new_key
from services.core.access.store import create_key, list_keys, revoke_key
from services.core.errors import InvalidInput, UnsafeSettings
from services.core.logging import configure_logging
from services.core.settings import Settings
from tests.conftest import Database
from tests.integration.api_client import world_of
from tests.integration.ingest_client import count, events
from tests.integration.keys_client import Client, bearing, forget, make_key, serving
from tests.integration.stream_client import LEFT, TEXT, served
from tests.unit.ingest.samples import article

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def keys(module_database: Database) -> dict[Scope, Key]:
    """A key of each scope, to a database that tests change nothing in."""
    return {scope: make_key(module_database, scope, name=scope.value) for scope in Scope}


@pytest.fixture(scope="module")
async def client(module_database: Database, keys: dict[Scope, Key]) -> AsyncIterator[Client]:
    """Asks the services on that database."""
    async with serving(module_database) as client:
        yield client


@pytest.fixture(scope="module")
async def reader(module_database: Database, keys: dict[Scope, Key]) -> AsyncIterator[Client]:
    """Asks the services on that database, where reading is open to all."""
    async with serving(module_database, open_reading=True) as client:
        yield client


GUARDED = [
    ("POST", "/v1/articles", Scope.WRITE),
    ("DELETE", "/v1/articles/6b1f0c3e-5f0e-5a54-9d0b-1f6d1a0c7e21", Scope.WRITE),
    ("POST", "/v1/timeline/6b1f0c3e-5f0e-5a54-9d0b-1f6d1a0c7e21/corrections", Scope.REVIEW),
    ("POST", "/v1/positions/6b1f0c3e-5f0e-5a54-9d0b-1f6d1a0c7e21/corrections", Scope.REVIEW),
    ("GET", "/v1/timeline", Scope.READ),
    ("GET", "/v1/timeline/6b1f0c3e-5f0e-5a54-9d0b-1f6d1a0c7e21", Scope.READ),
    ("HEAD", "/v1/timeline/stream", Scope.READ),
    ("GET", "/v1/positions", Scope.READ),
    ("GET", "/v1/actors", Scope.READ),
    ("GET", "/v1/articles", Scope.READ),
    ("GET", "/v1/coverage", Scope.READ),
    ("GET", "/metrics", Scope.READ),
    ("GET", "/v1/events", Scope.ADMIN),
]


@pytest.mark.parametrize(("method", "path", "scope"), GUARDED)
async def test_each_route_asks_for_its_scope(
    client: Client, keys: dict[Scope, Key], method: str, path: str, scope: Scope
) -> None:
    without = await client.request(method, path)
    assert without.status_code == 401
    assert without.headers["WWW-Authenticate"] == 'Bearer realm="treatyline"'
    assert without.headers["Content-Type"] == "application/problem+json"
    for held, key in keys.items():
        answer = await client.request(method, path, headers=bearing(key))
        if held in {scope, Scope.ADMIN}:
            assert answer.status_code not in {401, 403}, (held, answer.text)
        else:
            assert answer.status_code == 403, held
            challenge = answer.headers["WWW-Authenticate"]
            assert f'error="insufficient_scope", scope="{scope}"' in challenge


async def test_no_route_was_forgotten(client: Client) -> None:
    """Every operation of the OpenAPI document asks for a key, but for those that name no thing of ours."""
    document = (await client.get("/openapi.json")).json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if path in {"/healthz", "/readyz"}:
                assert (await client.request(method, path)).status_code in {200, 503}
                continue
            if path == "/v1/hooks/miniflux":  # signed with a secret of its own instead
                assert (await client.request(method, path)).status_code == 403
                continue
            asked = path.replace("{article_id}", "a").replace("{entry_id}", "a")
            answer = await client.request(method, asked)
            assert answer.status_code == 401, (method, path)
            assert operation["security"], (method, path)
            assert {"401", "403", "429"} <= operation["responses"].keys(), (method, path)
    pages = [
        "/",
        "/positions",
        "/positions/usa/deployment",
        "/entries/6b1f0c3e-0000-5a54-9d0b-1f6d1a0c7e21",
    ]
    for page in pages:
        answer = await client.get(page)
        assert (answer.status_code, answer.headers["Location"][:8]) == (303, "/sign-in"), page


@pytest.mark.parametrize(
    "given",
    [
        "Bearer",
        "Bearer ",
        "Bearer tl_000000000000_" + "0" * 64,
        "Bearer nonsense",
        "Bearer \xff",
        "Basic dXNlcjpwYXNz",
        "tl_000000000000_" + "0" * 64,
    ],
)
async def test_a_wrong_key_is_401_and_never_repeated(reader: Client, given: str) -> None:
    answer = await reader.get("/v1/timeline", headers=[(b"authorization", given.encode("latin-1"))])
    assert answer.status_code == 401  # also where reading is open: somebody meant to be somebody
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    assert "tl_" not in answer.text.replace("tl_…", "")


async def test_another_secret_under_a_known_id_is_wrong(client: Client, keys: dict[Scope, Key]) -> None:
    key = keys[Scope.READ]
    assert (await client.get("/v1/timeline", headers=bearing(key))).status_code == 200
    other = Key(key.id, new_key().secret)
    assert (await client.get("/v1/timeline", headers=bearing(other))).status_code == 401
    twice = [(b"authorization", f"Bearer {key.reveal()}".encode())] * 2
    assert (await client.get("/v1/timeline", headers=twice)).status_code == 401


async def test_the_log_says_with_which_key(database: Database) -> None:
    writer, admin = make_key(database, Scope.WRITE, Scope.READ), make_key(database, Scope.ADMIN)
    async with serving(database) as client:
        posted = await client.post("/v1/articles", json=article(), headers=bearing(writer))
        assert posted.status_code == 202, posted.text
        await client.delete(f"{posted.headers['Location']}?reason=asked", headers=bearing(admin))
        answer = await client.get("/v1/events?order=asc", headers=bearing(admin))
    told = [(e["type"], e.get("keyid")) for e in answer.json()["data"]]
    assert told == [
        ("KeyCreated", None),
        ("KeyCreated", None),
        ("ArticleReceived", writer.id),
        ("ArticleWithdrawn", admin.id),
    ]
    recorded = events(database.services_url)
    assert recorded[0]["data"] == {
        "key_id": writer.id,
        "name": "a key",
        "scopes": ["articles:write", "timeline:read"],
    }
    assert [e["data"]["key_id"] for e in recorded[2:]] == [writer.id, admin.id]
    everything = json.dumps(recorded, default=str)
    assert not any(s in everything for k in (writer, admin) for s in (k.secret.hex(), k.sha256.hex()))


async def test_idempotency_keys_of_two_api_keys_do_not_meet(database: Database) -> None:
    one, other = make_key(database, Scope.WRITE), make_key(database, Scope.WRITE)
    async with serving(database) as client:
        first = await client.post(
            "/v1/articles", json=article(), headers=bearing(one) | {"Idempotency-Key": '"1"'}
        )
        second = await client.post(
            "/v1/articles",
            json=article(text="Something else."),
            headers=bearing(other) | {"Idempotency-Key": '"1"'},
        )
    assert (first.status_code, second.status_code) == (202, 202)


async def test_a_revoked_key_is_out_a_second_later(database: Database) -> None:
    key = make_key(database, Scope.READ)
    async with serving(database) as client:
        assert (await client.get("/v1/timeline", headers=bearing(key))).status_code == 200
        with psycopg.connect(database.services_url, autocommit=True) as conn:
            revoked = revoke_key(conn, key.id)
            assert revoked.revoked_at is not None
            assert revoke_key(conn, key.id) == revoked  # again changes nothing
        await forget()
        assert (await client.get("/v1/timeline", headers=bearing(key))).status_code == 401
        # The last key is gone, and the door stays shut.
        assert (await client.get("/v1/timeline")).status_code == 401
    assert [e["type"] for e in events(database.services_url)] == ["KeyCreated", "KeyRevoked"]


async def test_a_stream_ends_with_its_key(database: Database) -> None:
    key = make_key(database, Scope.READ)
    with world_of(database.owner_url) as world:
        async with served(database) as server:
            assert (await server.client.get("/v1/timeline/stream")).status_code == 401
            server.client.headers.update(bearing(key))
            async with server.stream("0.0") as told:
                world.article("a001", TEXT, [LEFT])
                world.project()
                assert (await anext(told)).name == "entry.added"
                with psycopg.connect(database.services_url, autocommit=True) as conn:
                    revoke_key(conn, key.id)
                await forget()
                world.article("a002", TEXT, [LEFT], outlet="Courier")
                world.project()
                assert [event async for event in told] == []


async def test_the_last_use_is_kept_without_a_write_for_each(database: Database) -> None:
    key, unused = make_key(database, Scope.READ), make_key(database, Scope.READ)
    async with serving(database) as client:
        for _ in range(5):
            await client.get("/v1/timeline", headers=bearing(key))
        with psycopg.connect(database.services_url, autocommit=True) as conn:
            assert all(record.last_used_at is None for record in list_keys(conn))
    with psycopg.connect(database.services_url, autocommit=True) as conn:
        used = {record.id: record.last_used_at for record in list_keys(conn)}
        assert used[key.id] is not None
        assert used[unused.id] is None
        row = conn.execute("SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'api_keys'").fetchone()
        assert row is not None
        assert row[0] <= 1


async def test_reading_may_be_opened_to_all_but_not_the_log(reader: Client, keys: dict[Scope, Key]) -> None:
    for path in ("/v1/timeline", "/v1/positions", "/"):
        assert (await reader.get(path)).status_code == 200, path
    for method, path in (("GET", "/v1/events"), ("POST", "/v1/articles"), ("GET", "/metrics")):
        assert (await reader.request(method, path)).status_code == 401, path
    assert (await reader.get("/v1/timeline", headers=bearing(keys[Scope.WRITE]))).status_code == 200


# -- without keys ---------------------------------------------------------------------------------------------------


async def test_without_keys_only_loopback_names_are_answered(database: Database) -> None:
    async with serving(database) as client:
        for host in ("localhost", "localhost:8377", "127.0.0.1:8377", "[::1]:8377"):
            answer = await client.get("/v1/timeline", headers={"Host": host})
            assert answer.status_code == 200, host
        for host in (
            "evil.example",
            "evil.example:8377",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "",
            "[",
        ):
            for method, path in (("GET", "/v1/timeline"), ("POST", "/v1/articles"), ("GET", "/")):
                answer = await client.request(method, path, headers={"Host": host})
                assert answer.status_code == 421, (host, path)
    assert count(database.services_url, "events") == 0


async def test_the_first_key_shuts_the_door_of_what_already_runs(database: Database) -> None:
    async with serving(database) as client:
        assert (await client.get("/v1/timeline")).status_code == 200
        make_key(database, Scope.ADMIN)
        await forget()
        assert (await client.get("/v1/timeline")).status_code == 401


async def test_beyond_loopback_nothing_listens_without_a_key(database: Database, tmp_path: Path) -> None:
    def settings(**more: Any) -> Settings:
        return Settings(database_url=database.services_url, **more)

    assert check_access(settings()) is False
    for host in ("0.0.0.0", "::", "192.168.1.5", "news.example"):  # noqa: S104 - that is the point
        with pytest.raises(UnsafeSettings, match=f"TREATYLINE_HOST={host}"):
            check_access(settings(host=host))
    key = new_key()
    file = tmp_path / "first-key"
    file.write_text(key.reveal() + "\n")
    for _ in range(2):  # as ingest and api both do
        assert check_access(settings(host="0.0.0.0", first_key_file=file)) is True  # noqa: S104
    assert [e["type"] for e in events(database.services_url)] == ["KeyCreated"]
    async with serving(database) as client:
        assert (await client.get("/v1/events", headers=bearing(key))).status_code == 200
    with psycopg.connect(database.services_url, autocommit=True) as conn:
        revoke_key(conn, key.id)
    assert check_access(settings(first_key_file=file)) is True
    with psycopg.connect(database.services_url, autocommit=True) as conn:
        assert list_keys(conn)[0].revoked_at is not None, "a file does not bring back what was revoked"


async def test_bound_beyond_loopback_a_key_is_asked_for_even_if_there_is_none(database: Database) -> None:
    async with serving(database, host="0.0.0.0") as client:  # noqa: S104
        assert (await client.get("/v1/timeline")).status_code == 421
    app = create_app(Settings(database_url=database.services_url, host="0.0.0.0"))  # noqa: S104
    async with (
        app.router.lifespan_context(app),
        Client(transport=httpx2.ASGITransport(app), base_url="http://localhost") as client,
    ):
        assert (await client.get("/v1/timeline")).status_code == 401


@pytest.mark.parametrize("content", [b"", b"secret", b"tl_12_34", b"\xff\xfe", None])
def test_a_file_without_a_key_is_said(database: Database, tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "first-key"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UnsafeSettings, match="TREATYLINE_FIRST_KEY_FILE") as told:
        check_access(Settings(database_url=database.services_url, first_key_file=file))
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\x00b", "a\x1b[31m"])
def test_a_key_has_a_name_that_can_be_shown(database: Database, name: str) -> None:
    with psycopg.connect(database.services_url, autocommit=True) as conn, pytest.raises(InvalidInput):
        create_key(conn, name, [Scope.READ])


# -- what goes out --------------------------------------------------------------------------------------------------


async def test_what_one_key_may_see_is_kept_from_shared_caches(
    client: Client,
    keys: dict[Scope, Key],
) -> None:
    answer = await client.get("/v1/timeline", headers=bearing(keys[Scope.READ]))
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["Vary"] == "Authorization, Cookie"
    again = {**bearing(keys[Scope.READ]), "If-None-Match": answer.headers["ETag"]}
    assert (await client.get("/v1/timeline", headers=again)).status_code == 304
    assert (
        await client.get("/v1/timeline", headers={"If-None-Match": answer.headers["ETag"]})
    ).status_code == 401


async def test_other_sites_are_answered_only_where_they_are_named(
    module_database: Database,
    client: Client,
    keys: dict[Scope, Key],
) -> None:
    news, evil = {"Origin": "https://news.example"}, {"Origin": "https://evil.example"}
    preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    answers = [
        await client.get("/v1/timeline", headers=news | bearing(keys[Scope.READ])),
        await client.options("/v1/articles", headers=news | preflight),
    ]
    assert not any(name.startswith("access-control") for a in answers for name in a.headers)
    assert answers[1].status_code == 405
    async with serving(module_database, cors_origins=("https://news.example",)) as named:
        answer = await named.get("/v1/timeline", headers=news | bearing(keys[Scope.READ]))
        assert answer.headers["Access-Control-Allow-Origin"] == "https://news.example"
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert (await named.options("/v1/articles", headers=news | preflight)).status_code == 200
        answer = await named.get("/v1/timeline", headers=evil | bearing(keys[Scope.READ]))
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert (await named.options("/v1/articles", headers=evil | preflight)).status_code == 400


async def test_logs_hold_the_keys_id_and_no_key_and_no_words(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = io.StringIO()
    monkeypatch.setattr("sys.stderr", told)
    configure_logging(level="debug", json=True)
    key = make_key(database, Scope.WRITE)
    wrong = new_key()
    words = {"text": "Unmistakable words in Geneva.", "title": "Unmistakable title"}
    async with serving(database) as client:
        await client.post("/v1/articles", json=article(**words), headers=bearing(key))
        await client.post("/v1/articles", json=article(**words, published_at="soon"), headers=bearing(key))
        await client.post("/v1/articles", json=article(**words), headers=bearing(wrong))
        await client.get(f"/v1/timeline?q={key.reveal()}")
        await client.get("/v1/timeline", headers={"Cookie": f"treatyline={key.reveal()}"})
    lines = told.getvalue()
    assert f'"key_id":"{key.id}"' in lines
    assert "article posted" in lines
    for secret in (key.secret.hex(), wrong.secret.hex(), "Unmistakable"):
        assert secret not in lines
