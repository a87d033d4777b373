"""`GET /v1/timeline` and one entry: the shapes that DESIGN.md fixes, every filter, what became of an entry."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

from services.core.domain.timeline import EntryKey
from tests.conftest import Database
from tests.integration.api_client import api_client, ok, refused, world_of
from tests.integration.log_writer import Telling

pytestmark = pytest.mark.anyio

WIRE = "Washington left the treaty on Friday 🚀. “We kept our word,” Sergei Lavrov said. Ana Núñez saw the talks."
LEFT = Telling("Washington left the treaty", "2019-08-02", "agreement-ended", ("usa",), ("russia",))
DENIED = Telling(
    "We kept our word", "2019-08-02", "denial", ("russia",), ("usa",), person="sergey-lavrov", confidence=0.8
)
COMPLIED = Telling("We kept our word", "2019-08-02", proposition="russia-complied", actors=("russia",))
TALKS = Telling(
    "Ana Núñez saw the talks", "2019-09", "consultation", ("nato",), (), "planned", named="Ana Núñez"
)
QUOTED = WIRE.index("We kept")


@pytest.fixture(scope="module")
def entries(module_database: Database) -> SimpleNamespace:
    """Three entries: `left` told by three articles (one a copy), `denied` and `talks` by one."""
    quotation = {
        "source": [WIRE.index("Sergei"), WIRE.index(" said")],
        "cue": [WIRE.index("said"), WIRE.index("said") + 4],
        "content": [QUOTED, QUOTED + len("We kept our word")],
        "speaker": {"person": "sergey-lavrov"},
        "actor": "russia",
        "direct": True,
    }
    with world_of(module_database.owner_url) as world:
        world.article(
            "wire", WIRE, [LEFT, DENIED, COMPLIED, TALKS], outlet="The Wire", url="https://wire.example/1",
            published_at="2019-08-03T10:00:00+02:00", quotations=(quotation,),
        )  # fmt: skip
        world.article(
            "copy", WIRE, [LEFT], story="wire", of="wire", outlet="Courier", published_at="2019-08-04"
        )
        world.article(
            "own", "So Washington left the treaty in earnest.", [LEFT], outlet=None,
            url="https://www.post.example/a", published_at="2019-08-05",
        )  # fmt: skip
        position = world.project()

    def id_(kind: str, date: str, *actors: str) -> str:
        return str(EntryKey("inf", kind, date, actors).id)

    return SimpleNamespace(
        left=id_("agreement-ended", "2019-08-02", "usa"),
        denied=id_("denial", "2019-08-02", "russia"),
        talks=id_("consultation", "2019-09", "nato"),
        position=position,
    )


@pytest.fixture(scope="module")
async def client(module_database: Database, entries: SimpleNamespace) -> AsyncIterator[httpx2.AsyncClient]:
    async with api_client(module_database.services_url) as client:
        yield client


async def test_an_entry_has_the_shape_that_the_contract_fixes(
    client: httpx2.AsyncClient, entries: SimpleNamespace
) -> None:
    answer = await ok(client, "/v1/timeline", kind="agreement-ended")
    (entry,) = answer["data"]
    assert list(answer) == ["data", "next", "position"]
    assert (answer["next"], answer["position"]) == (None, entries.position)
    story = entry["mentions"][0].pop("story")
    assert entry["mentions"][0] == {
        "article": "wire",
        "outlet": "The Wire",
        "url": "https://wire.example/1",
        "published_at": "2019-08-03T10:00:00+02:00",
        "copy": False,
        "speaker": None,
        "person": None,
        "confidence": 0.9,
        "evidence": {"start": 0, "end": 26, "text": "Washington left the treaty"},
    }
    mentions = entry.pop("mentions")
    assert [(m["article"], m["copy"]) for m in mentions] == [("wire", False), ("own", False), ("copy", True)]
    assert mentions[2]["story"] == story != mentions[1]["story"]
    assert entry == {
        "id": entries.left,
        "dossier": "inf",
        "kind": "agreement-ended",
        "plover": "SUPPORT",
        "plover_mode": None,
        "date": "2019-08-02",
        "precision": "day",
        "status": "actual",
        "actors": ["usa"],
        "recipients": ["russia"],
        "summary": "Washington left the treaty on Friday 🚀.",
        "confidence": 0.9,
        "counts": {"mentions": 3, "outlets": 3, "stories": 2},
        "version": 3,
        "review": None,
    }


async def test_newest_come_first_unless_asked_otherwise(
    client: httpx2.AsyncClient, entries: SimpleNamespace
) -> None:
    dates = [entry["date"] for entry in (await ok(client, "/v1/timeline"))["data"]]
    assert dates == ["2019-09", "2019-08-02", "2019-08-02"]
    ascending = await ok(client, "/v1/timeline", order="asc")
    assert [entry["date"] for entry in ascending["data"]] == dates[::-1]


FILTERS: list[tuple[dict[str, Any], set[str]]] = [
    ({}, {"left", "denied", "talks"}),
    ({"dossier": "inf"}, {"left", "denied", "talks"}),
    ({"actor": "usa"}, {"left"}),
    ({"actor": ["usa", "nato"]}, {"left", "talks"}),
    ({"actor": "china"}, set()),
    ({"recipient": "usa"}, {"denied"}),
    ({"kind": "denial"}, {"denied"}),
    ({"kind": ["denial", "consultation"]}, {"denied", "talks"}),
    ({"plover": "SUPPORT"}, {"left", "denied", "talks"}),
    ({"plover": "THREATEN"}, set()),
    ({"proposition": "russia-complied"}, {"denied"}),
    ({"proposition": "moratorium"}, set()),
    ({"speaker": "sergey-lavrov"}, {"denied"}),
    ({"speaker": "Sergei Lavrov"}, {"denied"}),
    ({"speaker": "sergei  LAVROV"}, {"denied"}),
    ({"speaker": "Lavrov"}, {"denied"}),
    ({"speaker": "ANA NÚÑEZ"}, {"talks"}),
    ({"speaker": "Nobody Known"}, set()),
    ({"outlet": "the  wire"}, {"left", "denied", "talks"}),
    ({"outlet": "Courier"}, {"left"}),
    ({"outlet": "post.example"}, {"left"}),
    ({"status": "planned"}, {"talks"}),
    ({"status": "actual"}, {"left", "denied"}),
    ({"min_outlets": 2}, {"left"}),
    ({"min_outlets": 4}, set()),
    ({"min_stories": 2}, {"left"}),
    ({"min_stories": 3}, set()),
    ({"q": "the treaties"}, {"left"}),
    ({"q": '100% \'"kept our word"'}, set()),
    ({"q": '"kept our word"'}, {"denied"}),
    ({"q": "treaty or talks"}, {"left", "talks"}),
    ({"q": "word", "speaker": "Lavrov"}, {"denied"}),
    ({"q": "talks", "speaker": "Lavrov"}, set()),
    # A coarse date is a period, and passes where the periods overlap.
    ({"from_": "2019-08-03"}, {"talks"}),
    ({"from_": "2019-09-30"}, {"talks"}),
    ({"from_": "2019-10-01"}, set()),
    ({"to": "2019-08-02"}, {"left", "denied"}),
    ({"to": "2019-09-01"}, {"left", "denied", "talks"}),
    ({"to": "2019-08"}, {"left", "denied"}),
    ({"from_": "2019"}, {"left", "denied", "talks"}),
    ({"to": "2018"}, set()),
    ({"from_": "2019-08-02", "to": "2019-08-02"}, {"left", "denied"}),
    ({"from_": "2019-08", "to": "2019-08", "actor": "usa", "min_outlets": 2, "q": "Washington"}, {"left"}),
]


def in_words(value: object) -> str:
    """A test's name, the same in every process: sets have no order."""
    return repr(sorted(value) if isinstance(value, set) else value)[:60]


