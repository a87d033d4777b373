"""The supervisor with real processes: starts them, restarts one that died, stops them all."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable

import pytest

from services.cli import supervisor as module
from services.cli.supervisor import Child, Supervisor
from services.core.settings import Settings

SLEEP = (sys.executable, "-c", "import time; time.sleep(60)")
DEAF = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)",
)


def make(*commands: tuple[str, ...]) -> Supervisor:
    supervisor = Supervisor(Settings(), ())
    supervisor._children = [Child(f"child{i}", command) for i, command in enumerate(commands)]
    return supervisor


def wait_until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_child_that_was_killed_comes_back_under_a_new_id() -> None:
    supervisor = make(SLEEP, SLEEP)
    supervisor.start()
    try:
        before = supervisor.pids()
        os.kill(before["child0"], signal.SIGKILL)
        wait_until(supervisor.tend)
        after = supervisor.pids()
        assert after["child1"] == before["child1"]
        assert after["child0"] != before["child0"]
    finally:
        supervisor.stop()
    assert supervisor.pids() == {}


def test_a_child_that_keeps_dying_is_given_more_and_more_time() -> None:
    supervisor = make((sys.executable, "-c", "raise SystemExit(3)"))
    (child,) = supervisor._children
    supervisor.start()
    pauses = []
    for _ in range(3):
        wait_until(lambda: child.process is None or child.process.poll() is not None)
        supervisor.tend()
        pauses.append(child.restart_at - time.monotonic())
        child.restart_at = 0.0
        supervisor.tend()
    supervisor.stop()
    assert pauses == sorted(pauses)
    assert pauses[-1] > 2 * pauses[0]


def test_one_that_does_not_stop_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_SECONDS", 0.5)
    supervisor = make(DEAF, SLEEP)
    supervisor.start()
    pids = list(supervisor.pids().values())
    time.sleep(0.5)
    supervisor.stop()
    assert [pid for pid in pids if alive(pid)] == []


def test_children_read_the_servers_that_were_found_from_their_environment() -> None:
    settings = Settings(database_url="postgresql://a@127.0.0.1/b", redis_url="redis://127.0.0.1/0")
    supervisor = Supervisor(settings, ())
    assert supervisor._environment["TREATYLINE_DATABASE_URL"] == "postgresql://a@127.0.0.1/b"
    assert supervisor._environment["TREATYLINE_REDIS_URL"] == "redis://127.0.0.1/0"
    assert supervisor._environment["TREATYLINE_PARENT_PID"] == str(os.getpid())
