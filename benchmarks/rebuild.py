"""`treatyline rebuild` of a generated log of a million events, over reading and decoding the same events alone.

    python -m benchmarks.rebuild [--quick] [--rounds 2] [--events 1000000] [--on-topic 0.01]

The first round fills empty read tables, the next ones find them right. Each rebuild runs in a process of its own,
whose resident memory is looked at after the first tenth and at its highest.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import psycopg

from benchmarks.frame import bench, timed
from benchmarks.generated_log import GeneratedLog
from benchmarks.servers import log_server
from services.core.eventstore.store import read_all
from services.core.eventstore.subscription import save_checkpoint
from services.core.projections.read_models import ReadModels
from services.core.projections.rebuild import rebuild

READ = 500
FILL_SECONDS = 150.0  # a busy machine gets a shorter log, and one round


def resident() -> float:
    """This process's memory in MB."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def fold(url: str) -> None:
    """One rebuild; prints what it took."""
    seen: list[tuple[float, float]] = []
    with psycopg.connect(url, autocommit=True) as conn:
        started = time.perf_counter()
        done = rebuild(conn, lambda done, of: seen.append((done / max(1, of), resident())))
        took = time.perf_counter() - started
    early = max([mb for share, mb in seen if share <= 0.1] or [seen[0][1]])
    print(json.dumps({"events": done, "seconds": took, "early": early, "highest": max(mb for _, mb in seen)}))


def read(url: str) -> int:
    """Reads and decodes everything."""
    done = 0
    with psycopg.connect(url, autocommit=True) as conn:
        while batch := read_all(conn, done, READ):
            done = batch[-1].global_position
    return done


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--events", type=int, help="in the log (1,000,000)")
    parser.add_argument(
        "--on-topic", type=float, default=0.01, help="the articles that tell something (0.01)"
    )
    parser.add_argument("--fold", metavar="URL", help=argparse.SUPPRESS)


def main() -> None:
    with bench(__doc__, options) as b:
        if b.options.fold:
            fold(b.options.fold)
            return
        events = b.options.events or (20_000 if b.quick else 1_000_000)
        said: list[dict[str, float]] = []
        with log_server() as server:
            with psycopg.connect(server.services_url, autocommit=True) as conn:
                log = GeneratedLog(on_topic=b.options.on_topic)
                last = log.fill(conn, events, seconds=FILL_SECONDS)
                if last < events:
                    b.note(f"stopped at {last:,} events: the machine is busy")
                save_checkpoint(conn, ReadModels.name, last)
                conn.execute("VACUUM ANALYZE events")

            def ours() -> float:
                command = [sys.executable, "-m", "benchmarks.rebuild", "--fold", server.url]
                made = subprocess.run(command, check=True, capture_output=True, text=True)
                said.append(json.loads(made.stdout))
                return said[-1]["events"] / said[-1]["seconds"]

            b.compare(
                "rebuild",
                f"{last:,} events, {b.options.on_topic:.0%} on topic",
                ours=ours,
                bare=lambda: timed(lambda: read(server.url)),
                unit="events/s",
                bare_is="reading and decoding",
                goal=0.25,
                rounds=b.options.rounds or (2 if last >= events else 1),
            )
        early, highest = ([round_[name] for round_ in said] for name in ("early", "highest"))
        b.single("rebuild", "memory after a tenth of the log", values=early, unit="MB")
        b.single("rebuild", "memory at its highest", values=highest, unit="MB", goal=250, at_most=True)


if __name__ == "__main__":
    main()
