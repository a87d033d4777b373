"""How long one article may take, and the end of a process that does not heed it."""

from __future__ import annotations

import faulthandler
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn


class TookTooLong(Exception):  # noqa: N818 - named by what happened
    """The article was not done in time."""


@contextmanager
def time_limit(soft: float, hard: float) -> Iterator[None]:
    """Raises TookTooLong in the block after `soft` seconds; ends the process after `hard` seconds.

    The first works between two steps of the interpreter and inside regular expressions. The second needs
    neither the interpreter nor its lock (faulthandler's own thread), for code that hangs outside of both; it
    prints where, without values. For the main thread only; an outer alarm is put back.
    """

    def stop(_signal: int, _frame: FrameType | None) -> NoReturn:
        raise TookTooLong

    started = time.monotonic()
    handler = signal.signal(signal.SIGALRM, stop)
    left, interval = signal.setitimer(signal.ITIMER_REAL, soft)
    faulthandler.dump_traceback_later(hard, exit=True, file=sys.__stderr__ or sys.stderr)
    try:
        try:
            yield
        finally:  # the alarm, which rings once, may still ring here: what follows is safe from it
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        faulthandler.cancel_dump_traceback_later()
        signal.signal(signal.SIGALRM, handler)
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(0.001, left - (time.monotonic() - started)), interval)
