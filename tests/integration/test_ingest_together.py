"""Articles that are posted at the same moment are appended together, and each is answered as if it had been alone."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx2
import psycopg
import pytest

from services.core.domain.article import Outcome
from services.core.domain.commands import SubmitArticle
from services.core.domain.submission import submission
from services.core.eventstore import locks
from services.core.settings import Settings
from services.core.web import middleware
from services.core.web.database import Connection, make_pool
from services.core.web.middleware import new_traceparent
from services.ingest import together
from services.ingest.submit import Taken
from services.ingest.together import Together
from tests.conftest import Database
from tests.integration.ingest_client import events, ingest_client
from tests.unit.ingest.samples import article

pytestmark = pytest.mark.anyio


def command(number: int, text: str = "Delegates met on day {}.") -> SubmitArticle:
    return submission(
        text=text.format(number), url=f"https://news.example/{number}", this_year=2026, title=f"Day {number}"
    )


def posted(number: int, **fields: object) -> dict[str, object]:
    return article(url=f"https://news.example/{number}", text=f"Delegates met on day {number}.", **fields)


@asynccontextmanager
async def taking(database_url: str, **settings: object) -> AsyncIterator[Together]:
    """What a service takes new articles in with."""
    chosen = Settings(database_url=database_url, **settings)  # type: ignore[arg-type]
    async with make_pool(chosen, application_name="test-together") as pool:
        yield Together(pool)


@asynccontextmanager
async def log_held(database: Database) -> AsyncIterator[psycopg.Connection[object]]:
    """Nobody can append meanwhile."""
    with psycopg.connect(database.owner_url) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [locks.APPEND])
        yield other  # type: ignore[misc]


async def until_appending(database: Database) -> None:
    """An append waits for the log."""
    waiting = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with psycopg.connect(database.owner_url, autocommit=True) as conn:
        for _ in range(500):
            if conn.execute(waiting).fetchone() is not None:
                return
            await asyncio.sleep(0.02)
    raise AssertionError("nothing waits for the log")


def appends(database: Database) -> int:
    """How many transactions wrote the log."""
    with psycopg.connect(database.services_url) as conn:
        row = conn.execute("SELECT count(DISTINCT xmin::text) FROM events").fetchone()
        assert row is not None
        return int(row[0])


def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if others posted in the moment between the look and the append."""

    async def known(_conn: Connection, _batch: Sequence[object]) -> set[str]:
        return set()

    monkeypatch.setattr(together, "_known", known)


async def in_a_request(new: Together, command: SubmitArticle) -> Taken | None:
    """With a span of its own."""
    token = middleware._traceparent.set(new_traceparent(None))
    try:
        return await new.append(command)
    finally:
        middleware._traceparent.reset(token)


async def test_what_comes_at_once_is_one_append(database: Database) -> None:
    async with taking(database.services_url) as new:
        taken = await asyncio.gather(*(new.append(command(number)) for number in range(20)))
    assert appends(database) == 1
    for number, (one, event) in enumerate(zip(taken, events(database.services_url), strict=True), 1):
        assert one is not None
        assert (one.outcome, one.state, one.global_position) == (Outcome.NEW, "received", number)
        assert event["data"]["article_id"] == one.article_id
    with psycopg.connect(database.services_url) as conn:
        stored = conn.execute(
            "SELECT b.title, b.text FROM events e"
            " JOIN article_bodies b ON b.sha256 = decode(e.data ->> 'body_sha256', 'hex')"
            " JOIN body_uses u ON u.sha256 = b.sha256 AND u.article_id = e.data ->> 'article_id'"
            " ORDER BY e.global_position"
        ).fetchall()
    assert stored == [(f"Day {number}", f"Delegates met on day {number}.") for number in range(20)]


async def test_each_has_the_trace_of_its_own_request(database: Database) -> None:
    async with ingest_client(database.services_url) as client:
        traces = {f"{number + 1:032x}": number for number in range(12)}
        answers = await asyncio.gather(
            *(
                client.post(
                    "/v1/articles", json=posted(number), headers={"traceparent": f"00-{trace}-{'b' * 16}-01"}
                )
                for trace, number in traces.items()
            )
        )
    assert {answer.status_code for answer in answers} == {202}
    found = events(database.services_url)
    assert len(found) == 12
    for event in found:
        number = traces[event["metadata"]["traceparent"][3:35]]
        assert event["data"]["url"] == f"https://news.example/{number}"
        assert event["data"]["article_id"] == answers[number].json()["id"]
        assert event["global_position"] == answers[number].json()["global_position"]


async def test_what_is_not_new_goes_by_itself(database: Database) -> None:
    later = {"embargoed_until": (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).isoformat()}
    async with ingest_client(database.services_url) as client, taking(database.services_url) as new:
        held = await client.post("/v1/articles", json=posted(1) | later)
        gone = await client.post("/v1/articles", json=posted(2))
        await client.delete(f"/v1/articles/{gone.json()['id']}?reason=x")
        assert await new.append(command(3)) is not None
        numbers = (1, 2, 3, 4, 4)
        taken = await asyncio.gather(*(new.append(command(number)) for number in numbers))
        assert [one is not None for one in taken] == [False, False, False, True, False]
        answers = await asyncio.gather(
            *(client.post("/v1/articles", json=posted(n)) for n in (2, 3, 5, 5, 6))
        )
    assert held.json()["state"] == "embargoed"
    assert sorted(answer.status_code for answer in answers) == [200, 202, 202, 202, 410]


