"""What both clients are set up with: the service's address, the key, and the patience."""

from __future__ import annotations

import ipaddress
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import urlsplit

import httpx2

DEFAULT_URL = "http://127.0.0.1:8377"
TIMEOUT = 30.0  # seconds for an answer
PATIENCE = (
    90.0  # seconds that all waiting for a service that asks to be asked again may take: limits are of minutes
)


def http_options(url: str, key: str | None) -> dict[str, Any]:
    """The arguments of an HTTP client. Raises ValueError for an address or a key that cannot be."""
    try:
        parts = urlsplit(url)
        complete = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        httpx2.URL(url)
        (parts.hostname or "").encode("idna")
    except (ValueError, httpx2.InvalidURL):  # no port, or no host that there could be
        complete = False
    if not complete or parts.query or parts.fragment or parts.username is not None:
        raise ValueError("the service's address wants the form http://127.0.0.1:8377")
    headers = {"User-Agent": f"treatyline-client/{_version()}", "Accept-Encoding": "gzip, identity"}
    if key is not None:
        if not (key.isascii() and key.isprintable() and key and " " not in key):
            raise ValueError("this is no key: keys look like tl_…, as `treatyline keys create` prints them")
        headers["Authorization"] = f"Bearer {key}"
    return {
        "base_url": url.rstrip("/"),
        "headers": headers,
        "follow_redirects": True,  # of entries that were merged; a key goes to no other host
        "trust_env": not _on_this_machine(parts.hostname or ""),  # a proxy cannot reach our loopback
    }


def _on_this_machine(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _version() -> str:
    try:
        return version("treatyline")
    except PackageNotFoundError:
        return "0"
