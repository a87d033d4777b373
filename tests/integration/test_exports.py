"""The timeline as calendar and tables: read back by the libraries that people read them with."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import httpx2
import jsonschema
import orjson
import pytest

from services.api.exports import asked as asked_module
from services.api.exports.countries import CODES
from services.api.exports.plover import COLUMNS as POLECAT
from tests.conftest import Database
from tests.integration.api_client import api_client, ok, refused, world_of
from tests.integration.export_schemas import JSON_FEED, TIMELINEJS
from tests.integration.exports_client import (
    EVIL,
    FORMATS,
    TEXT,
    calendar_of,
    get,
    ids_of,
    parsed_feed,
    path,
    table_of,
    write_entries,
)
from tests.integration.log_writer import Telling

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def entries(module_database: Database) -> SimpleNamespace:
    return write_entries(module_database)


@pytest.fixture(scope="module")
async def client(module_database: Database, entries: SimpleNamespace) -> AsyncIterator[httpx2.AsyncClient]:
    async with api_client(module_database.services_url) as client:
        yield client


ASKED: list[dict[str, Any]] = [
    {}, {"dossier": "inf"}, {"actor": "usa"}, {"actor": ["china", "nato"]}, {"recipient": "usa"},
    {"kind": "denial"}, {"plover": "SUPPORT"}, {"plover": "THREATEN"}, {"proposition": "russia-complied"},
    {"speaker": "Lavrov"}, {"outlet": "the  wire"}, {"outlet": "post.example"}, {"status": "planned"},
    {"min_outlets": 2}, {"min_stories": 2}, {"q": "the treaties"}, {"q": "word", "speaker": "Lavrov"},
    {"from_": "2019-08-03"}, {"to": "1988"}, {"from_": "2019", "to": "2019-08", "actor": "usa"},
    {"as_of": "2019-08-31"}, {"reported_by": "2019-08-03"}, {"known_at": 5}, {"known_at": 0},
]  # fmt: skip


@contextmanager
def unchecked(client: httpx2.AsyncClient) -> Iterator[None]:
    """Within, answers are not held against the OpenAPI document: it is slow, and other tests do."""
    hooks = client.event_hooks
    client.event_hooks = {}
    yield
    client.event_hooks = hooks


@pytest.fixture(scope="module")
async def wanted(client: httpx2.AsyncClient) -> list[list[str]]:
    """What the timeline answers to each of ASKED."""
    with unchecked(client):
        return [[e["id"] for e in (await ok(client, "/v1/timeline", **asked))["data"]] for asked in ASKED]


@pytest.mark.parametrize("form", [*FORMATS, "plover.tsv"])
async def test_every_filter_and_clock_counts_as_in_the_timeline(
    client: httpx2.AsyncClient, wanted: list[list[str]], form: str
) -> None:
    with unchecked(client):
        for asked, ids in zip(ASKED, wanted, strict=True):
            assert ids_of(form, await get(client, form, order="desc", **asked)) == ids, asked
    assert ids_of(form, await get(client, form, order="asc")) == wanted[0][::-1]
    for wrong in ({"actr": "usa"}, {"actor": "atlantis"}, {"from_": "soon"}, {"known_at": "x"}, {"limit": 0}):
        assert len(await refused(client, path(form), **wrong)) == 1


@pytest.mark.parametrize("form", [*FORMATS, "plover.tsv"])
async def test_an_answer_that_the_client_has_is_not_sent_again(
    client: httpx2.AsyncClient, entries: SimpleNamespace, form: str
) -> None:
    first = await get(client, form, actor="usa")
    etag = first.headers["etag"]
    assert first.headers["x-position"] == str(entries.position)
    again = await client.get(path(form), params={"actor": "usa"}, headers={"If-None-Match": etag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert (await get(client, form, actor="russia")).headers["etag"] != etag
    head = await client.head(path(form), params={"actor": "usa"})
    assert (head.status_code, head.content) == (200, b"")
    for name in ("etag", "content-type", "cache-control", "x-position"):
        assert head.headers[name] == first.headers[name]


async def test_the_json_formats_keep_to_their_specifications(
    client: httpx2.AsyncClient, entries: SimpleNamespace
) -> None:
    feed = (await get(client, "feed.json", limit=3)).json()
    jsonschema.Draft202012Validator(JSON_FEED).validate(feed)
    left = next(item for item in feed["items"] if entries.left in item["id"])
    assert left["url"] == f"http://localhost/entries/{entries.left}"
    assert left["external_url"] == "https://wire.example/1?a=1&b=2"
    (shown,) = (await ok(client, "/v1/timeline", kind="agreement-ended"))["data"]
    assert left["_treatyline"] == shown
    assert feed["next_url"].startswith(feed["feed_url"] + "&cursor=")
    timeline = (await get(client, "timelinejs.json", order="asc")).json()
    jsonschema.Draft202012Validator(TIMELINEJS).validate(timeline)
    assert [slide["start_date"] for slide in timeline["events"]][:2] == [
        {"year": 1987, "display_date": "1987"},
        {"year": 2019, "month": 8, "day": 2, "display_date": "2 August 2019"},
    ]
    lines = (await get(client, "jsonl")).content.splitlines()
    assert [orjson.loads(line) for line in lines] == (await ok(client, "/v1/timeline"))["data"]
    empty = (await get(client, "timelinejs.json", actor="iran")).json()
    assert empty["events"] == []


async def test_a_calendar_has_days_and_says_how_coarse_they_are(
    client: httpx2.AsyncClient, entries: SimpleNamespace
) -> None:
    response = await get(client, "ics")
    assert response.headers["content-type"] == "text/calendar; charset=utf-8"
    events = {event["UID"].removesuffix("@treatyline"): event for event in calendar_of(response)}
    left, talks, ago = events[entries.left], events[entries.talks], events[entries.ago]
    assert (left.start, left.end) == (dt.date(2019, 8, 2), dt.date(2019, 8, 3))
    assert (talks.start, talks.end) == (dt.date(2019, 9, 1), dt.date(2019, 10, 1))
    assert (ago.start, ago.end) == (dt.date(1987, 1, 1), dt.date(1988, 1, 1))
    assert talks["SUMMARY"] == "NATO, United States: Consultation, planned (September 2019)"
    assert (left["STATUS"], talks["STATUS"]) == ("CONFIRMED", "TENTATIVE")
    assert left["URL"] == f"http://localhost/entries/{entries.left}"
    assert "“Washington left the treaty”" in left["DESCRIPTION"]
    assert talks.categories == ["Consultation", "NATO", "United States"]
    assert left["SEQUENCE"] == 2


async def test_a_table_comes_back_as_it_was(client: httpx2.AsyncClient, entries: SimpleNamespace) -> None:
    response = await get(client, "csv")
    assert response.headers["content-type"] == "text/csv; header=present; charset=utf-8"
    assert response.headers["content-disposition"] == 'attachment; filename="treatyline-inf.csv"'
    rows = {row["id"]: row for row in table_of(response)}
    for entry in (await ok(client, "/v1/timeline"))["data"]:
        row = rows[entry["id"]]
        for name in ("date", "precision", "status", "kind", "plover"):
            assert row[name] == entry[name]
        assert row["actors"].split("; ") == entry["actors"]
        assert [int(row[name]) for name in ("mentions", "outlets", "stories")] == list(
            entry["counts"].values()
        )
        assert (float(row["confidence"]), int(row["version"])) == (entry["confidence"], entry["version"])
    assert rows[entries.left]["summary"] == "Washington left the treaty on Friday 🚀."
    assert rows[entries.left]["url"] == "https://wire.example/1?a=1&b=2"
    with_bom = await get(client, "csv", bom="true")
    assert with_bom.content == b"\xef\xbb\xbf" + response.content


async def test_plover_comes_in_polecats_columns(client: httpx2.AsyncClient, entries: SimpleNamespace) -> None:
    response = await get(client, "plover.tsv")
    assert response.content.count(b"\n") == 6, "a row a line, whatever the words hold"
    assert tuple(response.content.split(b"\n")[0].decode().split("\t")) == POLECAT
    assert len(POLECAT) == 40
    rows = {row["Event ID"]: row for row in table_of(response, delimiter="\t")}
    left = {name: value for name, value in rows[entries.left].items() if value}
    assert left.pop("Version").startswith("treatyline-")
    assert left == {
        "Event ID": entries.left, "Event Date": "2019-08-02", "Event Type": "SUPPORT", "Intensity": "5",
        "Quad Code": "1", "Actor Name": "United States", "Actor Country": "USA", "Actor COW": "2",
        "Primary Actor Sector": "GOV", "Actor Sectors": "GOV", "Recipient Name": "Russia",
        "Recipient Country": "RUS", "Recipient COW": "365", "Primary Recipient Sector": "GOV",
        "Recipient Sectors": "GOV", "Source": "The Wire", "Publication Date": "2019-08-03",
    }  # fmt: skip
    talks = rows[entries.talks]
    assert (talks["Actor Name"], talks["Actor Country"], talks["Actor COW"]) == (
        "NATO;United States",
        ";USA",
        ";2",
    )
    assert (talks["Actor Sectors"], talks["Story People"]) == ("IGO;GOV", "Ana Núñez")
    assert talks["Event Date"] == "2019-09", "no finer than it is known"
    assert len(CODES) > 80


async def test_hostile_words_do_nothing_anywhere(
    client: httpx2.AsyncClient, entries: SimpleNamespace
) -> None:
    asked = {"kind": "warning"}
    (entry,) = parsed_feed(await get(client, "atom", **asked)).entries
    assert [link.rel for link in entry.links] == ["alternate"], "no address that runs something"
    assert entry.title == "5 January 2020: China: Warning"
    (item,) = (await get(client, "feed.json", **asked)).json()["items"]
    (slide,) = (await get(client, "timelinejs.json", **asked)).json()["events"]
    for markup in (item["content_html"], slide["text"]["text"]):
        assert set(re.findall(r"<(/?\w+)", markup)) <= {
            f"{end}{tag}" for tag in ("blockquote", "p", "ul", "li", "q", "a") for end in ("", "/")
        }
        assert "javascript:" not in markup
        assert "&lt;script&gt;" in markup
    assert "external_url" not in item
    (event,) = calendar_of(await get(client, "ics", **asked))
    assert set(event) == {
        "UID", "DTSTAMP", "CREATED", "LAST-MODIFIED", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION",
        "URL", "CATEGORIES", "STATUS", "TRANSP",
    }  # fmt: skip
    assert "X-Evil" in event["DESCRIPTION"]
    assert "he\\" in event["DESCRIPTION"]
    for form, options in (("csv", {}), ("plover.tsv", {"delimiter": "\t"})):
        (row,) = table_of(await get(client, form, **asked), **options)
        assert [cell for cell in row.values() if cell[:1] in {"=", "+", "-", "@", "\t", "\r", "\n"}] == []
        assert row.get("outlet", row.get("Source", "")).startswith("'@SUM(1+1)")
    (line,) = (await get(client, "jsonl", **asked)).content.splitlines()
    assert orjson.loads(line)["mentions"][0]["evidence"]["text"] == EVIL, "data are not changed"


async def test_a_long_answer_is_read_in_parts_and_tells_of_one_moment(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked_module, "AT_A_TIME", 2)
    original = asked_module.find_entries
    reads = 0

    def telling(day: int, kind: str = "denial") -> Telling:
        return Telling("Washington", f"2019-08-{day:02}", kind, ("usa",))

    with world_of(database.owner_url) as world:
        for day in range(1, 13):
            world.article(f"a{day}", TEXT, [telling(day)])
        world.project()

        async def meanwhile(*args: Any, **more: Any) -> Any:
            nonlocal reads
            reads += 1
            found = await original(*args, **more)
            if reads == 2:
                world.article(f"b-{form}", TEXT, [telling(1, "warning"), telling(25)])
                world.withdraw(f"a{12 - len(forms)}")
                world.project()
            return found

        # One connection is enough: none is held while an answer is sent.
        async with api_client(database.services_url, database_pool_size=1) as client:
            forms = [*FORMATS[2:], "plover.tsv"]
            while forms:
                form = forms.pop()
                whole = [e["id"] for e in (await ok(client, "/v1/timeline"))["data"]]
                reads = 0
                with monkeypatch.context() as patch:
                    patch.setattr(asked_module, "find_entries", meanwhile)
                    assert ids_of(form, await get(client, form)) == whole
                assert reads > len(whole) / 2 - 1
                now = ids_of(form, await get(client, form))
                assert now != whole
                assert ids_of(form, await get(client, form, limit=3)) == now[:3]
