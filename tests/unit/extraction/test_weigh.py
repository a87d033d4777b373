"""Fitting how much each sign weighs where rules and encoder are put together."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import pytest

from services.cli.evaluation.coded import coded
from training import weigh
from training.weigh import Row, fit, judged, left_out
from workers.extraction.learned.weighing import Case, chance_of

GOLD = coded(
    {
        "article": "a",
        "date": "2019-02-01",
        "positions": [
            {"actor": "usa", "proposition": "us-withdrawal", "stance": "supports"},
            {"actor": "nato", "proposition": "us-withdrawal", "stance": "supports", "optional": True},
        ],
        "events": [
            {"date": "2019-02", "kind": "accusation", "actors": ["usa", "uk"], "status": "actual"},
            {"date": "2019-08-02", "kind": "agreement-ended", "actors": [], "status": "planned"},
            {
                "date": "2019-02-01",
                "kind": "warning",
                "actors": ["usa"],
                "status": "actual",
                "optional": True,
            },
        ],
    }
)


def _rows(count: int, seed: int) -> list[Row]:
    """Whatever both say is nearly always right, what one says half the time, what nobody says never."""
    dice = random.Random(seed)
    rows = []
    for n in range(count):
        signs = {"always": 1.0}
        signs |= {"rules": 1.0} if dice.random() < 0.5 else {}
        signs |= {"encoder": 1.0} if dice.random() < 0.5 else {}
        share = {1: 0.05, 2: 0.5, 3: 0.95}[len(signs)]
        rows.append(Row(f"article {n // 10}", signs, dice.random() < share))
    return rows


def test_weights_tell_how_often_signs_are_right() -> None:
    weights = fit(_rows(4000, 1))
    assert chance_of({"always": 1.0}, weights) == pytest.approx(0.05, abs=0.03)
    assert chance_of({"always": 1.0, "rules": 1.0}, weights) == pytest.approx(0.5, abs=0.05)
    assert chance_of({"always": 1.0, "rules": 1.0, "encoder": 1.0}, weights) == pytest.approx(0.95, abs=0.03)


def test_a_sign_met_once_weighs_little() -> None:
    rows = [*_rows(400, 2), Row("last", {"always": 1.0, "odd": 1.0}, True)]
    assert 0 < fit(rows)["odd"] < 2


def test_a_sign_that_was_never_met_weighs_nothing() -> None:
    weights = fit(_rows(400, 3))
    assert chance_of({"always": 1.0, "new": 9.0}, weights) == chance_of({"always": 1.0}, weights)


def test_signs_that_tell_nothing_are_no_better_left_out() -> None:
    dice = random.Random(4)
    blind = [Row(f"article {n}", {"always": 1.0}, dice.random() < 0.3) for n in range(500)]
    found = left_out(_rows(2000, 5)), left_out(blind)
    told, guessed = (float(text.split("best F1 ")[1].split()[0]) for text in found)
    assert told > 0.75
    assert guessed < 0.5


def test_nothing_to_fit_is_said() -> None:
    with pytest.raises(ValueError, match="no cases"):
        fit([])
    assert "too few" in left_out(_rows(20, 6))


@pytest.mark.parametrize(
    ("case", "right"),
    [
        (Case("positions", "usa", "us-withdrawal supports", None), True),
        (Case("positions", "usa", "us-withdrawal opposes", None), False),
        (Case("positions", "nato", "us-withdrawal supports", None), None),
        (Case("events", "uk", "accusation", "2019-02-01"), True),
        (Case("events", "russia", "accusation", "2019-02-01"), False),
        (Case("events", "usa", "accusation", "2019"), False),
        (Case("events", "usa", "agreement-ended", "2019-08-02"), True),
        (Case("events", "usa", "warning", "2019-02-01"), None),
    ],
)
def test_a_case_is_right_if_gold_has_it(case: Case, right: bool | None) -> None:
    assert judged(case, GOLD) is right


def test_the_command_writes_weights_for_what_it_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    article = """
- article: {name}
  date: 2019-05-04
  published: 2019-05-04
  text: "MOSCOW, May 4. Russia kept to the INF Treaty, the Foreign Ministry said on Saturday. NATO denied it."
  positions:
    - {{actor: russia, proposition: russia-complied, stance: supports, date: 2019-05-04, evidence: "kept to"}}
  events:
    - {{date: 2019-05-04, kind: denial, actors: [russia], recipients: [], status: actual, evidence: "kept to"}}
"""
    gold, output = tmp_path / "gold.yaml", tmp_path / "weights.json"
    gold.write_text("".join(article.format(name=f"a{n}") for n in range(10)))
    monkeypatch.setattr(sys, "argv", ["weigh", str(gold), "--output", str(output)])
    weigh.main()
    made = json.loads(output.read_text())
    assert made["fitted_on"]["articles with cases"] == 10
    assert {"always", "encoder", "label russia-complied supports"} <= made["weights"]["positions"].keys()
    assert "positions: " in capsys.readouterr().out
