"""How well our own coded sentences are read: the part developed on, and the part kept aside."""

from __future__ import annotations

from functools import cache

import pytest

from services.core.domain.dossier import load_dossier
from tests.unit.extraction.coded import Score, load, score
from workers.extraction.reader import Reader


@cache
def scores(name: str) -> tuple[Score, Score]:
    """Positions' and events' scores of one file of coded sentences."""
    reader = Reader(load_dossier("inf"))
    return score((coded, reader.read(coded.article)) for coded in load(name))


#: What was reached, less a hundredth: a change that falls below it made the reader worse.
BOUNDS = {"sentences.yaml": (0.92, 0.88), "sentences_heldout.yaml": (0.84, 0.82)}


@pytest.mark.parametrize("name", BOUNDS)
def test_positions_are_read_as_coded(name: str) -> None:
    found, _ = scores(name)
    assert found.f1 >= BOUNDS[name][0], _report(found, name)


@pytest.mark.parametrize("name", BOUNDS)
def test_events_are_read_as_coded(name: str) -> None:
    _, found = scores(name)
    assert found.f1 >= BOUNDS[name][1], _report(found, name)


def _report(found: Score, name: str) -> str:
    figures = f"F1 {found.f1:.3f} (right {found.right}, too much {found.extra}, missed {found.missed})"
    return figures if "heldout" in name else "\n".join([figures, *found.errors])


def test_sentences_that_say_nothing_give_nothing() -> None:
    reader = Reader(load_dossier("inf"))
    empty = [c for name in BOUNDS for c in load(name) if not c.positions and not c.events]
    assert len(empty) >= 30
    wrong = []
    for coded in empty:
        reading = reader.read(coded.article)
        if reading.positions or reading.events:
            wrong.append(coded.article.text)
    assert len(wrong) <= len(empty) // 6, wrong
