"""The three clocks: what had been said, what had been published, what this system had recorded."""

from __future__ import annotations

import datetime as dt
from typing import Any

import psycopg
import pytest

from services.core.domain.timeline import EntryKey
from tests.conftest import Database
from tests.integration.api_client import api_client, ok, refused, world_of
from tests.integration.log_writer import Telling

pytestmark = pytest.mark.anyio

TEXT = (
    "Washington left the treaty. Moscow left it too. On the moratorium, if NATO agrees. They met in Geneva."
)
DAY = Telling("Washington left the treaty", "2019-08-02", "agreement-ended", ("usa",), ("russia",))
MONTH = Telling("Washington left the treaty", "2019-08", "agreement-ended", (), ("nato",), confidence=0.6)
TOO = Telling("Moscow left it too", "2019-08-20", "agreement-ended", ("russia",))
MET = Telling("They met in Geneva", "2019-01", "consultation", ("usa",))


def moratorium(date: str, stance: str, **more: Any) -> Telling:
    return Telling("On the moratorium", date, proposition="moratorium", stance=stance, **more)


def id_(date: str, *actors: str) -> str:
    return str(EntryKey("inf", "agreement-ended", date, actors).id)


async def shown(client: Any, **clocks: Any) -> list[tuple[Any, ...]]:
    data = (await ok(client, "/v1/timeline", order="asc", **clocks))["data"]
    return [
        (e["date"], e["actors"], e["recipients"], e["counts"]["mentions"], e["mentions"][0]["article"])
        for e in data
    ]


async def test_as_of_counts_a_coarse_date_from_its_last_day(database: Database) -> None:
    with world_of(database.owner_url) as world:
        world.article("a", TEXT, [DAY, MET, moratorium("2019-09", "supports")])
        world.project()
    async with api_client(database.services_url) as client:
        assert [e[0] for e in await shown(client, as_of="2019-01-30")] == []
        assert [e[0] for e in await shown(client, as_of="2019-01-31")] == ["2019-01"]
        assert [e[0] for e in await shown(client, as_of="2019-01")] == ["2019-01"]
        assert [e[0] for e in await shown(client, as_of="2019-08-02")] == ["2019-01", "2019-08-02"]
        assert (await ok(client, "/v1/positions", as_of="2019-09-29"))["data"] == []
        assert len((await ok(client, "/v1/positions", as_of="2019-09-30"))["data"]) == 1
        (usa,) = (
            a
            for a in (await ok(client, "/v1/actors", as_of="2019-07", limit=500))["data"]
            if a["id"] == "usa"
        )
        assert (usa["entries"], usa["positions"]) == (1, 0)


async def test_what_was_published_later_does_not_show_through(database: Database) -> None:
    with world_of(database.owner_url) as world:
        # The finer date is known to the system first, and was published last.
        world.article("day", TEXT, [DAY], published_at="2019-08-20", outlet="Late")
        world.article("month", TEXT, [MONTH], published_at="2019-08-05", outlet="Early")
        world.article(
            "copy", TEXT, [MONTH], story="month", of="month", published_at="2019-08-06", outlet="Echo"
        )
        world.article("too", TEXT, [TOO, MET], published_at="2019-08-25", outlet="Last")
        world.project()
    month = id_("2019-08")
    async with api_client(database.services_url) as client:
        assert await shown(client, reported_by="2019-08-04") == []
        assert await shown(client, reported_by="2019-08-05") == [("2019-08", [], ["nato"], 1, "month")]
        (early,) = (await ok(client, "/v1/timeline", reported_by="2019-08-06"))["data"]
        assert early["counts"] == {"mentions": 2, "outlets": 2, "stories": 1}
        assert (early["id"], early["confidence"], early["precision"]) == (month, 0.6, "month")
        # An entry that never stood alone in this system is found by its id all the same.
        alone = await ok(client, f"/v1/timeline/{month}", reported_by="2019-08-06")
        assert (alone["counts"]["mentions"], alone["history"]) == (2, [])
        # With the finer date the three are one, and with a second finer one they are no longer.
        assert await shown(client, reported_by="2019-08-20") == [
            ("2019-08-02", ["usa"], ["nato", "russia"], 3, "month")
        ]
        alias = await client.get(f"/v1/timeline/{month}", params={"reported_by": "2019-08-20"})
        assert alias.status_code == 308
        assert alias.headers["location"].startswith(f"/v1/timeline/{id_('2019-08-02', 'usa')}?")
        assert await shown(client, reported_by="2019-08-25", kind="agreement-ended") == [
            ("2019-08", [], ["nato"], 2, "month"),
            ("2019-08-02", ["usa"], ["russia"], 1, "day"),
            ("2019-08-20", ["russia"], [], 1, "too"),
        ]
        # Filters judge what was published by then.
        assert await shown(client, reported_by="2019-08-06", actor="usa") == []
        assert await shown(client, reported_by="2019-08-06", outlet="Late") == []
        assert await shown(client, reported_by="2019-08-06", from_="2019-08-30") != []
        assert await shown(client, reported_by="2019-08-20", min_outlets=3) != []
        assert await shown(client, reported_by="2019-08-06", min_outlets=3) == []
        assert await shown(client, reported_by="2019-08-25", as_of="2019-08-02", kind="agreement-ended") == [
            ("2019-08-02", ["usa"], ["russia"], 1, "day")
        ]
        by_actor = {
            day: {
                a["id"]: a["entries"]
                for a in (await ok(client, "/v1/actors", reported_by=day, limit=500))["data"]
            }
            for day in ("2019-08-06", "2019-08-25")
        }
        assert (by_actor["2019-08-06"]["usa"], by_actor["2019-08-06"]["russia"]) == (0, 0)
        assert (by_actor["2019-08-25"]["usa"], by_actor["2019-08-25"]["russia"]) == (2, 1)
        gone = await client.get(f"/v1/timeline/{id_('2019-08-20', 'russia')}?reported_by=2019-08-06")
        assert gone.status_code == 404


