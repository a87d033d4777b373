"""One call of a webhook: to the address that was checked, within limits of time and size.

The name is resolved here, once for each connection, and the connection goes to one of the addresses that this gave
and that passed the check: a name that leads elsewhere a moment later leads nowhere. No proxy of the environment is
used, which would resolve it again.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import email.utils
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpcore2
import httpx2

from services.core.webhooks.addresses import Reach
from services.core.webhooks.targets import TargetRefused, checked_target

MAX_HOPS = 3  # redirects
MAX_ANSWER = 64 * 1024  # bytes of the answer that are read, and thrown away, before the connection is cut
REDIRECTS = frozenset({307, 308})  # those that keep method and body
CONNECTIONS = 32

Resolve = Callable[[str, int], Awaitable[list[str]]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a call: a status, or why there is none in a word. Nothing of the answer's body is kept."""

    status: int | None = None
    error: str | None = None
    retry_after: dt.timedelta = dt.timedelta(0)

    @property
    def good(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class AddressRefused(Exception):  # noqa: N818 - named by what happened
    """Every address of the name lies inside."""


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name. In a thread of its own that nobody waits for: resolvers can take half a minute."""
    loop = asyncio.get_running_loop()
    found: asyncio.Future[list[str]] = loop.create_future()

    def settle(addresses: list[str] | None, error: OSError | None) -> None:
        if found.done():
            return
        if error is not None:
            found.set_exception(error)
        else:
            found.set_result(addresses or [])

    def ask() -> None:
        addresses, error = None, None
        try:
            addresses = [str(item[4][0]) for item in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        except (OSError, UnicodeError) as failed:
            error = failed if isinstance(failed, OSError) else OSError(str(failed))
        with contextlib.suppress(RuntimeError):  # the loop is gone
            loop.call_soon_threadsafe(settle, addresses, error)

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    return await found


class CheckedBackend(httpcore2.AsyncNetworkBackend):
    """Connects to addresses that pass a check, and to no name."""

    def __init__(self, allows: Callable[[str], bool], resolve: Resolve) -> None:
        self._allows = allows
        self._resolve = resolve
        self._plain = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            addresses = await self._resolve(host, port)
        except OSError:
            raise NotResolved from None
        allowed = [address for address in dict.fromkeys(addresses) if self._allows(address)]
        if not allowed:
            raise AddressRefused if addresses else NotResolved
        for number, address in enumerate(allowed, 1):
            try:
                return await self._plain.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if number == len(allowed):
                    raise
        raise AssertionError("not reached")


class NotResolved(Exception):  # noqa: N818
    """The name has no address."""


class Caller:
    """Calls webhooks. Connections are kept by host, so that TLS is checked for the host that it was opened for."""

    def __init__(
        self,
        reach: Reach,
        *,
        seconds: float,
        user_agent: str,
        resolve: Resolve = resolve,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._reach = reach
        self._seconds = seconds
        self._user_agent = user_agent
        pools = {"https": reach.allows, "http": reach.names}
        context = context or httpcore2.default_ssl_context()
        self._pools = {
            scheme: httpcore2.AsyncConnectionPool(
                ssl_context=context,
                max_connections=CONNECTIONS,
                keepalive_expiry=10.0,
                network_backend=CheckedBackend(allows, resolve),
            )
            for scheme, allows in pools.items()
        }

    async def aclose(self) -> None:
        """Ends all connections."""
        for pool in self._pools.values():
            await pool.aclose()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], now: dt.datetime) -> Answer:
        """Send a message; never raises for what the other side does."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._post(url, body, headers, now)
        except TimeoutError:
            return Answer(error="timeout")
        except httpcore2.TimeoutException:
            return Answer(error="timeout")
        except AddressRefused:
            return Answer(error="address-refused")
        except NotResolved:
            return Answer(error="not-resolved")
        except httpcore2.ConnectError as error:
            return Answer(error="tls" if _is_tls(error) else "not-reached")
        except (httpcore2.NetworkError, httpcore2.ProtocolError):
            return Answer(error="broken-off")

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str], now: dt.datetime) -> Answer:
        for hop in range(MAX_HOPS + 1):
            try:
                at = httpx2.URL(checked_target(url, self._reach))
            except TargetRefused:
                return Answer(error="redirect-refused" if hop else "address-refused")
            status, said = await self._once(at, body, headers)
            if status not in REDIRECTS or "location" not in said:
                return Answer(status, retry_after=_retry_after(said, now))
            try:
                following = at.join(said["location"])
            except (httpx2.InvalidURL, ValueError):  # UnicodeError is one
                return Answer(status, error="redirect-refused")
            if at.scheme == "https" and following.scheme != "https":
                return Answer(status, error="redirect-refused")
            url = str(following)
        return Answer(status, error="redirect-refused")

    async def _once(
        self, at: httpx2.URL, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, str]]:
        asked = {
            "Host": at.netloc.decode("ascii"),
            "User-Agent": self._user_agent,
            "Accept": "*/*",
            "Content-Length": str(len(body)),
            **headers,
        }
        target = httpcore2.URL(scheme=at.raw_scheme, host=at.raw_host, port=at.port, target=at.raw_path)
        pool = self._pools[at.scheme]
        limits = dict.fromkeys(("connect", "read", "write", "pool"), self._seconds)
        async with pool.stream(
            "POST",
            target,
            headers=[(name.encode(), value.encode()) for name, value in asked.items()],
            content=body,
            extensions={"timeout": limits},
        ) as answer:
            said = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
            size = 0
            with contextlib.suppress(httpcore2.NetworkError, httpcore2.ProtocolError):  # it has answered
                async for part in answer.aiter_stream():
                    size += len(part)
                    if size > MAX_ANSWER:
                        break
            return answer.status, said


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _retry_after(said: Mapping[str, str], now: dt.datetime) -> dt.timedelta:
    """What `Retry-After` asks for, in seconds or as a date (RFC 9110)."""
    value = said.get("retry-after", "").strip()
    if value.isascii() and value.isdigit() and len(value) <= 9:
        return dt.timedelta(seconds=int(value))
    try:
        moment = email.utils.parsedate_to_datetime(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=dt.UTC)
        return max(moment - now, dt.timedelta(0))
    except (ValueError, OverflowError):  # no date, or of a year that there is not
        return dt.timedelta(0)
