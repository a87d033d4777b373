"""Hashes of sequences, for all stretches of an array at once.

A stretch's hash is a polynomial modulo 2^64 over its values, worked out from running sums. The base is odd, so
that the power at which a stretch happens to begin can be divided out: equal stretches have equal hashes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Flags = NDArray[np.bool_]
Kinds = NDArray[np.uint8]
Places = NDArray[np.intp]

_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 2**64)
_KEPT = 1 << 15


def _powers(base: int, count: int) -> Hashes:
    powers = np.full(count, np.uint64(base))
    powers[:1] = 1
    return np.multiply.accumulate(powers)


_UP, _DOWN = _powers(_BASE, _KEPT), _powers(_INVERSE, _KEPT)


def running_sums(values: Hashes) -> Hashes:
    """What `stretches` and `stretches_between` work from."""
    count = len(values)
    sums = np.zeros(count + 1, np.uint64)
    np.add.accumulate(values * (_UP[:count] if count <= _KEPT else _powers(_BASE, count)), out=sums[1:])
    return sums


def stretches_between(sums: Hashes, starts: Places, ends: Places) -> Hashes:
    """The polynomial of each stretch from a start up to its end."""
    down = _DOWN if len(sums) <= _KEPT else _powers(_INVERSE, len(sums))
    return (sums[ends] - sums[starts]) * down[starts]


def stretches(sums: Hashes, size: int) -> Hashes:
    """The polynomials of all stretches of one size."""
    found = sums[size:] - sums[:-size]
    found *= _DOWN[: len(found)] if len(found) <= _KEPT else _powers(_INVERSE, len(found))
    return found


def scatter(x: Hashes) -> Hashes:
    """In place and back, so that polynomials over these do not add up as those over their parts do."""
    x ^= x >> np.uint64(32)
    x *= np.uint64(0xD6E8FEB86659FD93)
    x ^= x >> np.uint64(32)
    return x


def mix(x: Hashes) -> Hashes:
    """In place and back, the finaliser of splitmix64 (S. Vigna): every bit in moves every bit out."""
    x ^= x >> np.uint64(30)
    x *= np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(27)
    x *= np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return x