async def test_positions_by_each_clock(database: Database) -> None:
    with world_of(database.owner_url) as world:
        world.article("a", TEXT, [moratorium("2019-09-25", "supports")], published_at="2019-09-26")
        first = world.project()
        world.article("b", TEXT, [moratorium("2020-10-26", "opposes")], published_at="2021-01-01")
        world.article("c", TEXT, [moratorium("2019-12-01", "conditional")], published_at="2022-01-01")
        world.project()

    async with api_client(database.services_url) as client:

        async def stance(**clocks: Any) -> str | None:
            data = (await ok(client, "/v1/actors/russia/positions", **clocks))["data"]
            return data[0]["stance"] if data else None

        assert await stance() == "opposes"
        assert await stance(as_of="2020-10-25") == "conditional"
        assert await stance(as_of="2019-11-30") == "supports"
        assert await stance(as_of="2019-09-24") is None
        assert await stance(reported_by="2020-12-31") == "supports"
        assert await stance(reported_by="2021-01-01") == "opposes"
        assert await stance(as_of="2020-10-25", reported_by="2021-12-31") == "supports"
        assert await stance(as_of="2020-10-25", reported_by="2022") == "conditional"
        assert await stance(known_at=first) == "supports"
        assert await stance(known_at=first - 1) is None
        assert await stance(known_at=first, as_of="2019-09-24") is None
        path = "/v1/actors/russia/positions/moratorium/history"
        assert [r["stance"] for r in (await ok(client, path))["data"]] == [
            "opposes",
            "conditional",
            "supports",
        ]
        assert [r["stance"] for r in (await ok(client, path, reported_by="2021"))["data"]] == [
            "opposes",
            "supports",
        ]
        assert [r["stance"] for r in (await ok(client, path, known_at=first))["data"]] == ["supports"]


async def test_known_at_a_position_or_a_moment(database: Database) -> None:
    with world_of(database.owner_url) as world:
        positions = []
        for name, tellings in (("month", [MONTH]), ("day", [DAY]), ("met", [MET])):
            world.article(name, TEXT, tellings, published_at="2019-08-03")
            positions.append(world.project())
        newest = positions[-1]
    with psycopg.connect(database.owner_url) as conn:
        recorded: list[dt.datetime] = [
            r for (r,) in conn.execute("SELECT recorded_at FROM events ORDER BY global_position")
        ]
    async with api_client(database.services_url) as client:
        for position in range(newest + 3):
            expected = sum(position >= p for p in positions)
            answer = await ok(client, "/v1/timeline", known_at=position)
            assert len(answer["data"]) == [0, 1, 1, 2][expected]
            assert answer["position"] == min(position, newest)
        for number, moment in enumerate(recorded, 1):
            answer = await ok(client, "/v1/timeline", known_at=moment.isoformat())
            assert answer["position"] >= number
            assert recorded[answer["position"] - 1] == moment
            just_before = (moment - dt.timedelta(microseconds=1)).isoformat()
            assert (await ok(client, "/v1/timeline", known_at=just_before))["position"] < number
        zoned = recorded[4].astimezone(dt.timezone(dt.timedelta(hours=2))).isoformat()
        assert "+02:00" in zoned
        expected_position = (await ok(client, "/v1/timeline", known_at=zoned))["position"]
        # As a plus sign arrives that was not escaped.
        raw = await client.get(f"/v1/timeline?known_at={zoned}")
        assert raw.json()["position"] == expected_position
        assert (await ok(client, "/v1/timeline", known_at="2019-08-03"))["position"] == 0
        today = recorded[-1].date().isoformat()
        assert (await ok(client, "/v1/timeline", known_at=today))["position"] == newest
        assert await refused(client, "/v1/timeline", known_at="2019-08-03T25:00:00Z") == ["known_at"]
        # What is known of an entry then: versions up to there, the counts of that time.
        entry = await ok(client, f"/v1/timeline/{id_('2019-08')}", known_at=positions[0])
        assert [v["change"] for v in entry["history"]] == ["added"]
        late = await client.get(f"/v1/timeline/{id_('2019-08-02', 'usa')}", params={"known_at": positions[0]})
        assert late.status_code == 404


