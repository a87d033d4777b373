"""Articles taken in a second by one process, over a bare FastAPI endpoint that validates and inserts the same.

    python -m benchmarks.ingest [--quick]

Both answer when the article is on disk; ours has by then given it its place in the log, with its body and its id.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator

import orjson
import psycopg

from benchmarks import bare_ingest
from benchmarks.frame import bench
from benchmarks.processes import hammer, process, ready
from benchmarks.servers import log_server
from services.cli.bench_articles import Mix, article
from services.cli.embedded.server import free_port

CONNECTIONS = 16
CHARACTERS = 3000


def bodies() -> Iterator[bytes]:
    """Different articles of 3 kB, made of one by its address and first words."""
    text = " ".join(article(Mix(copies=0), number)["text"].replace("\n\n", " ") for number in range(3))
    for number in itertools.count():
        yield orjson.dumps(
            {
                "url": f"https://site-{number % 97}.example/{number}",
                "title": "The council of Bergen accepted its budget",
                "outlet": "Bergen Courier",
                "published_at": "2019-02-01T10:00:00Z",
                "text": f"Report {number}. {text}"[:CHARACTERS],
            }
        )


def main() -> None:
    with bench(__doc__) as b, log_server() as server:
        with psycopg.connect(server.url, autocommit=True) as conn:
            conn.execute(bare_ingest.TABLE)
        seconds = 1.0 if b.quick else 4.0
        port = free_port()
        command = [sys.executable, "-m", "benchmarks.bare_ingest", str(port)]
        bare_process = subprocess.Popen(command, env=os.environ | {"BENCH_DATABASE_URL": server.url})
        try:
            ready(bare_process, port)
            with process("ingest", TREATYLINE_DATABASE_URL=server.services_url) as ours_process:
                articles = bodies()
                slowest: list[float] = []

                def measure(url: str, kept: list[float] | None = None) -> float:
                    seen = hammer(url, "/v1/articles", articles, seconds=seconds, connections=CONNECTIONS)
                    if kept is not None:
                        kept.append(seen.percentile(99) * 1000)
                    return seen.rate

                bare_url = f"http://127.0.0.1:{port}"
                for url in (ours_process.url, bare_url):
                    hammer(url, "/v1/articles", articles, seconds=1.0, connections=CONNECTIONS)
                b.compare(
                    "ingest",
                    f"articles of 3 kB, {CONNECTIONS} connections",
                    ours=lambda: measure(ours_process.url, slowest),
                    bare=lambda: measure(bare_url),
                    unit="POSTs/s",
                    bare_is="validate + INSERT",
                    goal=0.60,
                )
                b.single(
                    "ingest",
                    f"p99 of a POST at {CONNECTIONS} connections",
                    values=slowest,
                    unit="ms",
                    goal=50,
                    at_most=True,
                )
        finally:
            bare_process.terminate()
            bare_process.wait()


if __name__ == "__main__":
    main()
