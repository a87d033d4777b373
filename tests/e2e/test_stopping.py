"""SIGTERM: each process is gone within ten seconds, with a hundred streams open and work in hand."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import pytest

from services.cli.embedded.server import born
from tests.e2e.system import RunningSystem, family, running_system
from tests.e2e.test_system import WIRE

pytestmark = pytest.mark.timeout(600)

STREAMS = 100
SECONDS = 10.0


@contextmanager
def streams(system: RunningSystem) -> Iterator[list[socket.socket]]:
    """So many open streams; each has been answered."""
    request = f"GET /v1/timeline/stream HTTP/1.1\r\nHost: 127.0.0.1:{system.port}\r\n\r\n".encode()
    with ExitStack() as stack:
        opened = []
        for _ in range(STREAMS):
            line = stack.enter_context(socket.create_connection(("127.0.0.1", system.port), timeout=60))
            line.sendall(request)
            opened.append(line)
        for line in opened:
            assert line.recv(12) == b"HTTP/1.1 200"
        yield opened


def ended(pid: int, birth: str | None) -> bool:
    return birth is None or born(pid) != birth


def seconds_until_gone(members: dict[int, str | None]) -> float:
    began = time.monotonic()
    while not all(ended(pid, birth) for pid, birth in members.items()):
        assert time.monotonic() - began < 60, "it does not end"
        time.sleep(0.02)
    return time.monotonic() - began


def load(system: RunningSystem, name: str, count: int = 20) -> list[str]:
    """Articles that are being worked on."""
    return [
        system.post(text=f"{WIRE}\n{name} {n} {n * 7919}.\n", url=f"https://wire.example/{name}/{n}").json()[
            "id"
        ]
        for n in range(count)
    ]


def is_ready(system: RunningSystem) -> bool:
    try:
        return system.http.get("/readyz", timeout=5.0).status_code == 200
    except httpx2.TransportError:
        return False


def test_each_process_is_gone_within_ten_seconds_and_nothing_is_lost(tmp_path: Path) -> None:
    posted: list[str] = []
    with running_system(tmp_path / "var") as system:
        for name in ("worker", "relay", "projector", "web"):
            with streams(system) as opened:
                posted += load(system, name)
                members = family(system.told()["processes"][name])
                os.kill(system.told()["processes"][name], signal.SIGTERM)
                took = seconds_until_gone(members)
                print(f"{name}: gone after {took:.1f} s")
                assert took < SECONDS, name
                if name == "web":
                    for line in opened:
                        while line.recv(65536):
                            pass  # each stream has been ended, not left hanging
            deadline = time.monotonic() + 60
            while not (is_ready(system) and name in system.told()["processes"]):
                assert time.monotonic() < deadline, f"{name} does not come back"
                time.sleep(0.1)
        assert {system.finished(article, 180)["state"] for article in posted} == {"extracted"}

        with streams(system):
            load(system, "all")
            members = {
                pid: birth
                for child in system.told()["processes"].values()
                for pid, birth in family(child).items()
            }
            everything = family(system.process.pid)
            assert len(everything) >= 7, "servers, web, relay, projector, worker and its children"
            system.process.send_signal(signal.SIGTERM)
            took = seconds_until_gone(members)
            print(f"all: gone after {took:.1f} s")
            assert took < SECONDS
            system.process.wait(60)
            assert system.process.returncode == 0
            assert all(ended(pid, birth) for pid, birth in everything.items())
    assert "does not stop" not in (tmp_path / "var.log").read_text()
