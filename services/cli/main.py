"""The command line `treatyline`: every command parses, calls, prints. `--json` prints data only."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated

import typer

from services.cli import (
    asking,
    bench,
    correcting,
    dossiers,
    feeds,
    keeping,
    keying,
    reading,
    shell,
    starting,
    webhooks,
)
from services.cli.doctor.command import doctor

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Who said and did what about the INF Treaty, when, and on what evidence.",
)


def _version(asked: bool) -> None:
    if asked:
        print(f"treatyline {version('treatyline')}")
        raise typer.Exit


@app.callback(
    epilog="Exit codes: 0 done; 1 it could not be, with what to do; 2 asked wrongly; 130 interrupted."
)
def main(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Who said and did what about the INF Treaty, when, and on what evidence."""


PANELS: dict[str, tuple[Callable[..., None], ...]] = {
    "Run it": (starting.up, starting.demo, starting.run, starting.migrate, doctor),
    "Articles": (reading.ingest, reading.extract, reading.evaluate, reading.duplicates),
    "Ask it": (asking.timeline, asking.positions, asking.follow),
    "Keep it": (keeping.export, keeping.verify, keeping.rebuild, keeping.retry),
}
for panel, functions in PANELS.items():
    for function in functions:
        shell.command(function, app, panel=panel)

for group, called, panel in (
    (keying.group, "keys", "Keep it"),
    (webhooks.group, "webhooks", "Ask it"),
    (correcting.group, "correct", "Ask it"),
    (feeds.group, "feed", "Articles"),
    (dossiers.group, "dossier", "Articles"),
    (bench.group, "bench", "Run it"),
):
    app.add_typer(group, name=called, rich_help_panel=panel)

feeds.register(shell.command)
dossiers.register(shell.command)
bench.register(shell.command)
