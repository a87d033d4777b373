"""`treatyline verify` and `treatyline rebuild`: work on the database itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import psycopg
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from services.cli.backends import stored
from services.core.errors import DatabaseUnreachable, TreatylineError
from services.core.eventstore.seals import verify
from services.core.projections.rebuild import OnProgress, rebuild
from services.core.settings import Settings


class NotTheOwner(TreatylineError):  # noqa: N818 - named by what is wrong
    """This database role may not do that: name the owner's address with TREATYLINE_MIGRATE_URL."""


def verify_log(settings: Settings, known_seal: str | None = None) -> dict[str, Any]:
    """The report of a verification as plain data; `intact` is the verdict."""
    with stored(settings) as found, _owner(found) as conn:
        report = verify(conn, known_seal)
    return {"intact": report.ok, **asdict(report)}


def rebuild_tables(settings: Settings, err: Console) -> int:
    """Rebuild the read tables with a progress bar on standard error. Gives the position they reflect."""
    return _rebuilt(settings, err, rebuild)


def rebuild_copies(settings: Settings, err: Console) -> int:
    """Rebuild the index of copies in the same way. Gives how many articles it knows."""
    from workers.dedup.rebuild import rebuild_index  # noqa: PLC0415 - heavy

    return _rebuilt(settings, err, rebuild_index)


def _rebuilt(
    settings: Settings, err: Console, work: Callable[[psycopg.Connection[Any], OnProgress], int]
) -> int:
    columns = (TextColumn("rebuilding"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        stored(settings) as found,
        _owner(found) as conn,
        Progress(*columns, console=err) as progress,
    ):
        task = progress.add_task("rebuilding", total=None)
        return work(conn, lambda done, of: progress.update(task, completed=done, total=of))


@contextmanager
def _owner(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    """The owner's connection: the services' role may not do all of this."""
    try:
        with psycopg.connect(settings.migrate_url or settings.database_url or "", autocommit=True) as conn:
            yield conn
    except psycopg.OperationalError as error:
        raise DatabaseUnreachable.because(error) from None
    except psycopg.errors.InsufficientPrivilege:
        raise NotTheOwner from None
