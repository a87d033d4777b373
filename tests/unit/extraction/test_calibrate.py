"""Fitting what raw scores are worth."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.calibrate import Article, Sample, as_json, error, fit, left_out_error, sets_of, steps
from workers.extraction.confidence import read_tables

GOLD = """
- article: a
  date: 2019-05-04
  published: 2019-05-04
  text: "MOSCOW, May 4. Russia kept to the INF Treaty, the Foreign Ministry said on Saturday."
  positions:
    - {actor: russia, proposition: russia-complied, stance: supports, date: 2019-05-04, evidence: "kept to"}
  events: []
"""


def drawn(raw: float, share: float, count: int, rule: str, seed: int) -> list[Sample]:
    dice = random.Random(seed)
    return [Sample(raw, rule, dice.random() < share) for _ in range(count)]


def articles(records: list[Sample], size: int = 5) -> list[Article]:
    return [{"positions": records[n : n + size], "events": []} for n in range(0, len(records), size)]


def test_scores_that_say_too_much_are_brought_down() -> None:
    coded = articles(drawn(0.9, 0.6, 200, "a/x", 1) + drawn(0.95, 0.8, 200, "b/x", 2))
    assert error(coded, None) > 0.2
    assert error(coded, fit(coded)) < 0.03
    assert left_out_error(coded) < 0.1


def test_a_family_met_too_seldom_shares_the_table_of_all() -> None:
    tables = fit(articles(drawn(0.7, 0.9, 60, "often/x", 1) + drawn(0.7, 0.1, 5, "seldom/x", 2)))
    assert set(tables["positions"]) == {"*", "often"}
    assert "events" not in tables


def test_nothing_is_certain_on_few_records() -> None:
    assert steps([Sample(0.7, "a", True)] * 10, belief=0.8).of(0.7) == pytest.approx(
        (10 + 6 * 0.8) / 16, abs=0.001
    )


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=200), st.floats(0.05, 0.95))
def test_steps_are_few_rise_and_answer_for_every_score(
    records: list[tuple[float, bool]], belief: float
) -> None:
    made = steps([Sample(raw, "a", right) for raw, right in records], belief)
    assert 1 <= len(made.upto) <= 5
    worth = [made.of(n / 20) for n in range(21)]
    assert worth == sorted(worth)
    assert all(0 < w < 1 for w in worth)


def test_the_file_is_what_the_reader_reads() -> None:
    tables = fit(articles(drawn(0.7, 0.9, 60, "often/x", 1)))
    assert read_tables(as_json(tables, {"articles": 12}))["inf"] == tables


def test_folders_go_with_the_file_before_them(tmp_path: Path) -> None:
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    assert sets_of([one, tmp_path, two]) == [(one, tmp_path), (two, None)]


def test_samples_are_the_raw_scores_of_what_the_reader_makes(tmp_path: Path) -> None:
    from services.core.domain.dossier import load_dossier  # noqa: PLC0415 - loads the models
    from training.calibrate import samples  # noqa: PLC0415
    from workers.extraction.reader import Reader  # noqa: PLC0415

    gold = tmp_path / "gold.yaml"
    gold.write_text(GOLD, encoding="utf-8")
    reader = Reader(load_dossier("inf"), calibrate=False)
    (article,) = samples(gold, None, reader)
    assert any(s.right and s.rule.startswith("compliance") for s in article["positions"])
