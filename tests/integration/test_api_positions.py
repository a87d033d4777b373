"""Positions and actors over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from services.core.domain.dossier import load_dossier
from services.core.projections.codecs import standing_id
from tests.conftest import Database
from tests.integration.api_client import World, api_client, ok, refused, world_of
from tests.integration.log_writer import Telling

pytestmark = pytest.mark.anyio

TEXT = "“We are for the moratorium,” she said. Moscow is against it, if NATO agrees. They met."
HISTORY = "/v1/actors/russia/positions/moratorium/history"


def stated(date: str, stance: str = "supports", words: str = "for the moratorium", **more: Any) -> Telling:
    more.setdefault("proposition", "moratorium")
    more.setdefault("actors", ("russia",))
    return Telling(words, date, stance=stance, **more)


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    with world_of(database.owner_url) as world:
        yield world


async def test_a_position_has_the_shape_that_the_contract_fixes(database: Database, world: World) -> None:
    world.article(
        "a", TEXT, [stated("2019-09-25", person="sergey-lavrov")], url="https://wire.example/a",
        published_at="2019-09-26T08:00:00Z",
    )  # fmt: skip
    position = world.project()
    async with api_client(database.services_url) as client:
        answer = await ok(client, "/v1/positions")
        assert (answer["next"], answer["position"]) == (None, position)
        (cell,) = answer["data"]
        (evidence,) = cell.pop("evidence")
        story = evidence.pop("story")
        assert len(story) == 36
        assert cell == {
            "id": str(standing_id("inf", "russia", "moratorium")),
            "dossier": "inf",
            "actor": "russia",
            "proposition": "moratorium",
            "stance": "supports",
            "condition": None,
            "contested": False,
            "since": "2019-09-25",
            "last_stated": "2019-09-25",
            "voice": "own",
            "counts": {"mentions": 1, "outlets": 1, "stories": 1},
            "review": None,
            "alternatives": [],
        }
        assert evidence == {
            "article": "a",
            "outlet": "Wire",
            "url": "https://wire.example/a",
            "published_at": "2019-09-26T08:00:00Z",
            "copy": False,
            "speaker": "Sergey Lavrov",
            "person": "sergey-lavrov",
            "confidence": 0.9,
            "evidence": {"start": 8, "end": 26, "text": "for the moratorium"},
            "stance": "supports",
            "date": "2019-09-25",
            "voice": "own",
            "condition": None,
            "review": None,
        }


async def current(client: httpx2.AsyncClient, **asked: Any) -> dict[str, Any]:
    (cell,) = (await ok(client, "/v1/actors/russia/positions", **asked))["data"]
    return cell


async def test_outlets_that_disagree_about_a_day_make_it_contested_with_both(
    database: Database, world: World
) -> None:
    against = "Moscow is against it"
    world.article("a", TEXT, [stated("2019-09-25")], outlet="Wire")
    world.article("b", TEXT, [stated("2019-09-25")], outlet="Post", story="b")
    world.article("c", TEXT, [stated("2019-09-25", "opposes", against, voice="adversary")], outlet="Echo")
    world.project()
    async with api_client(database.services_url) as client:
        cell = await current(client)
        assert (cell["stance"], cell["contested"], cell["counts"]["stories"]) == ("supports", True, 2)
        (other,) = cell["alternatives"]
        assert (other["stance"], other["counts"]) == ("opposes", {"mentions": 1, "outlets": 1, "stories": 1})
        assert (other["evidence"][0]["article"], other["evidence"][0]["voice"]) == ("c", "adversary")
        assert other["evidence"][0]["evidence"]["text"] == against
        assert [c["actor"] for c in (await ok(client, "/v1/positions", contested=True))["data"]] == ["russia"]
        assert (await ok(client, "/v1/positions", contested=False))["data"] == []
        # Withdrawn, the one that disagreed no longer does.
        world.withdraw("c")
        world.project()
        cell = await current(client)
        assert (cell["contested"], cell["alternatives"]) == (False, [])


async def test_a_condition_and_the_voice_it_comes_in(database: Database, world: World) -> None:
    world.article(
        "a", TEXT,
        [stated("2019-09-25", "conditional", "Moscow is against it", condition="if NATO agrees", voice="reported")],
    )  # fmt: skip
    world.project()
    async with api_client(database.services_url) as client:
        cell = await current(client)
        assert (cell["stance"], cell["condition"], cell["voice"]) == (
            "conditional",
            "if NATO agrees",
            "reported",
        )
        assert cell["evidence"][0]["condition"] == "if NATO agrees"


async def test_history_tells_every_change_of_stance_newest_first(database: Database, world: World) -> None:
    for name, date, stance in (
        ("a", "2019-09-25", "supports"),
        ("b", "2020-10-26", "supports"),
        ("c", "2024-11", "conditional"),
        ("d", "2025-08-04", "opposes"),
    ):
        world.article(name, TEXT, [stated(date, stance)])
    position = world.project()
    async with api_client(database.services_url) as client:
        answer = await ok(client, HISTORY)
        assert (answer["actor"], answer["proposition"], answer["position"]) == (
            "russia",
            "moratorium",
            position,
        )
        assert [
            (r["stance"], r["since"], r["last_stated"], r["counts"]["mentions"]) for r in answer["data"]
        ] == [
            ("opposes", "2025-08-04", "2025-08-04", 1),
            ("conditional", "2024-11", "2024-11", 1),
            ("supports", "2019-09-25", "2020-10-26", 2),
        ]
        assert [e["article"] for e in answer["data"][2]["evidence"]] == ["b", "a"]
        cell = await current(client)
        assert (cell["since"], cell["last_stated"]) == ("2025-08-04", "2025-08-04")
        assert (await current(client, as_of="2021"))["since"] == "2019-09-25"
        nothing = await ok(client, "/v1/actors/china/positions/moratorium/history")
        assert nothing["data"] == []


async def test_filters_of_the_table(database: Database, world: World) -> None:
    world.article(
        "a", TEXT,
        [
            stated("2019-09-25"),
            stated("2019-09-25", "opposes", actors=("nato",)),
            stated("2019-09-25", "opposes", actors=("nato",), proposition="us-complied"),
        ],
    )  # fmt: skip
    world.project()
    async with api_client(database.services_url) as client:

        async def cells(**asked: Any) -> list[tuple[str, str]]:
            return [
                (c["actor"], c["proposition"]) for c in (await ok(client, "/v1/positions", **asked))["data"]
            ]

        assert await cells() == [("nato", "moratorium"), ("nato", "us-complied"), ("russia", "moratorium")]
        assert await cells(actor="russia") == [("russia", "moratorium")]
        assert await cells(actor=["russia", "usa"], proposition="moratorium") == [("russia", "moratorium")]
        assert await cells(proposition=["us-complied"]) == [("nato", "us-complied")]
        assert await cells(stance="opposes") == [("nato", "moratorium"), ("nato", "us-complied")]
        assert await cells(stance="opposes", limit=1) == [("nato", "moratorium")]
        assert await cells(stance="conditional") == []
        for wrong in ("actor", "proposition", "stance", "contested"):
            fields = await refused(client, "/v1/positions", **{wrong: "maybe"})
            assert [field.split(".")[0] for field in fields] == [wrong]


async def test_actors_are_those_of_the_dossier(database: Database, world: World) -> None:
    met = Telling("They met", "2019-09-26", "consultation", ("russia", "usa"))
    world.article("a", TEXT, [stated("2019-09-25"), stated("2019-09-25", proposition="us-complied"), met])
    world.project()
    dossier = load_dossier("inf")
    async with api_client(database.services_url) as client:
        actors = (await ok(client, "/v1/actors", limit=500))["data"]
        assert [a["id"] for a in actors] == sorted(dossier.actors)
        counts = {a["id"]: (a["entries"], a["positions"]) for a in actors}
        assert (counts["russia"], counts["usa"], counts["china"]) == ((1, 2), (1, 0), (0, 0))
        russia = await ok(client, "/v1/actors/russia")
        assert (russia["name"], russia["type"]) == (dossier.actors["russia"].name, "state")
        (lavrov,) = (s for s in russia["speakers"] if s["id"] == "sergey-lavrov" and s["start"] > "2000")
        assert (lavrov["name"], lavrov["end"]) == ("Sergey Lavrov", None)
        assert russia["speakers"] == sorted(russia["speakers"], key=lambda s: s["start"])
        for path in (
            "/v1/actors/atlantis", "/v1/actors/%00", "/v1/actors/🚀", "/v1/actors/atlantis/positions",
            "/v1/actors/russia/positions/peace/history", "/v1/actors/atlantis/positions/moratorium/history",
            "/v1/actors/" + "a" * 101,
        ):  # fmt: skip
            response = await client.get(path)
            assert response.status_code == 404, path
        assert await refused(client, "/v1/actors/russia", dossier="start") == ["dossier"]
