"""How the web page is served: harmless whatever it shows, kept by browsers, asked wrongly, without a database."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from importlib import resources
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import psycopg
import pytest
from lxml import etree, html
from psycopg import sql

from services.api.feed import ChangeId
from services.api.pages.view import LABELS
from tests.conftest import Database
from tests.integration.log_writer import LogWriter, Telling
from tests.integration.page_client import Client, api, get, reading
from tests.integration.page_tree import css, one, parsed, text
from tests.integration.sample_log import project

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def client(samples: Database) -> AsyncIterator[Client]:
    async with reading(samples.services_url) as client:
        yield client


NASTY = "<script>alert(1)</script> & \"><img src=x onerror=alert(2)> 'said' {{ 7 * 7 }}"


async def test_whatever_articles_and_addresses_hold_is_shown_as_text(
    database: Database, conn: psycopg.Connection[Any], log: LogWriter
) -> None:
    body = f"In Moscow {NASTY} was heard."
    log.receive("n", body, outlet=f"Outlet {NASTY}", url="javascript:alert(3)", title=NASTY)
    log.judge("n", "n")
    quotation = {"source": None, "cue": None, "content": [10, 10 + len(NASTY)], "speaker": None, "actor": None,
                 "direct": True}  # fmt: skip
    log.read("n", body, [Telling(NASTY, "2019-08-02"), Telling(NASTY, "2019-08-02", proposition="moratorium")],
             quotations=(quotation,))  # fmt: skip
    project(conn)
    async with reading(database.services_url) as client:
        entry = (await api(client, "/v1/timeline"))[0]["id"]
        (article,) = await api(client, "/v1/articles")
        pages = ["/", "/positions", f"/entries/{entry}", "/positions/russia/moratorium", "/actors/russia",
                 f"/articles/{article['id']}", f"/fresh?entry={entry}", "/coverage?to=2030"]  # fmt: skip
        for page in pages:
            tree = await get(client, page)
            assert NASTY in text(tree)
            assert f"Outlet {NASTY}" in text(tree)
            assert_harmless(tree)
            assert not css(tree, "a[href^=javascript]")
        for asked in (
            {"q": NASTY},
            {"outlet": NASTY},
            {"speaker": NASTY},
            {"actor": NASTY},
            {"as_of": NASTY},
            {NASTY: "x"},
        ):
            answer = await client.get("/", params=asked, follow_redirects=True)
            tree = parsed(answer)
            assert_harmless(tree)
            if answer.status_code == 200 and answer.url.query:
                assert NASTY in text(one(tree, ".chips"))


def assert_harmless(tree: html.HtmlElement) -> None:
    """Nothing runs but our own file, nothing is styled or loaded from inside the page."""
    assert len(css(tree, "script")) == 1
    assert not css(tree, "img, style, iframe, object, embed, base, [style]")
    for element in tree.iter(etree.Element):
        assert not [name for name in element.attrib if name.startswith("on")]


async def test_no_page_asks_another_host_for_anything(client: Client) -> None:
    entry = (await client.get("/v1/timeline?limit=1")).json()["data"][0]["id"]
    for page in (
        "/",
        "/positions",
        f"/entries/{entry}",
        "/positions/usa/deployment",
        "/actors/usa",
        "/coverage",
        "/?from=never",
        "/entries/none",
    ):
        answer = await client.get(page)
        tree = parsed(answer)
        assert_harmless(tree)
        loaded = [
            e.get("src") or e.get("href")
            for e in css(tree, "script[src], link[rel=stylesheet], link[rel=icon]")
        ]
        assert len(loaded) == 3
        assert all(
            re.fullmatch(r"/static/[a-z]+\.(css|js|svg)\?v=[0-9a-f]{16}", address) for address in loaded
        )
        assert not css(tree, "[srcset], [poster], [background], [ping], [formaction], meta[http-equiv]")
        assert all(form.get("action").startswith("/") and form.get("method") == "get" for form in tree.forms)
        for link in css(tree, "a[href*='//']"):
            assert {"noopener", "noreferrer"} <= set(link.get("rel").split())
        policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
        assert policy.pop("default-src") == "'none'"
        assert policy.pop("require-trusted-types-for") == "'script'"
        assert set(policy.values()) == {"'self'", "'none'"}
        assert policy["base-uri"] == policy["frame-ancestors"] == "'none'"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for file in (resources.files("services.api") / "static").iterdir():
        content = file.read_text("utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert "//" not in re.sub(r"(^|\s)// .*", "", content), file.name
        assert "url(" not in content
        assert "@import" not in content


async def test_what_can_not_be_meant_is_said_beside_its_field(client: Client) -> None:
    for asked, name, said in (
        ("from=someday", "from", "Wants a date: 2019-08-02, 2019-08 or 2019"),
        ("to=2019-02-30", "to", "Wants a date"),
        ("actor=atlantis", "actor", "The dossier inf has no such id"),
        ("recipient=usa&recipient=mu", "recipient", "The dossier inf has no such id"),
        ("kind=party", "kind", "The dossier inf has no such id"),
        ("min_outlets=many", "min_outlets", "Wants a whole number"),
        ("min_outlets=-1", "min_outlets", "Wants 0 or more"),
        ("q=%00", "q", "NUL"),
    ):
        tree = await get(client, f"/?order=asc&{asked}", 422)
        assert text(one(tree, "h1")) == "That question was not understood"
        (field,) = [f for f in css(tree, f"form.filters [name={name}]") if f.get("id")]
        assert field.get("aria-invalid") == "true"
        if (
            field.tag == "input" and name != "q"
        ):  # as it was typed: a field for numbers would drop what is none
            assert field.get("value") == parse_qsl(asked)[0][1]
            assert field.get("type") != "number"
        (error,) = css(tree, f"#{field.get('aria-describedby')}")
        assert said in text(error)
        assert said in text(one(tree, "[role=alert]"))
        assert one(tree, "form.filters input[type=hidden][name=order]").get("value") == "asc"
    for asked in ("as_of=x", "reported_by=2019-13", "known_at=then", "limit=0", "limit=501", "order=up", "cursor=abc",
                  "status=maybe", "plover=SING", "dossier=none"):  # fmt: skip
        tree = await get(client, f"/?{asked}", 422)
        name = asked.split("=")[0]
        assert LABELS.get(name, name).lower() in text(one(tree, "[role=alert]")).lower()
    await get(client, "/positions?as_of=x", 422)


async def test_a_cursor_fits_its_own_question_alone(client: Client) -> None:
    tree = await get(client, "/?limit=5")
    following = one(tree, "a[rel=next]").get("href").removesuffix("#timeline")
    await get(client, following)
    await get(client, f"{following}&actor=usa", 422)


async def test_blank_fields_and_strange_names_leave_the_address(client: Client) -> None:
    answer = await client.get("/?actor=&recipient=&kind=denial&q=+&from=&utm_source=mail")
    assert (answer.status_code, answer.headers["Location"]) == (307, "/?kind=denial")
    answer = await client.get("/positions?as_of=")
    assert (answer.status_code, answer.headers["Location"]) == (307, "/positions")


async def test_links_to_the_api_are_questions_that_it_takes(client: Client) -> None:
    entry = (await client.get("/v1/timeline?limit=1")).json()["data"][0]["id"]
    clocks = "as_of=2030-01-01&known_at=1000&dossier=inf"
    for page in ("/", "/positions", f"/entries/{entry}", "/positions/usa/deployment", "/actors/usa"):
        tree = await get(client, f"{page}?{clocks}")
        links = css(tree, ".colophon a")
        assert len(links) >= 2
        for link in links:
            answer = await client.get(link.get("href"))
            assert answer.status_code == 200, link.get("href")


async def test_static_files_are_kept_for_ever_under_an_address_that_names_their_content(
    client: Client,
) -> None:
    tree = await get(client, "/")
    types = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
    for element in css(tree, "script[src], link[rel=stylesheet], link[rel=icon]"):
        address = element.get("src") or element.get("href")
        answer = await client.get(address)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Content-Type"].startswith(types[urlsplit(address).path.rpartition(".")[2]])
        again = await client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        other = await client.get(urlsplit(address).path, params={"v": "older"})
        assert (other.status_code, other.headers["Cache-Control"]) == (200, "no-cache")
        assert other.content == answer.content
    for missing in ("/static/none.css", "/static/..%2Fpage.py", "/static/%2e%2e/page.py"):
        assert (await client.get(missing)).status_code == 404


async def test_a_browser_that_has_the_page_is_told_so_until_news_comes(
    database: Database, conn: psycopg.Connection[Any], log: LogWriter
) -> None:
    log.article("a", "Moscow spoke.", [Telling("Moscow spoke", "2019-08-02")])
    project(conn)
    async with reading(database.services_url) as client:
        answer = await client.get("/")
        assert answer.headers["Cache-Control"] == "no-cache"
        known = {"If-None-Match": answer.headers["ETag"]}
        assert (await client.get("/", headers=known)).status_code == 304
        assert (await client.get("/?actor=usa", headers=known)).status_code == 200
        assert (await client.head("/")).headers["ETag"] == answer.headers["ETag"]
        log.article("b", "Kyiv spoke.", [Telling("Kyiv spoke", "2019-08-03", actors=("ukraine",))])
        project(conn)
        news = await client.get("/", headers=known)
        assert news.status_code == 200
        assert "Kyiv spoke" in news.text


async def test_the_live_stream_is_asked_for_what_the_page_shows(client: Client) -> None:
    described = (await client.get("/openapi.json")).json()["paths"]["/v1/timeline/stream"]["get"][
        "parameters"
    ]
    taken = {parameter["name"] for parameter in described if parameter["in"] == "query"}
    for asked in ("", "dossier=inf&actor=usa&actor=nato&from=2019&q=treaty&min_outlets=2&limit=5&order=asc"):
        tree = await get(client, f"/?{asked}")
        (live,) = css(tree, "[role=status][data-stream]")
        address = urlsplit(live.get("data-stream"))
        assert address.path == "/v1/timeline/stream"
        *filters, (last, change) = parse_qsl(address.query)
        assert (last, ChangeId.parse(change).position) == (
            "last_event_id",
            (await client.get("/v1/timeline")).json()["position"],
        )
        fresh = urlsplit(live.get("data-fresh"))
        assert (fresh.path, parse_qsl(fresh.query)) == ("/fresh", parse_qsl(asked))
        assert filters == [item for item in parse_qsl(asked) if item[0] not in {"limit", "order"}]
        assert {name for name, _ in filters} | {last} <= taken


async def test_without_a_database_the_page_says_so(database: Database, superuser_url: str) -> None:
    async with reading(database.services_url, database_timeout=2) as client:
        await get(client, "/")
        elsewhere = superuser_url.rpartition("/")[0] + "/postgres"
        with psycopg.connect(elsewhere, autocommit=True) as conn:
            conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database.name)))
        answer = await client.get("/")
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        assert "The database cannot be reached" in text(parsed(answer))
