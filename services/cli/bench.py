"""`treatyline bench`: load on a system that runs, from outside, and what it makes of it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from services.cli.bench_articles import Mix, articles
from services.cli.bench_load import Load, LoadFailed, run
from services.cli.shell import Json, Url, err, line, out, settings_of

group = typer.Typer(no_args_is_help=True, help="Put load on a system that runs, and say what it makes of it.")

SHOWN = (50.0, 99.0)  # percentiles


@group.callback()
def _group() -> None:
    """It has one command so far, and is called by its name all the same."""


def firehose(
    given: Annotated[
        list[Path] | None,
        typer.Option("--articles", help="Real ones: a file (.ndjson, .json, .txt, .html) or a folder."),
    ] = None,
    rate: Annotated[
        float | None, typer.Option(min=0.01, help="Articles a second. \\[default: as fast as they are taken]")
    ] = None,
    count: Annotated[
        int | None, typer.Option(min=1, help="How many. \\[default: 1000, or all that are given]")
    ] = None,
    on_topic: Annotated[
        float, typer.Option(min=0, max=1, help="Share of generated originals on the subject.")
    ] = 0.01,
    copies: Annotated[float, typer.Option(min=0, max=1, help="Share of copies among those generated.")] = 0.2,
    seed: Annotated[int, typer.Option(help="Another gives other articles.")] = 1,
    connections: Annotated[int, typer.Option(min=1, max=1000, help="At the same time.")] = 16,
    url: Url = None,
    json: Json = False,
) -> None:
    """Post articles, generated or given, to a running system until all are finished; print what it managed.

    They stay in its log like any others: use a system that you can throw away.

    Examples:
      treatyline bench firehose
      treatyline bench firehose --rate 20 --count 500 --on-topic 0.1 --seed 2
      treatyline bench firehose --articles archive.ndjson --json
    """
    from services.cli.http import address  # noqa: PLC0415 - brings the embedded servers with it
    from services.client.connection import http_options  # noqa: PLC0415

    settings = settings_of()
    at = address(settings, url)
    key = settings.api_key.get_secret_value() if settings.api_key else None
    try:
        http_options(at, key)
    except ValueError as error:
        raise LoadFailed(f"{error} (--url, TREATYLINE_API_KEY)") from None
    bodies = _given(given, count) if given else _generated(Mix(on_topic, copies, seed), count or 1000)
    if not bodies:
        raise LoadFailed("there is no article in what --articles names")
    err.print(f"{len(bodies)} articles", highlight=False)
    load = asyncio.run(run(at, bodies, rate=rate, connections=connections, key=key))
    report = report_of(load)
    if json:
        line(report)
    else:
        _show(report)
    if load.finished_after is None:
        raise LoadFailed("not all articles were finished in time")
    if refused := load.posted - load.accepted:
        keys = " (TREATYLINE_API_KEY wants a key that may post)" if load.answers.keys() & {401, 403} else ""
        raise LoadFailed(f"{refused} of {load.posted} articles were not taken in{keys}")


def register(command: Callable[..., Any]) -> None:
    """Add the commands to the group, by the function that tells their errors plainly."""
    command(firehose, group, "firehose")


def report_of(load: Load) -> dict[str, Any]:
    """What a run came to."""
    return {
        "posted": load.posted,
        "answers": {str(status): number for status, number in sorted(load.answers.items())},
        "accepted_per_second": round(load.accepted / load.accepted_after, 1),
        "finished_per_second": (
            None if load.finished_after is None else round(sum(load.states.values()) / load.finished_after, 1)
        ),
        "seconds_to_answer": _percentiles(load.answered),
        "seconds_to_finish": _percentiles(load.finished) | {"of": len(load.finished)},
        "states": dict(load.states),
    }


def _show(report: dict[str, Any]) -> None:
    def row(what: str, value: object) -> None:
        out.print(f"{what:<22} {value}", highlight=False, markup=False)

    row("posted", report["posted"])
    row("answers", ", ".join(f"{status}: {number}" for status, number in report["answers"].items()))
    row("accepted a second", report["accepted_per_second"])
    row("finished a second", report["finished_per_second"] or "not all were")
    for what, name in (("answered", "seconds_to_answer"), ("finished", "seconds_to_finish")):
        seen = report[name]
        told = ", ".join(f"{n} {seen[n] * 1000:.0f} ms" for n in ("p50", "p99") if seen[n] is not None)
        of = f" (of {seen['of']} that were followed)" if "of" in seen else ""
        row(f"{what} within", f"{told or '–'}{of}")
    row("states", ", ".join(f"{state}: {number}" for state, number in report["states"].items()) or "–")
    if report["answers"].get("200"):
        err.print(
            f"{report['answers']['200']} were there already: another --seed gives others", highlight=False
        )


def _percentiles(seconds: list[float]) -> dict[str, float | None]:
    ordered = sorted(seconds)
    return {
        f"p{percent:.0f}": round(ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))], 4)
        if ordered
        else None
        for percent in SHOWN
    }


def _generated(mix: Mix, count: int) -> list[bytes]:
    """Made before the first is posted: the machine is then left to what is measured."""
    return [orjson.dumps(article) for article in itertools.islice(articles(mix), count)]


def _given(paths: list[Path], count: int | None) -> list[bytes]:
    return list(itertools.islice(_read(paths), count))


def _read(paths: list[Path]) -> Iterator[bytes]:
    from services.cli.files import Unreadable, expand, read_articles  # noqa: PLC0415

    for path in expand(paths):
        for item in read_articles(path):
            if isinstance(item, Unreadable):
                err.print(f"{item.source} {item.why}", highlight=False, markup=False)
            else:
                yield orjson.dumps(item.body if item.sent is None else item.sent)