async def test_the_same_posted_elsewhere_in_between_is_theirs(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with taking(database.services_url) as new, taking(database.services_url) as elsewhere:
        await elsewhere.append(command(1))
        nothing_known(monkeypatch)
        taken = await asyncio.gather(*(in_a_request(new, command(number)) for number in (1, 2)))
        assert await in_a_request(new, command(2)) is None
    assert taken[0] is None
    assert taken[1] is not None
    assert taken[1].global_position == 2
    assert len(events(database.services_url)) == 2


async def test_another_version_posted_elsewhere_in_between_costs_nobody_an_answer(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ingest_client(database.services_url) as client, taking(database.services_url) as elsewhere:
        await elsewhere.append(command(1, "Nobody met on day {}."))
        nothing_known(monkeypatch)
        answers = await asyncio.gather(*(client.post("/v1/articles", json=posted(n)) for n in range(1, 6)))
    assert [answer.status_code for answer in answers] == [202] * 5
    told = [(event["data"]["url"][-1], event["data"]["revision"]) for event in events(database.services_url)]
    assert sorted(told) == [("1", 1), ("1", 2), ("2", 1), ("3", 1), ("4", 1), ("5", 1)]


async def test_what_breaks_one_breaks_no_other(database: Database) -> None:
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute(
            "CREATE FUNCTION breaks() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'check_violation'; END $$"
        )
        owner.execute(
            "CREATE TRIGGER breaks BEFORE INSERT ON article_bodies FOR EACH ROW"
            " WHEN (NEW.title = 'Broken') EXECUTE FUNCTION breaks()"
        )
    async with ingest_client(database.services_url) as client:
        answers = await asyncio.gather(
            *(
                client.post("/v1/articles", json=posted(n, title="Broken" if n == 3 else "Whole"))
                for n in range(6)
            )
        )
    assert [answer.status_code for answer in answers] == [202, 202, 202, 500, 202, 202]
    assert len(events(database.services_url)) == 5


async def test_who_is_not_taken_up_in_time_is_told_503_and_not_taken_in(database: Database) -> None:
    async with (
        ingest_client(database.services_url, database_timeout=0.3) as client,
        log_held(database) as other,
    ):

        def post(number: int) -> asyncio.Task[httpx2.Response]:
            return asyncio.create_task(client.post("/v1/articles", json=posted(number)))

        appending = post(1)
        await until_appending(database)
        late = await asyncio.gather(*(post(number) for number in range(10, 15)))
        assert {answer.status_code for answer in late} == {503}
        assert not appending.done()
        other.rollback()
        assert (await appending).status_code == 202
        assert (await post(10)).status_code == 202, "and it goes on"
    assert len(events(database.services_url)) == 2


async def test_a_connection_that_breaks_is_told_to_all_of_the_batch(
    database: Database,
) -> None:
    async with ingest_client(database.services_url) as client, log_held(database) as other:
        posts = [asyncio.create_task(client.post("/v1/articles", json=posted(number))) for number in range(6)]
        for _ in range(4):
            if all(post.done() for post in posts):
                break
            await asyncio.sleep(0.3)
            with psycopg.connect(database.superuser_url, autocommit=True) as conn:
                conn.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                )
        assert {(await post).status_code for post in posts} == {503}
        other.rollback()
        assert (await client.post("/v1/articles", json=posted(1))).status_code == 202
    assert len(events(database.services_url)) == 1


async def test_a_request_that_ended_is_not_taken_in_and_holds_up_nobody(database: Database) -> None:
    async with taking(database.services_url) as new, log_held(database) as other:
        first = asyncio.create_task(new.append(command(1)))
        await until_appending(database)
        ended, going_on = (asyncio.create_task(new.append(command(number))) for number in (8, 9))
        await asyncio.sleep(0)
        ended.cancel()
        first.cancel()
        other.rollback()
        assert (await asyncio.gather(ended, return_exceptions=True))[0].__class__ is asyncio.CancelledError
        assert await going_on is not None
    urls = [event["data"]["url"][-1] for event in events(database.services_url)]
    assert sorted(urls) == ["1", "9"]


async def test_no_more_wait_than_for_a_connection(database: Database) -> None:
    async with taking(database.services_url, database_pool_size=1) as new, log_held(database) as other:
        tasks = [asyncio.create_task(new.append(command(number))) for number in range(80)]
        done, waiting = await asyncio.wait(tasks, timeout=0.5)
        assert len(waiting) == 64 + 1
        assert all(isinstance(task.exception(), psycopg.OperationalError) for task in done)
        other.rollback()
        assert all(await asyncio.gather(*waiting))
    assert len(events(database.services_url)) == 65
