"""`treatyline up`, `demo`, `run` and `migrate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.shell import err, out, plainly, settings_of


def up() -> None:
    """Start the whole system and keep it running until Ctrl-C.

    Examples:
      treatyline up
      TREATYLINE_PORT=9000 TREATYLINE_DATA_DIR=/srv/treatyline treatyline up
    """
    from services.cli.system import run_until_told  # noqa: PLC0415 - each command imports what it needs

    with plainly():
        run_until_told(settings_of(quiet=False), err)


def demo(
    stop: Annotated[bool, typer.Option("--exit", help="End after showing instead of running on.")] = False,
    samples: Annotated[Path | None, typer.Option(help="Where the sample dispatches are.")] = None,
) -> None:
    """Start the system, post the sample dispatches, show the timeline and the positions.

    Examples:
      treatyline demo
      treatyline demo --exit
    """
    from services.cli.demo import run_demo  # noqa: PLC0415

    run_demo(settings_of(quiet=False), out, err, samples=samples, stop=stop)


def process_names() -> list[str]:
    """What `run` runs, for completion."""
    from services.cli.processes import PROCESSES  # noqa: PLC0415

    return list(PROCESSES)


def run(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="web, ingest, api, worker, relay or projector", autocompletion=process_names
        ),
    ],
) -> None:
    """Run one process of the system in the foreground, on the servers that the settings name.

    Examples:
      treatyline run api
      TREATYLINE_WORKER_CONCURRENCY=4 treatyline run worker
    """
    from services.cli.processes import PROCESSES, end_with_parent  # noqa: PLC0415

    if name not in PROCESSES:
        raise typer.BadParameter(f"choose one of {', '.join(PROCESSES)}")
    end_with_parent()
    raise typer.Exit(PROCESSES[name](settings_of(quiet=False)))


def migrate() -> None:
    """Bring the database to this release's schema, as its owner (TREATYLINE_MIGRATE_URL).

    Examples:
      treatyline migrate
      TREATYLINE_MIGRATE_URL=postgresql://owner@db/treatyline treatyline migrate
    """
    from services.cli.backends import backends  # noqa: PLC0415

    with backends(settings_of(quiet=False), broker=False):
        err.print("the schema is up to date")
