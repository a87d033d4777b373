"""Signing in to the page with a key: the cookie, the forms, and what no other site can do with them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import psycopg
import pytest

from services.cli.gateway import create_app
from services.core.access.keys import Key, Scope, new_key
from services.core.access.store import create_key, revoke_key
from services.core.settings import Settings
from tests.conftest import Database
from tests.integration.keys_client import bearing, forget
from tests.integration.page_tree import css, one, parsed, text
from tests.unit.ingest.samples import article

pytestmark = pytest.mark.anyio

Client = httpx2.AsyncClient
KEYS: dict[str, Key] = {}


@pytest.fixture(scope="module")
def keyed(module_database: Database) -> Database:
    with psycopg.connect(module_database.services_url, autocommit=True) as conn:
        for name, scopes in {
            "reader": [Scope.READ],
            "writer": [Scope.WRITE],
            "both": [Scope.READ, Scope.WRITE],
        }.items():
            KEYS[name] = create_key(conn, f"the <b>{name}</b>", scopes)
    return module_database


@asynccontextmanager
async def browsing(
    database: Database, *, address: str = "http://localhost", **settings: Any
) -> AsyncIterator[Client]:
    app = create_app(Settings(database_url=database.services_url, session_secret="x" * 32, **settings))
    async with (
        app.router.lifespan_context(app),
        Client(transport=httpx2.ASGITransport(app), base_url=address) as client,
    ):
        yield client


async def sign_in(client: Client, key: Key | str, asked: str = "/sign-in") -> httpx2.Response:
    """As a browser does: the form, then what is in it."""
    form = one(parsed(await client.get(asked)), "form.sign-in")
    fields = {field.get("name"): field.get("value") for field in css(form, "input")}
    fields["key"] = key.reveal() if isinstance(key, Key) else key
    return await client.post(form.get("action"), data=fields)


async def test_a_reader_signs_in_reads_and_signs_out(keyed: Database) -> None:
    async with browsing(keyed) as client:
        away = await client.get("/positions?as_of=2019-08")
        assert (away.status_code, away.headers["Location"]) == (
            303,
            "/sign-in?next=%2Fpositions%3Fas_of%3D2019-08",
        )
        answer = await sign_in(client, KEYS["reader"], away.headers["Location"])
        assert (answer.status_code, answer.headers["Location"]) == (303, "/positions?as_of=2019-08")
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("treatyline=")
        assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
        assert "Secure" not in cookie
        assert KEYS["reader"].secret.hex() not in cookie
        page = await client.get("/")
        assert page.status_code == 200
        assert text(one(parsed(page), ".who span")) == "the <b>reader</b>"
        assert page.headers["Cache-Control"].startswith("private")
        # What a browser's scripts do: the stream and the API, by the cookie alone.
        assert (await client.get("/v1/timeline")).status_code == 200
        assert (await client.head("/v1/timeline/stream")).status_code == 200
        assert (await client.get("/v1/events")).status_code == 403
        out = one(parsed(page), "form.who")
        fields = {field.get("name"): field.get("value") for field in css(out, "input")}
        answer = await client.post(out.get("action"), data=fields)
        assert answer.status_code == 303
        assert not client.cookies.get("treatyline")
        again = await client.get("/", headers={"If-None-Match": page.headers["ETag"]})
        assert (again.status_code, again.headers["Location"]) == (303, "/sign-in")


async def test_over_https_the_cookie_is_this_hosts_and_secure(keyed: Database) -> None:
    async with browsing(keyed, address="https://localhost") as client:
        answer = await sign_in(client, KEYS["reader"])
        cookie = next(v for v in answer.headers.get_list("Set-Cookie") if v.startswith("__Host-treatyline="))
        assert {"HttpOnly", "Path=/", "SameSite=lax", "Secure"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
        assert (await client.get("/")).status_code == 200


@pytest.mark.parametrize("wrong", ["", "tl_", new_key(), "x" * 150])
async def test_a_wrong_key_gives_no_cookie(keyed: Database, wrong: Key | str) -> None:
    async with browsing(keyed) as client:
        answer = await sign_in(client, wrong)
        assert answer.status_code == 401
        assert "not a key" in text(one(parsed(answer), "[role=alert]"))
        assert "treatyline=" not in answer.headers["Set-Cookie"]
        if wrong:
            assert (wrong.reveal() if isinstance(wrong, Key) else wrong * 9) not in answer.text


async def test_another_site_can_neither_sign_in_nor_out_nor_post(keyed: Database) -> None:
    """It can make the browser send a form, but knows no token; over the API a header is wanted besides."""
    key = KEYS["both"]
    async with browsing(keyed) as client:
        blind = await client.post("/sign-in", data={"key": key.reveal()})
        assert blind.status_code == 403
        assert "treatyline=" not in blind.headers["Set-Cookie"]
        await client.get("/sign-in")
        guessed = await client.post("/sign-in", data={"key": key.reveal(), "form_token": "x"})
        assert guessed.status_code == 403
        assert (await sign_in(client, key)).status_code == 303
        for data in ({"other": "x"}, {"form_token": ""}, {"form_token": "x"}, {"form_token": "é"}):
            assert (await client.post("/sign-out", data=data)).status_code == 403
        assert (await client.get("/")).status_code == 200
        posted = await client.post("/v1/articles", json=article())
        assert posted.status_code == 403
        assert posted.json()["type"] == "/problems/form-token-wanted"
        token = one(parsed(await client.get("/")), "form.who input").get("value")
        posted = await client.post("/v1/articles", json=article(), headers={"X-CSRF-Token": token})
        assert posted.status_code == 202
        # A token of one session is none of another's.
        async with browsing(keyed) as other:
            # A browser keeps the cookie back from another site's form: the answer must not drop it then.
            without = await other.post("/sign-out", data={"other": "x"})
            assert (without.status_code, without.headers.get("Set-Cookie")) == (303, None)
            await sign_in(other, key)
            refused = await other.post("/v1/articles", json=article(), headers={"X-CSRF-Token": token})
            assert refused.status_code == 403


async def test_a_session_is_worth_nothing_without_its_key_or_after_its_time(database: Database) -> None:
    with psycopg.connect(database.services_url, autocommit=True) as conn:
        key, other = create_key(conn, "one", [Scope.READ]), create_key(conn, "other", [Scope.WRITE])
        async with browsing(database) as client:
            await sign_in(client, key)
            assert (await client.get("/v1/timeline")).status_code == 200
            revoke_key(conn, key.id)
            await forget()
            assert (await client.get("/v1/timeline")).status_code == 401
            await sign_in(client, other)
            assert (await client.get("/")).status_code == 403  # it may post, not read
        async with browsing(database, session_hours=1e-9) as client:
            await sign_in(client, other)
            assert (await client.get("/v1/timeline")).status_code == 401


async def test_a_key_in_the_header_comes_before_the_cookie(keyed: Database) -> None:
    async with browsing(keyed) as client:
        await sign_in(client, KEYS["reader"])
        assert (await client.get("/v1/timeline", headers=bearing(new_key()))).status_code == 401
        assert (await client.get("/v1/timeline", headers=bearing(KEYS["writer"]))).status_code == 403


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/a\r\nSet-Cookie: x",
        "x",
        "",
    ],
)
async def test_signing_in_leads_nowhere_else(keyed: Database, wanted: str) -> None:
    async with browsing(keyed) as client:
        asked = str(httpx2.URL("/sign-in", params={"next": wanted}))
        answer = await sign_in(client, KEYS["reader"], asked if wanted else "/sign-in")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/")


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b"{}", 415),
        ("application/x-www-form-urlencoded", b"key=" + b"x" * 5000, 413),
        ("application/x-www-form-urlencoded", b"key=\xff", 400),
        ("application/x-www-form-urlencoded", b"&".join(b"a=b" for _ in range(20)), 400),
        ("application/x-www-form-urlencoded", b"key=%ff", 400),
    ],
)
async def test_forms_that_are_none(keyed: Database, content_type: str, body: bytes, status: int) -> None:
    async with browsing(keyed) as client:
        for path in ("/sign-in", "/sign-out"):
            answer = await client.post(path, content=body, headers={"Content-Type": content_type})
            assert answer.status_code == status
            assert "Content-Security-Policy" in answer.headers


async def test_where_no_keys_are_asked_for_there_is_nothing_to_sign_in_to(database: Database) -> None:
    async with browsing(database) as client:
        answer = await client.get("/sign-in")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/")
        assert not css(parsed(await client.get("/")), "form.who")
