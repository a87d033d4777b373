"""The frame of every measurement: what is measured against what, how often, and what it is to reach.

    def main() -> None:
        with bench(__doc__) as b:
            b.compare("append", "batches of 100", ours=…, bare=…, unit="events/s", goal=0.45)
            b.single("latency", "POST to the stream, p50", values=[…], unit="ms", goal=150, at_most=True)

A script so made takes `--quick` (few rounds, to try it) and `--results FILE` (one JSON line for each row, from
which `benchmarks.report` writes docs/benchmarks.md). What the rows mean and why some are not reached stands in
benchmarks/notes.md, a section for each topic.
"""

from __future__ import annotations

import argparse
import gc
import math
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

ROUNDS = 5
QUICK_ROUNDS = 2


@dataclass(frozen=True, kw_only=True)
class Row:
    """One measurement. With `bare` the ratio of each round counts, without it the figure itself."""

    topic: str  # as in notes.md
    what: str
    unit: str  # of ours and bare
    ours: list[float]
    bare: list[float] | None = None
    bare_is: str = ""  # what the bare limit does
    goal: float | None = None  # None: shown, not judged
    at_most: bool = False  # the goal is a ceiling

    @property
    def ratios(self) -> list[float]:
        """Of each round, so that what slows a round down slows both sides of it."""
        return [ours / bare for ours, bare in zip(self.ours, self.bare or (), strict=True)]

    @property
    def judged(self) -> list[float]:
        """What is held against the goal, by round."""
        return self.ours if self.bare is None else self.ratios

    @property
    def median(self) -> float:
        return statistics.median(self.judged)

    @property
    def reached(self) -> bool | None:
        """None where there is no goal."""
        if self.goal is None:
            return None
        return self.median <= self.goal if self.at_most else self.median >= self.goal


class Bench:
    """Takes measurements, prints each and keeps it."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.quick: bool = options.quick
        self.rounds: int = options.rounds or (QUICK_ROUNDS if self.quick else ROUNDS)
        self.results: Path | None = options.results
        self.rows: list[Row] = []

    def compare(
        self,
        topic: str,
        what: str,
        *,
        ours: Callable[[], float],
        bare: Callable[[], float],
        unit: str,
        bare_is: str = "",
        goal: float | None = None,
        rounds: int | None = None,
    ) -> Row:
        """Measures both by turns. Each call gives a figure of which more is better (a rate, not a time)."""
        seen: tuple[list[float], list[float]] = ([], [])
        for which in range(rounds or self.rounds):
            # Who goes first changes: neither side always finds the caches as the other left them.
            for side in (0, 1) if which % 2 == 0 else (1, 0):
                gc.collect()
                seen[side].append((ours, bare)[side]())
        return self.keep(
            Row(topic=topic, what=what, unit=unit, ours=seen[0], bare=seen[1], bare_is=bare_is, goal=goal)
        )

    def single(
        self,
        topic: str,
        what: str,
        *,
        values: Sequence[float],
        unit: str,
        goal: float | None = None,
        at_most: bool = False,
    ) -> Row:
        """A figure without a bare limit: one value for each round."""
        return self.keep(
            Row(topic=topic, what=what, unit=unit, ours=list(values), goal=goal, at_most=at_most)
        )

    def keep(self, row: Row) -> Row:
        """Prints a row and adds it to the results, at once: what comes later may fail."""
        if not self.rows:
            print(HEAD, flush=True)
        print(line(row), flush=True)
        self.rows.append(row)
        if self.results is not None:
            load = os.getloadavg()[0]
            with self.results.open("ab") as file:
                file.write(orjson.dumps(asdict(row) | {"at": time.time(), "load": load}) + b"\n")
        return row

    def note(self, text: str) -> None:
        """Says what goes on, beside the table."""
        print(f"  ({text})", flush=True)


@contextmanager
def bench(doc: str | None, add: Callable[[argparse.ArgumentParser], Any] | None = None) -> Iterator[Bench]:
    """The frame of a script: its options and where its figures go. `add` adds options, to be had from `options`."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few rounds of little, to try it")
    parser.add_argument("--rounds", type=int, help=f"rounds of each comparison ({ROUNDS})")
    parser.add_argument("--results", type=Path, help="a file that a JSON line is added to for each row")
    if add is not None:
        add(parser)
    yield Bench(parser.parse_args())


def timed(work: Callable[[], int]) -> float:
    """How many a second: `work` gives how many it did."""
    started = time.perf_counter()
    done = work()
    return done / (time.perf_counter() - started)


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that `percent` of all are not above."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]


# -- showing -----------------------------------------------------------------------------------------------------

HEAD = f"{'':<12} {'':<44} {'ours':>12} {'bare':>12} {'median':>9} {'spread':>15} {'to reach':>9}"


def number(value: float) -> str:
    """Three significant digits, or all of a large number."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def spread(row: Row) -> str:
    """Lowest to highest of what is judged."""
    if len(row.judged) == 1:
        return "one run"
    return f"{number(min(row.judged))} – {number(max(row.judged))}"


def goal(row: Row) -> str:
    """What is to be reached, in the row's unit or as a ratio."""
    if row.goal is None:
        return "–"
    return f"{'≤' if row.at_most else '≥'} {number(row.goal)}"


def line(row: Row) -> str:
    bare = number(statistics.median(row.bare)) if row.bare else "–"
    mark = {True: "", False: "  not reached", None: ""}[row.reached]
    return (
        f"{row.topic:<12} {row.what:<44} {number(statistics.median(row.ours)):>12} {bare:>12} "
        f"{number(row.median):>9} {spread(row):>15} {goal(row):>9} {row.unit}{mark}"
    )
