"""Chaos notices what it is there to notice."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chaos.checks import Told, differences, told_once


def change(number: int, **data: Any) -> Told:
    return f"{number}.1", "entry.added", {"id": str(number), **data}


ALL = [change(number) for number in (1, 2, 9, 10)]


def test_the_same_changes_in_the_same_order_are_fine() -> None:
    assert list(told_once(ALL, ALL, ())) == []


@pytest.mark.parametrize(
    ("heard", "finding"),
    [
        (ALL[1:], "1 changes were never told, such as 1.1"),
        ([*ALL[:3], *ALL[2:]], "1 changes were told twice"),
        ([ALL[1], ALL[0], *ALL[2:]], "changes were told out of order"),
        ([*ALL, change(11)], "1 changes were told that there were not, such as 11.1"),
        ([*ALL[:3], change(10, date="2019")], "1 changes were told otherwise, such as 10.1"),
    ],
)
def test_a_change_that_is_missing_repeated_moved_or_another_is_noticed(
    heard: list[Told], finding: str
) -> None:
    assert finding in list(told_once(heard, ALL, ()))


def test_words_of_an_article_that_is_gone_may_have_been_told() -> None:
    heard = [*ALL[:3], change(10, mentions=[{"article": "gone", "evidence": "words"}])]
    since = [*ALL[:3], change(10, mentions=[{"article": "gone"}])]
    assert list(told_once(heard, since, ("gone",))) == []
    assert list(told_once(heard, since, ("another",))) != []


def test_rows_that_one_side_alone_has_are_named() -> None:
    rows = {"entries": ["a", "b", "b"]}
    assert list(differences(rows, rows, "here", "there")) == []
    assert list(differences(rows, {"entries": ["a", "b", "c"]}, "here", "there")) == [
        "entries: 1 rows only here, such as b",
        "entries: 1 rows only there, such as c",
    ]
