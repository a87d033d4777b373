"""Rulings over HTTP: who may, what is refused, what answers, the page and the stream show of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import jsonschema
import pytest

from services.core.access.keys import Scope
from services.core.domain.article import article_id
from services.core.domain.timeline import EntryKey
from services.core.projections.codecs import standing_id
from tests.conftest import Database
from tests.integration.api_client import World, ok, schema_of, world_of
from tests.integration.ingest_client import events
from tests.integration.keys_client import Client, bearing, make_key, serving
from tests.integration.log_writer import Telling
from tests.integration.stream_client import served

pytestmark = pytest.mark.anyio

WORDS = "Moscow refused and Moscow spoke. Moscow kept to it."
REFUSED = Telling("Moscow refused", "2019-02-02", "rejection", ("russia",), ("usa",))
SPOKE = Telling("Moscow spoke", "2019-02-02", "statement", ("russia",))
KEPT = Telling("Moscow kept to it", "2019-02-02", proposition="russia-complied")
REFUSAL = EntryKey("inf", "rejection", "2019-02-02", ("russia",)).id
STATEMENT = EntryKey("inf", "statement", "2019-02-02", ("russia",)).id
COMPLIED = standing_id("inf", "russia", "russia-complied")
A, B = (article_id(None, letter * 64, None) for letter in "ab")


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    with world_of(database.owner_url) as world:
        world.article(A, WORDS, [REFUSED, SPOKE, KEPT], outlet="Wire", published_at="2019-02-03")
        world.article(B, WORDS + " Yes.", [SPOKE, KEPT], outlet="Courier", published_at="2019-02-03")
        world.project()
        yield world


@pytest.fixture
async def client(database: Database) -> AsyncIterator[Client]:
    async with serving(database) as client:
        yield client


async def rule(
    client: Client, record: UUID, verdict: str, *, status: int = 202, headers: Any = None, **more: Any
) -> dict[str, Any]:
    what = "positions" if record == COMPLIED else "timeline"
    body = {"verdict": verdict, "reason": "looked it up"} | more
    answer = await client.post(f"/v1/{what}/{record}/corrections", json=body, headers=headers)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def fields(problem: dict[str, Any]) -> list[str]:
    return [error["field"] for error in problem["errors"]]


async def test_an_amendment_is_answered_shown_and_was_not_known_before(world: World, client: Client) -> None:
    before = (await ok(client, "/v1/timeline"))["position"]
    taken = await rule(
        client, REFUSAL, "amend", changes={"date": "2019-02-01", "recipients": ["nato"]}, by="M. K."
    )
    assert (taken["id"], taken["version"], taken["part"]) == (str(REFUSAL), 1, None)
    world.project()
    entry = await ok(client, f"/v1/timeline/{REFUSAL}")
    assert (entry["date"], entry["recipients"], entry["kind"]) == ("2019-02-01", ["nato"], "rejection")
    assert entry["review"] | {"at": ""} == {
        "state": "amended", "at": "", "reason": "looked it up", "by": "M. K.", "version": 1,
        "position": taken["global_position"], "fields": ["date", "recipients"],
    }  # fmt: skip
    assert entry["history"][0]["cause"] == "correction"
    assert entry["history"][0]["ruling"]["changes"] == {"date": "2019-02-01", "recipients": ["nato"]}
    assert entry["history"][1]["ruling"] is None
    jsonschema.Draft202012Validator(schema_of("EntryDetail")).validate(entry)
    past = await ok(client, f"/v1/timeline/{REFUSAL}", known_at=before)
    assert (past["date"], past["recipients"], past["review"]) == ("2019-02-02", ["usa"], None)
    assert [e["id"] for e in (await ok(client, "/v1/timeline", to="2019-02-01"))["data"]] == [str(REFUSAL)]
    reported = await ok(client, f"/v1/timeline/{REFUSAL}", reported_by="2019-02-03")
    assert {k: reported[k] for k in ("date", "review")} == {k: entry[k] for k in ("date", "review")}
    listed = await ok(client, "/v1/timeline", reported_by="2019-02-03", to="2019-02-01")
    assert [e["id"] for e in listed["data"]] == [str(REFUSAL)]


async def test_a_merged_entry_answers_308_on_the_api_and_on_the_page(world: World, client: Client) -> None:
    await rule(client, STATEMENT, "merge", into=str(REFUSAL))
    world.project()
    answer = await client.get(f"/v1/timeline/{STATEMENT}")
    assert (answer.status_code, answer.headers["Location"]) == (308, f"/v1/timeline/{REFUSAL}")
    page = await client.get(f"/entries/{STATEMENT}")
    assert (page.status_code, page.headers["Location"].split("?")[0]) == (308, f"/entries/{REFUSAL}")
    entry = await ok(client, f"/v1/timeline/{REFUSAL}")
    assert (entry["counts"]["mentions"], entry["history"][0]["ruling"]["record"]) == (2, str(STATEMENT))
    assert [e["id"] for e in (await ok(client, "/v1/timeline", kind="statement"))["data"]] == []
    for clock in ({}, {"reported_by": "2019-02-03"}):
        listed = (await ok(client, "/v1/timeline", kind="rejection", **clock))["data"]
        assert [(e["id"], e["counts"]["mentions"]) for e in listed] == [(str(REFUSAL), 2)]
    answer = await client.get(f"/v1/timeline/{STATEMENT}?reported_by=2019-02-03")
    assert answer.status_code == 308
    assert fields(await rule(client, REFUSAL, "merge", status=422, into=str(STATEMENT))) == ["into"]
    await rule(client, STATEMENT, "undo")
    world.project()
    assert (await ok(client, f"/v1/timeline/{STATEMENT}"))["review"]["state"] == "as-read"


async def test_two_who_merge_at_once_make_no_circle(world: World, client: Client) -> None:
    await rule(client, STATEMENT, "merge", into=str(REFUSAL))
    # The projector has not seen the first yet.
    problem = await rule(client, REFUSAL, "merge", status=422, into=str(STATEMENT))
    assert fields(problem) == ["into"]
    assert "circle" in problem["errors"][0]["detail"]


async def test_a_split_makes_an_entry_of_its_own(world: World, client: Client) -> None:
    taken = await rule(client, STATEMENT, "split", articles=[B])
    world.project()
    part = await ok(client, f"/v1/timeline/{taken['part']}")
    assert [m["article"] for m in part["mentions"]] == [B]
    assert part["review"]["state"] == "split"
    assert [m["article"] for m in (await ok(client, f"/v1/timeline/{STATEMENT}"))["mentions"]] == [A]
    reported = (await ok(client, "/v1/timeline", reported_by="2019-02-03", kind="statement"))["data"]
    assert {e["id"]: e["counts"]["mentions"] for e in reported} == {taken["part"]: 1, str(STATEMENT): 1}
    assert fields(await rule(client, STATEMENT, "split", status=422, articles=[B])) == ["articles.0"]
    assert fields(await rule(client, STATEMENT, "split", status=422, articles=[A])) == ["articles"]
    await rule(client, UUID(taken["part"]), "merge", into=str(STATEMENT))
    world.project()
    assert (await ok(client, f"/v1/timeline/{STATEMENT}"))["counts"]["mentions"] == 2


async def test_a_rejected_entry_is_410_and_says_why(world: World, client: Client) -> None:
    await rule(client, REFUSAL, "reject", reason="It was another treaty")
    world.project()
    gone = await client.get(f"/v1/timeline/{REFUSAL}")
    assert gone.status_code == 410
    assert gone.json()["review"]["reason"] == "It was another treaty"
    assert (await client.get(f"/entries/{REFUSAL}", headers={"Accept": "text/html"})).status_code == 410
    for clock in ({}, {"reported_by": "2019-02-03"}):
        data = (await ok(client, "/v1/timeline", **clock))["data"]
        assert [e["id"] for e in data] == [str(STATEMENT)]
    await rule(client, REFUSAL, "confirm")
    world.project()
    assert (await ok(client, f"/v1/timeline/{REFUSAL}"))["review"]["state"] == "confirmed"


async def test_a_position_is_ruled_on_by_stance_and_day(world: World, client: Client) -> None:
    said = {"stance": "supports", "date": "2019-02-02"}
    await rule(client, COMPLIED, "amend", stated=said, changes={"stance": "conditional", "condition": None})
    world.project()
    (cell,) = (await ok(client, "/v1/positions"))["data"]
    assert (cell["stance"], cell["review"]["fields"]) == ("conditional", ["condition", "stance"])
    assert cell["evidence"][0]["review"]["state"] == "amended"
    # What is shown names it as well as what was read.
    await rule(client, COMPLIED, "reject", stated={"stance": "conditional", "date": "2019-02-02"}, version=1)
    world.project()
    assert (await ok(client, "/v1/positions"))["data"] == []
    history = await ok(client, "/v1/actors/russia/positions/russia-complied/history")
    assert history["data"] == []
    assert [(r["verdict"], r["stated"], r["version"]) for r in history["rulings"]] == [
        ("reject", said, 2),
        ("amend", said, 1),
    ]
    jsonschema.Draft202012Validator(schema_of("PositionHistory")).validate(history)
    await rule(client, COMPLIED, "undo", stated=said)
    world.project()
    (cell,) = (await ok(client, "/v1/positions"))["data"]
    assert (cell["stance"], cell["review"]["state"]) == ("supports", "as-read")
    other = {"stance": "opposes", "date": "2019-02-02"}
    assert fields(await rule(client, COMPLIED, "reject", stated=other, status=422)) == ["stated"]


async def test_the_stream_tells_of_rulings(world: World, client: Client, database: Database) -> None:
    after = (await ok(client, "/v1/timeline"))["position"]
    await rule(client, STATEMENT, "merge", into=str(REFUSAL))
    await rule(client, REFUSAL, "reject")
    await rule(client, COMPLIED, "confirm", stated={"stance": "supports", "date": "2019-02-02"})
    world.project()
    async with served(database) as server:
        told = await server.take(4, last=f"{after}.9")
    assert [(t.name, t.data["cause"]) for t in told] == [
        (name, "correction")
        for name in ("entry.changed", "entry.merged", "entry.removed", "position.changed")
    ]
    assert told[3].data["review"]["state"] == "confirmed"


REFUSED_BODIES: list[tuple[dict[str, Any], list[str]]] = [
    ({"verdict": "amend"}, ["changes"]),
    ({"verdict": "amend", "changes": {}}, ["changes"]),
    ({"verdict": "amend", "changes": {"kind": "party"}}, ["changes.kind"]),
    ({"verdict": "amend", "changes": {"actors": ["russia", "narnia"]}}, ["changes.actors.1"]),
    ({"verdict": "amend", "changes": {"actors": ["nato"], "recipients": ["nato"]}}, ["changes.recipients"]),
    ({"verdict": "amend", "changes": {"date": "2019-02-30"}}, ["changes.date"]),
    ({"verdict": "amend", "changes": {"date": "1066"}}, ["changes.date"]),
    ({"verdict": "amend", "changes": {"date": "+209"}}, ["changes.date"]),
    ({"verdict": "amend", "changes": {"date": None}}, ["changes.date"]),
    ({"verdict": "amend", "changes": {"status": "maybe"}}, ["changes.status"]),
    ({"verdict": "amend", "changes": {"representative": str(uuid4())}}, ["changes.representative"]),
    ({"verdict": "amend", "changes": {"summary": "words of my own"}}, ["changes.summary"]),
    ({"verdict": "confirm", "changes": {"date": "2019"}}, ["changes"]),
    ({"verdict": "merge"}, ["into"]),
    ({"verdict": "merge", "into": str(STATEMENT)}, ["into"]),
    ({"verdict": "merge", "into": str(uuid4())}, ["into"]),
    ({"verdict": "split"}, ["articles"]),
    ({"verdict": "split", "articles": [str(uuid4())]}, ["articles.0"]),
    ({"verdict": "burn"}, ["verdict"]),
    ({"verdict": "confirm", "reason": ""}, ["reason"]),
    ({"verdict": "confirm", "reason": "  "}, ["reason"]),
    ({"verdict": "confirm", "reason": "nul \0"}, ["reason"]),
    ({"verdict": "confirm", "by": "x" * 201}, ["by"]),
    ({"verdict": "confirm", "version": -1}, ["version"]),
    ({"verdict": "confirm", "version": "0"}, ["version"]),
]


async def test_nonsense_is_named_and_nothing_is_written(
    world: World, client: Client, database: Database
) -> None:
    before = len(events(database.services_url))
    for body, named in REFUSED_BODIES:
        more = {k: v for k, v in body.items() if k != "verdict"}
        assert fields(await rule(client, STATEMENT, body["verdict"], status=422, **more)) == named, body
    for verdict in ("merge", "split"):
        said = {"stance": "supports", "date": "2019-02-02"}
        assert fields(await rule(client, COMPLIED, verdict, status=422, stated=said)) == ["verdict"]
    await rule(client, uuid4(), "confirm", status=404)
    await rule(client, STATEMENT, "undo", status=409)
    unknown = {"verdict": "confirm", "reason": "x", "stated": {"stance": "supports", "date": "2019"}}
    assert (await client.post(f"/v1/positions/{uuid4()}/corrections", json=unknown)).status_code == 404
    assert len(events(database.services_url)) == before


async def test_who_ruled_meanwhile_is_noticed(world: World, client: Client) -> None:
    assert (await rule(client, STATEMENT, "confirm", version=0))["version"] == 1
    assert (await rule(client, STATEMENT, "reject", version=0, status=409))["version"] == 1
    assert (await rule(client, STATEMENT, "reject", headers={"If-Match": '"0"'}, status=412))["version"] == 1
    await rule(client, STATEMENT, "reject", headers={"If-Match": "yes"}, status=422)
    answer = await client.post(
        f"/v1/timeline/{STATEMENT}/corrections",
        json={"verdict": "reject", "reason": "x"},
        headers={"If-Match": '"1"'},
    )
    assert (answer.status_code, answer.headers["ETag"]) == (202, '"2"')


async def test_a_ruling_sent_twice_with_a_key_is_one(
    world: World, client: Client, database: Database
) -> None:
    headers = {"Idempotency-Key": '"one"'}
    first = await rule(client, STATEMENT, "split", articles=[B], headers=headers)
    assert await rule(client, STATEMENT, "split", articles=[B], headers=headers) == first
    assert [e["type"] for e in events(database.services_url)].count("RecordCorrected") == 1
    await rule(client, STATEMENT, "confirm", headers=headers, status=422)


async def test_the_log_says_who_ruled_with_which_key(
    world: World, client: Client, database: Database
) -> None:
    reviewer, reader = make_key(database, Scope.REVIEW), make_key(database, Scope.READ)
    admin = make_key(database, Scope.ADMIN)
    async with serving(database) as keyed:
        await rule(keyed, STATEMENT, "confirm", status=401)
        await rule(keyed, STATEMENT, "confirm", status=403, headers=bearing(reader))
        await rule(keyed, STATEMENT, "confirm", by="M. K.", headers=bearing(reviewer))
        log = await keyed.get("/v1/events", params={"type": "RecordCorrected"}, headers=bearing(admin))
    (event,) = log.json()["data"]
    assert (event["keyid"], event["subject"]) == (reviewer.id, f"review-{STATEMENT}")
    assert (event["data"]["key_id"], event["data"]["by"]) == (reviewer.id, "M. K.")
    assert event["data"]["verdict"] == "confirm"


async def test_a_ruling_is_on_the_pages_as_text(world: World, client: Client) -> None:
    script = "<script>alert(1)</script>"
    await rule(client, REFUSAL, "confirm", reason=script, by=script)
    said = {"stance": "supports", "date": "2019-02-02"}
    await rule(client, COMPLIED, "confirm", stated=said, reason=script)
    world.project()
    for path in (f"/entries/{REFUSAL}", "/positions/russia/russia-complied"):
        page = (await client.get(path)).text
        assert "Confirmed by an analyst" in page, path
        assert "&lt;script&gt;alert(1)" in page
        assert script not in page
