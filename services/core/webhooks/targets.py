"""Where a webhook may lead, as far as its address says; what its name resolves to is asked when sending."""

from __future__ import annotations

import ipaddress
import re

import httpx2

from services.core.domain.submission import character_error
from services.core.settings import is_loopback
from services.core.webhooks.addresses import Reach

LONGEST = 2048
PORTS = range(1, 65536)
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?", re.ASCII)


class TargetRefused(ValueError):  # noqa: N818 - named by what happened
    """An address that nothing may be sent to; says why."""


def checked_target(text: str, reach: Reach) -> str:
    """The address in its normal form. Raises TargetRefused."""
    if len(text) > LONGEST:
        raise TargetRefused(f"is longer than {LONGEST} characters")
    if character_error(text) or text != text.strip():
        raise TargetRefused("holds characters that no address has")
    try:
        url = httpx2.URL(text)
        target = str(url)
    except (httpx2.InvalidURL, ValueError, UnicodeError):
        raise TargetRefused("is no address such as https://example.org/hook") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise TargetRefused("is no address such as https://example.org/hook")
    if not (_is_literal(url.host) or _NAME.fullmatch(url.raw_host.decode("ascii"))):
        raise TargetRefused("has a host that is no name and no address")
    if url.userinfo:
        raise TargetRefused("holds a user name or password: check the signature instead")
    if url.fragment:
        raise TargetRefused("holds a fragment, which is not sent")
    if url.port is not None and url.port not in PORTS:
        raise TargetRefused("has a port that there is not")
    check_host(url, reach)
    return target


def check_host(url: httpx2.URL, reach: Reach) -> None:
    """What can be said before the name is resolved. Raises TargetRefused."""
    host = url.host
    address = "127.0.0.1" if is_loopback(host) and not _is_literal(host) else host
    if _is_literal(address) and not reach.allows(address):
        raise TargetRefused("leads to an inside address, which TREATYLINE_WEBHOOK_NETWORKS does not name")
    if url.scheme == "http" and _is_literal(address) and not reach.names(address):
        raise TargetRefused("must be https; http is for addresses that TREATYLINE_WEBHOOK_NETWORKS names")


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
