"""Confidences that mean something: a record at 0.8 should be right eight times in ten.

Rules and models give a record a raw score, which only orders the tellings of one article. `confidence.json`,
written by `python -m training.calibrate`, says for each dossier and each family of rules how often records of
such a score were right on coded articles. A family that was met too seldom shares the table of all others.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import TypeVar

from services.core.domain.reading import PoliticalEvent, Position

POSITIONS, EVENTS = "positions", "events"
EVERY = "*"  # the family of all rules together

T = TypeVar("T", Position, PoliticalEvent)


@dataclass(frozen=True, slots=True)
class Steps:
    """A rising step function: a raw score up to `upto[n]` is worth `worth[n]`, above all of them the last."""

    upto: tuple[float, ...]
    worth: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.upto or len(self.upto) != len(self.worth):
            raise ValueError("a table of confidences has as many bounds as values, at least one")
        if sorted(self.upto) != list(self.upto) or sorted(self.worth) != list(self.worth):
            raise ValueError("a surer score must not be worth less")
        if not 0.0 <= self.worth[0] <= self.worth[-1] <= 1.0:
            raise ValueError("confidences lie between 0 and 1")

    def of(self, raw: float) -> float:
        """What a raw score is worth."""
        return self.worth[min(bisect_left(self.upto, raw), len(self.worth) - 1)]


Tables = Mapping[str, Mapping[str, Steps]]  # positions or events -> family -> steps


def family(rule: str) -> str:
    """What rules share a table: `compliance` of `compliance/deny`, `encoder` of `encoder/0.82`."""
    return rule.partition("/")[0]


def calibrated(records: Iterable[T], known: Mapping[str, Steps]) -> tuple[T, ...]:
    """The records with what their raw scores are worth by the tables of one kind of record."""
    made = []
    for record in records:
        steps = known.get(family(record.rule)) or known.get(EVERY)
        made.append(replace(record, confidence=steps.of(record.confidence)) if steps else record)
    return tuple(made)


@cache
def tables(dossier_id: str) -> Tables:
    """The packaged tables of a dossier, read once; empty where none were fitted."""
    file = resources.files("workers.extraction").joinpath("confidence.json")
    return read_tables(file.read_text("utf-8")).get(dossier_id, {}) if file.is_file() else {}


def read_tables(text: str) -> Mapping[str, Tables]:
    """The tables of a file by dossier. Raises ValueError or KeyError where it holds something else."""
    return {
        dossier: {of: {name: _steps(steps) for name, steps in known.items()} for of, known in by_kind.items()}
        for dossier, by_kind in json.loads(text)["dossiers"].items()
    }


def _steps(pairs: Sequence[Sequence[float]]) -> Steps:
    return Steps(tuple(float(upto) for upto, _ in pairs), tuple(float(worth) for _, worth in pairs))
