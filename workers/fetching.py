"""One GET of a feed, a page or a robots.txt: within limits of time and size, and to no address inside.

Names are resolved and checked as for webhooks (`webhook_calls.py`). What is packed is unpacked piece by piece, so that
a small answer cannot become a large one in memory. No cookies, no credentials, no proxy of the environment.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from types import TracebackType
from typing import Any, Self

import httpcore2
import httpx2

from services.core.feeds.addresses import FeedAddressRefused, checked_address
from services.core.settings import Settings
from services.core.webhooks.addresses import Reach
from workers.webhook_calls import (
    AddressRefused,
    CheckedBackend,
    NotResolved,
    Resolve,
    _is_tls,
    _retry_after,
    resolve,
)

NAME = "Treatyline"  # what robots.txt names us by
MAX_HOPS = 5
PERMANENT = frozenset({301, 308})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"

Allowed = Callable[[str], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of it: a status and a body, or why there is none in a word."""

    url: str = field(repr=False)  # where the answer came from
    status: int | None = None
    error: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    moved_to: str | None = field(default=None, repr=False)  # where every redirect on the way was for good
    retry_after: dt.timedelta = dt.timedelta(0)


class Refused(Exception):  # noqa: N818
    """Ends a fetch; its argument is the word that is kept."""


class Fetcher:
    """Fetches, as long as it is open."""

    def __init__(
        self, settings: Settings, *, resolve: Resolve = resolve, context: ssl.SSLContext | None = None
    ) -> None:
        self._reach = Reach(settings.feed_networks)
        self._seconds = settings.feed_seconds
        self._most = settings.feed_max_bytes
        contact = f"; {settings.feed_contact}" if settings.feed_contact else ""
        self._agent = f"{NAME}/{version('treatyline')} (feed reader{contact})"
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=context or httpcore2.default_ssl_context(),
            max_connections=4,
            keepalive_expiry=10.0,
            network_backend=CheckedBackend(self._reach.allows, resolve),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._pool.aclose()

    async def get(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        allowed: Allowed | None = None,
        most: int = 0,
    ) -> Fetched:
        """Never raises for what the other side does.

        `allowed` is asked before each request, also of redirects. It may raise Refused.
        """
        try:
            async with asyncio.timeout(self._seconds):  # for all of it: drips do not prolong it
                return await self._get(url, headers or {}, allowed, most or self._most)
        except (TimeoutError, httpcore2.TimeoutException):
            return Fetched(url, error="timeout")
        except AddressRefused:
            return Fetched(url, error="address-refused")
        except NotResolved:
            return Fetched(url, error="not-resolved")
        except Refused as refused:
            return Fetched(url, error=str(refused))
        except httpcore2.ConnectError as error:
            return Fetched(url, error="tls" if _is_tls(error) else "not-reached")
        except (httpcore2.NetworkError, httpcore2.ProtocolError):
            return Fetched(url, error="broken-off")

    async def _get(self, url: str, headers: Mapping[str, str], allowed: Allowed | None, most: int) -> Fetched:
        permanent = True
        moved_to = None
        for hop in range(MAX_HOPS + 1):
            try:
                at = checked_address(url, self._reach)
            except FeedAddressRefused:
                raise Refused("redirect-refused" if hop else "address-refused") from None
            if allowed is not None and not await allowed(str(at)):
                raise Refused("robots")
            status, said, body = await self._once(at, headers, most)
            if status not in REDIRECTS or "location" not in said:
                now = dt.datetime.now(dt.UTC)
                return Fetched(
                    str(at),
                    status,
                    headers=said,
                    body=body,
                    moved_to=moved_to,
                    retry_after=_retry_after(said, now),
                )
            following = _joined(at, said["location"])
            if at.scheme == "https" and following.scheme != "https":
                raise Refused("redirect-refused")
            permanent = permanent and status in PERMANENT
            url = str(following)
            if permanent:
                moved_to = url
        raise Refused("redirects")

    async def _once(
        self, at: httpx2.URL, headers: Mapping[str, str], most: int
    ) -> tuple[int, dict[str, str], bytes]:
        asked = {
            "Host": at.netloc.decode("ascii"),
            "User-Agent": self._agent,
            "Accept": ACCEPT,
            "Accept-Encoding": "gzip, deflate",
            **headers,
        }
        target = httpcore2.URL(scheme=at.raw_scheme, host=at.raw_host, port=at.port, target=at.raw_path)
        async with self._pool.stream(
            "GET",
            target,
            headers=[(name.encode(), value.encode("latin-1", "replace")) for name, value in asked.items()],
            extensions={"timeout": dict.fromkeys(("connect", "read", "write", "pool"), self._seconds)},
        ) as answer:
            said = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
            if answer.status != 200:  # nobody reads what it says
                return answer.status, said, b""
            return answer.status, said, await _body(answer, said.get("content-encoding", ""), most)


async def _body(answer: Any, encoding: str, most: int) -> bytes:
    unpack = _unpacker(encoding.strip().lower())
    body = bytearray()
    packed = 0
    async for part in answer.aiter_stream():
        packed += len(part)
        if packed > most:
            raise Refused("too-large")
        try:
            body += unpack(part, most + 1 - len(body))
        except zlib.error:
            raise Refused("badly-packed") from None
        if len(body) > most:
            raise Refused("too-large")
    return bytes(body)


def _unpacker(encoding: str) -> Callable[[bytes, int], bytes]:
    if encoding in {"", "identity"}:
        return lambda part, _most: part
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise Refused("badly-packed")
    # `deflate` is meant to be zlib's format (RFC 9110, 8.4.1.2); 32 more takes that and gzip's.
    machine = zlib.decompressobj(zlib.MAX_WBITS | 32)

    def unpack(part: bytes, most: int) -> bytes:
        found = machine.decompress(part, most)
        if machine.unconsumed_tail:
            raise Refused("too-large")
        return found

    return unpack


def _joined(at: httpx2.URL, location: str) -> httpx2.URL:
    try:
        return at.join(location)
    except (httpx2.InvalidURL, ValueError, UnicodeError):
        raise Refused("redirect-refused") from None
