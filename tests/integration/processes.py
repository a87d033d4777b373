"""Single processes of the system on servers that a test chooses, as `treatyline run` starts them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from services.cli.embedded.server import free_port

ROOT = Path(__file__).parents[2]
START_SECONDS = 180.0


@dataclass
class Running:
    """A process of the system that answers HTTP."""

    process: subprocess.Popen[bytes]
    http: httpx2.Client

    def ready(self) -> tuple[int, dict[str, str]]:
        """Status and parts of `/readyz`; 0 where nothing answers."""
        try:
            answer = self.http.get("/readyz", timeout=5.0)
        except httpx2.TransportError:
            return 0, {}
        return answer.status_code, answer.json()["checks"]


@contextmanager
def started(name: str, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """`treatyline run <name>` with `TREATYLINE_*` settings, in a process group of its own; killed at the end."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TREATYLINE_")}
    kept.pop("DATABASE_URL", None)
    told = {f"TREATYLINE_{key.upper()}": value for key, value in settings.items()}
    process = subprocess.Popen(
        [sys.executable, "-m", "services.cli", "run", name],
        cwd=ROOT,
        env=kept | {"TREATYLINE_LOG_LEVEL": "error"} | told,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def serving(name: str, **settings: str) -> Iterator[Running]:
    """A web service (`ingest`, `api` or `web`) on a port of its own, once it answers."""
    port = free_port()
    setting = {"web": "port", "ingest": "ingest_port", "api": "api_port"}[name]
    with (
        started(name, **{setting: str(port)}, **settings) as process,
        httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=30.0) as http,
    ):
        running = Running(process, http)
        deadline = time.monotonic() + START_SECONDS
        while running.ready()[0] != 200:
            assert process.poll() is None, f"{name} ended with {process.returncode}"
            assert time.monotonic() < deadline, f"{name} does not get ready: {running.ready()}"
            time.sleep(0.1)
        yield running
