"""The database and the broker that a command works on: named by settings, else embedded.

`treatyline up` starts embedded servers and leaves their addresses in `<data_dir>/run.json`, so that a
command beside it finds them; with nothing running, a command starts the database for as long as it needs it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from services.cli.embedded import EmbeddedPostgres, EmbeddedValkey
from services.cli.embedded.server import EmbeddedServer, born
from services.core.errors import TreatylineError
from services.core.eventstore.migrate import SERVICES_ROLE, migrate
from services.core.settings import Settings


@dataclass(frozen=True, slots=True)
class Running:
    """What `treatyline up` left for others: who it is and where its servers are."""

    pid: int
    born: str | None
    url: str
    database_url: str
    migrate_url: str
    redis_url: str
    processes: dict[str, int]


class NoData(TreatylineError):  # noqa: N818 - named by what is missing
    """Nothing is stored here."""


@contextmanager
def stored(settings: Settings) -> Iterator[Settings]:
    """Settings with the database that holds what is there already. Raises NoData rather than make one up."""
    folder = settings.data_dir / "postgres"
    if settings.database_url is None and running(settings) is None and not folder.is_dir():
        raise NoData(
            f"no data under {settings.data_dir.absolute()}: start with `treatyline up`, or name the folder with "
            "TREATYLINE_DATA_DIR, or a database with TREATYLINE_DATABASE_URL"
        )
    with backends(settings, broker=False, migrating=False) as found:
        yield found


@contextmanager
def backends(
    settings: Settings,
    *,
    broker: bool = True,
    migrating: bool = True,
    started: list[EmbeddedServer] | None = None,
) -> Iterator[Settings]:
    """Settings with working servers behind them. Embedded ones are migrated, and stop at the end.

    A database that the settings name is migrated only where `migrating`, as `migrate_url`'s owner. Servers that
    were started are put into `started`.

    Raises EmbeddedServerError, PortInUse, FolderInUse or MigrationError with a message for the operator.
    """
    servers = started if started is not None else []
    with ExitStack() as stack:
        found = running(settings)
        update: dict[str, str] = {}
        if settings.database_url is None:
            if found is not None:
                update |= {"database_url": found.database_url, "migrate_url": found.migrate_url}
            else:
                postgres = stack.enter_context(
                    EmbeddedPostgres(settings.data_dir / "postgres", port=settings.postgres_port)
                )
                servers.append(postgres)
                migrate(postgres.url, postgres.services_password)
                update |= {"database_url": postgres.services_url, "migrate_url": postgres.url}
        elif migrating:
            migrate(settings.migrate_url or settings.database_url, _services_password(settings.database_url))
        if broker and settings.redis_url is None:
            if found is not None:
                update["redis_url"] = found.redis_url
            else:
                valkey = stack.enter_context(
                    EmbeddedValkey(settings.data_dir / "valkey", port=settings.valkey_port)
                )
                servers.append(valkey)
                update["redis_url"] = valkey.url
        yield settings.model_copy(update=update)


def _services_password(url: str) -> str | None:
    """The password that the services' own role is to log in with, where the address names that role."""
    parts = urlsplit(url)
    return unquote(parts.password) if parts.username == SERVICES_ROLE and parts.password else None


def _path(settings: Settings) -> Path:
    return settings.data_dir / "run.json"


def announce(settings: Settings, url: str, processes: dict[str, int]) -> None:
    """Leave the addresses for commands beside this one; they hold passwords, so only for this user."""
    told = Running(
        pid=os.getpid(),
        born=born(os.getpid()),
        url=url,
        database_url=settings.database_url or "",
        migrate_url=settings.migrate_url or settings.database_url or "",
        redis_url=settings.redis_url or "",
        processes=processes,
    )
    path = _path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(told), file)
    new.replace(path)


def withdraw(settings: Settings) -> None:
    """Take back what `announce` left."""
    _path(settings).unlink(missing_ok=True)


def running(settings: Settings) -> Running | None:
    """The system that `treatyline up` runs on this data folder, if it lives."""
    try:
        told = Running(**json.loads(_path(settings).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return told if told.born is not None and born(told.pid) == told.born else None
