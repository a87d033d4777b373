"""The web page over HTTP: what it shows, that it is the same as the API says, that it is safe and well made."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from importlib import resources
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import psycopg
import pytest
from lxml import etree, html
from psycopg import sql

from services.api.app import create_app
from services.api.feed import ChangeId
from services.api.filters import get_timeline_filter
from services.api.pages.view import FILTERS
from services.api.pages.words import date_words, month_short, number, time_words, tone, web_address
from services.core.settings import Settings
from tests.conftest import Database
from tests.integration.log_writer import LogWriter, Telling
from tests.integration.page_tree import css, one, parsed, text
from tests.integration.sample_log import project, write_samples

pytestmark = pytest.mark.anyio

Client = httpx2.AsyncClient


@asynccontextmanager
async def reading(database_url: str, **settings: Any) -> AsyncIterator[Client]:
    """A client of a read service of its own."""
    app = create_app(Settings(database_url=database_url, **settings))
    async with (
        app.router.lifespan_context(app),
        Client(transport=httpx2.ASGITransport(app), base_url="http://localhost") as client,
    ):
        yield client


@pytest.fixture(scope="module")
def samples(module_database: Database) -> Database:
    """The sample dispatches as they were coded by hand, projected. Tests only read it."""
    with psycopg.connect(module_database.owner_url, autocommit=True) as conn:
        write_samples(conn)
        project(conn)
    return module_database


@pytest.fixture
async def client(samples: Database) -> AsyncIterator[Client]:
    async with reading(samples.services_url) as client:
        yield client


@pytest.fixture
def conn(owner_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(owner_url, autocommit=True) as conn:
        yield conn


@pytest.fixture
def log(conn: psycopg.Connection[Any]) -> LogWriter:
    return LogWriter(conn)


async def get(client: Client, address: str, status: int = 200) -> html.HtmlElement:
    answer = await client.get(address)
    assert answer.status_code == status, answer.text[:500]
    return parsed(answer)


def entries(tree: html.HtmlElement) -> list[str]:
    """The ids of the entries on the timeline, in order."""
    return [li.get("id").removeprefix("e-") for li in css(tree, "li.entry")]


def cells(tree: html.HtmlElement) -> dict[tuple[str, str], html.HtmlElement]:
    """The positions shown, by actor and proposition: each cell links to the page of its own."""
    found = {}
    for cell in css(tree, ".matrix td > details"):
        (link,) = css(cell, ".panel > .more a")
        _, actor, proposition = urlsplit(link.get("href")).path.rsplit("/", 2)
        found[actor, proposition] = cell
    return found


async def api(client: Client, path: str) -> list[dict[str, Any]]:
    """All items of an API list."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        url = httpx2.URL(path).copy_merge_params({"limit": "500", **cursor})
        answer = (await client.get(url)).json()
        found += answer["data"]
        if answer["next"] is None:
            return found
        cursor = {"cursor": answer["next"]}


async def test_the_front_page_shows_timeline_and_positions(client: Client) -> None:
    tree = await get(client, "/")
    assert text(one(tree, "h1")) == "The INF Treaty"
    position = (await client.get("/v1/timeline")).json()["position"]
    assert f"Reflects log position {position}, recorded" in text(one(tree, ".reflects"))
    shown = await api(client, "/v1/timeline")
    assert entries(tree) == [entry["id"] for entry in shown[:50]]
    stands = {(p["actor"], p["proposition"]): p for p in await api(client, "/v1/positions")}
    in_front = cells(tree)
    assert len({actor for actor, _ in in_front}) == 10
    assert in_front.keys() <= stands.keys()
    everything = cells(await get(client, "/positions"))
    assert everything.keys() == stands.keys()
    for where, cell in everything.items():
        summary = css(cell, "summary")[0]
        sign = {"supports": "+", "opposes": "−", "conditional": "?"}[stands[where]["stance"]]
        assert text(one(summary, ".sign")) == sign + "!" * stands[where]["contested"]
        assert stands[where]["stance"] in summary.get("class").split()
        assert stands[where]["since"][:4] in text(summary)


