"""How many requests a minute a key, or an address without a key, may make.

Windows are minutes of the clock. Counts are kept in Redis or Valkey, so that all processes count together;
without one, or while it does not answer, each process counts for itself. They are never the only thing that
keeps somebody out.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import time
from dataclasses import dataclass
from typing import Literal

import redis.asyncio
from limits.aio.storage import MemoryStorage, RedisStorage, Storage

from services.core.logging import get_logger

log = get_logger(__name__)

WINDOW_SECONDS = 60
ANSWER_SECONDS = 0.25  # a broker that is slower than this is not waited for
PAUSE_SECONDS = 5.0  # nor asked again for so long
PREFIX = "treatyline-limits"

Kind = Literal["key", "address"]


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a window, as the `RateLimit` headers tell it (draft-ietf-httpapi-ratelimit-headers)."""

    kind: Kind
    limit: int
    used: int
    resets_in: int  # seconds, at least 1

    @property
    def exhausted(self) -> bool:
        return self.used > self.limit

    def headers(self) -> dict[str, str]:
        left = max(0, self.limit - self.used)
        return {
            "RateLimit-Policy": f'"{self.kind}";q={self.limit};w={WINDOW_SECONDS}',
            "RateLimit": f'"{self.kind}";r={left};t={self.resets_in}',
        }


class Limiter:
    """Counts requests."""

    def __init__(self, redis_url: str | None) -> None:
        self._memory = MemoryStorage()
        self._shared: Storage | None = None
        self._pool: redis.asyncio.ConnectionPool | None = None
        self._pause_until = 0.0
        if redis_url is not None:
            self._pool = redis.asyncio.ConnectionPool.from_url(
                redis_url, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS
            )
            self._shared = RedisStorage(
                "async+redis://",
                implementation="redispy",
                key_prefix=PREFIX,
                connection_pool=self._pool,  # type: ignore[arg-type]  # it is handed on, and documented
            )

    async def hit(self, kind: Kind, who: str, limit: int, *, cost: int = 1) -> Allowance:
        """Count a request of somebody's (`cost` 0: only look). The caller refuses it if `exhausted`."""
        now = time.time()
        window = int(now // WINDOW_SECONDS)
        resets_in = max(1, round((window + 1) * WINDOW_SECONDS - now))
        used = await self._count(f"{kind}/{who}/{window}", cost)
        return Allowance(kind, limit, used, resets_in)

    async def _count(self, name: str, cost: int) -> int:
        if self._shared is not None and time.monotonic() >= self._pause_until:
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    return await _count_in(self._shared, name, cost)
            except (redis.RedisError, OSError, TimeoutError) as error:
                self._pause_until = time.monotonic() + PAUSE_SECONDS
                log.warning("requests are counted in memory: no answer", error=type(error).__name__)
        return await _count_in(self._memory, name, cost)

    async def close(self) -> None:
        """Let go of connections, and of the task that forgets old windows."""
        if (timer := self._memory.timer) is not None:
            timer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await timer
        if self._pool is not None:
            await self._pool.disconnect()


async def _count_in(storage: Storage, name: str, cost: int) -> int:
    if cost == 0:
        return await storage.get(name) + 1  # the request that asks is not counted yet
    return await storage.incr(name, 2 * WINDOW_SECONDS, amount=cost)


def address_of(host: str) -> str:
    """Whose address it is: IPv6 by its /64, which is what one customer is given."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address), 64), strict=False))
    return str(address)
