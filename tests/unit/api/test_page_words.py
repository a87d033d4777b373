"""How the web page says things."""

from __future__ import annotations

from typing import Any

import pytest

from services.api.filters import get_timeline_filter
from services.api.pages.entry import by_cause
from services.api.pages.view import FILTERS, View
from services.api.pages.words import (
    clock_words,
    date_words,
    mid_sentence,
    month_short,
    named,
    number,
    time_words,
    tone,
    web_address,
)
from services.core.domain.dossier import load_dossier


def test_every_filter_of_the_api_has_a_place_on_the_page() -> None:
    taken = {name.rstrip("_") for name in get_timeline_filter.__annotations__} - {"dossier", "return"}
    assert taken == set(FILTERS)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (date_words("2019-08-02"), "2 August 2019"),
        (date_words("2019-08"), "August 2019"),
        (date_words("2019"), "2019"),
        (month_short("2019-08-02"), "Aug"),
        (time_words(None), "no date given"),
        (time_words("2019-08-02"), "2 August 2019"),
        (time_words("2019-08-02T23:05:00Z"), "2 August 2019, 23:05 (UTC)"),
        (time_words("2019-08-02T23:05:00+05:30"), "2 August 2019, 23:05 (UTC+5:30)"),
        (time_words("2019-08-02T23:05:00.5-03:30"), "2 August 2019, 23:05 (UTC−3:30)"),
        (number(1, "story", "stories"), "1 story"),
        (number(1234, "story", "stories"), "1,234 stories"),
        (number(0, "outlet"), "0 outlets"),
        (clock_words("2019-08-02"), "2 August 2019"),
        (clock_words("2019"), "2019"),
        (clock_words("2019-08-02T12:00:00Z"), "2 August 2019, 12:00 (UTC)"),
        (clock_words("120"), "log position 120"),
        (clock_words("2019-99"), "2019-99"),
        (clock_words("9" * 400), f"log position {'9' * 400}"),
        (clock_words("soon"), "soon"),
        (mid_sentence("The INF Treaty"), "the INF Treaty"),
        (mid_sentence("Theatre weapons"), "Theatre weapons"),
        (named("It"), None),
        (named("Oana Lungescu"), "Oana Lungescu"),
        (named(None), None),
        (tone("ACCUSE"), "conflict word"),
        (tone("RETREAT"), "cooperation deed"),
        (tone(None), "neutral"),
        (web_address("https://a.example/x"), "https://a.example/x"),
        (web_address("javascript:alert(1)"), None),
        (web_address(None), None),
    ],
)
def test_things_are_written_as_a_person_writes_them(shown: str | None, expected: str | None) -> None:
    assert shown == expected


def test_a_speaker_is_told_where_that_says_more_than_the_line() -> None:
    view = View(load_dossier("inf"), "/", (), {})
    assert [view.speaker(name) for name in ("he", "Russia", "The United States", None)] == [None] * 4
    assert view.speaker("the Foreign Ministry") == "the Foreign Ministry"


def version(number: int, cause: str, date: str = "2019-08-02") -> dict[str, Any]:
    return {
        "version": number,
        "cause": cause,
        "date": date,
        "status": "actual",
        "actors": [],
        "recipients": [],
    }


def test_versions_that_copies_made_are_one_line_of_the_history() -> None:
    told = [version(6, "copy"), version(5, "copy"), version(4, "copy", "2019-08"), version(3, "news"),
            version(2, "news"), version(1, "copy")]  # fmt: skip
    shown = [(v["first"], v["version"], v["times"]) for v in by_cause(told)]
    assert shown == [(5, 6, 2), (4, 4, 1), (3, 3, 1), (2, 2, 1), (1, 1, 1)]
