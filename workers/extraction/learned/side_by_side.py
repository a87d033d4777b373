"""Work on many items in this thread and, while cores have nothing else to do, in others beside it.

For work that lets go of the interpreter's lock, as ONNX Runtime does. Whoever is free takes the next item: on a busy
machine that is the calling thread alone, so that nothing is taken from others. Threads end with the items: a process
may be forked between two calls.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

_LOAD = Path("/proc/loadavg")
_threads = 2


def use_threads(most: int) -> None:
    """From here on this process works on items in at most so many threads, the calling one among them."""
    global _threads  # noqa: PLW0603 - a process has one encoder, and one choice of how it is run
    _threads = most


def side_by_side(
    work: Callable[[T], R],
    items: Sequence[T],
    threads: int | None = None,
    running: Callable[[], int] | None = None,
) -> list[R]:
    """What `work` makes of each item, in their order. Raises what `work` raised first.

    `threads`: at most so many, where it is not as many as the process uses. `running` says how many threads of the
    machine run or wait for a core.
    """
    made: dict[int, R] = {}
    left = deque(enumerate(items))
    helpers: list[_Helper[T, R]] = []
    threads, running, cores = threads or _threads, running or _running, _cores()
    try:
        while left:
            helping = sum(helper.is_alive() for helper in helpers)
            if helping + 1 < threads and len(left) > 1 and running() < cores:
                helper = _Helper(work, left, made, lambda: running() <= cores)
                try:
                    helper.start()
                except RuntimeError:  # the system gives no more threads: this one does it alone
                    threads = 1
                else:
                    helpers.append(helper)
            _take(work, left, made)
    finally:
        left.clear()
        for helper in helpers:
            helper.join()
    for helper in helpers:
        if helper.error is not None:
            raise helper.error
    return [made[number] for number in range(len(items))]


class _Helper(threading.Thread, Generic[T, R]):
    """Takes items as long as there are any and a core is free for it."""

    def __init__(
        self,
        work: Callable[[T], R],
        left: deque[tuple[int, T]],
        made: dict[int, R],
        wanted: Callable[[], bool],
    ) -> None:
        super().__init__(name="reading beside", daemon=True)
        self._work, self._left, self._made, self._wanted = work, left, made, wanted
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            while self._left and self._wanted():
                _take(self._work, self._left, self._made)
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            self.error = error
            self._left.clear()


def _take(work: Callable[[T], R], left: deque[tuple[int, T]], made: dict[int, R]) -> None:
    try:
        number, item = left.popleft()
    except IndexError:  # another thread took the last one
        return
    made[number] = work(item)


def _running() -> int:
    """How many threads run or wait for a core, this one among them; 0 where the system does not tell."""
    try:
        return int(_LOAD.read_bytes().split()[3].split(b"/")[0])
    except (OSError, ValueError, IndexError):
        return 0


def _cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
