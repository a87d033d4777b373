"""The supervisor with real processes: starts them, restarts one that died, stops them all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

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


WRITES = """
import os, sys
told = sys.stdin.readline() + os.environ["TREATYLINE_PARENT_PID"]
open(sys.argv[1], "w").write(told)
"""


def told(file: Path) -> dict[str, str]:
    """What a child that writes it down was told."""
    wait_until(lambda: file.exists() and len(file.read_text().splitlines()) == 2)
    line, parent = file.read_text().splitlines()
    assert parent == str(os.getpid())
    found: dict[str, str] = json.loads(line)
    return found


def test_children_that_were_begun_wait_to_be_told_what_was_found_meanwhile(tmp_path: Path) -> None:
    files = [tmp_path / "one", tmp_path / "two"]
    supervisor = make(*((sys.executable, "-c", WRITES, str(file)) for file in files))
    supervisor.begin("child0")
    try:
        assert list(supervisor.pids()) == ["child0"]
        supervisor.begin()
        assert list(supervisor.pids()) == ["child0", "child1"]
        found = Settings(database_url="postgresql://a@127.0.0.1/b", redis_url="redis://127.0.0.1/0")
        supervisor.use(found)
        supervisor.start("child1")
        assert told(files[1]) == {
            "TREATYLINE_DATABASE_URL": "postgresql://a@127.0.0.1/b",
            "TREATYLINE_REDIS_URL": "redis://127.0.0.1/0",
            "TREATYLINE_LOG_LEVEL": "info",
        }
        assert not files[0].exists(), "it has not been told"
        supervisor.start()
        assert told(files[0]) == told(files[1])
    finally:
        supervisor.stop()


def test_a_child_that_dies_before_it_is_told_waits_again(tmp_path: Path) -> None:
    supervisor = make((sys.executable, "-c", WRITES, str(tmp_path / "told")))
    supervisor.begin()
    try:
        (before,) = supervisor.pids().values()
        os.kill(before, signal.SIGKILL)
        wait_until(supervisor.tend)
        (after,) = supervisor.pids().values()
        assert after != before
        supervisor.start()
        assert told(tmp_path / "told")["TREATYLINE_LOG_LEVEL"] == "info"
    finally:
        supervisor.stop()


@pytest.mark.parametrize("name", ["web", "relay"])
def test_a_process_that_is_told_nothing_ends(name: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "services.cli.child", name], stdin=subprocess.DEVNULL, timeout=120, check=False
    )
    assert ended.returncode == 0


def test_a_process_says_plainly_what_is_wrong_with_what_it_was_told() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "services.cli.child", "relay"],
        input='{"TREATYLINE_DATABASE_URL": "nowhere"}\n', capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert "must be a PostgreSQL address" in ended.stderr
    assert "Traceback" not in ended.stderr
