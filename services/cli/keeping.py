"""`treatyline export`, `verify`, `rebuild` and `retry`: what an operator does with what is stored."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from services.cli.shell import Json, err, line, out, settings_of

FORMATS = ("parquet", "jsonl")


def export(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where the files go; made if it is not there.")
    ],
    format_: Annotated[
        str, typer.Option("--format", help="parquet or jsonl", autocompletion=lambda: list(FORMATS))
    ] = "parquet",
    json: Json = False,
) -> None:
    """Write events, mentions, positions, statements and articles as files for analysts, all of one moment.

    Examples:
      treatyline export tables
      treatyline export tables --format jsonl
    """
    from services.cli.exporting import Format, write_files  # noqa: PLC0415 - each command imports what it needs

    if format_ not in set(Format):
        raise typer.BadParameter(f"--format is one of {', '.join(Format)}")
    report = write_files(settings_of(), folder, Format(format_))
    if json:
        line(report)
        return
    for name, rows in report["rows"].items():
        out.print(f"{folder / name}.{format_}: {rows} rows", highlight=False, markup=False, soft_wrap=True)
    err.print(f"as of global position {report['position']}", highlight=False)


def verify(json: Json = False) -> None:
    """Walk the log, its seals and the bodies; name the first that is broken. Exit code 1 if one is.

    Examples:
      treatyline verify
      treatyline verify --json
    """
    from services.cli.upkeep import verify_log  # noqa: PLC0415

    report = verify_log(settings_of())
    if json:
        line(report)
    else:
        show_report(report)
    if not report["intact"]:
        raise typer.Exit(1)


def show_report(report: dict[str, Any]) -> None:
    """What `verify` found, for a person."""
    if report["intact"]:
        out.print(
            f"[green]intact[/]: {report['events']} events, {report['seals']} seals, {report['bodies']} bodies"
        )
    else:
        out.print("[red]broken[/]: ", end="")
        out.print("{kind} {name}: {reason}".format(**report["broken"]), soft_wrap=True, markup=False)
    if report["newest_seal"]:
        out.print(f"newest seal: {report['newest_seal']}", soft_wrap=True)


def rebuild(
    copies: Annotated[
        bool, typer.Option("--copies", help="The index that copies are found by, not the read tables.")
    ] = False,
    json: Json = False,
) -> None:
    """Fold the whole log again and mend the read tables by it; readers are not interrupted.

    Examples:
      treatyline rebuild
      treatyline rebuild --copies
    """
    from services.cli.upkeep import rebuild_copies, rebuild_tables  # noqa: PLC0415

    if copies:
        known = rebuild_copies(settings_of(), err)
        if json:
            line({"articles": known})
        else:
            out.print(f"the index of copies knows {known} articles")
        return
    position = rebuild_tables(settings_of(), err)
    if json:
        line({"position": position})
    else:
        out.print(f"the read tables reflect the log up to position {position}")


def retry(
    articles: Annotated[list[str] | None, typer.Argument(help="Ids of articles.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Every article that could not be read.")] = False,
    json: Json = False,
) -> None:
    """Take up again articles whose reading failed. Those that failed of nothing are left alone.

    Exit code 1, with their ids, if there are no such articles.

    Examples:
      treatyline retry --failed
      treatyline retry 7ffd6df3-728f-50b5-b984-63ca11f38a1b
    """
    from services.cli.retrying import retry_readings  # noqa: PLC0415

    if failed == bool(articles):
        raise typer.BadParameter("name articles, or say --failed for all that failed")
    try:
        chosen = [str(UUID(article)) for article in articles or ()]
    except ValueError:
        raise typer.BadParameter("an article's id is a UUID") from None
    count = 0
    try:
        for count, asked in enumerate(retry_readings(settings_of(), chosen or None), 1):  # noqa: B007
            if json:
                line(asked)
    finally:  # also where others could not be
        if not json:
            out.print(f"{count} readings asked for again")
