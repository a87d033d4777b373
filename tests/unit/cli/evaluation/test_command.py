"""`treatyline evaluate` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.main import app

GOLD = """
- article: a.txt
  date: 2019-05-04
  positions:
    - {actor: russia, proposition: russia-complied, stance: supports, date: 2019-05-04, evidence: "kept to"}
    - {actor: usa, proposition: russia-complied, stance: opposes, date: 2019-05-04, evidence: "kept to"}
  events: []
"""
TEXT = "MOSCOW, May 4, 2019. Russia kept to the INF Treaty, the Foreign Ministry said on Saturday.\n"


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    path = tmp_path / "gold.yaml"
    path.write_text(GOLD, encoding="utf-8")
    return path


def test_the_table_names_questions_and_kinds(gold: Path) -> None:
    done = CliRunner().invoke(app, ["evaluate", str(gold), "--calibration"])
    assert done.exit_code == 0, done.output
    assert "russia-complied" in done.output
    assert "article dates worked out: 1 of 1" in done.output
    assert "calibration, all records: expected error" in done.output
    assert "position missed" not in done.output


def test_errors_are_named_when_asked_for(gold: Path) -> None:
    done = CliRunner().invoke(app, ["evaluate", str(gold), "--errors"])
    assert "a: position missed: usa russia-complied opposes | kept to" in done.output


def test_json_is_data_only(gold: Path) -> None:
    done = CliRunner().invoke(app, ["evaluate", str(gold), "--json", "--calibration", "--errors"])
    figures = json.loads(done.stdout)
    assert figures["positions"]["tp"] == figures["positions"]["fn"] == 1
    assert figures["calibration"]["positions"]["records"] >= 1
    assert len(figures["errors"]) >= 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [([], "name a file"), (["nowhere.yaml"], "nowhere.yaml"), (["--timex", "nowhere"], "*.tml")],
)
def test_what_cannot_be_scored_is_told_plainly(arguments: list[str], told: str) -> None:
    done = CliRunner().invoke(app, ["evaluate", *arguments])
    assert done.exit_code == 1
    assert told in done.output
    assert "Traceback" not in done.output
