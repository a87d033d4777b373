"""The time grammar against sentences of our own; `time_phrases.txt` says how they are marked."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.domain.reading import Timex
from workers.extraction.dates import deadline, find_dates, resolve, to_calendar

_MARK = re.compile(r"\[(?P<words>[^|\]]+)\|(?P<value>[^|\]]+)(?:\|(?P<type>[A-Z]+))?\]")


_PIECES = [
    "the",
    "last",
    "next",
    "this",
    "two",
    "31",
    "February",
    "May",
    "2019",
    "1987",
    "30",
    "a",
    "few",
    "several",
    "years",
    "months",
    "week",
    "day",
    "ago",
    "later",
    "earlier",
    "Friday",
    "at",
    "10",
    "p.m.",
    "15:00",
    "GMT",
    "night",
    "morning",
    "of",
    "end",
    "every",
    "each",
    "quarter",
    "third",
    "century",
    "1990s",
    "summer",
    "9/11",
    "-",
    "to",
    "and",
    "half",
    "an",
    "hour",
    "Monday,",
    "12/31/99",
    "00.00.2000",
    "99",
    "9999",
    "decade",
    "before",
    "after",
    "within",
    "in",
    "on",
    ".",
    "said",
    "will",
    "Easter",
    "Thanksgiving",
    "now",
]


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


@pytest.mark.parametrize(
    ("value", "date"),
    [
        ("2019-08-02", "2019-08-02"),
        ("2019-08", "2019-08"),
        ("2019", "2019"),
        ("2013-03-22T15:00", "2013-03-22"),
        ("2013-03-22TNI", "2013-03-22"),
        ("2011-01-XX", "2011-01"),
        ("2019-Q3", "2019"),
        ("2019-H1", "2019"),
        ("2019-W33", "2019-08"),  # 12 to 18 August
        ("2019-W31", None),  # 29 July to 4 August
        ("2019-W31-WE", "2019-08"),  # its Saturday and Sunday are in August
        ("2018-SU", None),
        ("198", None),
        ("19", None),
        ("XXXX-10-26", None),
        ("XXXX-WXX-1", None),
        ("P60D", None),
        ("PRESENT_REF", None),
    ],
)
def test_a_value_is_cut_to_a_calendar_date(value: str, date: str | None) -> None:
    assert to_calendar(value) == date


@pytest.mark.parametrize(
    ("value", "anchor", "back", "date"),
    [
        ("P60D", "2018-12-04", False, "2019-02-02"),
        ("P60D", dt.date(2018, 12, 4), False, "2019-02-02"),
        ("P6M", "2019-02-01", False, "2019-08"),
        ("P2W", "2019-02-01", False, "2019-02-15"),
        ("P5Y", "2019-02-01", False, "2024"),
        ("PT48H", "2019-02-01", False, "2019-02-03"),
        ("P6M", "2018-12", False, "2019-06"),
        ("P60D", "2018-12", False, "2019-01"),
        ("P2.5Y", "2019-02-01", False, "2021-08"),
        ("P30D", "2019-02-01", True, "2019-01-02"),
        ("PXM", "2019-02-01", False, None),
        ("P6M", None, False, None),
        ("P9999Y", "2019-02-01", False, None),
    ],
)
def test_a_duration_makes_a_deadline(
    value: str, anchor: dt.date | str | None, back: bool, date: str | None
) -> None:
    assert deadline(Timex(0, 1, value, "DURATION"), anchor, back=back) == date


def test_only_durations_have_deadlines_and_only_dates_and_times_resolve() -> None:
    assert deadline(Timex(0, 1, "2019", "DATE"), "2019-02-01") is None
    assert resolve(Timex(0, 1, "2019", "DATE")) == "2019"
    assert resolve(Timex(0, 1, "XXXX", "SET")) is None


@given(
    text=st.lists(st.sampled_from(_PIECES) | st.text(max_size=4), max_size=14).map(" ".join),
    anchor=st.none() | st.dates(),
)
def test_any_text_gives_ordered_expressions_inside_it(text: str, anchor: dt.date | None) -> None:
    last = 0
    for timex in find_dates(text, anchor):
        assert last <= timex.start < timex.end <= len(text)
        assert timex.value
        assert timex.type in {"DATE", "TIME", "DURATION", "SET"}
        assert text[timex.start : timex.end].strip() == text[timex.start : timex.end]
        last = timex.end
