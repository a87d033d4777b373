"""What both embedded servers share: one owner per data folder, start until ready, stop, orphans."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from services.cli.embedded.account import Account, account_for
from services.core.errors import EmbeddedServerError, FolderInUse, PortInUse

HOST = "127.0.0.1"
START_SECONDS = 600.0  # a server that recovers from a crash is alive and may take long
RETRY_SECONDS = 30.0
STOP_SECONDS = 30.0
LOG_BYTES = 10_000_000  # a log file longer than this is put aside at the next start


class EmbeddedServer(ABC):
    """A server as a child process on `data_dir`, which it has for itself.

    `port` 0 takes a free one at each start; `setting` is the setting to name when `port` is in use. Start it
    from a thread that lives as long as the server is needed (the main thread): the server ends with it.
    """

    label: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]
    kill_signal: ClassVar[signal.Signals] = signal.SIGKILL
    retry_on: ClassVar[tuple[str, ...]] = ()  # in the log of a failed start: it is worth trying again

    _held: ClassVar[set[Path]] = set()  # POSIX locks do not exclude our own process

    def __init__(self, data_dir: Path | str, *, port: int = 0, setting: str) -> None:
        self.data_dir = Path(data_dir).absolute()
        self.wanted_port = port
        self.setting = setting
        self.port = port
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None
        self._account: Account | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """Where the running server is reached, password included."""

    @abstractmethod
    def _prepare(self) -> None:
        """Makes the data folder ready for `_command`."""

    @abstractmethod
    def _command(self) -> list[str]:
        """The command line for `self.port`."""

    @abstractmethod
    def _ready(self) -> bool:
        """Whether the server on `self.port` answers."""

    def _config(self) -> bytes:
        """What the server reads from standard input."""
        return b""

    def _started(self) -> None:  # noqa: B027 - most servers need nothing more
        """Called once the server answers."""

    @property
    def pid(self) -> int:
        """The server's process id while it runs."""
        process = self._process
        if process is None:
            raise EmbeddedServerError(f"{self.label} is not running")
        return process.pid

    @property
    def alive(self) -> bool:
        """Whether the server process is there."""
        process = self._process  # another thread may be stopping it
        return process is not None and process.poll() is None

    @property
    def log_path(self) -> Path:
        """The server's own log."""
        return self.data_dir / "server.log"

    def start(self) -> str:
        """Starts the server, on existing data or new, and returns its URL once it answers.

        Raises PortInUse, FolderInUse or EmbeddedServerError with the end of the server's log.
        """
        if self.alive:
            return self.url
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._account = account_for(self.data_dir)
        self._acquire()
        try:
            self._account.own(self.data_dir, 0o700)
            self._end_orphan()
            self._prepare()
            self._start_until_ready()
            self._started()
        except BaseException:
            self.stop()
            raise
        return self.url

    def stop(self) -> None:
        """Stops the server, gently first, and gives the folder back. Harmless when nothing runs."""
        if self._process is not None:
            end(self._process.pid, self._process.poll, (self.stop_signal, self.kill_signal, signal.SIGKILL))
            self._process.wait()
            self._process = None
            self._pid_path.unlink(missing_ok=True)
        self._release()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # -- starting ------------------------------------------------------------------------------------------

    def _start_until_ready(self) -> None:
        deadline, retry_until = time.monotonic() + START_SECONDS, time.monotonic() + RETRY_SECONDS
        while True:
            self.port = self.wanted_port or free_port()
            if self.wanted_port and not port_is_free(self.port):
                raise PortInUse(
                    f"port {self.port} on {HOST} is in use: choose another for {self.label} with "
                    f"{self.setting}, or 0 for any free one"
                )
            log_from = self._spawn()
            while self.alive and time.monotonic() < deadline:
                if self._ready() and self.alive:
                    return
                time.sleep(0.01)
            log = self._log_since(log_from)
            worth_it = any(words in log for words in self.retry_on)
            if self.alive or not worth_it or time.monotonic() > retry_until:
                raise EmbeddedServerError(
                    f"{self.label} did not start; the end of {self.log_path}:\n"
                    + "\n".join(log.splitlines()[-8:])
                )
            time.sleep(0.2)

    def _spawn(self) -> int:
        assert self._account is not None  # noqa: S101 - start() sets it
        if self.log_path.exists() and self.log_path.stat().st_size > LOG_BYTES:
            self.log_path.replace(self.log_path.with_suffix(".log.1"))
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        with os.fdopen(os.open(self.log_path, flags, 0o600), "ab") as log:
            self._account.own(log.fileno(), 0o600)
            log_from = log.tell()
            command = self._account.launch(
                self._command(), death_signal=self.stop_signal.name.removeprefix("SIG")
            )
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self.data_dir,
                env=server_environment(),
                start_new_session=True,  # Ctrl-C is ours to act on: clients end before servers
            )
        assert self._process.stdin is not None  # noqa: S101 - asked for above
        try:
            self._process.stdin.write(self._config())
            self._process.stdin.close()
        except BrokenPipeError:
            pass  # it ended at once; the log says why
        self._write_private(self._pid_path, json.dumps({"pid": self.pid, "born": born(self.pid)}))
        return log_from

    def _log_since(self, offset: int) -> str:
        with self.log_path.open("rb") as log:
            log.seek(offset)
            return log.read().decode(errors="replace")

    # -- one owner per folder -------------------------------------------------------------------------------

    @property
    def _pid_path(self) -> Path:
        return self.data_dir / "server.pid"

    def _acquire(self) -> None:
        """A POSIX lock: gone when we die, however, and not inherited by children we fork."""
        if self.data_dir in EmbeddedServer._held:
            raise FolderInUse(f"this process runs {self.label} on {self.data_dir} already")
        lock = os.open(self.data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise FolderInUse(
                f"another process runs {self.label} on {self.data_dir}: stop it, or choose another folder "
                "with TREATYLINE_DATA_DIR"
            ) from None
        assert self._account is not None  # noqa: S101 - start() sets it
        self._account.own(lock, 0o600)
        EmbeddedServer._held.add(self.data_dir)
        self._lock = lock

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
            EmbeddedServer._held.discard(self.data_dir)

    def _end_orphan(self) -> None:
        """Ends a server whose starter died: nobody else holds the lock, so nobody else needs it."""
        try:
            record = json.loads(self._pid_path.read_text(encoding="ascii"))
            pid, birth = int(record["pid"]), record["born"]
        except (OSError, ValueError, KeyError, TypeError):
            return
        if birth is not None and born(pid) == birth:
            end(
                pid,
                lambda: None if born(pid) == birth else 0,
                (self.stop_signal, self.kill_signal, signal.SIGKILL),
            )
        self._pid_path.unlink(missing_ok=True)

    # -- files ------------------------------------------------------------------------------------------------

    def _write_private(self, path: Path, text: str) -> None:
        assert self._account is not None  # noqa: S101 - start() sets it
        new = path.with_name(path.name + ".new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            self._account.own(file.fileno(), 0o600)
            file.write(text)
        new.replace(path)

    def _secret(self, name: str) -> str:
        """A password of this data folder, made at the first start."""
        path = self.data_dir / name
        if not path.exists():
            self._write_private(path, secrets.token_urlsafe(24))
        return path.read_text(encoding="ascii")


def package_folder(package: str) -> Path:
    """Where a wheel's files lie; the package is not imported."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServerError(f"the package {package} is not installed: run `make setup`")
    return Path(spec.submodule_search_locations[0])


def server_environment() -> dict[str, str]:
    """Ours without what would steer a server: PG* variables, the user's locale and time zone."""
    keep = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    return {"PATH": os.defpath, **keep, "LC_ALL": "C", "TZ": "UTC"}


def free_port() -> int:
    """A TCP port on the loopback that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def port_is_free(port: int) -> bool:
    """Whether a server could listen there, judged as servers do (SO_REUSEADDR)."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def born(pid: int) -> str | None:
    """When the live process began, as the kernel counts: with the id it names a process for good.

    None where there is no such process (a zombie is none) or no /proc to ask.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()  # the name before it may hold anything; proc(5)
    return None if fields[0] in "ZX" else f"{boot}/{fields[19]}"


def end(pid: int, poll: Callable[[], int | None], signals: tuple[signal.Signals, ...]) -> None:
    """Sends each signal in turn until `poll` no longer answers None."""
    for sent in signals:
        deadline = time.monotonic() + STOP_SECONDS
        if poll() is not None:
            return
        try:
            os.kill(pid, sent)
        except ProcessLookupError:
            return
        while poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
