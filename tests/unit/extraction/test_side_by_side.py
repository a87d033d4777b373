"""Items that several threads take: all of them once, in order, whatever the machine does."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from workers.extraction.learned.side_by_side import side_by_side

_NOBODY: Callable[[], int] = lambda: 0  # noqa: E731 - every core is free
_MANY: Callable[[], int] = lambda: 10_000  # noqa: E731


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("running", [None, _NOBODY, _MANY])
def test_every_item_is_worked_on_once_and_in_order(threads: int, running: Callable[[], int] | None) -> None:
    worked: list[int] = []

    def work(item: int) -> int:
        worked.append(item)
        return item * item

    assert side_by_side(work, range(50), threads, running) == [n * n for n in range(50)]
    assert sorted(worked) == list(range(50))
    assert side_by_side(work, [], threads, running) == []


def _two_at_once(running: Callable[[], int], threads: int) -> bool:
    """Whether a second thread comes for the second item while the first is worked on."""
    together, names = threading.Barrier(2), set()

    def work(item: int) -> None:
        names.add(threading.current_thread().name)
        if item < 2:
            try:
                together.wait(0.3)
            except threading.BrokenBarrierError:
                return

    side_by_side(work, range(4), threads, running)
    return len(names) > 1


def test_a_free_core_helps() -> None:
    assert _two_at_once(_NOBODY, 2)


def test_on_a_busy_machine_and_where_one_thread_is_asked_for_nobody_helps() -> None:
    assert not _two_at_once(_MANY, 2)
    assert not _two_at_once(_NOBODY, 1)


@pytest.mark.parametrize("threads", [1, 2])
def test_what_goes_wrong_in_any_thread_is_told_and_ends_the_work(threads: int) -> None:
    done: list[int] = []

    def work(item: int) -> int:
        if item == 3:
            raise ValueError("three")
        done.append(item)
        return item

    with pytest.raises(ValueError, match="three"):
        side_by_side(work, range(10_000), threads, _NOBODY)
    assert len(done) < 10_000


def test_no_thread_is_left() -> None:
    before = threading.active_count()
    side_by_side(str, range(100), 4, _NOBODY)
    assert threading.active_count() == before


def test_where_the_system_gives_no_thread_it_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    assert side_by_side(str, range(20), 4, _NOBODY) == [str(n) for n in range(20)]
