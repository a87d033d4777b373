"""When a message that was not taken is sent again. Pure.

Pauses grow, with jitter, and the last attempt comes a day after the first that failed. Meanwhile those behind it
wait, so that a receiver that is down for a moment gets all in order; after `HELD` attempts it is set aside, so that
one message that a receiver cannot stomach does not hold up the others.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable

DAY = dt.timedelta(days=1)
HELD = 4  # failed attempts during which those behind wait
PAUSES = (5, 30, 2 * 60, 10 * 60, 30 * 60, 3600, 2 * 3600, 4 * 3600, 8 * 3600)  # seconds
LONGEST_FOR_ALL = PAUSES[HELD - 1]  # that a receiver which fails keeps everything waiting
JITTER = 0.2

Jitter = Callable[[], float]


def jitter() -> float:
    """A factor about 1."""
    return random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - spreads load, hides nothing


def pause_after(failures: int, factor: float) -> dt.timedelta:
    """How long to wait after so many failures in a row."""
    return dt.timedelta(seconds=PAUSES[min(failures, len(PAUSES)) - 1] * factor)


def next_attempt(
    now: dt.datetime, failing_since: dt.datetime, failures: int, factor: float, asked: dt.timedelta
) -> dt.datetime | None:
    """When to send again; None where it has failed for a day. `asked`: the least that `Retry-After` asks for."""
    end = failing_since + DAY
    if now >= end:
        return None
    # Capped before it is added: a date at the end of the calendar, plus a time zone, is none any more.
    return min(now + max(pause_after(failures, factor), min(asked, DAY)), end)


def resume_after(now: dt.datetime, failures: int, factor: float, asked: dt.timedelta) -> dt.datetime:
    """When a receiver that failed so often in a row is sent anything again."""
    pause = min(pause_after(failures, factor), dt.timedelta(seconds=LONGEST_FOR_ALL * factor))
    return now + min(max(pause, asked), DAY)
