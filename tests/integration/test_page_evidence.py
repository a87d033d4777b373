"""The pages behind the front: months, words in context, citations, actors, articles, coverage."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jsonschema
import psycopg
import pytest

from services.api.pages.chart import Scale
from services.api.pages.citations import Citation, csl_json, plain, ris
from services.api.pages.excerpts import around
from services.api.pages.passages import Note, passages
from services.core.domain.dossier import load_dossier
from services.core.domain.timeline import EntryKey
from services.core.projections.codecs import standing_id
from tests.conftest import Database
from tests.integration.log_writer import LogWriter, Telling
from tests.integration.page_client import Client, api, entries, get, reading
from tests.integration.page_tree import css, one, text
from tests.integration.sample_log import project

pytestmark = pytest.mark.anyio

FIRST = (
    "Nobody expected it. Officials met early.\n\nIn Moscow the ministry accused Washington of a breach on Wednesday. "
    "It would keep to the moratorium as long as others did. The room fell silent.\n\n"
    "Much later the orchestra played. It rained all night."
)
ACCUSED = Telling("accused Washington of a breach", "2018-12-05", "accusation", recipients=("usa",))
KEEPS = Telling("It would keep to the moratorium", "2018-12-05", proposition="moratorium", stance="conditional",
                condition="as long as others did", person="sergey-lavrov")  # fmt: skip


@pytest.fixture(scope="module")
def told(module_database: Database) -> Database:
    """Six articles of which everything that can become of one is true once. Tests only read it."""
    with psycopg.connect(module_database.owner_url, autocommit=True) as conn:
        log = LogWriter(conn)
        log.receive("a", FIRST, outlet="Courier", published_at="2018-12-05T18:00:00+03:00", title="A breach, says Moscow",
                    url="https://courier.example/a")  # fmt: skip
        log.judge("a", "a")
        log.read("a", FIRST, [ACCUSED, KEEPS])
        log.receive("b", FIRST + " More.", outlet="Echo", published_at="2018-12-06")
        log.judge("b", "a", of="a")
        log.read("b", FIRST + " More.", [ACCUSED, KEEPS])
        words = "Moscow no longer feels bound. The treaty ended."
        log.receive("c", words, outlet="Wire", published_at="2019-08-04")
        log.judge("c", "c")
        changed = words + " An update followed."
        log.receive("c", changed, outlet="Wire", published_at="2019-08-04", revision=2)
        log.read("c", changed, [
            Telling("no longer feels bound", "2019-08-04", proposition="moratorium", stance="opposes"),
            Telling("The treaty ended", "2019-08", "agreement-ended", ("usa",)),
            Telling("The treaty ended", "2019", "statement"),
        ], revision=2)  # fmt: skip
        log.article(
            "w", "Berlin spoke.", [Telling("Berlin spoke", "2019-08-05", actors=("germany",))], outlet="Gone"
        )
        log.withdraw("w")
        log.receive("f", "It could not be read.", outlet="Wire", published_at="2019-03-01")
        log.judge("f", "f")
        log.fail("f")
        log.receive("s", "A recipe for soup.", outlet="Kitchen", published_at="2019-03-02")
        log.judge("s", "s")
        log.skip("s", article_date="2019-03-02")
        project(conn)
    return module_database


@pytest.fixture
async def client(told: Database) -> AsyncIterator[Client]:
    async with reading(told.services_url) as client:
        yield client


async def test_the_strip_counts_entries_by_month_and_leads_to_each(client: Client) -> None:
    shown = await api(client, "/v1/timeline")
    for asked in ("", "?reported_by=2019-12-31", "?limit=1", "?limit=1&order=asc"):
        bars = css(await get(client, f"/{asked}"), ".strip .bar")
        counted = {text(one(bar, ".vh")) for bar in bars}
        assert counted == {"December 2018: 1 entry", "August 2019: 1 entry", "2019, month not told: 1 entry"}
        for bar in bars:
            href = bar.get("href")
            if href.startswith("#"):
                assert css(await get(client, f"/{asked}"), href)
                continue
            jumped = await get(client, href.removesuffix("#timeline"))
            first = next(e for e in shown if e["id"] == entries(jumped)[0])
            assert text(one(bar, ".vh")).startswith(
                text(css(jumped, ".month h4")[0]).split()[0].replace("Month", "2019")
            )
            assert first["date"][:4] in text(one(bar, ".vh"))
            assert not css(jumped, ".matrix")
    assert "at" in text(one(await get(client, "/?at=soon", 422), "[role=alert]"))


async def test_words_are_shown_in_their_sentence_and_on_their_own_page_among_its_neighbours(
    client: Client,
) -> None:
    tree = await get(client, "/?kind=accusation")
    (quoted, _) = css(tree, "li.entry .tellings blockquote")
    assert text(quoted) == "In Moscow the ministry accused Washington of a breach on Wednesday."
    assert text(one(quoted, "mark")) == ACCUSED.words
    tree = await get(client, f"/entries/{entries(tree)[0]}")
    assert text(css(tree, ".tellings blockquote")[0]) == (
        "… Officials met early. In Moscow the ministry accused Washington of a breach on Wednesday."
        " It would keep to the moratorium as long as others did. …"
    )
    assert "orchestra" not in text(tree)


async def test_an_article_is_cited_with_a_permanent_address(client: Client) -> None:
    tree = await get(client, "/?kind=accusation&outlet=courier")
    (entry,) = entries(tree)
    cite = css(tree, "li.entry .cite")[0]
    assert text(one(cite, ".plain")) == (
        "“A breach, says Moscow”, Courier, 5 December 2018, https://courier.example/a."
        f" As read by Treatyline: http://localhost/entries/{entry}"
    )
    as_ris, as_csl = (a.get("href") for a in css(cite, "a"))
    answer = await client.get(as_ris)
    assert answer.headers["Content-Type"].startswith("application/x-research-info-systems")
    fields = dict(line.split("  - ", 1) for line in answer.text.splitlines())
    assert (fields["TY"], fields["TI"], fields["T2"]) == ("NEWS", "A breach, says Moscow", "Courier")
    assert (fields["DA"], fields["UR"]) == ("2018/12/05", "https://courier.example/a")
    assert fields["L2"] == f"http://localhost/entries/{entry}"
    (item,) = (await client.get(as_csl)).json()
    jsonschema.validate(item, CSL)
    assert item["issued"] == {"date-parts": [[2018, 12, 5]]}
    position = await client.get("/articles/a/cite.txt?actor=russia&proposition=moratorium")
    assert position.text.endswith("http://localhost/positions/russia/moratorium")
    assert (await client.get("/articles/w/cite.ris")).status_code == 410
    assert (await client.get("/articles/none/cite.ris")).status_code == 404
    assert (await client.get("/articles/a/cite.doc")).status_code in {404, 422}


# Of https://github.com/citation-style-language/schema/blob/master/schemas/input/csl-data.json what is used here.
CSL = {
    "type": "object",
    "required": ["id", "type"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": ["string", "number"]},
        "type": {"enum": ["article-newspaper"]},
        **{name: {"type": "string"} for name in ("title", "container-title", "URL", "language", "note")},
        "author": {"type": "array", "items": {"type": "object", "required": ["literal"]}},
        **{
            name: {
                "type": "object",
                "properties": {
                    "date-parts": {"type": "array", "maxItems": 2, "items": {"type": "array", "maxItems": 3}}
                },
            }
            for name in ("issued", "accessed")
        },
    },
}


async def test_a_title_cannot_write_fields_of_its_own_into_a_citation() -> None:
    nasty = Citation(
        "a", "A\r\nER  - \r\nTY  - BOOK\x00", "B\nAU  - C", None, None, None, None, "http://here/articles/a"
    )
    assert [line[:5] for line in ris(nasty).splitlines()].count("TY  -") == 1
    assert [line[:5] for line in ris(nasty).splitlines()].count("AU  -") == 1
    assert "\n" not in plain(nasty)
    assert b"no date" in plain(nasty).encode()
    assert b"issued" not in csl_json(nasty)


async def test_an_actors_page_draws_its_positions_and_quotes_each_change(client: Client) -> None:
    tree = await get(client, "/actors/russia")
    (row,) = css(tree, ".chart tbody tr")
    runs = (await client.get("/v1/actors/russia/positions/moratorium/history")).json()["data"]
    assert (
        one(row, "svg").get("aria-label") == "conditional since 5 December 2018; opposes since 4 August 2019"
    )
    starts = [float(g.get("x").rstrip("%")) for g in css(row, ".stretch .holds")]
    assert starts == sorted(starts)
    quoted = [text(q) for q in css(tree, "#p-moratorium blockquote mark")]
    assert quoted == ["no longer feels bound", "It would keep to the moratorium"]
    assert len(quoted) == len(runs)
    assert "Condition: as long as others did" in text(one(tree, "#p-moratorium"))
    did = {e["id"] for e in await api(client, "/v1/timeline?actor=russia")}
    assert set(entries(tree)) == did
    offices = [
        (person.name, office.title)
        for person in load_dossier("inf").people.values()
        for office in person.offices
        if office.actor == "russia"
    ]
    rows = [tuple(map(text, css(tr, "td")[:2])) for tr in css(tree, ".speakers tbody tr")]
    assert sorted(rows) == sorted(offices)
    assert {text(a) for a in css(tree, ".speakers a[href*=speaker]")} == {"Sergey Lavrov"}
    before = await get(client, "/actors/russia?as_of=2019-01-01")
    assert one(before, ".chart svg[role=img]").get("aria-label") == "conditional since 5 December 2018"
    assert "No article tells of a position" in text(await get(client, "/actors/japan"))
    await get(client, "/actors/atlantis", 404)


async def test_an_articles_page_marks_what_was_read_in_place(told: Database, client: Client) -> None:
    tree = await get(client, "/articles/a")
    assert text(one(tree, "h1")) == "A breach, says Moscow"
    marks = [text(mark) for mark in css(tree, ".passages mark")]
    assert marks == [ACCUSED.words, KEEPS.words]
    for number, note in enumerate(css(tree, ".notes > li"), 1):
        assert note.get("id") == f"n{number}"
        assert one(tree, f"#w{number}").get("href") == f"#n{number}"
    assert "orchestra" not in text(tree)
    assert "Only the sentences that carry something are shown" in text(tree)
    (link,) = css(tree, ".notes a[href^='/entries/']")
    await get(client, link.get("href"))
    assert {urlsplit(a.get("href")).path for a in css(tree, ".history a[href^='/articles/']")} == {
        "/articles/b"
    }
    positions = {text(css(tr, "td")[0]) for tr in css(css(tree, ".history")[-1], "tbody tr")}
    with psycopg.connect(told.owner_url) as conn:
        steps = conn.execute(
            "SELECT global_position::text FROM events WHERE stream_name = 'article-a'"
            " OR type = 'ArticleJudgedDuplicate' AND data ->> 'of' = 'a'"
        ).fetchall()
    assert positions == {position for (position,) in steps}
    async with reading(told.services_url, show_texts=True) as open_handed:
        whole = text(await get(open_handed, "/articles/a"))
        assert "orchestra played" in whole
        assert "Only the sentences" not in whole


async def test_what_analysts_ruled_on_what_an_article_tells_is_among_its_steps(
    database: Database, conn: psycopg.Connection[Any], log: LogWriter
) -> None:
    log.article("a", FIRST, [ACCUSED, KEEPS], outlet="Courier")
    log.article("b", "It ended its moratorium.", [
        Telling("ended its moratorium", "2018-12-05", proposition="moratorium", stance="opposes")])  # fmt: skip
    project(conn)
    entry = EntryKey("inf", ACCUSED.kind, ACCUSED.date, ACCUSED.actors).id
    cell = {"actor": "russia", "proposition": "moratorium"}
    log.rule(entry, "confirm", kind=ACCUSED.kind, reason="I was there", by="Ann <b>")
    log.rule(standing_id("inf", *cell.values()), "confirm",
             stated={**cell, "stance": "conditional", "date": "2018-12-05"}, reason="it says so")  # fmt: skip
    project(conn)
    async with reading(database.services_url) as client:
        steps = css(css(await get(client, "/articles/a"), ".history")[-1], "tbody tr")
        assert [text(css(row, "td")[2]) for row in steps[:2]] == [
            "An analyst ruled on a position told in it: confirmed, “it says so”: that position",
            "An analyst ruled on an event told in it: confirmed, Ann <b>, “I was there”: that entry",
        ]
        for row in steps[:2]:
            await get(client, css(row, "a")[0].get("href"))
        assert "An analyst" not in text(await get(client, "/articles/b"))


async def test_what_became_of_an_article_is_told(client: Client) -> None:
    revised = await get(client, "/articles/c")
    assert "+Moscow no longer feels bound. The treaty ended. An update followed." in text(
        one(revised, ".diff")
    )
    assert "Revision 2 received" in " ".join(map(text, css(revised, "tr")))
    failed = await get(client, "/articles/f")
    assert "could not be read" in text(failed)
    assert "Reading it took too long (TimeLimitExceeded, 3 attempts)" in text(failed)
    skipped = await get(client, "/articles/s")
    assert "it is not about the subject" in text(skipped)
    withdrawn = await get(client, "/articles/w")
    assert "This article was withdrawn" in text(withdrawn)
    assert "Berlin" not in text(withdrawn)
    assert not css(withdrawn, ".cite")
    await get(client, "/articles/none", 404)


async def test_coverage_shows_each_outlet_on_each_day_and_the_silence_between(client: Client) -> None:
    tree = await get(client, "/coverage")
    shown = set()
    for table in css(tree, ".days"):
        month = text(one(table, "caption"))
        for tr in css(table, "tbody tr"):
            for n, td in enumerate(css(tr, "td"), 1):
                for link in css(td, "a"):
                    assert f"on {n} {month}" in text(td)
                    shown.add((text(one(tr, "th")), f"{n} {month}", int(text(link).split()[0])))
    read = await api(client, "/v1/coverage")
    assert {(o, day) for o, day, _ in shown} == {(d["outlet"], day_words(d["day"])) for d in read}
    assert sum(count for _, _, count in shown) == sum(d["articles"] for d in read)
    silent = [text(p) for p in css(tree, ".silence")]
    assert silent == [
        "Nothing was read from April 2019 to July 2019",
        "Nothing was read from January 2019 to February 2019",
    ]
    narrow = await get(client, "/coverage?outlet=Wire&from=2019-03-01&to=2019-03-01")
    (row,) = css(narrow, "#articles tbody tr")
    assert one(row, "a").get("href") == "/articles/f"
    assert "failed" in text(row)
    await get(client, "/coverage?from=soon", 422)
    assert "No article was read that fits" in text(await get(client, "/coverage?outlet=Nobody"))


def day_words(day: str) -> str:
    date = dt.date.fromisoformat(day)
    return f"{date.day} {date:%B %Y}"


async def test_news_are_asked_for_as_the_page_shows_them(client: Client) -> None:
    front = await get(client, "/")
    (entry,) = entries(await get(client, "/?kind=accusation"))
    fresh = await get(client, f"/fresh?entry={entry}&cell=russia/moratorium&cell=usa/moratorium")
    assert entries(fresh) == [entry]
    for part in (f"#e-{entry}", "#c-russia-moratorium"):
        assert text(one(fresh, part)) == text(one(front, part))
    assert not css(fresh, "#c-usa-moratorium")
    assert entries(await get(client, "/fresh")) == []
    for asked in ("", "kind=accusation&kind=statement&order=asc", "from=2019"):
        front, fresh = [await get(client, f"{path}?{asked}") for path in ("/", "/fresh")]
        assert text(one(fresh, ".strip")) == text(one(front, ".strip"))
        assert text(one(fresh, ".total")) == text(one(front, ".total"))
        for bar in css(fresh, ".bar"):
            there = urlsplit(bar.get("href"))
            assert (there.path, parse_qsl(there.query)[:-1]) == ("/", parse_qsl(asked))


def test_a_scale_gives_busy_years_room_and_runs_forwards() -> None:
    days = [dt.date(1987, 12, 8), *(dt.date(2019, month, 1) for month in range(1, 12))]
    scale = Scale(days, dt.date(2020, 6, 1))
    places = [scale.x(dt.date(1987, 1, 1) + dt.timedelta(days=n)) for n in range(0, 12_000, 40)]
    assert places == sorted(places)
    assert (places[0], scale.x(dt.date(2021, 1, 1))) == (0.0, 100.0)
    assert scale.x(dt.date(2020, 1, 1)) - scale.x(dt.date(2019, 1, 1)) > 20
    assert scale.x(dt.date(2001, 1, 1)) - scale.x(dt.date(2000, 1, 1)) < 3
    labels = [tick.label for tick in scale.ticks if tick.label]
    assert labels[0] == "1987"
    assert "2019" in labels


@pytest.mark.parametrize("whole", [False, True])
def test_passages_hold_the_words_they_are_cut_from(whole: bool) -> None:
    def note(words: str, what: str = "event") -> Note:
        start = FIRST.index(words)
        return Note(0, what, start, start + len(words), "inf", {})

    notes = [
        note("accused Washington"),
        note("Washington of a breach", "position"),
        note("orchestra", "quotation"),
    ]
    found = passages(FIRST, notes, whole=whole)
    for passage in found:
        assert "".join(piece.text for piece in passage.pieces) in FIRST
        ends = [number for piece in passage.pieces for number in piece.ends]
        assert sorted(ends) == [n.number for n in passage.notes]
    assert [n.number for p in found for n in p.notes] == ([1, 2, 3] if whole else [1, 2])
    assert not whole or "".join(piece.text for piece in found[0].pieces) == FIRST
    both = next(p for p in found[0].pieces if p.text == "Washington")
    assert both.what == ("event", "position")


def test_a_context_ends_with_sentences() -> None:
    start = FIRST.index("The room")
    first, last = around(FIRST, start, start + 8)
    shown = re.sub(r"\s+", " ", FIRST[first:last])
    assert shown.startswith("It would keep")
    assert shown.endswith("played.")
