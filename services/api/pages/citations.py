"""How an article is cited as a source for a line here: plain, RIS, CSL-JSON, each with a permanent address.

RIS as reference managers read it (https://en.wikipedia.org/wiki/RIS_(file_format)), CSL-JSON by
https://github.com/citation-style-language/schema.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import orjson

from services.api.pages.words import date_words


@dataclass(frozen=True, slots=True)
class Citation:
    """What is known of an article, and the page here that shows what was read in it."""

    article_id: str
    title: str | None
    author: str | None
    outlet: str | None
    published: str | None  # ISO 8601, a date or a time with its offset
    url: str | None
    language: str | None
    permalink: str

    @property
    def day(self) -> str | None:
        """The day it was published where it was published."""
        return self.published[:10] if self.published else None


def plain(cited: Citation) -> str:
    """One line, as in a footnote."""
    parts = [
        _line(cited.author),
        f"“{_line(cited.title)}”" if cited.title else "Untitled article",
        _line(cited.outlet),
        date_words(cited.day) if cited.day else "no date",
        _line(cited.url),
    ]
    return f"{', '.join(part for part in parts if part)}. As read by Treatyline: {cited.permalink}"


def ris(cited: Citation) -> str:
    """A record for reference managers."""
    lines = [("TY", "NEWS"), ("ID", cited.article_id), ("TI", _line(cited.title)), ("AU", _line(cited.author)),
             ("T2", _line(cited.outlet))]  # fmt: skip
    if cited.day:
        year, *rest = cited.day.split("-")
        lines += [("PY", year), ("DA", "/".join([year, *rest, *[""] * (2 - len(rest))]))]
    lines += [("LA", cited.language or ""), ("UR", _line(cited.url) or cited.permalink)]
    lines += [("L2", cited.permalink), ("N1", f"As read by Treatyline: {cited.permalink}")]
    return "".join(f"{tag}  - {value}\r\n" for tag, value in lines if value) + "ER  - \r\n"


def csl_json(cited: Citation) -> bytes:
    """A list of one item, as citation processors take it."""
    item: dict[str, Any] = {"id": cited.article_id, "type": "article-newspaper"}
    named = {"title": cited.title, "container-title": cited.outlet, "URL": cited.url or cited.permalink,
             "language": cited.language}  # fmt: skip
    item |= {name: value for name, value in named.items() if value}
    if cited.author:
        item["author"] = [{"literal": cited.author}]
    if cited.day:
        item["issued"] = {"date-parts": [[int(part) for part in cited.day.split("-")]]}
    today = dt.datetime.now(dt.UTC).date()
    item["accessed"] = {"date-parts": [[today.year, today.month, today.day]]}
    item["note"] = f"As read by Treatyline: {cited.permalink}"
    return orjson.dumps([item], option=orjson.OPT_INDENT_2)


def _line(text: str | None) -> str:
    """On one line: an article's words must not begin a line, and so a field, of their own."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split()) if text else ""