async def test_an_entry_says_who_did_what_to_whom_when_and_who_tells_it(client: Client) -> None:
    tree = await get(client, "/?kind=agreement-signed")
    (signed,) = [li for li in css(tree, "li.entry") if "8 December 1987" in text(li)]
    assert text(one(signed, "h5")) == "Agreement signed Russia and United States"
    (told,) = [
        e for e in await api(client, "/v1/timeline?kind=agreement-signed") if e["date"] == "1987-12-08"
    ]
    counts = told["counts"]
    assert text(one(signed, ".what > details > summary")).replace(" · , ", ", ") == (
        f"{counts['outlets']} outlets, {counts['stories']} independent stories, {counts['mentions']} articles"
    )
    tellings = css(signed, ".tellings > li")
    assert len(tellings) == counts["mentions"]
    first = next(li for li in tellings if "Transatlantic Press Service" in text(li))
    assert text(one(first, "time")) == "8 December 1987, 19:40 (UTC−5)"
    assert text(one(first, "blockquote mark")) == "signed a treaty on Tuesday"
    assert len(text(one(first, "blockquote"))) > len("signed a treaty on Tuesday") + 20, "in its sentence"
    assert one(first, "time").get("title") == "1987-12-09 00:40:00 UTC"
    original, as_read = (a.get("href") for a in css(first, "p.links a")[:2])
    assert original == "https://tps.example.com/archive/1987/12/08/treaty-signed"
    article = (await client.get(f"/v1{as_read}")).json()
    assert article["title"] == "Superpowers sign away their medium-range missiles"
    start, end = map(int, text(one(first, ".span")).split("–"))
    assert article["text"][start:end] == "signed a treaty on Tuesday"


async def test_dates_are_written_to_their_precision_under_their_year_and_month(client: Client) -> None:
    tree = await get(client, "/?limit=500")
    shown = {e["id"]: e for e in await api(client, "/v1/timeline")}
    assert {e["precision"] for e in shown.values()} == {"day", "month", "year"}
    for year in css(tree, "section.year"):
        for month in css(year, ".month"):
            for li in css(month, "li.entry"):
                date = shown[li.get("id").removeprefix("e-")]["date"]
                (time,) = css(li, ".when time")
                assert (time.get("datetime"), text(time)) == (date, date_words(date))
                assert text(one(year, "h3")) == date[:4]
                heading = text(one(month, "h4"))
                assert heading == (date_words(date[:7]) if len(date) > 4 else f"Month not told {date}")
    planned = {li.get("id").removeprefix("e-") for li in css(tree, "li.entry") if css(li, ".tag.planned")}
    assert planned == {id_ for id_, e in shown.items() if e["status"] == "planned"}
    assert planned


@pytest.mark.parametrize(
    "asked",
    [
        "actor=germany",
        "actor=germany&actor=france",
        "recipient=china",
        "kind=denial",
        "kind=denial&kind=accusation&actor=russia",
        "from=2019-02&to=2019-08-02",
        "to=1991",
        "min_outlets=3",
        "min_stories=4&order=asc",
        "q=moratorium",
        'q="take the United States out"',
        "status=planned",
        "outlet=Steppe+Press",
        "proposition=moratorium",
        "as_of=2019-02-01",
        "as_of=2018&actor=usa",
        "reported_by=2019-02-02",
        "known_at=40",
        "order=asc",
    ],
)
async def test_each_filter_shows_what_the_api_answers(client: Client, asked: str) -> None:
    tree = await get(client, f"/?limit=500&{asked}")
    expected = [entry["id"] for entry in await api(client, f"/v1/timeline?{asked}")]
    everything = await api(client, "/v1/timeline")
    assert entries(tree) == expected
    assert expected
    assert expected != [entry["id"] for entry in everything]
    # Nothing of the question is lost: it is in the form, or goes along in hidden fields.
    form = dict[str, list[str]]()
    for field in css(tree, "form.filters [name]"):
        value = one(field, "option[selected]").get("value") if css(field, "option[selected]") else ""
        form.setdefault(field.get("name"), []).append(field.get("value") or value)
    for name, value in parse_qsl(asked):
        assert value in form[name]


