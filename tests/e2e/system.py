"""The real system as an operator starts it: `treatyline up` in a process of its own, asked over HTTP alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from services.cli.embedded.server import born, free_port

START_SECONDS = 180.0
FINISHED = {"extracted", "skipped", "failed", "withdrawn"}


@dataclass
class RunningSystem:
    """A system on a data folder of its own."""

    data_dir: Path
    port: int
    process: subprocess.Popen[str]
    http: httpx2.Client

    @property
    def environment(self) -> dict[str, str]:
        return environment(self.data_dir, self.port)

    def told(self) -> dict[str, Any]:
        """What `up` leaves for commands beside it: addresses and process ids."""
        answer: dict[str, Any] = json.loads((self.data_dir / "run.json").read_text())
        return answer

    def post(self, **article: Any) -> httpx2.Response:
        return self.http.post("/v1/articles", json=article)

    def finished(
        self, article_id: str, seconds: float = 120.0, *, through_refusals: bool = False
    ) -> dict[str, Any]:
        """The article once it has reached an end. `through_refusals`: a 503 says to ask again, as to any client."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            response = self.http.get(f"/v1/articles/{article_id}", headers={"Prefer": "wait=10"})
            if through_refusals and response.status_code == 503:
                time.sleep(0.2)
                continue
            assert response.status_code == 200, response.text
            answer: dict[str, Any] = response.json()
            if answer["state"] in FINISHED:
                return answer
        raise AssertionError(f"{article_id} has not reached an end: {response.text}")

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A `treatyline` command beside the running system."""
        return subprocess.run(
            [sys.executable, "-m", "services.cli", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )


def environment(data_dir: Path, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TREATYLINE_")}
    kept.pop("DATABASE_URL", None)
    return kept | {
        "TREATYLINE_DATA_DIR": str(data_dir),
        "TREATYLINE_PORT": str(port),
        "TREATYLINE_LOG_LEVEL": "warning",
        "TREATYLINE_WORKER_CONCURRENCY": "2",
    }


@contextmanager
def running_system(data_dir: Path, *arguments: str, **settings: str) -> Iterator[RunningSystem]:
    """`treatyline up`, ready; interrupted as by Ctrl-C at the end. `settings`: variables beside its own."""
    port = free_port()
    log = (data_dir.parent / f"{data_dir.name}.log").open("w+")
    process = subprocess.Popen(
        [sys.executable, "-m", "services.cli", *(arguments or ("up",))],
        env=environment(data_dir, port) | settings,
        stdout=log,
        stderr=log,
        text=True,
        start_new_session=True,
    )
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=40.0) as http:
            deadline = time.monotonic() + START_SECONDS
            while not _ready(http):
                if process.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    raise AssertionError(f"the system did not start:\n{log.read()[-4000:]}")
                time.sleep(0.1)
            yield RunningSystem(data_dir, port, process, http)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        log.close()


def _ready(http: httpx2.Client) -> bool:
    try:
        return http.get("/readyz", timeout=5.0).status_code == 200
    except httpx2.TransportError:
        return False


def family(pid: int) -> dict[int, str | None]:
    """A process and all below it, with what tells each from a later one of the same id."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, waiting = {}, [pid]
    while waiting:
        member = waiting.pop()
        found[member] = born(member)
        waiting += children.get(member, [])
    return found


@dataclass
class Listener:
    """A stream client that comes back with `Last-Event-ID` whenever the stream ends."""

    base_url: str
    query: str = ""
    last_id: str | None = None
    events: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)  # id, name, data
    problem: str | None = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Listener:
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        assert self._thread is not None
        self._thread.join(20)

    def _listen(self) -> None:
        with httpx2.Client(base_url=self.base_url, timeout=httpx2.Timeout(5.0, read=1.0)) as http:
            while not self._stop.is_set():
                headers = {"Last-Event-ID": self.last_id} if self.last_id else {}
                try:
                    with http.stream("GET", f"/v1/timeline/stream{self.query}", headers=headers) as response:
                        if response.status_code != 200:
                            self.problem = f"{response.status_code}"
                            time.sleep(0.1)
                            continue
                        self._read(response)
                except httpx2.TransportError:
                    time.sleep(0.05)

    def _read(self, response: httpx2.Response) -> None:
        record: dict[str, str] = {}
        for line in response.iter_lines():
            if self._stop.is_set():
                return
            name, _, value = line.partition(": ")
            if line == "":
                self.last_id = record.get("id", self.last_id)  # an id without data counts too
                if "data" in record:
                    self.events.append((record["id"], record["event"], json.loads(record["data"])))
                record = {}
            elif name:
                record[name] = value

    def wait_for(self, count: int, seconds: float = 90.0) -> None:
        deadline = time.monotonic() + seconds
        while len(self.events) < count:
            assert time.monotonic() < deadline, (
                f"{len(self.events)} changes came, not {count}; {self.problem}"
            )
            time.sleep(0.02)