@pytest.mark.parametrize(("asked", "names"), FILTERS, ids=in_words)
async def test_filters(
    client: httpx2.AsyncClient, entries: SimpleNamespace, asked: dict[str, Any], names: set[str]
) -> None:
    wanted = {getattr(entries, name) for name in names}
    found = await ok(client, "/v1/timeline", **asked)
    assert {entry["id"] for entry in found["data"]} == wanted
    # What had been published by a late day is everything; the other way of answering agrees with the first.
    recounted = await ok(client, "/v1/timeline", reported_by="2030", **asked)
    assert recounted["data"] == found["data"]


@pytest.mark.parametrize(
    ("asked", "fields"),
    [
        ({"actr": "usa"}, ["actr"]),
        ({"actr": "usa", "kin": "denial"}, ["actr", "kin"]),
        ({"actor": "atlantis"}, ["actor"]),
        ({"recipient": "atlantis"}, ["recipient"]),
        ({"kind": "dance"}, ["kind"]),
        ({"plover": "SING"}, ["plover.0"]),
        ({"proposition": "peace"}, ["proposition"]),
        ({"dossier": "start"}, ["dossier"]),
        ({"dossier": "../inf"}, ["dossier"]),
        ({"from_": "yesterday"}, ["from"]),
        ({"from_": "2019-02-30"}, ["from"]),
        ({"from_": "0000"}, ["from"]),
        ({"from_": "٢٠١٩"}, ["from"]),
        ({"to": "2019-13"}, ["to"]),
        ({"from_": "2019-08-03", "to": "2019-08-02"}, ["to"]),
        ({"as_of": "20190802"}, ["as_of"]),
        ({"reported_by": "2019-8-2"}, ["reported_by"]),
        ({"known_at": "soon"}, ["known_at"]),
        ({"known_at": "-1"}, ["known_at"]),
        ({"status": "maybe"}, ["status"]),
        ({"min_outlets": "-1"}, ["min_outlets"]),
        ({"min_stories": "9" * 40}, ["min_stories"]),
        ({"limit": "0"}, ["limit"]),
        ({"limit": "501"}, ["limit"]),
        ({"order": "up"}, ["order"]),
        ({"q": "a\x00b"}, ["q"]),
        ({"speaker": "\x00"}, ["speaker"]),
        ({"outlet": "\x00"}, ["outlet"]),
        ({"q": "a" * 501}, ["q"]),
    ],
    ids=lambda value: repr(value)[:60],
)
async def test_what_makes_no_sense_is_named(
    client: httpx2.AsyncClient, asked: dict[str, Any], fields: list[str]
) -> None:
    assert await refused(client, "/v1/timeline", **asked) == fields


