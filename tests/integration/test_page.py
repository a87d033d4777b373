"""The web page over HTTP: what it shows, and that it is the same as the API says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl

import psycopg
import pytest

from services.api.pages import entry as entry_page
from services.api.pages.words import date_words
from tests.conftest import Database
from tests.integration.log_writer import LogWriter, Telling
from tests.integration.page_client import Client, api, cells, entries, get, reading
from tests.integration.page_tree import css, one, text
from tests.integration.sample_log import project

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def client(samples: Database) -> AsyncIterator[Client]:
    async with reading(samples.services_url) as client:
        yield client


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


async def test_an_entry_has_an_address_of_its_own(client: Client) -> None:
    for entry in (await api(client, "/v1/timeline"))[::9]:
        tree = await get(client, f"/entries/{entry['id']}")
        detail = (await client.get(f"/v1/timeline/{entry['id']}")).json()
        assert date_words(detail["date"]) in text(one(tree, "main .when"))
        assert len(css(tree, ".tellings > li")) == len(detail["mentions"])
        for mention, shown in zip(detail["mentions"], css(tree, ".tellings > li"), strict=True):
            assert text(one(shown, "blockquote mark")) == " ".join(mention["evidence"]["text"].split())
            said = [q for q in mention["quotations"] if q["content"]["text"] != mention["evidence"]["text"]]
            assert len(css(shown, ".quoted")) == len(said), "what is marked is not told again"
        copies = [m for m in detail["mentions"] if m["copy"]]
        assert len(css(tree, ".copies .tellings > li")) == len(copies)
        versions = [text(row).split()[0] for row in css(tree, ".history tbody tr")]
        told = [n for v in versions for n in range(int(v.split("–")[0]), int(v.split("–")[-1]) + 1)]
        assert sorted(told) == sorted(version["version"] for version in detail["history"])
        for link in css(tree, ".colophon a"):
            assert (await client.get(link.get("href"))).status_code == 200
    missing = await get(client, "/entries/6b1f0c3e-0000-5a54-9d0b-1f6d1a0c7e21", 404)
    assert "There is no such entry" in text(missing)
    await get(client, "/entries/not-an-id", 404)


async def test_an_entry_of_many_articles_has_pages(
    database: Database, conn: psycopg.Connection[Any], log: LogWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry_page, "TELLINGS_ON_PAGE", 3)
    words = "Moscow spoke"
    for n in range(7):
        log.article(f"a{n}", f"{words}.", [Telling(words, "2019-08-02")], outlet=f"Outlet {n}", story="a0",
                    of="a0" if n else None)  # fmt: skip
    project(conn)
    async with reading(database.services_url) as client:
        (entry,) = await api(client, "/v1/timeline")
        told: list[str] = []
        address = f"/entries/{entry['id']}"
        sizes = []
        while True:
            tree = await get(client, address)
            shown = [text(b) for b in css(tree, ".tellings .source b")]
            told += shown
            sizes.append(len(shown))
            assert bool(css(tree, ".history")) is (len(sizes) == 1)
            following = css(tree, "a[rel=next]")
            if not following:
                break
            address = following[0].get("href")
        assert sizes == [3, 3, 1]
        assert sorted(told) == [f"Outlet {n}" for n in range(7)]
        await get(client, f"/entries/{entry['id']}?page=4", 404)
        await get(client, f"/entries/{entry['id']}?page=0", 422)


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
