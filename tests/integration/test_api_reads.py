"""What lists are read by, an index of months and columns of their own, shows what all of it is."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import orjson
import pytest

from services.api.filters import _months
from services.core.domain.calendar import first_day, last_day
from tests.conftest import Database
from tests.integration.api_client import World, api_client, ok, world_of
from tests.integration.log_writer import Telling

pytestmark = pytest.mark.anyio

TEXT = "Washington “left” the treaty\ton Friday 🚀. Moscow denied it; Ana Núñez saw the talks."
OFTEN = 25  # tellings of one entry, more than lists show
DATES = (
    "2018",
    "2018-12",
    "2018-12-31",
    "2019",
    "2019-01",
    "2019-01-01",
    "2019-02-28",
    "2019-03",
    "2019-12-31",
)
DAYS = ("1890-01-01", "2018-12-31", "2019-01-01", "2019-02-15", "2019-03-31", "2019-12-01", "2020-01-01")


@pytest.fixture(scope="module")
def world(module_database: Database) -> Iterator[World]:
    with world_of(module_database.owner_url) as world:
        for number, date in enumerate(DATES):
            world.article(
                f"d{number}", TEXT,
                [Telling("Moscow denied it", date, "denial", actors) for actors in (("russia",), ("nato", "usa"))],
            )  # fmt: skip
        left = Telling("Washington “left” the treaty", "2019-08-02", "agreement-ended", ("usa",), ("russia",))
        for number in range(OFTEN):
            copied: dict[str, Any] = {"story": "a0", "of": "a0"} if number % 5 == 4 else {}
            world.article(
                f"a{number}", TEXT, [left], outlet=f"Outlet {number % 7}" if number % 3 else None,
                url=f"https://post.example/{number}", published_at=f"2019-08-{20 - number % 9:02}", **copied,
            )  # fmt: skip
        world.project()
        yield world


@pytest.fixture(scope="module")
async def client(module_database: Database, world: World) -> AsyncIterator[httpx2.AsyncClient]:
    async with api_client(module_database.services_url) as client:
        yield client


async def test_an_actors_entries_between_two_days_are_those_of_all_entries(
    client: httpx2.AsyncClient,
) -> None:
    for actor in ("russia", "usa"):
        everything = (await ok(client, "/v1/timeline", actor=actor, limit=500))["data"]
        assert len(everything) >= len(DATES) // 2
        for first, last in itertools.combinations_with_replacement(map(dt.date.fromisoformat, DAYS), 2):
            asked = {"actor": actor, "from": str(first), "to": str(last), "limit": 500}
            found = (await ok(client, "/v1/timeline", **asked))["data"]
            within = [e for e in everything if last_day(e["date"]) >= first and first_day(e["date"]) <= last]
            assert found == within, (actor, first, last)


def test_months_are_those_in_which_what_happened_may_begin() -> None:
    day = dt.date.fromisoformat
    assert _months(day("2019-03-31"), day("2019-04-01")) == [day(f"2019-{m}-01") for m in ("01", "03", "04")]
    assert _months(day("2018-12-31"), day("2019-01-01")) == [
        day(first) for first in ("2018-01-01", "2018-12-01", "2019-01-01")
    ]
    assert _months(dt.date.min, dt.date.max) == []


async def test_lists_show_of_an_entry_what_it_shows_alone(client: httpx2.AsyncClient, world: World) -> None:
    """To the byte, now and from the versions of an earlier position, and as everything published tells it."""
    (listed,) = (await ok(client, "/v1/timeline", kind="agreement-ended"))["data"]
    alone = await ok(client, f"/v1/timeline/{listed['id']}")
    assert listed["counts"]["mentions"] == len(alone["mentions"]) == OFTEN
    for mention in alone["mentions"]:
        del mention["quotations"]
    whole = {name: alone[name] for name in listed} | {"mentions": alone["mentions"][:20]}
    assert orjson.dumps(listed) == orjson.dumps(whole)
    position = world.article("later", TEXT, [Telling("Moscow denied it", "2019-08-02", "denial", ("un",))])
    world.project()
    for clock in ({"known_at": str(alone["position"])}, {"reported_by": "2030-01-01"}):
        (again,) = (await ok(client, "/v1/timeline", kind="agreement-ended", **clock))["data"]
        assert orjson.dumps(again) == orjson.dumps(whole), (clock, position)
