"""Article files as they are posted and read: `.txt`, `.html`, `.json`, `.ndjson`, folders of them.

An article is one text or HTML file, one JSON object or a list of them, or one line of NDJSON. Spans are
counted in the text as it stands: line ends are left as they are. JSON may be of any form that
`POST /v1/articles` takes (docs/formats.md).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from services.core.errors import InvalidInput
from services.ingest.formats import shapes

FIELDS = (  # of the plain form, all of them
    "url", "title", "text", "html", "outlet", "published_at", "language", "author", "tags", "embargoed_until"
)  # fmt: skip
SUFFIXES = (".txt", ".html", ".json", ".ndjson", ".jsonl")
STANDARD_INPUT = Path("-")


@dataclass(frozen=True, slots=True)
class ArticleFile:
    """One article of a file: where it stands, its name, and the plain form that `POST /v1/articles` takes."""

    source: str  # "samples/01-signing.json", "articles.ndjson:17"
    name: str  # its `article`, else the file's name
    body: dict[str, Any]
    sent: Any = None  # what is posted in its stead: of another form, as it stands in the file


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What cannot be read, and why."""

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
    """The articles of one file; `-` is NDJSON on standard input. What is wrong with one spoils only itself.

    Fields that the plain form does not have are left out.
    """
    try:
        content = sys.stdin.buffer.read() if path == STANDARD_INPUT else path.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        yield Unreadable(str(path), error.strerror or type(error).__name__)
        return
    except UnicodeDecodeError as error:
        yield Unreadable(str(path), f"is not UTF-8 (byte {error.start})")
        return
    suffix = ".ndjson" if path == STANDARD_INPUT else path.suffix.lower()
    if suffix in {".ndjson", ".jsonl"}:
        for number, line in enumerate(text.split("\n"), start=1):
            if line.strip():
                yield _article(f"{path}:{number}", path.name, _parsed(line))
    elif suffix == ".json":
        parsed = _parsed(text)
        if isinstance(parsed, list):
            yield from (_article(f"{path}[{n}]", path.name, item) for n, item in enumerate(parsed, start=1))
        else:
            yield _article(str(path), path.name, parsed)
    elif suffix in {".txt", ".html"}:
        yield ArticleFile(str(path), path.name, {"html" if suffix == ".html" else "text": text})
    else:
        yield Unreadable(str(path), f"is none of {', '.join(SUFFIXES)}")


def _parsed(text: str) -> Any:
    """The JSON value, or the error that says why there is none."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return error


def _article(source: str, name: str, value: Any) -> ArticleFile | Unreadable:
    if isinstance(value, orjson.JSONDecodeError):
        return Unreadable(source, f"is not JSON: {value}")
    if reader := shapes.foreign(value):
        return _of_another_form(source, name, value, reader)
    if not isinstance(value, dict):
        return Unreadable(source, "is not a JSON object")
    body = {field: value[field] for field in FIELDS if value.get(field) is not None}
    if "text" not in body and "html" not in body:
        return Unreadable(source, "has neither text nor html")
    return ArticleFile(source, str(value.get("article") or name), body)


def _of_another_form(source: str, name: str, value: Any, reader: shapes.Reader) -> ArticleFile | Unreadable:
    try:
        article = reader(value)
    except InvalidInput as error:
        return Unreadable(source, str(error))
    fields = {field: getattr(article, field, None) for field in FIELDS}
    body = {
        field: list(found) if isinstance(found, tuple) else found for field, found in fields.items() if found
    }
    return ArticleFile(source, name, body, sent=value)
