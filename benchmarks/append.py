"""Appends per second: the log's function against its bare limits, on an embedded PostgreSQL, interleaved.

    python benchmarks/append.py [--rounds 5] [--seconds 2]

`log`       EventStore.append: gapless order, idempotent, expected version, acknowledged when on disk
`locked`    the same function with an ordinary commit, the append lock held while the disk is waited for
`unordered` INSERT of the same rows with a sequence: loses events for a reader with one integer
`copy`      COPY of the same rows into a table of the same form, one writer: the bare limit
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import psycopg

from services.cli.embedded import EmbeddedPostgres
from services.core.eventstore.migrate import migrate
from services.core.eventstore.store import EventStore, NewEvent, StreamWrite, append, open_pool

DATA = {"article_id": "0" * 36, "body_sha256": "0" * 64, "filler": "x" * 400}  # about 560 bytes
META = {"correlation_id": "0" * 36, "causation_id": None, "schema_version": 1}
BARE = """
CREATE TABLE {name} (global_position {kind} PRIMARY KEY, stream_name text NOT NULL, position bigint NOT NULL,
    id uuid UNIQUE NOT NULL, type text NOT NULL, data json NOT NULL, metadata json NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(), UNIQUE (stream_name, position))
"""
COLUMNS = "stream_name, position, id, type, data, metadata"

Connection = psycopg.Connection[Any]
Step = Callable[[Connection, int], None]


def batch(size: int) -> list[StreamWrite]:
    return [
        StreamWrite(str(uuid.uuid4()), [NewEvent(uuid.uuid4(), "Noted", DATA, META) for _ in range(size)], -1)
    ]


def rows(size: int) -> list[tuple[Any, ...]]:
    stream, data, meta = str(uuid.uuid4()), orjson.dumps(DATA).decode(), orjson.dumps(META).decode()
    return [(stream, position, uuid.uuid4(), "Noted", data, meta) for position in range(size)]


def locked(conn: Connection, size: int) -> None:
    append(conn, batch(size))


def unordered(conn: Connection, size: int) -> None:
    with conn.transaction(), conn.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO bare_sequence ({COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s)", rows(size)
        )


def copy(conn: Connection, size: int) -> None:
    command = f"COPY bare_sequence ({COLUMNS}) FROM STDIN"
    with conn.transaction(), conn.cursor() as cursor, cursor.copy(command) as stream:
        for row in rows(size):
            stream.write_row(row)


def rate(url: str, step: Step, size: int, writers: int, seconds: float) -> float:
    """Events a second of `writers` threads that append `size` at a time."""
    counts = [0] * writers
    barrier = threading.Barrier(writers + 1)

    def run(which: int) -> None:
        with psycopg.connect(url, autocommit=True) as conn:
            step(conn, size)
            barrier.wait()
            end = time.perf_counter() + seconds
            while time.perf_counter() < end:
                step(conn, size)
                counts[which] += size
            barrier.wait()

    threads = [threading.Thread(target=run, args=[which]) for which in range(writers)]
    for thread in threads:
        thread.start()
    barrier.wait()
    started = time.perf_counter()
    barrier.wait()
    elapsed = time.perf_counter() - started
    for thread in threads:
        thread.join()
    return sum(counts) / elapsed


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "pg") as server:
        migrate(server.url, server.services_password)
        with psycopg.connect(server.url) as conn:
            conn.execute(BARE.format(name="bare_sequence", kind="bigserial"))
        with open_pool(server.services_url, max_size=8) as pool:
            store = EventStore(pool)

            def log(_: Connection, size: int) -> None:
                store.append(batch(size))

            steps: dict[str, Step] = {"log": log, "locked": locked, "unordered": unordered, "copy": copy}
            cases = [
                (name, size, writers)
                for size, writers in [(1, 1), (1, 8), (10, 1), (10, 8), (100, 1), (100, 8)]
                for name in steps
                if name != "copy" or (size, writers) == (100, 1)
            ]
            seen: dict[tuple[str, int, int], list[float]] = {case: [] for case in cases}
            for _ in range(options.rounds):
                for name, size, writers in cases:
                    measured = rate(server.url, steps[name], size, writers, options.seconds)
                    seen[name, size, writers].append(measured)
    print(f"{'events/s':<10} {'batch':>6} {'writers':>8} {'median':>9} {'lowest':>9} {'highest':>9}")
    for (name, size, writers), rates in seen.items():
        print(
            f"{name:<10} {size:>6} {writers:>8} {statistics.median(rates):>9,.0f} {min(rates):>9,.0f} {max(rates):>9,.0f}"
        )


if __name__ == "__main__":
    main()
