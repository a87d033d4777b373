"""Runs the system's processes as children: starts them, restarts one that died, stops them all.

They can be begun before there is anything to run on: each then waits to be told its settings (`child.py`), and what
others wait for imports its modules meanwhile.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType

from services.core.logging import get_logger
from services.core.settings import PREFIX, Settings

log = get_logger(__name__)

PARENT = PREFIX + "PARENT_PID"  # whose end is theirs
STOP_SECONDS = 10.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE = (0.2, 1.0, 3.0, 10.0)  # seconds before the next restart of a process that keeps dying
STEADY_SECONDS = 30.0  # a process that lived this long starts afresh with the shortest pause


@dataclass(slots=True)
class Child:
    """One process of the system and its luck so far."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    restart_at: float = field(default=0.0)
    wanted: bool = False  # to be told its settings as soon as it is there


class Supervisor:
    """Children by name, each `python -m services.cli.child <name>`, told the settings on its standard input."""

    def __init__(self, settings: Settings, names: Sequence[str]) -> None:
        self.use(settings)
        self._children = [Child(n, (sys.executable, "-m", "services.cli.child", n)) for n in names]
        self._stopping = False
        self._running = False

    def use(self, settings: Settings) -> None:
        """The settings that children are told from now on."""
        self._told = json.dumps(_as_environment(settings)).encode() + b"\n"

    def begin(self, *names: str) -> None:
        """Start every child, or those named, to wait until they are told their settings."""
        for child in self._children:
            if child.process is None and (not names or child.name in names):
                self._spawn(child)

    def start(self, *names: str) -> None:
        """Start every child, or those named; those that wait are told their settings."""
        for child in self._children:
            if not child.wanted and (not names or child.name in names):
                child.wanted = True
                if child.process is None:
                    self._spawn(child)
                else:
                    self._tell(child)

    def pids(self) -> dict[str, int]:
        """The living children's process ids."""
        return {c.name: c.process.pid for c in self._children if c.process and c.process.poll() is None}

    def stop_on_signals(self) -> None:
        """Ctrl-C, SIGTERM and a closed terminal end `run`; outside it they raise KeyboardInterrupt."""
        for number in SIGNALS:
            signal.signal(number, self._on_signal)

    def ignore_signals(self) -> None:
        """From here on nothing stops the stopping."""
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True
        if not self._running:
            raise KeyboardInterrupt

    def run(self, on_change: Callable[[dict[str, int]], None], meanwhile: Callable[[], None]) -> None:
        """Restart whatever dies until told to stop. `on_change` hears the new process ids."""
        self._running = True
        while not self._stopping:
            meanwhile()
            if self.tend():
                on_change(self.pids())
            time.sleep(0.1)

    def tend(self) -> bool:
        """One look at every child. True where one was restarted."""
        changed = False
        now = time.monotonic()
        for child in self._children:
            if child.process is not None and (code := child.process.poll()) is not None:
                child.deaths = 0 if now - child.started > STEADY_SECONDS else child.deaths + 1
                pause = PATIENCE[min(max(child.deaths, 1), len(PATIENCE)) - 1]
                log.warning("process ended", process=child.name, exit_code=code, restart_in_seconds=pause)
                _hang_up(child)
                child.process, child.restart_at = None, now + pause
            if child.process is None and now >= child.restart_at:
                self._spawn(child)
                changed = True
        return changed

    def stop(self) -> None:
        """Ask every child to end and wait; whoever is still there after ten seconds is killed."""
        living = [c.process for c in self._children if c.process and c.process.poll() is None]
        for process in living:
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in living:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.warning("process does not stop, killing it", pid=process.pid)
                _kill_group(process)
                process.wait()
        for child in self._children:
            _hang_up(child)

    def _spawn(self, child: Child) -> None:
        # A session of its own: Ctrl-C reaches us alone, and we end clients before servers.
        # Logs go to standard error; standard output is for what a person or a pipe asked us for.
        child.process = subprocess.Popen(
            child.command,
            env={**os.environ, PARENT: str(os.getpid())},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        child.started = time.monotonic()
        log.info("process started", process=child.name, pid=child.process.pid)
        if child.wanted:
            self._tell(child)

    def _tell(self, child: Child) -> None:
        """Addresses hold passwords: this way nobody reads them in the list of processes or their environments."""
        if child.process is not None and child.process.stdin is not None:
            with suppress(BrokenPipeError):  # it died: it is told when it has been started again
                child.process.stdin.write(self._told)
        _hang_up(child)


def _hang_up(child: Child) -> None:
    """Nothing more is told to it: where it still waits, it ends."""
    if child.process is not None and child.process.stdin is not None:
        with suppress(BrokenPipeError):
            child.process.stdin.close()


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """The worker has children of its own; they share its process group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()


def _as_environment(settings: Settings) -> dict[str, str]:
    """The settings that were found or made here, for the children to read."""
    told = {
        "database_url": settings.database_url,
        "redis_url": settings.redis_url,
        "log_level": settings.log_level,
    }
    return {PREFIX + name.upper(): value for name, value in told.items() if value}
