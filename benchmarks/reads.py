"""How long the queries of the API take over HTTP, one after another on one connection, and how that grows with the log.

    python -m benchmarks.reads [--quick] [--events 100000,1000000] [--keep FILE]

The log is written by `append_events` and folded into the read tables by the projector; 12 in a hundred articles are
on the subject, so that a million events tell some 200,000 mentions and as many statements. `make bench-million`
measures on a million.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import random
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import psycopg

from benchmarks.frame import Bench, bench, percentile
from benchmarks.generated_log import FIRST_DAY, STORY_DAYS, GeneratedLog
from benchmarks.processes import process
from benchmarks.servers import log_server
from services.cli.bench_load import Connection, LoadFailed
from services.core.domain.dossier import load_dossier
from services.core.projections.registry import projections
from workers.projector import catch_up

ON_TOPIC = 0.12
ACTORS = 20  # of the generated log
SIZES = "100000"


def questions(seed: int) -> dict[str, Iterator[str]]:
    """Random ones of each kind, without end."""
    rng = random.Random(seed)
    actors = list(load_dossier("inf").actors)[:ACTORS]

    def day() -> dt.date:
        return FIRST_DAY + dt.timedelta(days=rng.randrange(STORY_DAYS))

    def timeline() -> Iterator[str]:
        while True:
            start = day()
            end = start + dt.timedelta(days=rng.choice((30, 365)))
            yield f"/v1/timeline?actor={rng.choice(actors)}&from={start}&to={end}"

    def positions() -> Iterator[str]:
        while True:
            yield f"/v1/positions?as_of={day()}"

    def of_actor() -> Iterator[str]:
        while True:
            yield f"/v1/actors/{rng.choice(actors)}/positions"

    return {
        "timeline by actor and date": timeline(),
        "positions as_of": positions(),
        "positions of an actor": of_actor(),
    }


async def ask(url: str, paths: Iterator[str], count: int, etags: dict[str, str] | None = None) -> list[float]:
    """Milliseconds for each; with `etags` (by path) of what is told to be as it was."""
    connection = Connection(url)
    taken = []
    for _ in range(count):
        path = next(paths)
        headers = {}
        if etags is not None:
            if path not in etags:
                etags[path] = (await connection.request("GET", path)).headers["etag"]
            headers = {"If-None-Match": etags[path]}
        began = time.perf_counter()
        answer = await connection.request("GET", path, headers=headers)
        taken.append((time.perf_counter() - began) * 1000)
        if answer.status != (200 if etags is None else 304):
            raise LoadFailed(f"{answer.status} to {path}: {answer.body[:200]!r}")
    await connection.close()
    return taken


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--events", default=None, help="sizes of the log to measure at, rising")
    parser.add_argument("--keep", type=Path, help="a file that figures are added to for docs/scaling.md")


def main() -> None:
    with bench(__doc__, options) as b, log_server() as server:
        sizes = [int(word) for word in (b.options.events or ("20000" if b.quick else SIZES)).split(",")]
        log = GeneratedLog(on_topic=ON_TOPIC)
        filled = 0
        with process("api", TREATYLINE_DATABASE_URL=server.services_url) as api:
            for size in sizes:
                began = time.perf_counter()
                with psycopg.connect(server.services_url, autocommit=True) as conn:
                    filled += log.fill(conn, size - filled)
                    took_fill = time.perf_counter() - began
                    catch_up(conn, projections())
                with psycopg.connect(server.url, autocommit=True) as conn:
                    conn.execute("VACUUM ANALYZE")
                    row = conn.execute(
                        "SELECT count(*) FROM read.mentions WHERE to_position IS NULL"
                    ).fetchone()
                    mentions = row[0] if row else 0
                b.note(
                    f"{filled:,} events, {mentions:,} mentions: written in {took_fill:.0f} s, folded in "
                    f"{time.perf_counter() - began - took_fill:.0f} s"
                )
                measure(b, api.url, filled, mentions)


def measure(b: Bench, url: str, events: int, mentions: int) -> None:
    """All questions at this size of the log."""
    count = 40 if b.quick else 200
    at = f"{events:,} events" if events % 1000 == 0 else f"{round(events, -3):,} events"
    kept: dict[str, float] = {"events": events, "mentions": mentions}
    for which, paths in questions(1).items():
        asyncio.run(ask(url, paths, 20))
        rounds = [asyncio.run(ask(url, paths, count)) for _ in range(min(b.rounds, 3))]
        p99 = [percentile(values, 99) for values in rounds]
        b.single("reads", f"{which}, {at}, p99", values=p99, unit="ms", goal=20, at_most=True)
        kept[which] = sorted(p99)[len(p99) // 2]
        few = [next(paths) for _ in range(20)]
        etags: dict[str, str] = {}
        asyncio.run(ask(url, iter(few), 20, etags))
        again = asyncio.run(ask(url, iter(few * (count // 20)), count // 20 * 20, etags))
        b.single("reads", f"{which}, {at}, matching ETag, p99", values=[percentile(again, 99)], unit="ms",
                 goal=2, at_most=True)  # fmt: skip
    if b.options.keep:
        with b.options.keep.open("ab") as file:
            file.write(orjson.dumps(kept) + b"\n")


if __name__ == "__main__":
    main()
