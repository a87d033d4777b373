"""Article files as they are posted: `.txt`, `.json`, `.ndjson`, folders of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

FIELDS = ("url", "title", "text", "html", "outlet", "published_at", "language", "author", "tags")
SUFFIXES = (".txt", ".html", ".json", ".ndjson", ".jsonl")


@dataclass(frozen=True, slots=True)
class ArticleFile:
    """One article of a file: where it stands, and the plain form that `POST /v1/articles` takes."""

    source: str  # "samples/01-signing.json", "articles.ndjson:17"
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What cannot be posted, and why."""

    source: str
    why: str


def expand(paths: Sequence[Path]) -> list[Path]:
    """The files named, and the article files of the folders named, in the order of their names."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.suffix in SUFFIXES and p.is_file())
            found.extend(inside)
        else:
            found.append(path)
    return found


def read_articles(path: Path) -> Iterator[ArticleFile | Unreadable]:
    """The articles of one file. Fields that the plain form does not have are left out."""
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        yield Unreadable(str(path), error.strerror or type(error).__name__)
        return
    except UnicodeDecodeError as error:
        yield Unreadable(str(path), f"is not UTF-8 (byte {error.start})")
        return
    if path.suffix in {".ndjson", ".jsonl"}:
        for number, line in enumerate(text.split("\n"), start=1):
            if line.strip():
                yield _article(f"{path}:{number}", line)
    elif path.suffix == ".json":
        yield _article(str(path), text)
    elif path.suffix in {".txt", ".html"}:
        yield ArticleFile(str(path), {"html" if path.suffix == ".html" else "text": text})
    else:
        yield Unreadable(str(path), f"is none of {', '.join(SUFFIXES)}")


def _article(source: str, text: str) -> ArticleFile | Unreadable:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return Unreadable(source, f"is not JSON: {error}")
    if not isinstance(value, dict):
        return Unreadable(source, "is not a JSON object")
    body = {name: value[name] for name in FIELDS if value.get(name) is not None}
    if "text" not in body and "html" not in body:
        return Unreadable(source, "has neither text nor html")
    return ArticleFile(source, body)
