"""`make chaos`, or `python -m tests.chaos --help`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from services.core.logging import configure_logging
from tests.chaos.run import Plan, Report, run

SECONDS_PER_KILL = 6.0
REFUSED = 50  # one broken article for so many


def main() -> int:
    """Run, print figures and findings. Exit code 1 where there are findings."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--articles", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seconds", type=float, help="over which the kills are spread [default: 6 for each]")
    parser.add_argument(
        "--folder", type=Path, help="where data and logs are kept [default: one that is removed]"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    configure_logging(level="warning", json=True)  # what the supervisor says is read afterwards
    with tempfile.TemporaryDirectory(prefix="treatyline chaos ") as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        plan = Plan(
            seed=given.seed,
            articles=given.articles,
            refused=1 + given.articles // REFUSED,
            kills=given.kills,
            seconds=given.seconds or given.kills * SECONDS_PER_KILL,
            folder=folder,
        )
        try:
            report = run(plan, lambda words: print(f"-- {words}", file=sys.stderr, flush=True))
        except KeyboardInterrupt:
            return 130
        if given.json:
            print(json.dumps({"fine": report.fine, "figures": report.figures, "checks": report.checks}))
        else:
            show(report)
    return 0 if report.fine else 1


def show(report: Report) -> None:
    """For a person."""
    for name, value in report.figures.items():
        told = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
        print(f"{name.replace('_', ' '):32} {told}")
    for name, findings in report.checks.items():
        print(f"{'FAILS' if findings else 'holds':8} {name}")
        for finding in findings[:10]:
            print(f"           {finding}")


if __name__ == "__main__":
    sys.exit(main())
