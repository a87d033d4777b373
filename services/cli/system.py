"""The whole system on this machine: servers, migration, processes, until told to stop."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from rich.console import Console

from services.cli.backends import announce, backends, running, withdraw
from services.cli.embedded.server import EmbeddedServer, port_is_free
from services.cli.processes import FIRST, IMPORTING, TOGETHER
from services.cli.reviving import Reviver
from services.cli.supervisor import Supervisor
from services.core.errors import FolderInUse, PortInUse, TreatylineError
from services.core.logging import get_logger
from services.core.settings import Settings

log = get_logger(__name__)

READY_SECONDS = 90.0


class NotReady(TreatylineError):  # noqa: N818 - named by what happened
    """The system did not become ready."""


@dataclass(frozen=True, slots=True)
class System:
    """A system that runs: where it answers, who keeps its processes running, and its own servers."""

    url: str
    settings: Settings
    supervisor: Supervisor
    servers: Sequence[EmbeddedServer]
    keyed: bool  # whether keys are asked for
    _revivers: list[Reviver] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self._revivers.extend(Reviver(server) for server in self.servers)

    def run(self) -> None:
        """Keep it running until a signal says otherwise."""
        self.supervisor.run(self._tell, self.revive)

    def _tell(self, pids: dict[str, int]) -> None:
        try:
            announce(self.settings, self.url, pids)
        except OSError as error:  # no room: what is told of the servers is still right
            log.warning("process ids were not written down", error=type(error).__name__)

    def revive(self) -> None:
        """Have embedded servers started again that died, where the processes look for them. Returns at once.

        One that cannot start now, on a full disk for example, is tried again: the others go on meanwhile.
        """
        for reviver in self._revivers:
            reviver.look()

    def close(self) -> None:
        """Stop the servers that were started again, also where they are still starting."""
        for reviver in self._revivers:
            reviver.close()


@contextmanager
def running_system(settings: Settings, err: Console) -> Iterator[System]:
    """Everything started and ready; everything stopped at the end, in whatever way it comes.

    Until `System.run` a signal raises KeyboardInterrupt. Raises PortInUse where something else listens,
    NotReady, and what the servers raise.
    """
    _refuse_second(settings)
    _refuse_port_in_use(settings)
    supervisor = Supervisor(settings, TOGETHER)
    supervisor.stop_on_signals()
    servers: list[EmbeddedServer] = []
    try:
        supervisor.begin(*IMPORTING)  # while the servers start
        with backends(settings, started=servers) as found:
            system = _system(found, supervisor, servers)
            try:
                supervisor.start(*FIRST)
                supervisor.begin()  # the others have ids at once, and their turn once these are ready
                announce(found, system.url, supervisor.pids())
                _wait_until_ready(found, supervisor)
                supervisor.start()
                yield system
            finally:
                supervisor.ignore_signals()  # a second Ctrl-C must not leave servers behind
                withdraw(found)
                supervisor.stop()
                system.close()
    finally:
        supervisor.ignore_signals()
        supervisor.stop()
    err.print("stopped")


def _system(found: Settings, supervisor: Supervisor, servers: Sequence[EmbeddedServer]) -> System:
    from services.cli.access import check_access  # noqa: PLC0415 - what the children need comes first

    keyed = check_access(found)
    supervisor.use(found)
    return System(f"http://{found.host}:{found.port}", found, supervisor, servers, keyed)


def run_until_told(settings: Settings, err: Console) -> None:
    """`treatyline up`. Being told to stop is how it ends, however far it has come."""
    with suppress(KeyboardInterrupt), running_system(settings, err) as system:
        tell_where(system, err)
        system.run()


def tell_where(system: System, err: Console) -> None:
    """What a person can do now."""
    processes = ", ".join(f"{name} {pid}" for name, pid in system.supervisor.pids().items())
    who = "keys are asked for" if system.keyed else "loopback only: no keys"
    err.print(f"\n[bold]Treatyline runs at {system.url}[/]  (page, /v1 API, /openapi.json; {who})")
    err.print(f"processes: {processes}", highlight=False)
    err.print("Ctrl-C stops everything.\n")


def _refuse_second(settings: Settings) -> None:
    found = running(settings)
    if found is not None:
        raise FolderInUse(
            f"a system runs on {settings.data_dir.absolute()} already (process {found.pid}, {found.url}): use it, "
            "stop it, or choose another folder with TREATYLINE_DATA_DIR"
        )


def _refuse_port_in_use(settings: Settings) -> None:
    if not port_is_free(settings.port):
        raise PortInUse(
            f"port {settings.port} on {settings.host} is in use: choose another with TREATYLINE_PORT, or stop "
            "what listens there (another `treatyline up`?)"
        )


def _wait_until_ready(settings: Settings, supervisor: Supervisor) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not _is_ready(settings.host, settings.port):
        supervisor.tend()
        if time.monotonic() > deadline:
            raise NotReady(f"the system did not become ready within {READY_SECONDS:.0f} seconds")
        time.sleep(0.02)


def _is_ready(host: str, port: int) -> bool:
    line = http.client.HTTPConnection(host, port, timeout=5.0)
    try:
        line.request("GET", "/readyz")
        return line.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()
