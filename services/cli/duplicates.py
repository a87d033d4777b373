"""`treatyline duplicates`: which articles of files are copies of which, without any server."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from rich.console import Console
from rich.markup import escape

from services.cli.files import ArticleFile, Unreadable, expand, read_articles
from services.core.domain.calendar import instant_of
from services.core.domain.canonical_url import canonical_url
from services.core.domain.ids import derived_id
from services.core.eventstore.bodies import text_sha256
from workers.dedup.furniture import outlet_number
from workers.dedup.memory import FileIndex
from workers.dedup.near_duplicates import fingerprint
from workers.dedup.search import Text, find_original

Emit = Callable[[dict[str, Any]], None]
_STRINGS = ("text", "outlet", "url", "published_at")
_LAST = dt.datetime.max.replace(tzinfo=dt.UTC)


class _Article(NamedTuple):
    name: str
    published: dt.datetime
    text: Text  # under the article's number: names may repeat


def judge_files(paths: Sequence[Path], emit: Emit, err: Console) -> int:
    """Print a record for each article, in the order of the files. Gives how many could not be read.

    Judged is in the order of publication, so that of each story the article published first is the original; those
    that bring no date come after those that do.
    """
    articles, failed = _read(paths, err)
    in_order = sorted(range(len(articles)), key=lambda number: articles[number].published)
    index = FileIndex([articles[number].text for number in in_order])
    records: dict[int, dict[str, Any]] = {}
    for number in in_order:
        text = articles[number].text
        verdict = find_original(index, text)
        story = verdict.of.story_id if verdict.of else _story(articles[number].name, number)
        index.add(text, story, verdict)
        records[number] = {
            "article": articles[number].name,
            "story": str(story),
            "judged": "duplicate" if verdict.of else "original",
            "of": articles[int(verdict.of.article_id)].name if verdict.of else None,
            "method": verdict.method,
            "similarity": verdict.similarity if verdict.of else None,
        }
    for number in range(len(articles)):
        emit(records[number])
    return failed


def _story(name: str, number: int) -> UUID:
    return derived_id("story", name, number)


def _canonical(url: str | None) -> str | None:
    """None for what is no address: such an article's outlet is not known."""
    try:
        return canonical_url(url) if url else None
    except ValueError:
        return None


def _read(paths: Sequence[Path], err: Console) -> tuple[list[_Article], int]:
    articles: list[_Article] = []
    failed = 0
    for path in expand(paths):
        for item in read_articles(path):
            wrong = item.why if isinstance(item, Unreadable) else _wrong_with(item)
            if isinstance(item, Unreadable) or wrong:
                failed += 1
                err.print(f"[red]{escape(item.source)}[/] {escape(wrong)}", highlight=False, soft_wrap=True)
                continue
            words, published_at = item.body["text"], item.body.get("published_at")
            text = Text(
                str(len(articles)),
                text_sha256(words),
                outlet_number(item.body.get("outlet"), _canonical(item.body.get("url"))),
                fingerprint(words),
            )
            # A line of a file that names no article is called by its number there.
            name = item.name if item.name != path.name else Path(item.source).name
            articles.append(_Article(name, instant_of(published_at) if published_at else _LAST, text))
    return articles, failed


def _wrong_with(item: ArticleFile) -> str:
    """Why it cannot be judged; empty where it can."""
    if "text" not in item.body:
        return "is HTML: post it, or give its text"
    wrong = [name for name in _STRINGS if not isinstance(item.body.get(name, ""), str)]
    if wrong:
        return f"{', '.join(wrong)}: not a string"
    try:
        instant_of(item.body.get("published_at") or "2019-08-02")
    except ValueError:
        return "published_at is neither a date nor a time"
    return ""
