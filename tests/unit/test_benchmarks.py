"""The frame of the measurements: what counts is each round's ratio, and the page says what was reached."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.frame import Bench, Row, percentile


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(argparse.Namespace(quick=False, rounds=3, results=tmp_path / "results.jsonl"))


def rates(*values: float) -> Iterator[float]:
    yield from values


def test_ratios_are_taken_round_by_round_so_that_a_slow_round_slows_both_sides(bench: Bench) -> None:
    ours, bare = rates(10, 1, 12), rates(20, 2, 20)
    row = bench.compare(
        "append", "hundreds", ours=lambda: next(ours), bare=lambda: next(bare), unit="events/s", goal=0.45
    )
    assert row.ratios == [0.5, 0.5, 0.6]
    assert (row.median, row.reached) == (0.5, True)


def test_both_sides_take_turns_at_going_first(bench: Bench) -> None:
    order: list[str] = []

    def side(name: str) -> float:
        order.append(name)
        return 1.0

    bench.compare("append", "hundreds", ours=lambda: side("ours"), bare=lambda: side("bare"), unit="events/s")
    assert order == ["ours", "bare", "bare", "ours", "ours", "bare"]


@pytest.mark.parametrize(("value", "reached"), [(149.0, True), (150.0, True), (151.0, False)])
def test_a_ceiling_is_reached_from_below(value: float, reached: bool) -> None:
    row = Row(topic="latency", what="p50", unit="ms", ours=[value], goal=150, at_most=True)
    assert row.reached is reached


def test_percentiles_are_values_that_were_seen() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert (percentile(values, 50), percentile(values, 99), percentile(values, 100)) == (50.0, 99.0, 100.0)
    assert percentile([7.0], 99) == 7.0


def test_the_page_shows_each_row_as_it_was_measured_last_and_the_notes_of_its_topic(bench: Bench) -> None:
    bench.single("extraction", "one process", values=[0.2], unit="articles/s", goal=1.0)
    bench.single("extraction", "one process", values=[0.5], unit="articles/s", goal=1.0)
    assert bench.results is not None
    rows = report.load(bench.results)
    text = report.page(rows, took=120, failed=["stream"])
    assert "| extraction | one process | 0.5 articles/s |  | **0.5** | one run | ≥ 1 | not reached |" in text
    assert "0.2 articles/s" not in text
    assert "Not brought to an end in this run: stream." in text
    assert text.count("\n## ") == 1
    assert "## Extraction\n" in text
