"""Reading the log, and catching up a projection, against bare reading and against a library.

    python -m benchmarks.log [--quick] [--rounds 5] [--events 100000]

Reading is a Subscription from the first event to the last, in its batches, decoded, each on disk before it is
handed out; the bare limit is a server-side cursor over the same columns with orjson for both JSON values. The
projection counts events by type: ours with a checkpoint a batch, the `eventsourcing` library's with one an event.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from typing import Any

import orjson
import psycopg

from benchmarks import library
from benchmarks.frame import Bench, bench, timed
from benchmarks.generated_log import GeneratedLog
from benchmarks.servers import log_server
from services.core.eventstore.store import Recorded
from services.core.eventstore.subscription import Subscription
from workers.projector import catch_up

EVERYTHING = """
SELECT global_position, stream_name, position, id, type, data::text, metadata::text, recorded_at
  FROM events ORDER BY global_position
"""
THEIRS = 1_000  # events: their projection takes milliseconds for each


class CountingProjection:
    """Counts events by type."""

    name = "benchmark-counts"

    def apply(self, conn: psycopg.Connection[Any], batch: Sequence[Recorded]) -> None:
        """See `Projection.apply`."""
        counted = Counter(event.type for event in batch)
        conn.execute(
            "INSERT INTO counted AS c SELECT * FROM unnest(%s::text[], %s::bigint[])"
            " ON CONFLICT (name) DO UPDATE SET n = c.n + excluded.n",
            [list(counted), list(counted.values())],
        )


def subscribed(url: str, last: int) -> int:
    """Reads everything as a catch-up subscriber does; how many events it were."""
    read = 0
    for events in (subscription := Subscription(url)).batches():
        read += len(events)
        if events[-1].global_position >= last:
            subscription.stop.set()
    return read


def bare(url: str) -> int:
    """The same from a bare cursor."""
    read = 0
    with psycopg.connect(url) as conn, conn.cursor("bare", binary=True) as cursor:
        cursor.itersize = 500
        for *_, data, metadata, _ in cursor.execute(EVERYTHING):
            orjson.loads(data)
            orjson.loads(metadata)
            read += 1
    return read


def projected(url: str) -> int:
    """Folds everything into the counts, from nothing."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("DELETE FROM checkpoints WHERE name = %s", [CountingProjection.name])
        conn.execute("DELETE FROM counted")
        return catch_up(conn, [CountingProjection()])


def measure(b: Bench, url: str, owner_url: str, last: int, their_last: int) -> None:
    """Both rows."""

    def theirs() -> int:
        with psycopg.connect(owner_url, autocommit=True) as conn:
            conn.execute("DROP TABLE IF EXISTS counted_by_library, counting_tracking")
        library.catch_up(owner_url, their_last)
        return their_last

    b.compare(
        "log",
        "reading, decoded, over a bare cursor with orjson",
        ours=lambda: timed(lambda: subscribed(url, last)),
        bare=lambda: timed(lambda: bare(url)),
        unit="events/s",
        bare_is="cursor",
        goal=0.60,
    )
    b.compare(
        "log",
        "catching up a projection, over `eventsourcing`'s",
        ours=lambda: timed(lambda: projected(url)),
        bare=lambda: timed(theirs),
        unit="events/s",
        bare_is="eventsourcing",
        goal=25,
        rounds=min(b.rounds, 3),
    )


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--events", type=int, help="in the log (100,000)")


def main() -> None:
    with bench(__doc__, options) as b, log_server() as server:
        with psycopg.connect(server.services_url, autocommit=True) as conn:
            last = GeneratedLog().fill(conn, b.options.events or (10_000 if b.quick else 100_000))
        with psycopg.connect(server.url, autocommit=True) as conn:
            conn.execute("CREATE TABLE counted (name text PRIMARY KEY, n bigint NOT NULL)")
            conn.execute("GRANT ALL ON counted TO treatyline_services")
        with library.application(server.url) as app:
            their_last = library.fill(app, 300 if b.quick else THEIRS)
        measure(b, server.services_url, server.url, last, their_last)


if __name__ == "__main__":
    main()
