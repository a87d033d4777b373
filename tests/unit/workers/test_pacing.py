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


def test_the_more_a_look_finds_the_longer_is_gathered() -> None:
    clock = Clock()

    def looks(events: float) -> int:
        """In a minute in which so many events come each second."""
        pace = Pace(per_second=12.0, at_once=5.0, clock=clock)
        end, seen, count = clock.now + 60.0, clock.now, 0
        while clock.now < end:
            found, seen = int((clock.now - seen) * events), clock.now
            clock.now += max(0.001, pace.pause(found))
            count += 1
        return count

    assert 700 <= looks(3) <= 730, "as many as without any"
    assert 430 <= looks(150) <= 530
    assert 240 <= looks(1000) <= 250, "and no fewer than so many"
    assert 240 <= looks(100_000) <= 250
