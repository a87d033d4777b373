"""What takes too long is ended."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time

import pytest

from workers.limits import TookTooLong, time_limit


def test_what_is_quick_is_left_alone() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with time_limit(5, 6):
        done = sum(range(1000))
    assert done == 499500
    assert signal.getsignal(signal.SIGALRM) is before


def test_a_loop_is_ended() -> None:
    with pytest.raises(TookTooLong), time_limit(0.1, 60):
        _loop()


def test_a_regular_expression_is_ended() -> None:
    with pytest.raises(TookTooLong), time_limit(0.1, 30):
        re.match(r"(a+)+$", "a" * 64 + "b")


def test_an_outer_alarm_comes_after_all() -> None:
    rang: list[int] = []
    handler = signal.signal(signal.SIGALRM, lambda number, _frame: rang.append(number))
    outer = signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with pytest.raises(TookTooLong), time_limit(0.1, 5):
            time.sleep(3)
        deadline = time.monotonic() + 30
        while not rang and time.monotonic() < deadline:
            time.sleep(0.01)
        assert rang == [signal.SIGALRM]
    finally:
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, *outer)


def test_a_process_that_heeds_nothing_is_ended() -> None:
    code = (
        "import signal, time\n"
        "from workers.limits import time_limit\n"
        "with time_limit(0.1, 0.5):\n"
        "    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})\n"
        "    time.sleep(60)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=120, check=False)
    assert done.returncode == 1
    assert b"Timeout" in done.stderr


def _loop() -> None:
    while True:
        pass
