"""What raw scores are worth."""

from __future__ import annotations

import json

import pytest

from services.core.domain.dossier import load_dossier
from services.core.domain.reading import ArticleText, Position, Span
from services.core.domain.vocabulary import Stance
from workers.extraction.confidence import Steps, calibrated, family, read_tables, tables
from workers.extraction.reader import Reader

RECORD = Position("russia", "moratorium", Stance.SUPPORTS, Span(0, 1), confidence=0.7, rule="moratorium/say")


def test_a_family_is_what_the_rule_begins_with() -> None:
    assert [family(r) for r in ("compliance/deny", "learned/0.82", "meeting", "")] == [
        "compliance",
        "learned",
        "meeting",
        "",
    ]


def test_steps_hold_up_to_their_bound_and_the_last_beyond_it() -> None:
    steps = Steps((0.5, 0.8), (0.4, 0.9))
    assert [steps.of(raw) for raw in (0.0, 0.5, 0.51, 0.8, 1.0)] == [0.4, 0.4, 0.9, 0.9, 0.9]


@pytest.mark.parametrize(
    ("upto", "worth"),
    [((), ()), ((0.5,), (0.5, 0.6)), ((0.5, 0.8), (0.9, 0.4)), ((0.8, 0.5), (0.4, 0.9)), ((1,), (2,))],
)
def test_a_surer_score_is_never_worth_less(upto: tuple[float, ...], worth: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"confiden|worth"):
        Steps(upto, worth)


def test_a_family_of_its_own_comes_before_that_of_all() -> None:
    known = {"*": Steps((1.0,), (0.6,)), "moratorium": Steps((1.0,), (0.9,))}
    assert [r.confidence for r in calibrated([RECORD], known)] == [0.9]
    assert [r.confidence for r in calibrated([RECORD], {"*": known["*"]})] == [0.6]
    assert calibrated([RECORD], {}) == (RECORD,)


def test_the_file_is_read_by_dossier_and_kind() -> None:
    text = json.dumps({"dossiers": {"inf": {"positions": {"*": [[0.5, 0.4], [1, 0.9]]}}}})
    assert read_tables(text)["inf"]["positions"]["*"].of(0.6) == 0.9


def test_what_the_reader_gives_was_measured() -> None:
    """Every confidence of a reading is one of the packaged tables' values."""
    packaged = tables("inf")
    worth = {value for known in packaged.values() for steps in known.values() for value in steps.worth}
    reading = Reader(load_dossier("inf")).read(
        ArticleText(
            "BRUSSELS, September 25. NATO spokeswoman Oana Lungescu said on Wednesday that the Russian moratorium was "
            "not a credible offer. Russia has deployed the SSC-8 in violation of the INF Treaty, she said.",
            published_at="2019-09-25",
        )
    )
    given = {record.confidence for record in (*reading.positions, *reading.events)}
    assert given
    assert given <= worth
