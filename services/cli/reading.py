"""`treatyline ingest`, `extract`, `evaluate` and `duplicates`: what is done with files of articles."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli.shell import Json, Url, err, line, out, settings_of

Paths = Annotated[
    list[Path],
    typer.Argument(
        metavar="PATH", help="Files (.txt, .html, .json, .ndjson), folders of them, or - for NDJSON."
    ),
]


def ingest(
    paths: Paths,
    url: Url = None,
    wait: Annotated[bool, typer.Option(help="Wait until everything posted has been read.")] = False,
    json: Json = False,
) -> None:
    """Post articles. Exit code 1 if any could not be posted.

    Examples:
      treatyline ingest samples
      treatyline ingest articles.ndjson --wait --json
      cat articles.ndjson | treatyline ingest -
    """
    from services.cli.http import service  # noqa: PLC0415
    from services.cli.posting import post_files  # noqa: PLC0415

    with service(settings_of(), url) as target:
        refused = post_files(target, paths, err, wait=wait, on_result=line if json else None)
    if refused:
        raise typer.Exit(1)


def extract(
    paths: Paths,
    published_at: Annotated[
        str | None, typer.Option(help="Publication date or time of articles that bring none.")
    ] = None,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Say where each record comes from, in words; with --json as data."),
    ] = False,
    json: Json = False,
) -> None:
    """Read articles and print one JSON line each: quotations, positions, events, dates. Needs no server.

    Examples:
      treatyline extract article.txt --published-at 2019-09-25
      treatyline extract samples --explain
    """
    from services.cli.explaining import in_words  # noqa: PLC0415
    from services.cli.extracting import extract_files, is_date  # noqa: PLC0415

    def in_lines(record: dict[str, Any]) -> None:
        for words in in_words(record):
            out.print(words, markup=False, highlight=False, soft_wrap=True)

    if published_at is not None and not is_date(published_at):
        raise typer.BadParameter("--published-at wants a date such as 2019-08-02, or a time (RFC 3339)")

    emit = in_lines if explain and not json else line
    if extract_files(settings_of(), paths, published_at, emit, err, explain=explain):
        raise typer.Exit(1)


def evaluate(
    gold: Annotated[Path | None, typer.Argument(help="Coded articles (YAML).")] = None,
    texts: Annotated[
        Path | None, typer.Option(help="Folder of their texts. \\[default: beside them]")
    ] = None,
    timex: Annotated[Path | None, typer.Option(help="Folder of TimeML files to score dates on.")] = None,
    attributions: Annotated[
        Path | None, typer.Option(help="Folder with text/ and attributions/ to score quotations on.")
    ] = None,
    calibration: Annotated[
        bool, typer.Option("--calibration", help="Say what confidences are worth.")
    ] = False,
    errors: Annotated[bool, typer.Option("--errors", help="Name every miss and every false alarm.")] = False,
    json: Json = False,
) -> None:
    """Score the extractor on coded articles: precision, recall, F1 by question and kind. Needs no server.

    Examples:
      treatyline evaluate gold.yaml --errors
      treatyline evaluate gold.yaml --texts articles --calibration
    """
    from services.cli.evaluation.command import Asked, run_evaluation  # noqa: PLC0415
    from services.cli.extracting import make_reader  # noqa: PLC0415
    from services.core.domain.dossier import load_dossier  # noqa: PLC0415

    settings = settings_of()
    reader = make_reader(settings, load_dossier(settings.dossiers[0]))
    asked = Asked(gold, texts, timex, attributions, errors, calibration)
    run_evaluation(reader, asked, out, line if json else None)


def duplicates(
    paths: Paths,
    json: Json = True,  # noqa: ARG001 - it prints nothing else
) -> None:
    """Find the copies among articles and print one JSON line each: its story, whose copy it is. Needs no server.

    Examples:
      treatyline duplicates samples
    """
    from services.cli.duplicates import judge_files  # noqa: PLC0415

    if judge_files(paths, line, err):
        raise typer.Exit(1)
