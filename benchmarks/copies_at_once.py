"""Fifty near-copies at once, to eight worker processes: one original and 49 copies, run after run.

    python benchmarks/copies_at_once.py [--runs 20] [--kill]

With `--kill` a worker is killed (SIGKILL, with its children) and another started, again and again, while the
copies are judged. Servers are embedded; each run has a database and a broker of its own making.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from services.cli.embedded import EmbeddedPostgres, EmbeddedValkey
from services.core.eventstore.migrate import migrate
from tests.integration.pipeline import Pipeline, of_type, pipeline, take_in
from tests.unit.dedup.accounts import PLEDGE
from tests.unit.dedup.edits import edited

COPIES, WORKERS, EACH = 50, 4, "2"  # four workers of two processes
SECONDS = 180


def run(pipe: Pipeline, rng: random.Random, *, kill: bool) -> tuple[int, int, int]:
    """(originals, copies, workers killed) of one run."""
    for _ in range(WORKERS):
        pipe.start_worker(TREATYLINE_WORKER_CONCURRENCY=EACH)
    killed = 0
    for number in range(COPIES):
        text = edited(PLEDGE[0], rng, keep=rng.uniform(0.7, 1), furniture=True, headline=rng.random() < 0.5)
        take_in(pipe.store, f"{text}\n\nSite {number}", url=f"https://site{number}.example/story")
    deadline = time.monotonic() + SECONDS
    with pipe.relay():
        while time.monotonic() < deadline:
            judged = of_type(pipe.store, "ArticleJudgedOriginal", "ArticleJudgedDuplicate")
            if len(judged) >= COPIES and not pipe.dispatches():
                break
            if kill and killed < 2 * WORKERS and (judged or killed):
                victim = rng.choice([worker for worker in pipe.workers if worker.poll() is None])
                os.killpg(victim.pid, signal.SIGKILL)
                victim.wait()
                pipe.start_worker(TREATYLINE_WORKER_CONCURRENCY=EACH)
                killed += 1
            time.sleep(0.1)
    judged = of_type(pipe.store, "ArticleJudgedOriginal", "ArticleJudgedDuplicate")
    assert len({event.data["article_id"] for event in judged}) == len(judged)
    originals = sum(event.type == "ArticleJudgedOriginal" for event in judged)
    return originals, len(judged) - originals, killed


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--kill", action="store_true")
    options = parser.parse_args()
    rng = random.Random(50)
    right = 0
    for number in range(options.runs):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            with (
                EmbeddedPostgres(folder / "postgres", durable=False) as postgres,
                EmbeddedValkey(folder / "valkey", durable=False) as valkey,
            ):
                migrate(postgres.url, services_password=postgres.services_password)
                pipe = pipeline(postgres.services_url, valkey.url, folder)
                started = time.perf_counter()
                try:
                    originals, copies, killed = run(pipe, rng, kill=options.kill)
                finally:
                    pipe.stop()
        right += (originals, copies) == (1, COPIES - 1)
        print(f"run {number + 1}: {originals} original, {copies} copies, {killed} workers killed, "
              f"{time.perf_counter() - started:.1f} s", flush=True)  # fmt: skip
    print(f"{right} of {options.runs} runs gave one original and {COPIES - 1} copies")
    sys.exit(right != options.runs)


if __name__ == "__main__":
    main()
