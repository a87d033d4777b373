"""How many requests a key and an address have a minute, and what a wrong key costs."""

from __future__ import annotations

from itertools import pairwise

import httpx2
import pytest

from services.core.access.keys import Scope, new_key
from tests.conftest import Database
from tests.integration.keys_client import bearing, make_key, serving

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("shared", [True, False])
async def test_a_key_and_an_address_have_so_many_requests_a_minute(
    database: Database, valkey_url: str, shared: bool
) -> None:
    one, other = make_key(database, Scope.READ), make_key(database, Scope.READ)
    redis_url = valkey_url if shared else None
    async with serving(database, rate_per_key=3, rate_per_address=30, redis_url=redis_url) as client:
        statuses = []
        for _ in range(9):  # a minute may end meanwhile
            answer = await client.get("/v1/timeline", headers=bearing(one))
            statuses.append(answer.status_code)
            assert answer.headers["RateLimit-Policy"] == '"key";q=3;w=60'
            assert answer.headers["RateLimit"].startswith('"key";r=')
        assert statuses[:3] == [200] * 3
        assert 429 in statuses
        assert answer.status_code == 429
        assert answer.json()["type"] == "/problems/too-many-requests"
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert (await client.get("/v1/timeline", headers=bearing(other))).status_code == 200
        assert (await client.get("/healthz")).status_code == 200
        # Wrong keys use up what their address has, and cost it more than requests without.
        wrong = [await client.get("/v1/timeline", headers=bearing(new_key())) for _ in range(5)]
        assert [a.status_code for a in wrong].count(401) <= 4
        assert wrong[-1].status_code == 429
        assert (await client.get("/v1/timeline")).status_code == 429
        assert (await client.get("/v1/timeline", headers=bearing(other))).status_code == 200


async def test_a_valid_key_from_an_address_over_its_allowance_is_refused_too(database: Database) -> None:
    """Else the database could be asked about any number of keys from one address."""
    key = make_key(database, Scope.READ)
    async with serving(database, rate_per_address=30) as client:
        for _ in range(5):
            await client.get("/v1/timeline", headers=bearing(new_key()))
        answer = await client.get("/v1/timeline", headers=bearing(key))
        assert answer.status_code == 429
        assert 1 <= int(answer.headers["Retry-After"]) <= 60


async def test_what_is_no_key_at_all_counts_as_a_wrong_one(database: Database) -> None:
    key = make_key(database, Scope.READ)
    twice = [(b"authorization", f"Bearer {key.reveal()}".encode())] * 2
    for headers in ([(b"authorization", b"Basic eDp5")], twice):
        async with serving(database, rate_per_key=100, rate_per_address=30) as client:
            answers = [await client.get("/v1/timeline", headers=headers) for _ in range(5)]
            assert answers[0].status_code == 401
            assert answers[-1].status_code == 429


async def test_processes_count_together_and_alone_when_the_broker_is_gone(
    database: Database, valkey_url: str
) -> None:
    key = make_key(database, Scope.READ)

    async def asked(times: int, redis_url: str) -> list[int]:
        async with serving(database, rate_per_key=6, redis_url=redis_url) as client:
            return [
                (await client.get("/v1/timeline", headers=bearing(key))).status_code for _ in range(times)
            ]

    assert 429 in await asked(7, valkey_url) + await asked(7, valkey_url)
    assert (await asked(1, "redis://127.0.0.1:1/0")) == [200]


@pytest.mark.parametrize("known", [True, False])
async def test_who_asks_whether_an_answer_is_still_as_it_was_is_counted_once(
    database: Database, known: bool
) -> None:
    key = make_key(database, Scope.READ)
    async with serving(database, rate_per_key=100) as client:
        answer = await client.get("/v1/timeline", headers=bearing(key))
        tag = answer.headers["ETag"] if known else '"another"'
        left = [_left(answer)]
        for _ in range(4):
            answer = await client.get("/v1/timeline", headers=bearing(key) | {"If-None-Match": tag})
            assert answer.status_code == (304 if known else 200)
            left.append(_left(answer))
        assert {before - after for before, after in pairwise(left) if after < 99} <= {1}  # 99: a new minute
        assert len(set(left)) > 2


def _left(answer: httpx2.Response) -> int:
    return int(answer.headers["RateLimit"].partition(";r=")[2].partition(";")[0])


async def test_without_keys_nothing_is_counted(database: Database) -> None:
    async with serving(database, rate_per_key=1, rate_per_address=1) as client:
        for _ in range(5):
            answer = await client.get("/v1/timeline")
            assert answer.status_code == 200
            assert "RateLimit" not in answer.headers
