"""Current stances from the newest statements alone are those that all statements make."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

import pytest

from services.api import latest
from services.api.clocks import Clocks
from services.api.deps import Reads
from services.api.standings import conditions, load_statements, position_json, standing_json
from services.core.domain.standing import since_of
from services.core.eventstore.wakeups import Notifier
from services.core.projections.base import PROJECTED
from services.core.settings import Settings
from services.core.web.database import make_pool
from tests.conftest import Database
from tests.integration.api_client import World, api_client, ok, world_of
from tests.integration.log_writer import Telling

pytestmark = pytest.mark.anyio

TEXT = "“We are for the moratorium,” she said. Moscow is against it, if NATO agrees. They met."
WORDS = ("for the moratorium", "is against it", "if NATO agrees")
ACTORS, QUESTIONS = ("russia", "nato", "usa"), ("moratorium", "russia-complied")
DAY = dt.date(2019, 3, 1)


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    with world_of(database.owner_url) as world:
        yield world


def told(rng: random.Random) -> Telling:
    """Most cells keep to one stance for long, some change it from day to day; some dates are coarse."""
    actor, question = rng.choice(ACTORS), rng.choice(QUESTIONS)
    firm = (actor, question) in {("nato", "moratorium"), ("usa", "moratorium"), ("usa", "russia-complied")}
    stance = "opposes" if firm and rng.random() < 0.97 else rng.choice(("supports", "opposes", "conditional"))
    date = str(DAY + dt.timedelta(days=rng.randrange(12)))[: rng.choice((10, 10, 10, 10, 7))]
    return Telling(rng.choice(WORDS), date, stance=stance, proposition=question, actors=(actor,))


@pytest.mark.parametrize(
    ("few", "more", "shown"), [(1, 2, 1), (2, 5, 3), (6, 9, 10), (12, 96, 10), (20, 100, 10)]
)
async def test_the_newest_statements_settle_what_all_of_them_say(
    database: Database, world: World, monkeypatch: pytest.MonkeyPatch, few: int, more: int, shown: int
) -> None:
    monkeypatch.setattr(latest, "FEW", few)
    monkeypatch.setattr(latest, "MORE", more)
    monkeypatch.setattr(latest, "EVIDENCE_IN_LISTS", shown)
    rng = random.Random(few)
    names = [f"a{number}" for number in range(60)]
    for number, name in enumerate(names):
        copied = rng.choice(names[:number]) if number and rng.random() < 0.3 else None
        more_told: dict[str, Any] = {"story": copied, "of": copied} if copied else {}
        world.article(
            name, TEXT, [told(rng) for _ in range(3)], outlet=rng.choice(("Wire", "wire ", "Post", None)),
            url=f"https://{rng.choice(('www.', ''))}site{number % 5}.example/{name}",
            published_at=str(DAY + dt.timedelta(days=rng.randrange(20))), **more_told,
        )  # fmt: skip
    position = world.project()
    settings = Settings(database_url=database.services_url)
    pool = make_pool(settings, application_name="test", snapshots=True)
    async with pool:
        reads = Reads(pool, Notifier(database.services_url, PROJECTED))
        for as_of in (None, DAY, DAY + dt.timedelta(days=5), DAY - dt.timedelta(days=9)):
            for reported_by in (None, DAY + dt.timedelta(days=8)):
                for past in (False, True):
                    at = Clocks(as_of, reported_by, position // 2 if past else position, past)
                    where = conditions(at, "inf")
                    async with reads.connection() as conn:
                        whole = await load_statements(conn, where)
                        cells = await latest.find_cells(conn, at, "inf", most=50)
                        runs = await latest.current_runs(conn, at, "inf", cells)
                        counted = await latest.current_runs(conn, at, "inf", dict.fromkeys(cells))
                    assert set(runs) == set(counted) == set(whole)
                    for cell, statements in whole.items():
                        expected = position_json("inf", cell, statements, most=shown)
                        assert standing_json("inf", cell, runs[cell], most=shown) == expected
                        assert standing_json("inf", cell, counted[cell], most=shown) == expected


async def test_cells_that_nothing_had_been_stated_on_are_passed_over(
    database: Database, world: World
) -> None:
    """They have a stance today, and the day that is asked about lies before; pages go on behind them."""
    for number, actor in enumerate(("france", "germany", "nato", "russia", "usa")):
        date = "2019-09-25" if actor in {"germany", "russia", "usa"} else "2018-01-01"
        telling = Telling(
            "for the moratorium", date, stance="supports", proposition="moratorium", actors=(actor,)
        )
        world.article(f"a{number}", TEXT, [telling])
    world.project()
    async with api_client(database.services_url) as client:
        found: list[str] = []
        asked = {"as_of": "2018-12-31", "limit": "1"}
        while True:
            page = await ok(client, "/v1/positions", **asked)
            assert len(page["data"]) == 1
            found += [cell["actor"] for cell in page["data"]]
            if page["next"] is None:
                break
            asked["cursor"] = page["next"]
        assert found == ["france", "nato"]
        whole = await ok(client, "/v1/positions", as_of="2018-12-31")
        assert [cell["actor"] for cell in whole["data"]] == found


def test_a_whole_day_says_best_since_when() -> None:
    assert since_of(["2019-02", "2019-02-28", "2019"]) == "2019-02-28"
    assert since_of(["2019-02", "2019"]) == "2019"
