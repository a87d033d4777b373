"""`Idempotency-Key`: the same request again gets the answer of the first, exactly once written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import psycopg
import pytest

from tests.integration.ingest_client import count, events, ingest_client
from tests.unit.ingest.samples import article

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(database_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with ingest_client(database_url, database_pool_size=12) as client:
        yield client


async def post(client: httpx2.AsyncClient, key: str, **fields: Any) -> httpx2.Response:
    return await client.post("/v1/articles", json=article(**fields), headers={"Idempotency-Key": key})


async def test_the_same_request_again_gets_the_first_answer(
    client: httpx2.AsyncClient, database_url: str
) -> None:
    first = await post(client, '"one"')
    await client.post("/v1/articles", json=article(text="A revision in between."))
    again = await post(client, '"one"; v=1')
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json() == first.json()
    assert again.headers["Location"] == first.headers["Location"]
    assert len(events(database_url)) == 2
    assert (await post(client, '"another"')).status_code == 202  # A, B, A are three
    assert len(events(database_url)) == 3


async def test_a_key_names_one_request(client: httpx2.AsyncClient, database_url: str) -> None:
    await post(client, r'"say \"hi\""')
    other = await post(client, r'"say \"hi\""', text="Something else entirely.")
    assert other.status_code == 422
    assert other.json()["type"] == "/problems/idempotency-key-reused"
    assert len(events(database_url)) == 1


async def test_a_refused_request_does_not_use_up_its_key(client: httpx2.AsyncClient) -> None:
    assert (await post(client, '"one"', published_at="soon")).status_code == 422
    assert (await post(client, '"one"', published_at="2020-03-05")).status_code == 202


async def test_while_the_first_runs_the_second_is_409(client: httpx2.AsyncClient, database_url: str) -> None:
    answers = await asyncio.gather(*(post(client, '"one"') for _ in range(10)))
    statuses = sorted(answer.status_code for answer in answers)
    assert set(statuses) <= {202, 409}
    assert 202 in statuses
    assert len(events(database_url)) == 1
    assert all(int(a.headers["Retry-After"]) > 0 for a in answers if a.status_code == 409)
    assert {a.json()["global_position"] for a in answers if a.status_code == 202} == {1}


async def test_a_running_request_holds_its_key(client: httpx2.AsyncClient, database_url: str) -> None:
    with psycopg.connect(
        database_url
    ) as blocker:  # holds the log, so that the first request waits in its append
        blocker.execute("SELECT pg_advisory_xact_lock(8390880524984975361)")
        first = asyncio.create_task(post(client, '"one"'))
        with psycopg.connect(database_url, autocommit=True) as watcher:
            for _ in range(500):
                if watcher.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone():
                    break
                await asyncio.sleep(0.02)
        second = await post(client, '"one"')
        assert second.status_code == 409
        assert second.json()["type"] == "/problems/idempotency-key-in-use"
        assert not first.done()
        blocker.rollback()
        assert (await first).status_code == 202
    assert len(events(database_url)) == 1


async def test_keys_are_forgotten_after_a_day(client: httpx2.AsyncClient, database_url: str) -> None:
    await post(client, '"one"')
    await post(client, '"two"', url="https://news.example/two")
    with psycopg.connect(database_url) as conn:
        conn.execute("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'")
    again = await post(client, '"one"')
    assert again.status_code == 200  # answered anew: the same article again
    assert count(database_url, "idempotency_keys") == 1


async def test_twenty_different_keyed_revisions_at_once_are_all_recorded(
    client: httpx2.AsyncClient, database_url: str
) -> None:
    answers = await asyncio.gather(*(post(client, f'"{n}"', text=f"Version number {n}.") for n in range(20)))
    assert {answer.status_code for answer in answers} == {202}
    assert [event["data"]["revision"] for event in events(database_url)] == list(range(1, 21))
    assert count(database_url, "idempotency_keys") == 20