async def test_a_day_in_the_past_shows_what_had_been_said_by_then(client: Client) -> None:
    for page in ("/", "/positions"):
        now, then = cells(await get(client, page)), await get(client, f"{page}?as_of=2019-03-01")
        stands = {
            (p["actor"], p["proposition"]): p for p in await api(client, "/v1/positions?as_of=2019-03-01")
        }
        shown = cells(then)
        assert shown
        assert shown.keys() <= stands.keys()
        assert all(stands[where]["stance"] in text(css(cell, "summary")[0]) for where, cell in shown.items())
        assert ("russia", "moratorium") in now
        assert ("russia", "moratorium") not in shown
        assert "You are looking at the past. Only what had been said and done by 1 March 2019." in text(then)
        assert one(then, "#as-of").get("value") == "2019-03-01"
        assert not css(then, "[data-stream]")
        # Every way on from here stays on that day, but for the two that lead back to now.
        inside = [a.get("href") for a in css(then, "main a[href^='/']")]
        ahead = [
            href for href in inside if "as_of=2019-03-01" not in href and not href.startswith("/articles/")
        ]
        assert set(ahead) == {page}


async def test_pages_follow_each_other_without_gaps_while_news_comes(
    database: Database, conn: psycopg.Connection[Any], log: LogWriter
) -> None:
    for day in range(1, 26):
        words = f"Moscow spoke on day {day}"
        log.article(f"a{day}", words + ".", [Telling(words, f"2019-07-{day:02}")])
    project(conn)
    async with reading(database.services_url) as client:
        expected = [entry["id"] for entry in await api(client, "/v1/timeline")]
        found: list[str] = []
        address = "/?limit=10"
        while True:
            tree = await get(client, address)
            found += entries(tree)
            assert bool(css(tree, ".matrix")) is False
            following = css(tree, "a[rel=next]")
            if not following:
                break
            address = following[0].get("href")
            n = len(found)
            log.article(
                f"b{n}", "Kyiv spoke.", [Telling("Kyiv spoke", f"2019-07-{n:02}", actors=("ukraine",))]
            )
            project(conn)
        assert found == expected
        assert len(await api(client, "/v1/timeline")) == 27
        assert "First page" in text(tree)


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
        (error,) = css(tree, f"#{field.get('aria-describedby')}")
        assert said in text(error)
        assert said in text(one(tree, "[role=alert]"))
        assert one(tree, "form.filters input[type=hidden][name=order]").get("value") == "asc"
    for asked in ("as_of=x", "reported_by=2019-13", "known_at=then", "limit=0", "limit=501", "order=up", "cursor=abc",
                  "status=maybe", "plover=SING", "dossier=none"):  # fmt: skip
        tree = await get(client, f"/?{asked}", 422)
        assert asked.split("=")[0] in text(one(tree, "[role=alert]"))
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


async def test_an_entry_has_an_address_of_its_own(client: Client) -> None:
    for entry in (await api(client, "/v1/timeline"))[::9]:
        tree = await get(client, f"/entries/{entry['id']}")
        detail = (await client.get(f"/v1/timeline/{entry['id']}")).json()
        assert date_words(detail["date"]) in text(one(tree, "main .when"))
        assert len(css(tree, ".tellings > li")) == len(detail["mentions"])
        for mention, shown in zip(detail["mentions"], css(tree, ".tellings > li"), strict=True):
            assert text(one(shown, "blockquote mark")) == " ".join(mention["evidence"]["text"].split())
            assert len(css(shown, ".quoted")) == len(mention["quotations"])
        assert len(css(tree, ".history tbody tr")) == len(detail["history"])
        for link in css(tree, ".colophon a"):
            assert (await client.get(link.get("href"))).status_code == 200
    missing = await get(client, "/entries/6b1f0c3e-0000-5a54-9d0b-1f6d1a0c7e21", 404)
    assert "There is no such entry" in text(missing)
    await get(client, "/entries/not-an-id", 404)


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


async def test_an_entry_that_moved_or_went_says_so(
    database: Database, conn: psycopg.Connection[Any], log: LogWriter
) -> None:
    coarse = Telling("Washington left", "2019-08", "agreement-ended", ("usa",))
    fine = Telling("Washington left the treaty", "2019-08-02", "agreement-ended", ("usa",))
    log.article("a", "Washington left.", [coarse])
    project(conn)
    async with reading(database.services_url) as client:
        first = entries(await get(client, "/"))[0]
        log.article("b", "Washington left the treaty.", [fine], outlet="Courier")
        project(conn)
        merged = entries(await get(client, "/"))[0]
        assert merged != first
        answer = await client.get(f"/entries/{first}?as_of=2020")
        assert (answer.status_code, answer.headers["Location"]) == (308, f"/entries/{merged}?as_of=2020")
        log.withdraw("a")
        log.withdraw("b")
        project(conn)
        tree = await get(client, f"/entries/{merged}", 410)
        assert "No article tells this any longer" in text(tree)
        assert "The timeline is still empty" in text(await get(client, "/"))


