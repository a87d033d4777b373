"""`treatyline dossier`: which subjects articles are read for, and whether a folder is one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.core.errors import TreatylineError
from services.core.settings import load_settings

if TYPE_CHECKING:
    from services.core.domain.dossier import Dossier

group = typer.Typer(no_args_is_help=True, help="The subjects that articles are read for.")

out = Console()

Json = Annotated[bool, typer.Option("--json", help="Print data only: JSON, one object a line for lists.")]

RULED = "inf"  # whose propositions and kinds the reader has rules for


class DossierRefused(TreatylineError):  # noqa: N818 - named by what happened
    """A folder is no dossier; says what is wrong where."""


def check(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="It bears the dossier's id as its name.")],
    json: Json = False,
) -> None:
    """Say whether a folder is a dossier that articles can be read for, and what no rule will find.

    Examples:
      treatyline dossier check examples/new-start
    """
    dossier = _whole(folder)
    ruled = _load(RULED)
    unruled = {
        "propositions": [name for name in dossier.propositions if name not in ruled.propositions],
        "kinds": [name for name in dossier.kinds if name not in ruled.kinds],
    }
    if json:
        _line(_shown(dossier) | {"without_rules": unruled})
        return
    counts = ", ".join(f"{len(getattr(dossier, what))} {what}" for what in _COUNTED)
    out.print(Text(f"{dossier.id} {dossier.version}, {dossier.title}: {counts}"), soft_wrap=True)
    for what, names in unruled.items():
        if names:
            out.print(
                Text(f"no rule finds the {what} {', '.join(names)}: only a second reader can"), soft_wrap=True
            )


def list_(json: Json = False) -> None:
    """List the dossiers that there are, and which of them articles are read for.

    Examples:
      treatyline dossier list
    """
    from services.core.domain.dossier_folders import known_ids  # noqa: PLC0415

    settings = load_settings()
    dossiers = [_load(name) for name in known_ids()]
    if json:
        for dossier in dossiers:
            _line(_shown(dossier) | {"read": dossier.id in settings.dossiers})
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("id", "version", "title", "articles are read for it"):
        table.add_column(heading)
    for dossier in dossiers:
        read = "yes" if dossier.id in settings.dossiers else "no (TREATYLINE_DOSSIERS)"
        table.add_row(*(Text(word) for word in (dossier.id, dossier.version, dossier.title, read)))
    out.print(table)


_COUNTED = ("actors", "people", "propositions", "kinds")


def _shown(dossier: Dossier) -> dict[str, Any]:
    return {"id": dossier.id, "version": dossier.version, "title": dossier.title} | {
        what: len(getattr(dossier, what)) for what in _COUNTED
    }


def _load(dossier_id: str) -> Dossier:
    from services.core.domain.dossier import DossierError, load_dossier  # noqa: PLC0415

    try:
        return load_dossier(dossier_id)
    except DossierError as error:
        raise DossierRefused(str(error)) from None


def _whole(folder: Path) -> Dossier:
    """Its data and all its rules: an article is read by them."""
    from services.core.domain.dossier_folders import DossierError, use_folders  # noqa: PLC0415
    from workers.extraction.checking import check_rules  # noqa: PLC0415
    from workers.extraction.patterns import PatternError  # noqa: PLC0415

    try:
        use_folders([folder])
    except DossierError as error:
        raise DossierRefused(str(error)) from None
    dossier = _load(folder.expanduser().resolve().name)
    try:
        check_rules(dossier)
    except PatternError as error:
        raise DossierRefused(str(error)) from None
    return dossier


def register(command: Callable[..., Any]) -> None:
    """Add the commands to the group, by the function that tells their errors plainly."""
    command(check, group, "check")
    command(list_, group, "list")


def _line(value: Any) -> None:
    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()
