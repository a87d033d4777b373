"""How often those who follow the log look at it.

A look costs nearly the same for one event as for a hundred. When little happens, each event is taken up at once; when
much does, what comes between two looks is taken up together, and the more there is, the longer is gathered.
"""

from __future__ import annotations

import time
from collections.abc import Callable

PER_SECOND = 12.0  # turns, in the long run
MUCH = 32.0  # events that cost a look as much again
MOST = 3.0  # turns that a look costs at most
AT_ONCE = 5.0  # looks without a pause after a quiet time: more than one article causes


class Pace:
    """A bucket of turns, which fills as time goes by."""

    def __init__(
        self,
        per_second: float = PER_SECOND,
        at_once: float = AT_ONCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_second = per_second
        self._at_once = at_once
        self._clock = clock
        self._turns = at_once
        self._counted = clock()

    def pause(self, found: int = 0) -> float:
        """Takes a turn, or more of them for a look that found much. Seconds to wait until it has come; 0 while there
        are any."""
        now = self._clock()
        self._turns = min(self._at_once, self._turns + (now - self._counted) * self._per_second)
        self._counted = now
        self._turns -= min(MOST, 1.0 + found / MUCH)
        return max(0.0, -self._turns / self._per_second)
