"""`treatyline ingest`: articles from files, posted one by one, with what became of each."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from services.cli.files import ArticleFile, Unreadable, expand, read_articles
from services.client import Client, KeyWanted, NotAllowed, NotFinished, Refused

WAIT_SECONDS = 600.0

OnResult = Callable[[dict[str, Any]], None]


def post_files(
    target: Client,
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
                    source, why = escape(item.source), escape(result["error"])
                    progress.console.print(f"[red]{source}[/] {why}", highlight=False, soft_wrap=True)
            else:
                posted.append(result["id"])
            tell(result)
            progress.advance(task)
        if wait:
            _wait(target, posted, progress)
    err.print(f"{len(posted)} articles posted" + (f", {refused} refused" if refused else ""))
    return refused


def _post(target: Client, item: ArticleFile | Unreadable) -> dict[str, Any]:
    """What became of one. Raises what would become of all others too."""
    if isinstance(item, Unreadable):
        return {"source": item.source, "error": item.why}
    try:
        taken = target.post(item.body if item.sent is None else item.sent)
    except (KeyWanted, NotAllowed):
        raise
    except Refused as error:
        return {"source": item.source, "error": str(error)}
    answer = taken.model_dump(mode="json", exclude_unset=True, exclude={"written"})
    return {"source": item.source, "status": 202 if taken.written else 200, **answer}


def _wait(target: Client, ids: Sequence[str], progress: Progress) -> None:
    """Until each article has reached an end; the service itself waits along."""
    deadline = time.monotonic() + WAIT_SECONDS
    task = progress.add_task("reading", total=len(ids))
    for done, article_id in enumerate(ids):
        try:
            target.finished(article_id, seconds=max(0.0, deadline - time.monotonic()))
        except NotFinished:
            raise NotFinished(
                f"{len(ids) - done} of {len(ids)} articles are not read after {WAIT_SECONDS:.0f} seconds; they"
                " are read on: `treatyline doctor` says whether anything is in the way"
            ) from None
        progress.advance(task)
