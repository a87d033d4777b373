"""Articles, stories and coverage over HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from services.core.domain.ids import derived_id
from services.core.domain.timeline import EntryKey
from services.core.projections.codecs import standing_id
from tests.conftest import Database
from tests.integration.api_client import World, api_client, ok, refused, world_of
from tests.integration.log_writer import Telling

pytestmark = pytest.mark.anyio

TEXT = "🚀🚀 “Washington left\u00a0it,” Ана said,\r\n\tif\u2028NATO agrees. \U0001f1fa\U0001f1f8 e\u0301 \ufeff end"
LEFT = Telling("Washington left\u00a0it", "2019-08-02", "agreement-ended", ("usa",), ("russia",), named="Ана")
STATED = Telling(
    "Washington left\u00a0it", "2019-08-02", proposition="us-withdrawal", stance="conditional",
    actors=("usa",), condition="NATO agrees", person="mike-pompeo",
)  # fmt: skip


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    with world_of(database.owner_url) as world:
        yield world


async def test_the_text_is_returned_unchanged_and_spans_are_code_points_into_it(
    database: Database, world: World
) -> None:
    world.article("a", TEXT, [LEFT, STATED], url="https://wire.example/a", title="Über 🚀")
    position = world.project()
    async with api_client(database.services_url) as client:
        article = await ok(client, "/v1/articles/a")
        assert article["text"] == TEXT
        assert (article["title"], article["state"], article["position"]) == ("Über 🚀", "extracted", position)
        assert article["date"] == {"value": "2019-08-03", "basis": "given"}
        (reading,) = article["readings"]
        (event,), (stated,) = reading["events"], reading["positions"]
        for words in (event["evidence"], stated["evidence"], stated["condition"]):
            assert TEXT[words["start"] : words["end"]] == words["text"]
        assert (event["speaker"], event["person"]) == ("Ана", None)
        assert (stated["speaker"], stated["person"]) == ("Mike Pompeo", "mike-pompeo")
        assert event["entry"] == str(EntryKey("inf", "agreement-ended", "2019-08-02", ("usa",)).id)
        assert stated["position"] == str(standing_id("inf", "usa", "us-withdrawal"))
        entry = await ok(client, f"/v1/timeline/{event['entry']}")
        assert entry["mentions"][0]["evidence"] == event["evidence"]


async def test_states_and_filters(database: Database, world: World) -> None:
    world.article("read", TEXT, [LEFT], story="s", outlet="Wire", published_at="2019-08-03")
    world.receive("new", "New words.", outlet="Courier", published_at="2019-08-04T23:30:00-04:00")
    world.receive("dull", "Dull words.", outlet=None, published_at=None)
    world.skip("dull")
    world.receive("bad", "Bad words.", outlet="Wire")
    world.fail("bad")
    world.article("copy", TEXT, [LEFT], story="s", of="read", outlet="Echo", published_at="2019-08-05")
    world.receive("gone", "Gone words.", outlet="Wire")
    world.withdraw("gone")
    world.project()
    async with api_client(database.services_url) as client:

        async def ids(**asked: object) -> list[str]:
            return [a["id"] for a in (await ok(client, "/v1/articles", **asked))["data"]]

        assert await ids() == ["gone", "copy", "bad", "dull", "new", "read"]
        assert await ids(order="asc") == ["read", "new", "dull", "bad", "copy", "gone"]
        for state, names in {
            "received": ["new"], "extracted": ["copy", "read"], "skipped": ["dull"], "failed": ["bad"],
            "withdrawn": ["gone"],
        }.items():  # fmt: skip
            assert await ids(state=state) == names
        assert await ids(outlet="Wire") == ["gone", "bad", "read"]
        assert await ids(story=str(derived_id("story", "s"))) == ["copy", "read"]
        assert await ids(from_="2019-08-04", to="2019-08-04") == ["new"]
        assert await ids(state="failed", outlet="Courier") == []
        failed = (await ok(client, "/v1/articles", state="failed"))["data"][0]
        assert failed["reason"] == "timeout: TimeLimitExceeded"
        skipped = await ok(client, "/v1/articles/dull")
        assert (skipped["reason"], skipped["readings"], skipped["text"]) == ("off-topic", [], "Dull words.")
        copy = await ok(client, "/v1/articles/copy")
        assert (copy["judged"], copy["duplicate_of"], copy["method"]) == ("duplicate", "read", "near")
        assert await refused(client, "/v1/articles", state="lost") == ["state"]
        assert await refused(client, "/v1/articles", story="s") == ["story"]
        assert await refused(client, "/v1/articles", outlet="\x00") == ["outlet"]
        assert await refused(client, "/v1/articles", known_at="1") == ["known_at"]


async def test_revisions_with_what_changed(database: Database, world: World) -> None:
    world.article("a", "One.\nTwo.\nWashington left\u00a0it.", [LEFT_PLAIN])
    world.receive(
        "a", "One.\nTwo and a half.\nWashington left\u00a0it.", revision=2, published_at="2019-08-04"
    )
    world.receive("a", "An older version.", revision=3, current=False, published_at="2019-08-01")
    world.project()
    async with api_client(database.services_url) as client:
        article = await ok(client, "/v1/articles/a")
        assert [(r["revision"], r["current"], r["published_at"]) for r in article["revisions"]] == [
            (1, True, "2019-08-03"), (2, True, "2019-08-04"), (3, False, "2019-08-01"),
        ]  # fmt: skip
        assert article["revisions"][0]["diff"] is None
        assert article["revisions"][1]["diff"].splitlines()[1:] == [
            " One.", "-Two.", "+Two and a half.", " Washington left\u00a0it.",
        ]  # fmt: skip
        assert article["revision"] == 2
        assert article["text"].startswith("One.\nTwo and")
        # Until the new words are read the old reading stands, with the words it was made of.
        assert (article["state"], article["readings"][0]["revision"]) == ("received", 1)
        assert article["readings"][0]["events"][0]["evidence"]["text"] == "Washington left\u00a0it"


LEFT_PLAIN = Telling("Washington left\u00a0it", "2019-08-02", "agreement-ended", ("usa",))


async def test_a_withdrawn_article_keeps_no_words(database: Database, world: World) -> None:
    world.article("a", TEXT, [LEFT, STATED], title="Headline")
    world.receive("a", TEXT + "!", revision=2, title="Headline two")
    world.project()
    world.withdraw("a")
    world.project()
    async with api_client(database.services_url) as client:
        article = await ok(client, "/v1/articles/a")
        assert (article["state"], article["reason"]) == ("withdrawn", "asked")
        assert [article[key] for key in ("text", "title", "author")] == [None, None, None]
        assert article["readings"] == []
        assert [(r["title"], r["diff"]) for r in article["revisions"]] == [(None, None)] * 2
        assert "Headline" not in repr(await ok(client, "/v1/articles"))


async def test_an_article_that_only_the_log_knows_is_there(database: Database, world: World) -> None:
    world.receive("a", TEXT, url="https://wire.example/a", title="First")
    world.receive("a", TEXT + "!", revision=2, title="Second", published_at="2019-08-05")
    world.receive("w", "To be taken down.")
    world.withdraw("w")
    async with api_client(database.services_url) as client:
        response = await client.get("/v1/articles/a")
        early = response.json()
        assert (response.status_code, response.headers["cache-control"]) == (200, "no-store")
        assert (early["state"], early["position"], early["text"]) == ("received", 0, TEXT + "!")
        gone = await ok(client, "/v1/articles/w")
        assert (gone["state"], gone["text"]) == ("withdrawn", None)
        at = world.project()
        late = await ok(client, "/v1/articles/a")
        assert late == early | {"position": at}
        assert await ok(client, "/v1/articles/w") == gone | {"position": at}
        for unknown in ("b", "%00", "🚀", "a" * 101, "article-a"):
            assert (await client.get(f"/v1/articles/{unknown}")).status_code == 404


async def test_prefer_wait_answers_when_it_is_finished(database: Database, world: World) -> None:
    world.receive("a", TEXT)
    async with api_client(database.services_url, database_pool_size=1) as client:
        began = time.monotonic()
        late = await client.get("/v1/articles/a", headers={"Prefer": "wait=1"})
        assert time.monotonic() - began > 0.9
        assert (late.json()["state"], late.headers["preference-applied"]) == ("received", "wait=1")
        waiting = [
            asyncio.create_task(client.get("/v1/articles/a", headers={"Prefer": 'respond-async, wait="30"'}))
            for _ in range(20)
        ]
        await asyncio.sleep(0.2)
        # Twenty wait and the one connection is free.
        assert (await client.get("/v1/timeline")).status_code == 200
        world.judge("a", "s")
        world.read("a", TEXT, [LEFT])
        world.project()
        for response in await asyncio.wait_for(asyncio.gather(*waiting), 25):  # before the thirty are over
            assert response.json()["state"] == "extracted"
            assert response.headers["preference-applied"] == "wait=30"
        at_once = await client.get("/v1/articles/a", headers={"Prefer": "wait=99999999, handling=lenient"})
        assert "preference-applied" not in at_once.headers
        assert (await client.get("/v1/articles/a", headers={"Prefer": "wait=300"})).headers[
            "preference-applied"
        ] == "wait=30"
        assert (await client.get("/v1/articles/b", headers={"Prefer": "wait=10"})).status_code == 404


async def test_a_reading_that_was_taken_back_is_not_shown(database: Database, world: World) -> None:
    world.article("a", TEXT, [LEFT])
    world.ask_again("a")
    world.skip("a")
    world.project()
    async with api_client(database.services_url) as client:
        article = await ok(client, "/v1/articles/a")
        assert (article["state"], article["readings"]) == ("skipped", [])


async def test_a_story_and_its_copies(database: Database, world: World) -> None:
    world.article("late", TEXT, [LEFT], story="s", outlet="Echo", published_at="2019-08-04")
    world.article("first", TEXT, [LEFT], story="s", of="late", outlet="Wire", published_at="2019-08-02")
    world.article("gone", TEXT, [LEFT], story="s", of="late", published_at="2019-08-01")
    world.withdraw("gone")
    world.project()
    story_id = derived_id("story", "s")
    async with api_client(database.services_url) as client:
        story = await ok(client, f"/v1/stories/{story_id}")
        assert (story["id"], story["head"], story["articles"]) == (str(story_id), "first", 2)
        assert [(a["id"], a["head"], a["outlet"], a["duplicate_of"]) for a in story["data"]] == [
            ("first", True, "Wire", "late"), ("late", False, "Echo", None),
        ]  # fmt: skip
        assert (await ok(client, "/v1/articles/first"))["story"] == str(story_id)
        for unknown in (derived_id("story", "t"), "s", "%00"):
            assert (await client.get(f"/v1/stories/{unknown}")).status_code == 404


async def test_coverage_counts_what_was_read_by_outlet_and_day(database: Database, world: World) -> None:
    world.article("a", TEXT, [LEFT], outlet="Wire", published_at="2019-08-03")
    world.article("b", TEXT + "b", [LEFT], outlet="Wire", published_at="2019-08-03T01:00:00+03:00")
    world.receive("c", "c", outlet="Wire", published_at="2019-08-03")
    world.receive("d", "d", outlet=None, published_at="2019-08-03")
    world.skip("d")
    world.receive("e", "e", outlet="Echo", published_at="2019-08-01")
    world.fail("e")
    world.receive("f", "f", outlet="Echo", published_at="2019-08-01")
    world.withdraw("f")
    world.project()

    def row(outlet: str | None, day: str, *counts: int) -> dict[str, object]:
        named = zip(("articles", "extracted", "skipped", "failed"), counts, strict=True)
        return {"outlet": outlet, "day": day, **dict(named)}

    everything = [
        row("Wire", "2019-08-03", 3, 2, 0, 0),
        row(None, "2019-08-03", 1, 0, 1, 0),
        row("Echo", "2019-08-01", 1, 0, 0, 1),
    ]
    async with api_client(database.services_url) as client:
        assert (await ok(client, "/v1/coverage"))["data"] == everything
        assert (await ok(client, "/v1/coverage", outlet="Echo"))["data"] == everything[2:]
        assert (await ok(client, "/v1/coverage", from_="2019-08-02"))["data"] == everything[:2]
        assert (await ok(client, "/v1/coverage", to="2019-08-02"))["data"] == everything[2:]
        assert await refused(client, "/v1/coverage", to="soon") == ["to"]
        for path in ("/v1/coverage", "/v1/articles"):
            assert await refused(client, path, from_="2019-09", to="2019-08") == ["to"]
