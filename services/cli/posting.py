"""`treatyline ingest`: articles from files, posted one by one, with what became of each."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from services.cli.files import ArticleFile, Unreadable, expand, read_articles
from services.cli.http import Service, ServiceError
from services.core.errors import TreatylineError

WAIT_SECONDS = 600.0
FINISHED = frozenset({"extracted", "skipped", "failed", "withdrawn"})

OnResult = Callable[[dict[str, Any]], None]


class NotFinished(TreatylineError):  # noqa: N818 - named by what happened
    """Not all articles were read in time."""


def post_files(
    target: Service,
    paths: Sequence[Path],
    err: Console,
    *,
    wait: bool = False,
    on_result: OnResult | None = None,
) -> int:
    """Post every article of the files and folders. Gives how many could not be posted.

    What is wrong with a file or an article does not stop the others. `on_result` gets {"source", "id", "state",
    "status"} or {"source", "error"} for each; without it, errors are told on standard error as they come.
    """
    tell = on_result or (lambda _result: None)
    posted: list[str] = []
    refused = 0
    items = [item for path in expand(paths) for item in read_articles(path)]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task("posting", total=len(items))
        for item in items:
            result = _post(target, item)
            if "error" in result:
                refused += 1
                if on_result is None:
                    progress.console.print(f"[red]{item.source}[/] {result['error']}", highlight=False)
            else:
                posted.append(result["id"])
            tell(result)
            progress.advance(task)
        if wait:
            _wait(target, posted, progress)
    err.print(f"{len(posted)} articles posted" + (f", {refused} refused" if refused else ""))
    return refused


def _post(target: Service, item: ArticleFile | Unreadable) -> dict[str, Any]:
    if isinstance(item, Unreadable):
        return {"source": item.source, "error": item.why}
    try:
        status, answer = target.post("/v1/articles", item.body if item.sent is None else item.sent)
    except ServiceError as error:
        return {"source": item.source, "error": str(error)}
    return {"source": item.source, "status": status, **answer}


def _wait(target: Service, ids: Sequence[str], progress: Progress) -> None:
    """Until each article has reached an end; the service itself waits along."""
    deadline = time.monotonic() + WAIT_SECONDS
    task = progress.add_task("reading", total=len(ids))
    for article_id in ids:
        while target.get(f"/v1/articles/{article_id}", wait=10)["state"] not in FINISHED:
            if time.monotonic() > deadline:
                raise NotFinished
        progress.advance(task)
