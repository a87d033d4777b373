"""The product's own processes, started as an operator would, and what is asked of them from outside."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from benchmarks.frame import percentile
from services.cli.bench_load import Connection
from services.cli.embedded.server import free_port

READY_SECONDS = 180.0
STOP_SECONDS = 30.0
QUIET = {"TREATYLINE_LOG_LEVEL": "warning"}


@dataclass(frozen=True, slots=True)
class Process:
    """A process that answers at `url`."""

    url: str
    pid: int
    data_dir: Path
    ready_after: float  # seconds

    def pids(self) -> dict[str, int]:
        """Of a whole system: its processes by name."""
        told: dict[str, int] = orjson.loads((self.data_dir / "run.json").read_bytes())["processes"]
        return told


@contextmanager
def process(name: str, **environment: str) -> Iterator[Process]:
    """`treatyline run <name>`, ready: "ingest", "api" or "web"."""
    port = free_port()
    setting = "PORT" if name == "web" else f"{name.upper()}_PORT"
    with tempfile.TemporaryDirectory(prefix="treatyline-bench-") as folder:
        given = {f"TREATYLINE_{setting}": str(port), "TREATYLINE_DATA_DIR": folder, **environment}
        with started(["run", name], given) as child:
            yield Process(f"http://127.0.0.1:{port}", child.pid, Path(folder), ready(child, port))


@contextmanager
def system(folder: Path, **environment: str) -> Iterator[Process]:
    """`treatyline up` on a data folder of its own, ready."""
    port = free_port()
    given = {"TREATYLINE_PORT": str(port), "TREATYLINE_DATA_DIR": str(folder), **environment}
    with started(["up"], given) as child:
        seconds = ready(child, port)
        while not (folder / "run.json").exists():
            time.sleep(0.01)
        yield Process(f"http://127.0.0.1:{port}", child.pid, folder, seconds)


@contextmanager
def started(command: Sequence[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A command of the product, asked to end at the end."""
    child = subprocess.Popen(
        [sys.executable, "-m", "services.cli", *command],
        env=os.environ | QUIET | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=None if os.environ.get("BENCH_SHOW") else subprocess.DEVNULL,
    )
    try:
        yield child
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def ready(child: subprocess.Popen[bytes], port: int) -> float:
    """Waits until it answers that it is ready; how many seconds that took."""
    began = time.perf_counter()
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return time.perf_counter() - began
        except (urllib.error.URLError, OSError):
            if child.poll() is not None:
                raise RuntimeError(f"it ended with {child.returncode}") from None
            if time.perf_counter() - began > READY_SECONDS:
                raise
        time.sleep(0.02)


@dataclass(frozen=True, slots=True)
class Hammered:
    """What a service answered for some seconds."""

    rate: float  # answers a second
    seconds: list[float]  # of each

    def percentile(self, percent: float) -> float:
        return percentile(self.seconds, percent)


def hammer(url: str, path: str, bodies: Iterator[bytes], *, seconds: float, connections: int) -> Hammered:
    """Posts one body after another over some connections, as fast as they are answered; 2xx alone are taken."""

    async def run() -> Hammered:
        taken: list[float] = []
        lines = [Connection(url) for _ in range(connections)]
        end = time.perf_counter() + seconds

        async def post(line: Connection) -> None:
            while (sent := time.perf_counter()) < end:
                answer = await line.request("POST", path, next(bodies))
                if answer.status not in {200, 202}:
                    raise RuntimeError(f"{answer.status}: {answer.body[:300]!r}")
                taken.append(time.perf_counter() - sent)

        began = time.perf_counter()
        await asyncio.gather(*map(post, lines))
        took = time.perf_counter() - began
        for line in lines:
            await line.close()
        return Hammered(len(taken) / took, taken)

    return asyncio.run(run())


def resident(pid: int) -> float:
    """Megabytes that a process holds in memory."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1000
    return 0.0


def children_of(pid: int) -> list[int]:
    """The processes that it started."""
    return [
        int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    ]
