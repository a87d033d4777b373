"""Looks at everything and tells it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from services.cli.doctor.findings import Finding, State, fails, ok
from services.cli.shell import Json, line, out
from services.core.errors import UnsafeSettings
from services.core.logging import configure_logging
from services.core.settings import Settings, load_settings

STYLES = {State.OK: "green", State.WARNING: "yellow", State.FAILS: "red"}

Check = Callable[[Settings], Iterator[Finding]]


def doctor(
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave the reader out, which takes seconds.")
    ] = False,
    json: Json = False,
) -> None:
    """Check what Treatyline needs: Python, disk, memory, ports, database, broker, reader. Exit code 1 if one fails.

    Examples:
      treatyline doctor
      treatyline doctor --json
    """
    failed = False
    for finding in examine(quick=quick):
        failed = failed or finding.state is State.FAILS
        if json:
            line(asdict(finding))
        else:
            show(out, finding)
    if failed:
        raise typer.Exit(1)


def examine(*, quick: bool) -> Iterator[Finding]:
    """Every finding, as it comes. A check that breaks is a finding too."""
    from services.cli.doctor import machine, reader, servers  # noqa: PLC0415 - each command imports what it needs

    yield from machine.python()
    try:
        settings = load_settings()
    except UnsafeSettings as error:
        yield fails(
            "settings", str(error), "mend the environment; services/core/settings.py has every setting"
        )
        return
    configure_logging(level="error", json=settings.json_logs)
    yield ok("settings", "can be read")
    checks: list[Check] = [machine.disk, machine.memory, machine.ports, servers.database, servers.broker]
    for check in checks if quick else [*checks, reader.reader]:
        yield from _whatever_happens(check, settings)


def _whatever_happens(check: Check, settings: Settings) -> Iterable[Finding]:
    name = check.__name__.removesuffix("s")
    found: list[Finding] = []
    try:
        found.extend(check(settings))
    except Exception as error:  # noqa: BLE001 - the others are still looked at
        said = f"could not be checked: {type(error).__name__}: {error}"
        found.append(fails(name, said, "report it, with this line"))
    return found


def show(console: Console, finding: Finding) -> None:
    """One finding for a person: a line, and one below it with what to do."""
    told = Text(f"{finding.state:<8}", style=STYLES[finding.state])
    told.append(f"{finding.check:<10}", style="bold")
    told.append(finding.said.replace("\n", "; "))
    console.print(told, soft_wrap=True, highlight=False)
    if finding.do:
        console.print(Text(f"{'':18}→ {finding.do}"), soft_wrap=True, highlight=False)
