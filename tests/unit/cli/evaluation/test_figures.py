"""The page of figures."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from services.cli.evaluation.coded import coded
from services.cli.evaluation.scoring import score
from training.figures import OWN, CodedSet, Figures, coded_sets, measure, page

DAY = datetime.date(2026, 11, 22)


def figures(standing: str) -> Figures:
    found = {"actor": "russia", "proposition": "moratorium", "stance": "supports", "confidence": 0.8}
    gold = {
        "article": "secret-article",
        "positions": [{**found, "evidence": "secret words"}, {**found, "actor": "usa"}],
    }
    read = {"article": "secret-article", "positions": [found], "events": []}
    one = CodedSet("a set", Path("gold.yaml"), None, standing, "about it", OWN)
    return Figures({one: score([(coded(gold), coded(read))])}, ["PolNeAR"], None, None)


@pytest.mark.parametrize("standing", ["developed on", "scored, never read"])
def test_it_gives_figures_and_never_what_was_missed(standing: str) -> None:
    made = page(figures(standing), DAY)
    assert "Measured on 2026-11-22" in made
    assert "1.000 / 0.500 / **0.667**" in made
    assert "| `moratorium` | 0.67 (2) |" in made
    assert "Not present when this was measured: PolNeAR." in made
    assert "secret" not in made
    assert ("All sets that were only scored" in made) == (standing != "developed on")


def test_what_was_measured_is_named_by_version() -> None:
    made = page(figures("developed on"), DAY)
    for what in (
        "| code |",
        "| extractor |",
        "| dossier `inf` |",
        "| learned model (SHA-256) |",
        "| confidences",
    ):
        assert what in made


def test_sets_that_are_not_there_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.figures.ROOT", tmp_path)
    made = measure(tmp_path / "shared")
    assert made.coded == {}
    assert {"seeds", "kremlin", "samples", "corpus", "TIMEX3", "PolNeAR"} <= set(made.missing)


def test_every_set_of_the_project_is_among_them() -> None:
    root = Path(__file__).parents[4]
    mine = {one.gold for one in coded_sets(root / "nowhere")}
    present = [
        p for folder in ("samples", "tests/corpus", "tests/aside") for p in (root / folder).glob("gold*.yaml")
    ]
    assert set(present) <= mine
