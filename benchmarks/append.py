"""Appending to the log: its function against its bare limits, by turns, on an embedded durable PostgreSQL.

    python -m benchmarks.append [--quick] [--rounds 5] [--seconds 2] [--all]

Ours is EventStore.append: gapless order, idempotent, expected version, acknowledged when on disk, while a sealer
follows. It is measured against COPY of the same rows by one writer, against INSERTs with a sequence (whose readers lose
events), and against the `eventsourcing` library in the mode whose readers lose nothing: with events as its users have
them, as ours has them, and with rows that are ready made for it, which ours has to make. `--all` adds the same function
with an ordinary commit and other sizes (docs/decisions/0001).
"""

from __future__ import annotations

import argparse
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import psycopg
from eventsourcing.application import Application

from benchmarks import library
from benchmarks.frame import Bench, bench
from benchmarks.servers import log_server
from services.core.eventstore.seals import seal_next
from services.core.eventstore.store import EventStore, NewEvent, StreamWrite, append, open_pool

DATA = {"article_id": "0" * 36, "body_sha256": "0" * 64, "filler": "x" * 400}  # about 560 bytes
META = {"correlation_id": "0" * 36, "causation_id": None, "schema_version": 1}
# The table of the log with its keys; `bare_sequence` gives positions as INSERTs come, with gaps and out of order.
BARE = """
CREATE TABLE bare_sequence (LIKE events INCLUDING ALL);
CREATE SEQUENCE bare_positions OWNED BY bare_sequence.global_position;
ALTER TABLE bare_sequence ALTER COLUMN global_position SET DEFAULT nextval('bare_positions'),
    ALTER COLUMN recorded_at SET DEFAULT now();
"""
COLUMNS = "stream_name, position, id, type, data, metadata"
INSERT = f"INSERT INTO bare_sequence ({COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s)"
COPY = f"COPY bare_sequence ({COLUMNS}) FROM STDIN"

Connection = psycopg.Connection[Any]
Step = Callable[[Connection, int], None]


def batch(size: int) -> list[StreamWrite]:
    """Events for one new stream."""
    events = [NewEvent(uuid.uuid4(), "Noted", DATA, META) for _ in range(size)]
    return [StreamWrite(str(uuid.uuid4()), events, -1)]


def rows(size: int) -> list[tuple[Any, ...]]:
    """The same as rows of a table, made for each event as `append` makes them."""
    stream = str(uuid.uuid4())
    return [
        (stream, position, uuid.uuid4(), "Noted", orjson.dumps(DATA).decode(), orjson.dumps(META).decode())
        for position in range(size)
    ]


def locked(conn: Connection, size: int) -> None:
    """The append with an ordinary commit: its lock is held while the disk is waited for."""
    append(conn, batch(size))


def unordered(conn: Connection, size: int) -> None:
    """Plain INSERTs, each transaction on disk when it ends."""
    with conn.transaction(), conn.cursor() as cursor:
        cursor.executemany(INSERT, rows(size))


def copied(conn: Connection, size: int) -> None:
    """COPY of the same rows into a table of the same form."""
    with conn.transaction(), conn.cursor() as cursor, cursor.copy(COPY) as stream:
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


@contextmanager
def sealing(url: str) -> Iterator[None]:
    """A sealer that follows the log, as the relay does."""
    stop = threading.Event()

    def seal() -> None:
        with psycopg.connect(url, autocommit=True) as conn:
            while not stop.is_set():
                if seal_next(conn) is None:
                    stop.wait(0.2)

    thread = threading.Thread(target=seal)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def measure(b: Bench, url: str, owner_url: str, store: EventStore, app: Application[Any]) -> None:
    """Every row."""
    seconds = b.options.seconds or (0.5 if b.quick else 2.0)

    def ours(_: Connection, size: int) -> None:
        store.append(batch(size))

    def theirs(_: Connection, size: int) -> None:
        app.events.put(library.noted(size))

    def their_rows(_: Connection, size: int) -> None:
        app.recorder.insert_events(library.stored(size))

    def run(step: Step, size: int, writers: int) -> Callable[[], float]:
        # The sealer works for the log alone, so it runs only beside it.
        def once() -> float:
            if step is not ours and step is not locked:
                return rate(owner_url, step, size, writers, seconds)
            with sealing(url):
                return rate(url, step, size, writers, seconds)

        return once

    def compare(what: str, size: int, writers: int, step: Step, bare_is: str, goal: float | None) -> None:
        b.compare(
            "append", what, ours=run(ours, size, writers), bare=run(step, size, writers), unit="events/s",
            bare_is=bare_is, goal=goal,
        )  # fmt: skip

    compare("hundreds, one writer, over COPY", 100, 1, copied, "COPY", 0.45)
    compare("single, 8 writers, over unordered INSERTs", 1, 8, unordered, "INSERT", 0.35)
    compare("hundreds, 8 writers, over `eventsourcing`", 100, 8, theirs, "eventsourcing", 3.5)
    compare("the same, its rows ready made", 100, 8, their_rows, "its recorder", None)
    if b.options.all:
        for size, writers in ((1, 1), (1, 8), (10, 1), (10, 8), (100, 1), (100, 8)):
            compare(
                f"{size} by {writers}, over a lock held to the disk", size, writers, locked, "locked", None
            )
            compare(f"{size} by {writers}, over unordered INSERTs", size, writers, unordered, "INSERT", None)


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, help="of each measurement (2)")
    parser.add_argument("--all", action="store_true", help="other sizes too, against two more ways")


def main() -> None:
    with bench(__doc__, options) as b, log_server() as server:
        with psycopg.connect(server.url) as conn:
            conn.execute(BARE)
        with (
            open_pool(server.services_url, max_size=8) as pool,
            library.application(server.url) as app,
        ):
            measure(b, server.services_url, server.url, EventStore(pool), app)


if __name__ == "__main__":
    main()
