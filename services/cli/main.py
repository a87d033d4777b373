"""The command line `treatyline`: every command parses, calls, prints. `--json` prints data only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import orjson
import typer
from rich.console import Console

from services.cli import dossiers, feeds, webhooks
from services.core.errors import TreatylineError
from services.core.logging import configure_logging
from services.core.settings import Settings, load_settings

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Who said and did what about the INF Treaty, when, and on what evidence.",
)

keys = typer.Typer(no_args_is_help=True, help="Make, list and revoke API keys.")
app.add_typer(keys, name="keys")
app.add_typer(webhooks.group, name="webhooks")
app.add_typer(feeds.group, name="feed")
app.add_typer(dossiers.group, name="dossier")

INTERRUPTED = 130  # 128 and SIGINT's number, as shells have it

out = Console()
err = Console(stderr=True)

Url = Annotated[str | None, typer.Option("--url", help="Where the service runs. [default: the one here]")]
Json = Annotated[bool, typer.Option("--json", help="Print data only: JSON, one object a line for lists.")]
Paths = Annotated[list[Path], typer.Argument(help="Files (.txt, .html, .json, .ndjson) or folders of them.")]


@contextmanager
def _plainly() -> Iterator[None]:
    """What an operator can mend is one message and exit code 1, never a traceback."""
    try:
        yield
    except TreatylineError as error:
        err.print(f"[red]error:[/] {error}", soft_wrap=True, highlight=False)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None


def command(
    function: Callable[..., None], group: typer.Typer = app, name: str | None = None
) -> Callable[..., None]:
    """Register a command whose errors are told plainly."""

    @wraps(function)
    def told_plainly(*args: Any, **kwargs: Any) -> None:
        with _plainly():
            function(*args, **kwargs)

    return group.command(name)(told_plainly)


def _settings(*, quiet: bool = False) -> Settings:
    settings = load_settings()
    configure_logging(level="warning" if quiet else settings.log_level, json=settings.json_logs)
    return settings


def _line(value: Any) -> None:
    """One JSON value on a line of standard output."""
    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


@command
def up() -> None:
    """Start the whole system and keep it running until Ctrl-C."""
    from services.cli.system import run_until_told  # noqa: PLC0415 - each command imports what it needs

    with _plainly():
        run_until_told(_settings(), err)


@command
def demo(
    stop: Annotated[bool, typer.Option("--exit", help="End after showing instead of running on.")] = False,
    samples: Annotated[Path | None, typer.Option(help="Where the sample dispatches are.")] = None,
) -> None:
    """Start the system, post the sample dispatches, show the timeline and the positions."""
    from services.cli.demo import run_demo  # noqa: PLC0415

    run_demo(_settings(), out, err, samples=samples, stop=stop)


@command
def run(name: Annotated[str, typer.Argument(help="web, ingest, api, worker, relay or projector")]) -> None:
    """Run one process of the system in the foreground, on the servers that the settings name."""
    from services.cli.processes import PROCESSES, end_with_parent  # noqa: PLC0415

    if name not in PROCESSES:
        raise typer.BadParameter(f"choose one of {', '.join(PROCESSES)}")
    end_with_parent()
    raise typer.Exit(PROCESSES[name](_settings()))


@command
def migrate() -> None:
    """Bring the database to this release's schema, as its owner (TREATYLINE_MIGRATE_URL)."""
    from services.cli.backends import backends  # noqa: PLC0415

    with backends(_settings(), broker=False):
        err.print("the schema is up to date")


@command
def ingest(
    paths: Paths,
    url: Url = None,
    wait: Annotated[bool, typer.Option(help="Wait until everything posted has been read.")] = False,
    json: Json = False,
) -> None:
    """Post articles. Exit code 1 if any could not be posted."""
    from services.cli.http import service  # noqa: PLC0415
    from services.cli.posting import post_files  # noqa: PLC0415

    with service(_settings(quiet=True), url) as target:
        refused = post_files(target, paths, err, wait=wait, on_result=_line if json else None)
    if refused:
        raise typer.Exit(1)


