"""How the command line shows timeline entries and positions to a person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

SIGNS = {"supports": "[green]+[/]", "opposes": "[red]-[/]", "conditional": "[yellow]?[/]"}


def timeline(console: Console, entries: Iterable[dict[str, Any]]) -> None:
    """A line for each entry: when, who, what, to whom, in whose words, told by how many."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("date", no_wrap=True)
    table.add_column("who", overflow="fold")
    table.add_column("what", no_wrap=True)
    table.add_column("to", overflow="fold")
    table.add_column("outlets", justify="right")
    table.add_column("in the words of the source", ratio=1, max_width=80)
    for entry in entries:
        planned = " [dim](planned)[/]" if entry["status"] == "planned" else ""
        table.add_row(
            entry["date"],
            ", ".join(entry["actors"]),
            entry["kind"] + planned,
            ", ".join(entry["recipients"]),
            str(entry["counts"]["outlets"]),
            escape(short(entry["summary"] or "")),
        )
    console.print(table)


def positions(console: Console, standings: Iterable[dict[str, Any]]) -> None:
    """Actors by propositions, a sign in each cell: + supports, - opposes, ? on a condition, ! contested."""
    cells: dict[str, dict[str, str]] = {}
    propositions: list[str] = []
    for standing in standings:
        sign = SIGNS[standing["stance"]] + ("[bold]![/]" if standing["contested"] else "")
        cells.setdefault(standing["actor"], {})[standing["proposition"]] = sign
        if standing["proposition"] not in propositions:
            propositions.append(standing["proposition"])
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("actor", no_wrap=True)
    for proposition in sorted(propositions):
        table.add_column(proposition.replace("-", " "), justify="center")
    for actor in sorted(cells, key=lambda a: (-len(cells[a]), a)):
        table.add_row(actor, *(cells[actor].get(proposition, "") for proposition in sorted(propositions)))
    console.print(table)
    console.print(
        "[green]+[/] supports   [red]-[/] opposes   [yellow]?[/] on a condition   [bold]![/] contested"
    )


def short(text: str, most: int = 160) -> str:
    """The text on one line, cut at a word."""
    text = " ".join(text.split())
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0] + " …"
