"""Embedded servers that died are started again, and nobody waits for one that takes long."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.cli import reviving
from services.cli.embedded.server import EmbeddedServer
from services.cli.system import System
from services.core.errors import EmbeddedServerError
from services.core.settings import Settings
from tests.unit.cli.test_supervisor import SLEEP, make, wait_until


class Server(EmbeddedServer):
    """A process that is ready when it is told to be."""

    label = "server"
    stop_signal = signal.SIGTERM

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir, setting="NONE")
        self.answers = threading.Event()
        self.answers.set()
        self.broken = False
        self.tries = 0

    @property
    def url(self) -> str:
        return "none:"

    def _prepare(self) -> None:
        self.tries += 1
        if self.broken:
            raise EmbeddedServerError("no room")

    def _command(self) -> list[str]:
        return ["sleep", "600"]

    def _ready(self) -> bool:
        return self.answers.is_set()


@contextmanager
def system_of(*servers: Server) -> Iterator[System]:
    """A system of these servers, which run, and one process."""
    system = System("", Settings(), make(SLEEP), servers, keyed=False)
    try:
        for server in servers:
            server.start()
        system.supervisor.start()
        yield system
    finally:
        system.supervisor.stop()
        system.close()
        for server in servers:
            server.stop()


def until(system: System, holds: Callable[[], bool]) -> None:
    """What `treatyline up` does all the time, until something holds."""

    def look() -> bool:
        system.revive()
        system.supervisor.tend()
        return holds()

    wait_until(look)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def test_while_a_server_starts_slowly_all_else_is_started_again(tmp_path: Path) -> None:
    slow, quick = Server(tmp_path / "slow"), Server(tmp_path / "quick")
    with system_of(slow, quick) as system:
        killed = [slow.pid, quick.pid, system.supervisor.pids()["child0"]]
        slow.answers.clear()
        for pid in killed:
            kill(pid)
        until(system, lambda: slow.tries == quick.tries == 2 and quick.alive and quick.pid not in killed)
        until(system, lambda: system.supervisor.pids().get("child0", killed[2]) != killed[2])
        slow.answers.set()
        until(system, lambda: slow.alive and slow.pid not in killed)
        ports, pids = (slow.port, quick.port), (slow.pid, quick.pid)
        time.sleep(0.5)
        system.revive()
        assert (slow.pid, quick.pid) == pids, "they live on, where they were before"
        assert (slow.port, quick.port) == ports
    assert not slow.alive
    assert not quick.alive


def test_a_server_that_is_being_started_can_die_again(tmp_path: Path) -> None:
    server = Server(tmp_path / "server")
    with pytest.MonkeyPatch.context() as patched, system_of(server) as system:
        patched.setattr(reviving, "PAUSE_SECONDS", 0.05)
        server.answers.clear()
        for tries in (2, 3):
            kill(server.pid)
            until(system, lambda tries=tries: server.tries == tries and server.alive)  # type: ignore[misc]
        server.answers.set()
        until(system, lambda: not system._revivers[0]._starting)
        assert server.alive


def test_one_that_cannot_start_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reviving, "PAUSE_SECONDS", 0.05)
    server = Server(tmp_path / "server")
    with system_of(server) as system:
        server.broken = True
        kill(server.pid)
        until(system, lambda: server.tries >= 4)
        server.broken = False
        until(system, lambda: server.alive)


def test_a_system_is_stopped_while_a_server_starts(tmp_path: Path) -> None:
    server = Server(tmp_path / "server")
    with system_of(server) as system:
        server.answers.clear()
        kill(server.pid)
        until(system, lambda: server.tries == 2 and server.alive)
        pid = server.pid
    assert not server.alive
    wait_until(lambda: not Path(f"/proc/{pid}").exists())
    with Server(tmp_path / "server") as again:
        assert again.alive, "the folder is free"
