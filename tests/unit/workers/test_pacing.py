"""Who follows the log looks at once when little happens, and not too often when much does."""

from __future__ import annotations

from workers.pacing import Pace


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_after_a_quiet_time_some_turns_come_at_once_and_the_rest_evenly() -> None:
    clock = Clock()
    pace = Pace(per_second=10.0, at_once=3.0, clock=clock)
    for _ in range(2):
        seen = []
        for _ in range(6):
            pause = pace.pause()
            seen.append(round(pause, 6))
            clock.now += pause
        assert seen == [0.0, 0.0, 0.0, 0.1, 0.1, 0.1]
        clock.now += 60.0


def test_who_works_longer_than_a_turn_takes_never_waits() -> None:
    clock = Clock()
    pace = Pace(per_second=10.0, at_once=1.0, clock=clock)
    for _ in range(20):
        assert pace.pause() == 0.0
        clock.now += 0.15


def test_in_the_long_run_there_are_so_many_turns_a_second() -> None:
    clock = Clock()
    pace = Pace(per_second=10.0, at_once=5.0, clock=clock)
    turns = 0
    while clock.now < 110.0:
        clock.now += pace.pause() + 0.001
        turns += 1
    assert 100 <= turns <= 106
