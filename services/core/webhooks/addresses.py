"""Which addresses webhooks may reach. Pure; asked about every address that a name resolved to.

Only addresses that the whole internet reaches, so that nobody can have this system call what stands beside it:
not private, loopback, link-local, shared, multicast or unspecified ones, nor IPv6 forms of such IPv4 addresses,
nor the metadata services of clouds. The operator names exceptions (`TREATYLINE_WEBHOOK_NETWORKS`).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Credentials of the machine itself can be had there. Some lie outside every private range.
METADATA = frozenset(
    ipaddress.ip_address(address)
    for address in (
        "169.254.169.254",  # AWS, Google, Azure, Oracle, DigitalOcean ...
        "169.254.170.2",  # AWS containers
        "fd00:ec2::254",  # AWS over IPv6
        "fd20:ce::254",  # Google over IPv6
        "100.100.100.200",  # Alibaba
        "168.63.129.16",  # Azure's platform, in a public range
        "192.0.0.192",  # Oracle's older one
    )
)
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class Reach:
    """What may be reached: the internet, and the networks that the operator names."""

    def __init__(self, networks: Iterable[str] = ()) -> None:
        self._networks = tuple(network_of(word) for word in networks)

    def allows(self, address: str) -> bool:
        """Whether a webhook may be sent to an address."""
        parsed = _parsed(address)
        return parsed is not None and (is_outside(parsed) or self._names(parsed))

    def names(self, address: str) -> bool:
        """Whether the operator named its network: there, http without TLS is good enough."""
        parsed = _parsed(address)
        return parsed is not None and self._names(parsed)

    def _names(self, address: Address) -> bool:
        found = [network for network in self._networks if address in network]
        if address in METADATA:  # a range that happens to hold it does not mean it
            return any(network.num_addresses == 1 for network in found)
        return bool(found)


def network_of(word: str) -> Network:
    """The network (`10.0.0.0/8`) or single address that a word is. Raises ValueError."""
    return ipaddress.ip_network(word, strict=False)


def is_outside(address: Address) -> bool:
    """Whether an address is one that everybody reaches."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_outside(address.ipv4_mapped)
        if address in _NAT64:  # how a network without IPv4 reaches it: what counts is where that leads
            return is_outside(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address.sixtofour is not None:
            return is_outside(address.sixtofour)
        if address not in _GLOBAL_UNICAST or address.scope_id is not None:
            return False
    return (
        address.is_global and not address.is_multicast and not address.is_reserved and address not in METADATA
    )


def _parsed(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
