"""The timeline as Atom and JSON Feed, read back by feedparser: what changed, page by page, and what is gone."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import AsyncIterator
from types import SimpleNamespace

import httpx2
import jsonschema
import pytest
from lxml import etree

from tests.conftest import Database
from tests.integration.api_client import api_client, ok, refused, world_of
from tests.integration.export_schemas import JSON_FEED
from tests.integration.exports_client import (
    get,
    ids_of,
    parsed_feed,
    path,
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


async def test_feedparser_reads_back_every_entry(
    client: httpx2.AsyncClient, entries: SimpleNamespace
) -> None:
    response = await get(client, "atom")
    assert response.headers["content-type"] == "application/atom+xml"
    feed = parsed_feed(response)
    assert feed.feed.title == "The INF Treaty: timeline"
    assert feed.feed.author == "Treatyline"
    assert feed.feed.id.startswith("urn:uuid:")
    links = {link.rel: link.href for link in feed.feed.links}
    assert links["self"] == "http://localhost/v1/timeline.atom"
    assert links["alternate"] == "http://localhost/"
    assert "next" not in links
    by_id = {entry.id.removeprefix("urn:uuid:"): entry for entry in feed.entries}
    timeline = {entry["id"]: entry for entry in (await ok(client, "/v1/timeline"))["data"]}
    assert by_id.keys() == timeline.keys()
    left = by_id[entries.left]
    assert left.title == "2 August 2019: United States: Agreement ended (towards Russia)"
    assert left.summary == "Washington left the treaty on Friday 🚀."
    assert left.link == f"http://localhost/entries/{entries.left}"
    assert [link.href for link in left.links if link.rel == "via"] == ["https://wire.example/1?a=1&b=2"]
    assert {(tag.scheme, tag.term) for tag in left.tags} == {
        ("urn:treatyline:kind", "agreement-ended"), ("urn:treatyline:plover", "SUPPORT"),
        ("urn:treatyline:actor", "usa"), ("urn:treatyline:recipient", "russia"),
    }  # fmt: skip
    assert "Washington left the treaty" in left.content[0].value
    assert left.published_parsed <= left.updated_parsed
    history = (await ok(client, f"/v1/timeline/{entries.left}"))["history"]
    for shown, recorded in ((left.updated, history[0]), (left.published, history[-1])):
        moment = dt.datetime.fromisoformat(recorded["recorded_at"]).replace(microsecond=0)
        assert dt.datetime.fromisoformat(shown) == moment
    # The same question is the same feed, another is another.
    assert parsed_feed(await get(client, "atom", limit=1)).feed.id == feed.feed.id
    assert parsed_feed(await get(client, "atom", actor="usa")).feed.id != feed.feed.id
    assert (await client.get(left.link)).status_code == 200


async def test_a_feed_tells_first_what_changed_last(
    client: httpx2.AsyncClient, entries: SimpleNamespace
) -> None:
    for form in ("atom", "feed.json"):
        # 1987 was told after 2020, and a third article told of August 2019 after that.
        assert ids_of(form, await get(client, form))[:3] == [entries.left, entries.ago, entries.evil]
        assert ids_of(form, await get(client, form, order="desc"))[0] == entries.evil
        assert await refused(client, path(form), order="updated", reported_by="2020") == ["order"]


async def test_feeds_are_paged(client: httpx2.AsyncClient, entries: SimpleNamespace) -> None:
    whole = await ok(client, "/v1/timeline")
    for order in ({}, {"order": "updated"}, {"order": "asc"}, {"reported_by": "2021"}):
        seen: dict[str, list[str]] = {}
        for form in ("atom", "feed.json"):
            seen[form] = []
            response = await get(client, form, limit=2, **order)
            while True:
                seen[form] += ids_of(form, response)
                following = (
                    {link.rel: link.href for link in parsed_feed(response).feed.links}.get("next")
                    if form == "atom"
                    else response.json().get("next_url")
                )
                assert (f'<{following}>; rel="next"' == response.headers.get("link")) is bool(following)
                if following is None:
                    break
                response = await client.get(following)
                assert response.status_code == 200
        assert seen["atom"] == seen["feed.json"] == list(dict.fromkeys(seen["atom"]))
        assert set(seen["atom"]) == {entry["id"] for entry in whole["data"]}
    foreign = (await ok(client, "/v1/timeline", limit=1))["next"]
    assert await refused(client, "/v1/timeline.atom", cursor=foreign) == ["cursor"]


def gone_of(form: str, response: httpx2.Response) -> list[str]:
    """Ids of what a feed says is no longer told, in its order."""
    if form == "feed.json":
        told = response.json().get("_treatyline", {"deleted": []})["deleted"]
        assert all(item["date_deleted"] for item in told)
        return [item["id"].removeprefix("urn:uuid:") for item in told]
    parsed_feed(response)
    found = etree.fromstring(response.content).findall(
        "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
    )
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", item.get("when", "")) for item in found)
    return [item.get("ref", "").removeprefix("urn:uuid:") for item in found]


async def test_a_feed_names_what_is_no_longer_told_to_those_who_were_told(database: Database) -> None:
    def left(date: str) -> Telling:
        return Telling("Washington left", date, "agreement-ended", ("usa",))

    with world_of(database.owner_url) as world:
        world.article("a", "Kyiv spoke.", [Telling("Kyiv spoke", "2019-07-01", actors=("ukraine",))])
        world.article("b", "Washington left.", [left("2019-08")])
        for n in range(2, 5):
            words = f"Moscow spoke on day {n}"
            world.article(f"m{n}", words + ".", [Telling(words, f"2019-07-{n:02}", actors=("russia",))])
        world.project()
        async with api_client(database.services_url) as client:
            before = (await ok(client, "/v1/timeline"))["data"]
            kyiv, coarse = (
                next(e["id"] for e in before if e["actors"] == [actor]) for actor in ("ukraine", "usa")
            )
            for form in ("atom", "feed.json"):
                assert gone_of(form, await get(client, form)) == []
            known = (await ok(client, "/v1/timeline"))["position"]
            world.withdraw("a")
            world.article("c", "So Washington left.", [left("2019-08-02")], outlet="Courier")
            world.project()
            whole = (await ok(client, "/v1/timeline"))["data"]
            (fine,) = [e["id"] for e in whole if e["actors"] == ["usa"]]
            for form in ("atom", "feed.json"):
                answer = await get(client, form)
                assert gone_of(form, answer) == [coarse, kyiv]
                assert set(ids_of(form, answer)) == {entry["id"] for entry in whole}
                assert gone_of(form, await get(client, form, actor="ukraine")) == [kyiv]
                assert gone_of(form, await get(client, form, q="Washington")) == [coarse]
                assert gone_of(form, await get(client, form, actor="china")) == []
                assert gone_of(form, await get(client, form, known_at=known)) == []
                assert gone_of(form, await get(client, form, order="desc")) == [], "no order of change"
                pages = [await get(client, form, limit=1)]
                while "link" in pages[-1].headers:
                    pages.append(await client.get(pages[-1].headers["link"].partition(">")[0][1:]))
                assert [id_ for page in pages for id_ in ids_of(form, page)] == ids_of(form, answer)
                assert sorted(id_ for page in pages for id_ in gone_of(form, page)) == sorted([coarse, kyiv])
            deleted = (await get(client, "feed.json")).json()["_treatyline"]["deleted"]
            assert [item["merged_into"] for item in deleted] == [f"urn:uuid:{fine}", None]
            jsonschema.Draft202012Validator(JSON_FEED).validate((await get(client, "feed.json")).json())