async def test_outlets_that_disagree_make_a_contested_cell_with_both_sides(
    database: Database, conn: psycopg.Connection[Any], log: LogWriter
) -> None:
    def said(words: str, stance: str, date: str = "2019-08-02") -> Telling:
        return Telling(words, date, proposition="moratorium", stance=stance, actors=("germany",))

    log.article(
        "o", "Berlin was against.", [said("Berlin was against", "opposes", "2018-01-05")], outlet="Early"
    )
    log.article("a", "Berlin agreed.", [said("Berlin agreed", "supports")], outlet="Wire")
    log.article("b", "Berlin refused.", [said("Berlin refused", "opposes")], outlet="Courier")
    project(conn)
    async with reading(database.services_url) as client:
        (cell,) = cells(await get(client, "/")).values()
        (position,) = await api(client, "/v1/positions")
        assert position["contested"] is True
        summary = css(cell, "summary")[0]
        sign = {"supports": "+", "opposes": "−"}[position["stance"]]
        assert text(one(summary, ".sign")) == f"{sign}!"
        assert "contested" in summary.get("class").split()
        assert {"Berlin agreed", "Berlin refused"} <= {text(q) for q in css(cell, "blockquote mark")}
        tree = await get(client, "/positions/germany/moratorium")
        assert "Told otherwise about 2 August 2019" in text(tree)
        now, before = css(tree, "main section")
        assert {"Berlin agreed", "Berlin refused"} <= {text(q) for q in css(now, "blockquote mark")}
        runs = (await client.get("/v1/actors/germany/positions/moratorium/history")).json()["data"]
        assert len(css(before, ".runs > li")) == len(runs) - 1
        assert "No article tells of a position" in text(await get(client, "/positions/france/moratorium"))
        await get(client, "/positions/germany/dinner", 404)
        await get(client, "/positions/atlantis/moratorium", 404)


async def test_before_the_first_article_the_page_says_how_to_begin(database_url: str) -> None:
    async with reading(database_url) as client:
        tree = await get(client, "/")
        assert "The timeline is still empty." in text(tree)
        assert "curl -X POST http://127.0.0.1:8377/v1/articles" in text(tree)
        assert "Nothing has been recorded yet" in text(tree)
        assert "Nothing on the timeline matches." in text(await get(client, "/?actor=usa"))
        assert "No actor had taken a position" in text(await get(client, "/positions"))


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


def test_every_filter_of_the_api_has_a_place_on_the_page() -> None:
    taken = {name.rstrip("_") for name in get_timeline_filter.__annotations__} - {"dossier", "return"}
    assert taken == set(FILTERS)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (date_words("2019-08-02"), "2 August 2019"),
        (date_words("2019-08"), "August 2019"),
        (date_words("2019"), "2019"),
        (month_short("2019-08-02"), "Aug"),
        (time_words(None), "no date given"),
        (time_words("2019-08-02"), "2 August 2019"),
        (time_words("2019-08-02T23:05:00Z"), "2 August 2019, 23:05 (UTC)"),
        (time_words("2019-08-02T23:05:00+05:30"), "2 August 2019, 23:05 (UTC+5:30)"),
        (time_words("2019-08-02T23:05:00.5-03:30"), "2 August 2019, 23:05 (UTC−3:30)"),
        (number(1, "story", "stories"), "1 story"),
        (number(1234, "story", "stories"), "1,234 stories"),
        (number(0, "outlet"), "0 outlets"),
        (tone("ACCUSE"), "conflict word"),
        (tone("RETREAT"), "cooperation deed"),
        (tone(None), "neutral"),
        (web_address("https://a.example/x"), "https://a.example/x"),
        (web_address("javascript:alert(1)"), None),
        (web_address(None), None),
    ],
)
def test_things_are_written_as_a_person_writes_them(shown: str | None, expected: str | None) -> None:
    assert shown == expected
