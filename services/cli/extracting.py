"""`treatyline extract`: the extractor on files, without any server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from services.core.domain.dossier import load_dossier
from services.core.domain.reading import to_record
from services.core.settings import Settings
from workers.extraction.inputs import InputError, read_articles
from workers.extraction.reader import Reader


def extract_files(
    settings: Settings,
    paths: Sequence[Path],
    published_at: str | None,
    emit: Callable[[dict[str, Any]], None],
    err: Console,
) -> int:
    """Print a record for each article and dossier. Gives how many files could not be read."""
    readers = [Reader(load_dossier(dossier)) for dossier in settings.dossiers]
    failed = 0
    for path in paths:
        try:
            for name, article in read_articles(path):
                given = article if article.published_at else replace(article, published_at=published_at)
                for reader in readers:
                    emit(to_record(reader.read(given), name, given.text))
        except InputError as error:
            failed += 1
            err.print(f"[red]error:[/] {error}", highlight=False, soft_wrap=True)
    return failed
