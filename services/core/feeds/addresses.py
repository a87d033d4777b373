"""Which addresses are asked for feeds and pages, as far as the address itself says."""

from __future__ import annotations

import ipaddress

import httpx2

from services.core.domain.submission import character_error
from services.core.settings import is_loopback
from services.core.webhooks.addresses import Reach

LONGEST = 2048


class FeedAddressRefused(ValueError):  # noqa: N818 - named by what happened
    """An address that is not asked; says why."""


def checked_address(text: str, reach: Reach) -> httpx2.URL:
    """The address. What its name resolves to is looked at when connecting. Raises FeedAddressRefused."""
    if len(text) > LONGEST or character_error(text) or text != text.strip():
        raise FeedAddressRefused("is no address such as https://news.example/feed.xml")
    try:
        url = httpx2.URL(text)
    except (httpx2.InvalidURL, ValueError, UnicodeError):
        raise FeedAddressRefused("is no address such as https://news.example/feed.xml") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise FeedAddressRefused("is no address such as https://news.example/feed.xml")
    if url.userinfo:
        raise FeedAddressRefused("holds a user name or password: feeds that want one are not read")
    host = "127.0.0.1" if is_loopback(url.host) else url.host
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return url.copy_with(fragment=None)
    if not reach.allows(host):
        raise FeedAddressRefused("leads to an inside address, which TREATYLINE_FEED_NETWORKS does not name")
    return url.copy_with(fragment=None)


def origin_of(url: str) -> str:
    """Scheme, host and port: what of an address may be told."""
    parsed = httpx2.URL(url)
    return f"{parsed.scheme}://{parsed.netloc.decode('ascii')}"
