"""Measures everything, each script in a process of its own, and writes docs/benchmarks.md.

    python -m benchmarks                  all: about a quarter of an hour
    python -m benchmarks append rebuild   these only; writes nothing
    python -m benchmarks --quick          all with little, to try it; writes nothing

A script that fails or takes too long costs its own rows, not the others'.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import report

SCRIPTS = (
    "append",
    "log",
    "rebuild",
    "extraction",
    "ingest",
    "latency",
    "stream",
    "reads",
    "firehose",
    "starting",
)
SECONDS = 900  # that one script may take


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scripts", nargs="*", metavar="SCRIPT", help=", ".join(SCRIPTS))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--keep", type=Path, help="a file for the results, instead of a temporary one")
    options = parser.parse_args()
    here = [name for name in SCRIPTS if importlib.util.find_spec(f"benchmarks.{name}")]
    scripts = options.scripts or here
    if unknown := set(scripts) - set(here):
        parser.error(f"no such script: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="treatyline-bench-") as folder:
        results = options.keep or Path(folder) / "results.jsonl"
        results.unlink(missing_ok=True)
        started = time.time()
        failed = [name for name in scripts if not measure(name, results, quick=options.quick)]
        took = time.time() - started
        print(f"\nAll in {took / 60:.1f} minutes.")
        if failed:
            print(f"Not brought to an end: {', '.join(failed)}")
        if options.quick or options.scripts:
            print(f"{report.PAGE} is written by a whole run only.")
        else:
            report.write(results, took=took, failed=failed)
            print(f"Written: {report.PAGE}")
    sys.exit(bool(failed))


def measure(name: str, results: Path, *, quick: bool) -> bool:
    """Runs one script to its end; whether it got there."""
    print(f"\n== {name}", flush=True)
    command = [sys.executable, "-m", f"benchmarks.{name}", "--results", str(results)]
    script = subprocess.Popen([*command, "--quick"] if quick else command, start_new_session=True)
    try:
        return script.wait(SECONDS) == 0
    except subprocess.TimeoutExpired:
        print(f"{name}: stopped after {SECONDS} s", flush=True)
        return False
    finally:
        # With the servers and processes that it may have left behind.
        if script.poll() is None:
            os.killpg(script.pid, signal.SIGTERM)
            try:
                script.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(script.pid, signal.SIGKILL)
                script.wait()


if __name__ == "__main__":
    main()