@pytest.mark.parametrize(
    "asked",
    [
        {"q": "\u202e\ud7ff🚀'; DROP TABLE read.entries; -- %s %(x)s {} \\"},
        {"q": "the"},
        {"q": '"" OR - ""'},
        {"speaker": "🚀%s"},
        {"outlet": "'%s"},
        {"known_at": "999999999999999999"},
        {"known_at": "9999-12-31T23:59:59-14:00"},
        {"known_at": "0001-01-01T00:00:00+14:00"},
        {"from_": "9999", "to": "9999"},
        {"as_of": "9999-12-31", "reported_by": "9999-12-31"},
        {"min_outlets": 1_000_000},
    ],
    ids=lambda value: repr(value)[:60],
)
async def test_odd_values_find_nothing_or_everything_but_break_nothing(
    client: httpx2.AsyncClient, asked: dict[str, Any]
) -> None:
    await ok(client, "/v1/timeline", **asked)


async def test_one_entry_comes_with_quotations_and_history(
    client: httpx2.AsyncClient, entries: SimpleNamespace
) -> None:
    denied = await ok(client, f"/v1/timeline/{entries.denied}")
    (mention,) = denied["mentions"]
    (quotation,) = mention["quotations"]
    assert quotation["content"] == {"start": QUOTED, "end": QUOTED + 16, "text": "We kept our word"}
    assert quotation["cue"]["text"] == "said"
    assert quotation["source"]["text"] == "Sergei Lavrov"
    assert (quotation["speaker"], quotation["person"], quotation["actor"]) == (
        "Sergey Lavrov", "sergey-lavrov", "russia",
    )  # fmt: skip
    left = await ok(client, f"/v1/timeline/{entries.left}")
    assert [(v["version"], v["change"], v["cause"], v["counts"]["mentions"]) for v in left["history"]] == [
        (3, "changed", "news", 3),
        (2, "changed", "copy", 2),
        (1, "added", "news", 1),
    ]
    assert left["position"] == left["history"][0]["position"] == entries.position
    assert [m["quotations"] for m in left["mentions"]] == [[], [], []]


