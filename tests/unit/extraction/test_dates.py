"""The time grammar against sentences of our own; `time_phrases.txt` says how they are marked."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.core.domain.reading import Timex
from workers.extraction.dates import deadline, find_dates, resolve, to_calendar

_MARK = re.compile(r"\[(?P<words>[^|\]]+)\|(?P<value>[^|\]]+)(?:\|(?P<type>[A-Z]+))?\]")


def _kind(value: str) -> str:
    if re.match(r"P(?!AST|RESENT)", value):
        return "DURATION"
    return "TIME" if re.match(r"[\dX]{4}-[\dX]{2}-[\dX]{2}T", value) else "DATE"


def _sentences() -> Iterator[tuple[str, dt.date | None, str]]:
    anchor: dt.date | None = None
    for line in (Path(__file__).parent / "time_phrases.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("@"):
            anchor = None if line == "@ none" else dt.date.fromisoformat(line[2:])
        elif line.strip() and not line.startswith("#"):
            yield line, anchor, f"{anchor}: {line}"


@pytest.mark.parametrize(("line", "anchor"), [s[:2] for s in _sentences()], ids=[s[2] for s in _sentences()])
def test_a_sentence_is_read_as_marked(line: str, anchor: dt.date | None) -> None:
    text, expected, last = "", [], 0
    for mark in _MARK.finditer(line):
        text += line[last : mark.start()]
        expected.append((mark["words"], mark["value"], mark["type"] or _kind(mark["value"])))
        text, last = text + mark["words"], mark.end()
    text += line[last:]

    assert [(text[t.start : t.end], t.value, t.type) for t in find_dates(text, anchor)] == expected
