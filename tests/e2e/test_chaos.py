"""A minute of `make chaos`: everything is killed at least once, and nothing is lost, repeated or different."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.system import VICTIMS


@pytest.mark.timeout(1800)
def test_a_minute_of_kills_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    plan = ("--seed", "4", "--articles", "100", "--kills", "15", "--seconds", "60", "--json")
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos", *plan, "--folder", str(tmp_path / "a run")],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=1780,
        check=False,
    )
    assert done.stdout, done.stderr[-4000:]
    report = json.loads(done.stdout)
    assert {name: findings for name, findings in report["checks"].items() if findings} == {}
    assert done.returncode == 0
    figures = report["figures"]
    assert figures["kills"] == 15
    assert set(figures["killed"]) == set(VICTIMS), "everything was killed at least once"
    assert figures["changes_told"] > 100
    assert figures["stream_connections"] > 5
    assert len(report["checks"]) == 12, "every check was made"