@command
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
    """Read articles and print one JSON line each: quotations, positions, events, dates. Needs no server."""
    from services.cli.explaining import in_words  # noqa: PLC0415
    from services.cli.extracting import extract_files, is_date  # noqa: PLC0415

    def in_lines(record: dict[str, Any]) -> None:
        for line in in_words(record):
            out.print(line, markup=False, highlight=False, soft_wrap=True)

    if published_at is not None and not is_date(published_at):
        raise typer.BadParameter("--published-at wants a date such as 2019-08-02, or a time (RFC 3339)")

    emit = in_lines if explain and not json else _line
    if extract_files(_settings(quiet=True), paths, published_at, emit, err, explain=explain):
        raise typer.Exit(1)


@command
def evaluate(
    gold: Annotated[Path | None, typer.Argument(help="Coded articles (YAML).")] = None,
    texts: Annotated[Path | None, typer.Option(help="Folder of their texts. [default: beside them]")] = None,
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
    """Score the extractor on coded articles: precision, recall, F1 by question and kind. Needs no server."""
    from services.cli.evaluation.command import Asked, run_evaluation  # noqa: PLC0415
    from services.cli.extracting import make_reader  # noqa: PLC0415
    from services.core.domain.dossier import load_dossier  # noqa: PLC0415

    settings = _settings(quiet=True)
    reader = make_reader(settings, load_dossier(settings.dossiers[0]))
    asked = Asked(gold, texts, timex, attributions, errors, calibration)
    run_evaluation(reader, asked, out, _line if json else None)


@command
def duplicates(
    paths: Paths,
    json: Json = True,  # noqa: ARG001 - it prints nothing else
) -> None:
    """Find the copies among articles and print one JSON line each: its story, whose copy it is. Needs no server."""
    from services.cli.duplicates import judge_files  # noqa: PLC0415

    if judge_files(paths, _line, err):
        raise typer.Exit(1)


@command
def timeline(
    url: Url = None,
    actor: Annotated[list[str] | None, typer.Option(help="Only this actor; may be repeated.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind of event; may be repeated.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="2019-08-02, 2019-08 or 2019")] = None,
    to: Annotated[str | None, typer.Option(help="2019-08-02, 2019-08 or 2019")] = None,
    as_of: Annotated[str | None, typer.Option(help="What had been said by this day.")] = None,
    reported_by: Annotated[str | None, typer.Option(help="What had been published by this day.")] = None,
    known_at: Annotated[str | None, typer.Option(help="What was recorded by this time or position.")] = None,
    q: Annotated[str | None, typer.Option(help="Words of the evidence.")] = None,
    most: Annotated[int, typer.Option("--limit", min=1, help="How many entries.")] = 1000,
    json: Json = False,
) -> None:
    """Show the timeline, oldest first."""
    from services.cli import show  # noqa: PLC0415
    from services.cli.http import service  # noqa: PLC0415

    asked = {
        "actor": actor,
        "kind": kind,
        "from": since,
        "to": to,
        "as_of": as_of,
        "reported_by": reported_by,
        "known_at": known_at,
        "q": q,
    }
    with service(_settings(quiet=True), url) as source:
        entries = source.pages("/v1/timeline", most=most, order="asc", **asked)
        if json:
            for entry in entries:
                _line(entry)
        else:
            show.timeline(out, entries)


@command
def positions(
    url: Url = None,
    actor: Annotated[list[str] | None, typer.Option(help="Only this actor; may be repeated.")] = None,
    as_of: Annotated[str | None, typer.Option(help="As it stood on this day.")] = None,
    reported_by: Annotated[str | None, typer.Option(help="What had been published by this day.")] = None,
    known_at: Annotated[str | None, typer.Option(help="What was recorded by this time or position.")] = None,
    json: Json = False,
) -> None:
    """Show where each actor stands on each question in dispute."""
    from services.cli import show  # noqa: PLC0415
    from services.cli.http import service  # noqa: PLC0415

    with service(_settings(quiet=True), url) as source:
        found = source.pages(
            "/v1/positions", actor=actor, as_of=as_of, reported_by=reported_by, known_at=known_at
        )
        if json:
            for position in found:
                _line(position)
        else:
            show.positions(out, found)


@command
def export(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where the files go; made if it is not there.")
    ],
    format_: Annotated[str, typer.Option("--format", help="parquet or jsonl")] = "parquet",
    json: Json = False,
) -> None:
    """Write events, mentions, positions, statements and articles as files for analysts, all of one moment."""
    from services.cli.exporting import Format, write_files  # noqa: PLC0415

    if format_ not in set(Format):
        raise typer.BadParameter(f"--format is one of {', '.join(Format)}")
    report = write_files(_settings(quiet=True), folder, Format(format_))
    if json:
        _line(report)
        return
    for name, rows in report["rows"].items():
        out.print(f"{folder / name}.{format_}: {rows} rows", highlight=False, markup=False, soft_wrap=True)
    err.print(f"as of global position {report['position']}", highlight=False)


@command
def verify(json: Json = False) -> None:
    """Walk the log, its seals and the bodies; name the first that is broken. Exit code 1 if one is."""
    from services.cli.upkeep import verify_log  # noqa: PLC0415

    report = verify_log(_settings(quiet=True))
    if json:
        _line(report)
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
        out.print(f"[red]broken[/]: {report['broken']}")
    if report["newest_seal"]:
        out.print(f"newest seal: {report['newest_seal']}", soft_wrap=True)


@command
def rebuild(
    copies: Annotated[
        bool, typer.Option("--copies", help="The index that copies are found by, not the read tables.")
    ] = False,
    json: Json = False,
) -> None:
    """Fold the whole log again and mend the read tables by it; readers are not interrupted."""
    from services.cli.upkeep import rebuild_copies, rebuild_tables  # noqa: PLC0415

    if copies:
        known = rebuild_copies(_settings(quiet=True), err)
        if json:
            _line({"articles": known})
        else:
            out.print(f"the index of copies knows {known} articles")
        return
    position = rebuild_tables(_settings(quiet=True), err)
    if json:
        _line({"position": position})
    else:
        out.print(f"the read tables reflect the log up to position {position}")


@command
def retry(
    articles: Annotated[list[str] | None, typer.Argument(help="Ids of articles.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Every article that could not be read.")] = False,
    json: Json = False,
) -> None:
    """Take up again articles whose reading failed. Those that failed of nothing are left alone.

    Exit code 1, with their ids, if there are no such articles.
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
        for count, asked in enumerate(retry_readings(_settings(quiet=True), chosen or None), 1):  # noqa: B007
            if json:
                _line(asked)
    finally:  # also where others could not be
        if not json:
            out.print(f"{count} readings asked for again")


def create(
    name: Annotated[str, typer.Option(help="Whose key it is.")],
    scope: Annotated[
        list[str], typer.Option(help="articles:write, timeline:read, review or admin; may be repeated.")
    ],
    json: Json = False,
) -> None:
    """Make a key and print it, this once. From the first key on the services ask for one."""
    from services.cli.keys import create as create_key  # noqa: PLC0415
    from services.core.access.keys import Scope, scopes_of  # noqa: PLC0415

    scopes = scopes_of(scope)
    if len(scopes) != len(set(scope)):
        raise typer.BadParameter(f"--scope is one of {', '.join(Scope)}")
    key = create_key(_settings(quiet=True), name, sorted(scopes))
    if json:
        _line({"id": key.id, "key": key.reveal()})
    else:
        print(key.reveal())
        err.print("keep it now: it is stored nowhere", highlight=False)


def list_(json: Json = False) -> None:
    """List the keys that there are and were."""
    from services.cli.keys import as_data, every, show  # noqa: PLC0415

    found = every(_settings(quiet=True))
    if json:
        for record in found:
            _line(as_data(record))
    else:
        show(out, found)


def revoke(key_id: Annotated[str, typer.Argument(help="The key's id, as `keys list` shows it.")]) -> None:
    """Revoke a key: a second later nobody gets in with it, and sessions and streams of it end."""
    from services.cli.keys import revoke as revoke_key  # noqa: PLC0415

    record = revoke_key(_settings(quiet=True), key_id)
    err.print(f"revoked: {record.id} ({record.name})", highlight=False, markup=False)


for name, function in (("create", create), ("list", list_), ("revoke", revoke)):
    command(function, keys, name)

webhooks.register(command)
feeds.register(command)
dossiers.register(command)