async def test_known_at_and_reported_by_together(database: Database) -> None:
    with world_of(database.owner_url) as world:
        world.article("late", TEXT, [DAY], published_at="2019-08-20")
        first = world.project()
        world.article("early", TEXT, [DAY], published_at="2019-08-03")
        world.project()
    async with api_client(database.services_url) as client:
        assert await shown(client, known_at=first, reported_by="2019-08-10") == []
        assert await shown(client, reported_by="2019-08-10") == [
            ("2019-08-02", ["usa"], ["russia"], 1, "early")
        ]
        assert (await shown(client, known_at=first))[0][3:] == (1, "late")


async def test_a_revision_counts_from_when_it_was_read(database: Database) -> None:
    revised = "In the end Washington left the treaty, and more words."
    with world_of(database.owner_url) as world:
        world.article("a", TEXT, [DAY, MET], published_at="2019-08-03")
        first = world.project()
        received = world.receive("a", revised, revision=2, published_at="2019-08-04")
        world.project()
        world.read("a", revised, [DAY], revision=2, article_date="2019-08-04")
        last = world.project()
    async with api_client(database.services_url) as client:
        for position, dates in ((first, 2), (received, 2), (last, 1)):
            assert len(await shown(client, known_at=position)) == dates
        (then,) = (await ok(client, "/v1/timeline", known_at=first, actor="usa", kind="agreement-ended"))[
            "data"
        ]
        (now,) = (await ok(client, "/v1/timeline"))["data"]
        assert then["mentions"][0]["evidence"] == {
            "start": 0,
            "end": 26,
            "text": "Washington left the treaty",
        }
        assert now["mentions"][0]["evidence"] == {
            "start": 11,
            "end": 37,
            "text": "Washington left the treaty",
        }
        assert await shown(client, reported_by="2019-08-03") == []


async def test_a_withdrawal_takes_the_words_out_of_every_past(database: Database) -> None:
    spoken = Telling(
        "On the moratorium", "2019-08-02", proposition="moratorium", stance="conditional",
        condition="if NATO agrees", named="Moscow",
    )  # fmt: skip
    quotation = {
        "source": [28, 34], "cue": None, "content": [0, 26], "speaker": {"span": [28, 34]}, "actor": None,
        "direct": True,
    }  # fmt: skip
    with world_of(database.owner_url) as world:
        world.article("a", TEXT, [DAY, spoken], quotations=(quotation,), title="Headline words")
        # Another live article holds the same body: the words stay in the store, for it alone.
        world.receive("b", TEXT, title="Headline words")
        before = world.project()
        world.withdraw("a")
        world.project()
    async with api_client(database.services_url) as client:
        entry = f"/v1/timeline/{id_('2019-08-02', 'usa')}"
        assert (await client.get(entry)).status_code == 410
        answers = [
            await ok(client, "/v1/timeline", known_at=before),
            await ok(client, entry, known_at=before),
            await ok(client, "/v1/timeline", known_at=before, reported_by="2020"),
            await ok(client, entry, known_at=before, reported_by="2020"),
            await ok(client, "/v1/positions", known_at=before),
            await ok(client, "/v1/actors/russia/positions/moratorium/history", known_at=before),
            await ok(client, "/v1/articles/a"),
            await ok(client, "/v1/events", limit=500),
        ]
        for answer in answers:
            assert not any(
                words in repr(answer)
                for words in ("Washington left", "On the moratorium", "if NATO", "Headline", "'Moscow'")
            )
        assert len(answers[0]["data"]) == len(answers[4]["data"]) == 1
        assert answers[1]["mentions"][0]["quotations"][0]["content"]["text"] is None
        assert (await ok(client, "/v1/articles/b"))["text"] == TEXT
