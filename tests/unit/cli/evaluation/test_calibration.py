"""The expected calibration error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cli.evaluation.calibration import calibration


def test_of_nothing_it_is_nothing() -> None:
    assert calibration([]).error == 0.0
    assert calibration([]).bins == ()


def test_what_is_right_as_often_as_it_says_has_no_error() -> None:
    eight_in_ten = [(0.8, n < 8) for n in range(10)]
    assert calibration(eight_in_ten).error == pytest.approx(0.0)


def test_bins_weigh_by_their_records() -> None:
    made = calibration([(0.95, True)] * 3 + [(0.15, True)])
    assert made.error == pytest.approx((3 * 0.05 + 1 * 0.85) / 4)
    assert [(b.low, b.high, b.count, b.right) for b in made.bins] == [(0.1, 0.2, 1, 1.0), (0.9, 1.0, 3, 1.0)]


def test_the_ends_belong_to_the_outer_bins() -> None:
    assert [(b.low, b.high) for b in calibration([(0.0, False), (1.0, True)]).bins] == [
        (0.0, 0.1),
        (0.9, 1.0),
    ]


@pytest.mark.parametrize("tenth", range(10))
def test_a_tenth_begins_its_bin(tenth: int) -> None:
    """0.3 * 10 is not quite 3 in floating point, 0.7 * 10 not quite 7."""
    (only,) = calibration([(tenth / 10, True)]).bins
    assert only.low == tenth / 10


@pytest.mark.parametrize("wrong", [-0.1, 1.1, float("nan")])
def test_what_is_no_confidence_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="not a confidence"):
        calibration([(wrong, True)])


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1))
def test_it_is_a_share_and_every_record_is_in_one_bin(records: list[tuple[float, bool]]) -> None:
    made = calibration(records)
    assert 0.0 <= made.error <= 1.0
    assert sum(b.count for b in made.bins) == made.count == len(records)
