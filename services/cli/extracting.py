"""`treatyline extract`: the extractor on files, without any server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from services.cli.explaining import explained
from services.cli.files import ArticleFile, Unreadable, expand, read_articles
from services.core.domain.calendar import instant_of
from services.core.domain.dossier import Dossier, load_dossier
from services.core.domain.reading import ArticleText, to_record
from services.core.settings import Settings
from workers.extraction.endpoint.client import READ, endpoint_of
from workers.extraction.endpoint.reader import EndpointReader
from workers.extraction.explaining import ExplainingReader, Explains
from workers.extraction.learned.side_by_side import use_threads

Emit = Callable[[dict[str, Any]], None]


def extract_files(
    settings: Settings,
    paths: Sequence[Path],
    published_at: str | None,
    emit: Emit,
    err: Console,
    *,
    explain: bool = False,
) -> int:
    """Print a record for each article and dossier, with `explain` one that says where each comes from.

    Gives how many articles could not be read.
    """
    readers = [make_reader(settings, load_dossier(dossier)) for dossier in settings.dossiers]
    failed = 0
    for path in expand(paths):
        for item in read_articles(path):
            article = item if isinstance(item, Unreadable) else article_text(item, published_at)
            if isinstance(item, Unreadable) or isinstance(article, Unreadable):
                failed += 1
                why = article.why if isinstance(article, Unreadable) else ""
                err.print(f"[red]{escape(item.source)}[/] {escape(why)}", highlight=False, soft_wrap=True)
                continue
            for reader in readers:
                reading = reader.read(article)
                second = reading.second_reader
                if second is not None and second.outcome != READ:
                    said = f"{item.source}: {second.name} was not used: {second.outcome}"
                    err.print(said, highlight=False, markup=False)
                if explain:
                    emit(explained(reader, reading, item.name, article.text))
                else:
                    emit(to_record(reading, item.name, article.text))
    return failed


def make_reader(settings: Settings, dossier: Dossier) -> Explains:
    """The reader that the settings ask for: the built-in one, with a second one behind it where one is configured."""
    endpoint = endpoint_of(settings)
    use_threads(settings.reader_threads)
    return EndpointReader(dossier, endpoint) if endpoint else ExplainingReader(dossier)


def article_text(item: ArticleFile, published_at: str | None = None) -> ArticleText | Unreadable:
    """The article of a file as the extractor takes it; `published_at` for one that brings no date."""
    if "text" not in item.body:
        return Unreadable(item.source, "is HTML: post it, or give its text")
    wrong = [name for name in _STRINGS if not isinstance(item.body.get(name, ""), str)]
    if wrong:
        return Unreadable(item.source, f"{', '.join(wrong)}: not a string")
    day = item.body.get("published_at") or published_at
    if day is not None and not is_date(day):
        return Unreadable(item.source, "published_at is neither a date nor a time")
    return ArticleText(**{**_known(item.body), "published_at": day})


_STRINGS = ("text", "title", "outlet", "url", "language", "published_at")


def _known(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in _STRINGS if name in body}


def is_date(text: str) -> bool:
    """Whether it is an ISO 8601 date, or a time."""
    try:
        instant_of(text)
    except ValueError:
        return False
    return True