@pytest.mark.parametrize("id_", ["00000000-0000-0000-0000-000000000000", "nonsense", "%00", "🚀"])
async def test_there_is_no_such_entry(client: httpx2.AsyncClient, id_: str) -> None:
    response = await client.get(f"/v1/timeline/{id_}")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


async def test_lists_show_a_part_of_many_mentions_and_count_them_all(database: Database) -> None:
    with world_of(database.owner_url) as world:
        for number in range(25):
            world.article(f"a{number:02}", WIRE, [LEFT], outlet=f"Outlet {number}")
        world.project()
    async with api_client(database.services_url) as client:
        for asked in ({}, {"reported_by": "2020"}):
            (entry,) = (await ok(client, "/v1/timeline", **asked))["data"]
            assert (len(entry["mentions"]), entry["counts"]["mentions"]) == (20, 25)
            (entry,) = (await ok(client, "/v1/timeline", outlet="outlet 24", **asked))["data"]
            whole = await ok(client, f"/v1/timeline/{entry['id']}", **asked)
            assert len(whole["mentions"]) == 25


async def test_an_alias_leads_to_the_canonical_entry_and_what_is_gone_is_gone(database: Database) -> None:
    coarse = Telling("Washington left the treaty", "2019-08", "agreement-ended", ())
    coarser = Telling("Washington left the treaty", "2019", "agreement-ended", ())
    with world_of(database.owner_url) as world:
        world.article("year", WIRE, [coarser])
        world.article("month", WIRE, [coarse])
        before = world.project()
        world.article("day", WIRE, [LEFT])
        world.article("other", WIRE, [DENIED])
        world.project()
        world.withdraw("other")
        world.project()

    def path(kind: str, date: str, *actors: str) -> str:
        return f"/v1/timeline/{EntryKey('inf', kind, date, actors).id}"

    canonical = path("agreement-ended", "2019-08-02", "usa")
    async with api_client(database.services_url) as client:
        for alias in (path("agreement-ended", "2019-08"), path("agreement-ended", "2019")):
            response = await client.get(alias, params={"as_of": "2020"})
            assert (response.status_code, response.headers["location"]) == (308, canonical + "?as_of=2020")
        followed = await client.get(path("agreement-ended", "2019"), follow_redirects=True)
        assert followed.json()["counts"]["mentions"] == 3
        # Before the finer date was known, the entry that is an alias now was the canonical one.
        then = await ok(client, path("agreement-ended", "2019-08"), known_at=before)
        assert (then["date"], then["counts"]["mentions"]) == ("2019-08", 2)
        gone = await client.get(path("denial", "2019-08-02", "russia"))
        assert gone.status_code == 410
        was = await ok(client, path("denial", "2019-08-02", "russia"), known_at=before + 6)
        assert was["summary"] is None, "a withdrawal reaches into the past"
        assert was["mentions"][0]["evidence"]["text"] is None


async def test_a_read_waits_for_the_position_that_it_is_asked_for(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.api.deps.WAIT_SECONDS", 0.4)
    with world_of(database.owner_url) as world:
        last = world.article("a", WIRE, [LEFT])
        async with api_client(database.services_url, database_pool_size=1) as client:
            late = await client.get("/v1/timeline", headers={"X-Min-Position": str(last)})
            assert late.status_code == 503
            assert late.headers["retry-after"] == "1"
            monkeypatch.setattr("services.api.deps.WAIT_SECONDS", 10.0)
            waiting = asyncio.create_task(client.get("/v1/timeline", headers={"X-Min-Position": str(last)}))
            await asyncio.sleep(0.2)
            # The one connection is not held by the one that waits.
            assert (await ok(client, "/v1/timeline"))["data"] == []
            world.project()
            answer = (await waiting).json()
            assert (answer["position"], len(answer["data"])) == (last, 1)
        async with api_client(database.services_url) as client:
            for wrong in ("soon", "-1", "1.5", str(last + 1), "9" * 40):
                response = await client.get("/v1/timeline", headers={"X-Min-Position": wrong})
                assert response.status_code == 422
                assert response.json()["errors"][0]["in"] == "header"
