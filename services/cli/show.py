"""How the command line shows timeline entries and positions to a person, on terminals of any width."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from services.client.models import (
    Change,
    Counts,
    Entry,
    EntryChange,
    EntryGone,
    Position,
    PositionChange,
    PositionGone,
)

SIGNS = {"supports": ("+", "green"), "opposes": ("-", "red"), "conditional": ("?", "yellow")}
INDENT = 12  # the width of a day, and two blanks


def timeline(console: Console, entries: Iterable[Entry]) -> None:
    """Two lines for each entry: when, who did what to whom and who tells it; then the words themselves."""
    for entry in entries:
        _entry(console, entry, Text(entry.date.ljust(INDENT), style="bold"))


def _entry(console: Console, entry: Entry, head: Text) -> None:
    head.append(", ".join(entry.actors) or "-", style="cyan")
    head.append(f"  {entry.kind}")
    if entry.recipients:
        head.append(" > ", style="dim")
        head.append(", ".join(entry.recipients), style="cyan")
    if entry.status == "planned":
        head.append("  planned", style="yellow")
    head.append(f"  {_told_by(entry.counts)}", style="dim")
    console.print(head)
    if entry.summary:
        console.print(Padding(Text(short(entry.summary)), (0, 0, 0, INDENT)))


def _told_by(counts: Counts) -> str:
    told = f"{counts.outlets} outlet" + ("s" if counts.outlets != 1 else "")
    return told if counts.stories >= counts.outlets else f"{told}, {counts.stories} independent"


def change(console: Console, told: Change) -> None:
    """A change of the timeline or of a position: its id and what happened, then what is so from now on."""
    head = Text(f"{told.id}  ", style="dim")
    head.append(f"{told.name}  ", style="bold")
    match told.data:
        case EntryChange() as entry:
            head.append(f"{entry.date}  ")
            _entry(console, entry, head)
        case EntryGone() as gone:
            into = f" into {gone.merged_into}" if gone.merged_into else ""
            console.print(head.append(f"{gone.date}  {', '.join(gone.actors) or '-'}  {gone.kind}{into}"))
        case PositionChange() as position:
            sign, style = SIGNS[position.stance]
            head.append(f"{position.actor}  {position.proposition}  ")
            head.append(sign + ("!" if position.contested else ""), style=style)
            console.print(head.append(f"  since {position.since}, {_told_by(position.counts)}"))
        case PositionGone() as gone_position:
            console.print(
                head.append(f"{gone_position.actor}  {gone_position.proposition}  stated no longer")
            )
        case _:
            console.print(head)


def data_of(answer: BaseModel | dict[str, Any]) -> dict[str, Any]:
    """An answer as the service sent it, for `--json`."""
    if isinstance(answer, dict):
        return answer
    return answer.model_dump(mode="json", by_alias=True, exclude_unset=True)


def positions(console: Console, standings: Iterable[Position]) -> None:
    """Actors by propositions, a sign in each cell; the propositions are numbered and named below."""
    cells: dict[str, dict[str, Text]] = {}
    propositions: set[str] = set()
    for standing in standings:
        sign, style = SIGNS[standing.stance]
        shown = Text(sign, style=style)
        if standing.contested:
            shown.append("!", style="bold")
        cells.setdefault(standing.actor, {})[standing.proposition] = shown
        propositions.add(standing.proposition)
    numbered = sorted(propositions)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("actor", no_wrap=True)
    for number in range(1, len(numbered) + 1):
        table.add_column(str(number), justify="center", min_width=2)
    for actor in sorted(cells, key=lambda a: (-len(cells[a]), a)):
        table.add_row(actor, *(cells[actor].get(proposition, "") for proposition in numbered))
    console.print(table)
    console.print(
        "[green]+[/] supports  [red]-[/] opposes  [yellow]?[/] on a condition  [bold]![/] contested\n"
    )
    for number, proposition in enumerate(numbered, start=1):
        console.print(f"{number:>4}  {proposition}", highlight=False)


def short(text: str, most: int = 240) -> str:
    """The text on one line, cut at a word."""
    text = " ".join(text.split())
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0] + " ..."
