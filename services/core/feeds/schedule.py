"""When a feed is asked again. Pure."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable

SHORTEST = dt.timedelta(minutes=1)
LONGEST = dt.timedelta(days=1)  # between two tries of a feed that fails
LONGEST_ASKED = dt.timedelta(days=7)  # that a site's Retry-After is honoured for
JITTER = 0.1

Jitter = Callable[[], float]


def jitter() -> float:
    """A factor about 1, so that feeds added together are not asked together for ever."""
    return random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - spreads load, hides nothing


def next_poll(every: dt.timedelta, failures: int, asked: dt.timedelta, factor: float) -> dt.timedelta:
    """How long to wait after a poll that was the n-th in a row to fail (0: it did not).

    Doubles with each failure up to a day; never shorter than the site asks for.
    """
    wait = every * factor
    if failures:
        wait = max(min(every * 2 ** min(failures, 20), max(LONGEST, every)), SHORTEST) * factor
    return max(wait, min(asked, LONGEST_ASKED))
