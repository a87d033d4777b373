"""What all commands share: how they are registered, what they print on, how what goes wrong is told.

Exit codes: 0 done; 1 it could not be, or not wholly, and standard error says why and what to do; 2 asked wrongly;
130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console

from services.core.errors import TreatylineError
from services.core.logging import configure_logging
from services.core.settings import Settings, load_settings

INTERRUPTED = 130  # 128 and SIGINT's number, as shells have it

_NO_SUCH_TABLE = frozenset({"42P01", "42703", "3F000", "42883"})  # table, column, schema, function

out = Console()
err = Console(stderr=True)

Url = Annotated[str | None, typer.Option("--url", help="Where the service runs. \\[default: the one here]")]
Json = Annotated[bool, typer.Option("--json", help="Print data only: JSON, one object a line for lists.")]


@contextmanager
def plainly() -> Iterator[None]:
    """What an operator can mend is one message and exit code 1, never a traceback."""
    try:
        yield
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    except Exception as error:
        if (words := words_of(error)) is None:
            raise
        fail(words)


def words_of(error: Exception) -> str | None:
    """What an operator is told of an error that one can mend; none for any other."""
    if isinstance(error, TreatylineError):
        return str(error)
    if isinstance(error, BrokenPipeError):
        return None  # whoever read our output has enough: click ends quietly
    if isinstance(error, OSError):  # a folder that is not ours, a disk that is full
        what = f"{error.filename}: " if error.filename else ""
        return f"{what}{error.strerror or type(error).__name__}"
    return _of_the_database(error)


def _of_the_database(error: Exception) -> str | None:
    """What the database's refusal comes to; none for any other error. The driver is loaded only where it is used."""
    driver = sys.modules.get("psycopg")
    cause = getattr(error, "orig", error)  # SQLAlchemy's have the driver's inside
    if driver is None or not isinstance(cause, driver.Error):
        return None
    if cause.sqlstate in _NO_SUCH_TABLE:
        return (
            "the database has not this release's schema: run `treatyline migrate` (as TREATYLINE_MIGRATE_URL)"
        )
    said = str(cause).splitlines()[0] if str(cause) else type(cause).__name__
    return f"the database: {said} (`treatyline doctor` says what it wants)"


def fail(message: str) -> None:
    """Say what is wrong, and end with exit code 1."""
    show(message)
    raise typer.Exit(1) from None


def show(message: str) -> None:
    """Say what is wrong."""
    err.print("[red]error:[/] ", end="")
    err.print(message, soft_wrap=True, highlight=False, markup=False)


def command(
    function: Callable[..., None], group: typer.Typer, name: str | None = None, panel: str | None = None
) -> None:
    """Register a command whose errors are told plainly."""

    @wraps(function)
    def told_plainly(*args: Any, **kwargs: Any) -> None:
        with plainly():
            function(*args, **kwargs)

    group.command(name, rich_help_panel=panel)(told_plainly)


def settings_of(*, quiet: bool = True) -> Settings:
    """The settings, and logs as they have them; of a command that only asks, warnings alone."""
    settings = load_settings()
    configure_logging(level="warning" if quiet else settings.log_level, json=settings.json_logs)
    return settings


def line(value: Any) -> None:
    """One JSON value on a line of standard output."""
    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()
