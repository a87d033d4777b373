"""The system as containers run it, each process by itself, on servers of its own; and the ways to kill its parts."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import psycopg

from services.cli.embedded import EmbeddedPostgres, EmbeddedValkey
from services.cli.embedded.server import HOST, port_is_free
from services.cli.supervisor import Supervisor
from services.cli.system import System
from services.core.errors import EmbeddedServerError
from services.core.eventstore.migrate import migrate
from services.core.settings import PREFIX, load_settings

PROCESSES = ("ingest", "api", "projector", "relay", "worker")
START_SECONDS = 300.0
END_SECONDS = 10.0  # for the children of killed workers to notice
UPKEEP_SECONDS = 0.05
PORTS = range(
    20_000, 32_000
)  # below those that outgoing connections are given: a dead process keeps its port


@dataclass(frozen=True, slots=True)
class Servers:
    """What runs, and where."""

    system: System
    postgres: EmbeddedPostgres
    valkey: EmbeddedValkey
    ingest_url: str
    api_url: str
    left: list[str] = field(default_factory=list)  # what was still running after all was told to stop

    @property
    def owner_url(self) -> str:
        """The database as its owner sees it."""
        return self.postgres.url

    def upkeep(self) -> None:
        """Start again what died; servers on the ports they had. To be called all the time."""
        self.system.revive()
        self.system.supervisor.tend()

    def keep_up(self, seconds: float) -> None:
        """Upkeep for so long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.upkeep()
            time.sleep(UPKEEP_SECONDS)

    def wait_until_ready(self) -> None:
        """Until both services answer that all they need is there, and a worker and the projector are at work."""
        deadline = time.monotonic() + START_SECONDS
        while not (_ready(self.ingest_url) and _ready(self.api_url)):
            if time.monotonic() > deadline:
                raise TimeoutError("the system did not become ready")
            self.keep_up(0.2)

    def kill(self, victim: str, rng: random.Random) -> int | None:
        """Kill one of `VICTIMS`; the process id, or None where it is not running at this moment."""
        pids = self.system.supervisor.pids()
        with suppress(ProcessLookupError, EmbeddedServerError):  # it ended in this moment
            match victim:
                case "postgres" if self.postgres.alive:
                    os.kill(self.postgres.pid, signal.SIGQUIT)  # "immediate": no checkpoint, it recovers
                    return self.postgres.pid
                case "broker" if self.valkey.alive:
                    os.kill(self.valkey.pid, signal.SIGKILL)  # it keeps nothing on disk: it comes back empty
                    return self.valkey.pid
                case "worker process" if "worker" in pids and (children := _children(pids["worker"])):
                    pid = rng.choice(children)
                    os.kill(pid, signal.SIGKILL)
                    return pid
                case "all workers" if "worker" in pids:
                    os.killpg(pids["worker"], signal.SIGKILL)
                    return pids["worker"]
                case _ if victim in pids:
                    os.kill(pids[victim], signal.SIGKILL)
                    return pids[victim]
        return None


VICTIMS = {
    "ingest": 2,
    "api": 2,
    "relay": 2,
    "projector": 2,
    "worker": 1,  # the parent alone
    "worker process": 2,  # one of those that do the work
    "all workers": 1,
    "broker": 2,
    "postgres": 2,
}
"""What can be killed, and how often each is chosen."""


@contextmanager
def running(folder: Path) -> Iterator[Servers]:
    """All of it, ready."""
    rng = random.Random()
    ports = [port for port in rng.sample(PORTS, 40) if port_is_free(port)]
    given = {"INGEST_PORT": str(ports[0]), "API_PORT": str(ports[1]), "RATE_PER_ADDRESS": "0",
             "ARTICLE_SECONDS": "120", "DATA_DIR": str(folder), "LOG_JSON": "true", "LOG_LEVEL": "warning"}  # fmt: skip
    with (
        _environment({PREFIX + name: value for name, value in given.items()}),
        EmbeddedPostgres(folder / "postgres", port=ports[2]) as postgres,
        EmbeddedValkey(folder / "valkey", port=ports[3], durable=False) as valkey,
    ):
        migrate(postgres.url, postgres.services_password)
        settings = load_settings(database_url=postgres.services_url, redis_url=valkey.url)
        supervisor = Supervisor(settings, PROCESSES)
        system = System("", settings, supervisor, (postgres, valkey), keyed=False)
        servers = Servers(system, postgres, valkey, _url(settings.ingest_port), _url(settings.api_port))
        supervisor.stop_on_signals()
        try:
            supervisor.start()
            servers.wait_until_ready()
            yield servers
        finally:
            supervisor.stop()
            system.close()
            servers.left.extend(_left(folder))


def connect(servers: Servers) -> psycopg.Connection[tuple[object, ...]]:
    """The owner's connection."""
    return psycopg.connect(servers.owner_url, autocommit=True)


def _url(port: int) -> str:
    return f"http://{HOST}:{port}"


def _ready(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/readyz", timeout=5.0).status_code == 200
    except httpx2.TransportError:
        return False


@contextmanager
def _environment(given: dict[str, str]) -> Iterator[None]:
    """Children are started with our environment."""
    before = dict(os.environ)
    for name in list(os.environ):
        if name.startswith(PREFIX) or name == "DATABASE_URL":
            del os.environ[name]
    os.environ.update(given)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _children(parent: int) -> list[int]:
    """The process's living children."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == parent and fields[0] not in "ZX":
                found.append(int(stat.parent.name))
    return sorted(found)


def _left(folder: Path) -> list[str]:
    """Ends, and names, what still runs with this folder's settings though nobody waits for it."""
    deadline = time.monotonic() + END_SECONDS
    while (found := _with_settings(folder)) and time.monotonic() < deadline:
        time.sleep(0.1)
    for pid in found:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return [f"process {pid} was left: {command}" for pid, command in found.items()]


def _with_settings(folder: Path) -> dict[int, str]:
    wanted = f"{PREFIX}DATA_DIR={folder}".encode()
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int(process.name) != os.getpid() and wanted in (process / "environ").read_bytes().split(b"\0"):
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found[int(process.name)] = command.strip()
    return found
