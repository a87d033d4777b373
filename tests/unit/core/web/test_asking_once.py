"""Whether keys are asked for, and what a key is, is looked up once for all requests of a moment."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psycopg_pool
import pytest

from services.core.access.keys import KeyRecord, Scope, new_key
from services.core.access.store import NoKeys
from services.core.settings import Settings
from services.core.web import access as web_access
from services.core.web.access import Access, Caller

pytestmark = pytest.mark.anyio

KEY = new_key()
RECORD = KeyRecord(KEY.id, "me", frozenset({Scope.WRITE}), KEY.sha256)


class Slow(NoKeys):
    """Keys that are looked up for as long as `go` is not set."""

    def __init__(self) -> None:
        self.asked = 0
        self.there = True
        self.away = False
        self.go = asyncio.Event()

    async def exist(self) -> bool:
        await self._wait()
        return False

    async def find(self, key_id: str) -> KeyRecord | None:
        await self._wait()
        return RECORD if self.there and key_id == KEY.id else None

    async def _wait(self) -> None:
        self.asked += 1
        await self.go.wait()
        if self.away:
            raise OSError


@pytest.fixture
def keys() -> Slow:
    return Slow()


@pytest.fixture
def access(keys: Slow, tmp_path: Path) -> Access:
    return Access(Settings(data_dir=tmp_path), keys)


async def test_many_at_once_are_one_question(keys: Slow, access: Access) -> None:
    asking = [asyncio.create_task(access.in_force()) for _ in range(20)]
    asking += [asyncio.create_task(access.still(Caller(RECORD))) for _ in range(20)]
    await asyncio.sleep(0)
    asking[0].cancel()  # whoever came first is cut off
    asking[20].cancel()
    await asyncio.sleep(0)
    keys.go.set()
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert answers[1:20] == [False] * 19
    assert answers[21:] == [True] * 19
    assert keys.asked == 2
    assert await access.in_force() is False
    assert keys.asked == 2, "it is believed for a second"


async def test_who_waits_for_a_silent_database_is_told_in_time(keys: Slow, tmp_path: Path) -> None:
    access = Access(Settings(data_dir=tmp_path, database_timeout=0.05), keys)
    asking = [asyncio.create_task(access.in_force()) for _ in range(2)]
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(answer) for answer in answers] == [psycopg_pool.PoolTimeout] * 2
    keys.go.set()
    assert await access.in_force() is False
    assert keys.asked == 1, "the question was not given up"


async def test_a_failed_question_is_told_to_all_and_asked_again(keys: Slow, access: Access) -> None:
    keys.away = True
    asking = [asyncio.create_task(access.in_force()) for _ in range(5)]
    await asyncio.sleep(0)
    keys.go.set()
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(answer) for answer in answers] == [OSError] * 5
    keys.away = False
    assert await access.in_force() is False
    assert keys.asked == 2


async def test_a_key_that_is_gone_is_believed_no_longer(
    keys: Slow, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.go.set()
    assert await access.still(Caller(RECORD))
    keys.there = False
    assert await access.still(Caller(RECORD)), "for a second"
    monkeypatch.setattr(web_access, "REMEMBER_SECONDS", 0.0)
    assert not await access.still(Caller(RECORD))
