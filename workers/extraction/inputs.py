"""Files of articles for `treatyline extract`: plain text, JSON and NDJSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from services.core.domain.reading import ArticleText

SUFFIXES = (".txt", ".json", ".ndjson")
_FIELDS = tuple(f.name for f in fields(ArticleText))


class InputError(ValueError):
    """A file or a line of it is no article; the message names the file, the line and what is wrong."""


def read_articles(path: Path) -> Iterator[tuple[str, ArticleText]]:
    """(name, article) for each article of a file.

    `.txt` is one article's text in UTF-8; `.json` an object, or a list of objects, `.ndjson` an object a
    line, with `text` and any of `article` (the name; the file's where missing), `title`, `outlet`, `url`,
    `published_at`, `language`. Other fields are left alone. Raises InputError.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(f"{path}: not one of {', '.join(SUFFIXES)}")
    try:
        content = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 (byte {error.start})") from error
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error
    if suffix == ".txt":
        yield path.name, ArticleText(text=content)
    elif suffix == ".json":
        yield from _from_json(path, content)
    else:
        for number, line in enumerate(content.split("\n"), start=1):
            if line.strip():
                where = f"{path}, line {number}"
                yield _article(_parsed(line, where), where, path.name)


def _from_json(path: Path, content: str) -> Iterator[tuple[str, ArticleText]]:
    parsed = _parsed(content, str(path))
    if isinstance(parsed, list):
        for number, record in enumerate(parsed, start=1):
            yield _article(record, f"{path}, item {number}", path.name)
    else:
        yield _article(parsed, str(path), path.name)


def _parsed(content: str, where: str) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: not JSON ({error})") from error


def _article(record: Any, where: str, name: str) -> tuple[str, ArticleText]:
    if not isinstance(record, dict):
        raise InputError(f"{where}: an article is an object, not {type(record).__name__}")
    if not isinstance(record.get("text"), str):
        raise InputError(f"{where}: no text" if "text" not in record else f"{where}: text is not a string")
    known = {field: record[field] for field in _FIELDS if record.get(field) is not None}
    for field, value in known.items():
        if not isinstance(value, str):
            raise InputError(f"{where}: {field} is not a string")
    return str(record.get("article") or name), ArticleText(**known)
