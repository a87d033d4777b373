"""From the POST of an article to the change arriving at an open stream, on an idle system.

    python -m benchmarks.latency [--quick]

Each article is short, on the subject, an original, and the first to tell what it tells; one is posted when the one
before has been told. On the way: the log, the relay, the broker, judging, the broker, reading, the projections,
the stream.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import tempfile
import time
from pathlib import Path

import orjson

from benchmarks.frame import bench, percentile
from benchmarks.processes import system
from services.cli.bench_articles import Mix, article
from services.cli.bench_load import Connection, LoadFailed

TOLD_SECONDS = 90.0
PAUSE_SECONDS = 0.3
TEXT = (
    "{place}, {day}. NATO spokeswoman Oana Lungescu said on {weekday} that the Russian moratorium was not a credible "
    "offer. Russia has deployed the SSC-8 in violation of the INF Treaty, she said.\n\n{rest}"
)
CHARACTERS = 1000  # of an article: the median of the sample dispatches


def dispatch(number: int) -> dict[str, str]:
    """An article that no other is a copy of, of a day that no other tells of."""
    day = dt.date(2019, 1, 1) + dt.timedelta(days=number)
    other = article(Mix(on_topic=0, copies=0, seed=7), number)
    return {
        "url": f"https://wire.example/latency/{number}",
        "title": other["title"],
        "outlet": other["outlet"],
        "published_at": day.isoformat(),
        "text": TEXT.format(
            place=other["outlet"].split()[0].upper(),
            day=f"{day:%B} {day.day}",
            weekday=f"{day:%A}",
            rest=other["text"],
        )[:CHARACTERS],
    }


async def measure(url: str, numbers: range) -> list[float]:
    """Milliseconds for each."""
    parts = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(parts[0], int(parts[1]))
    writer.write(f"GET /v1/timeline/stream HTTP/1.1\r\nHost: {parts[0]}\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    posting = Connection(url)
    taken = []
    for number in numbers:
        body = orjson.dumps(dispatch(number))
        began = time.perf_counter()
        answer = await posting.request("POST", "/v1/articles", body)
        if answer.status != 202:
            raise LoadFailed(f"{answer.status}: {answer.body[:200]!r}")
        wanted = answer.json()["id"].encode()
        async with asyncio.timeout(TOLD_SECONDS):
            while wanted not in await reader.readuntil(b"\n\n"):
                pass
        taken.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(PAUSE_SECONDS)
    await posting.close()
    writer.close()
    return taken


def main() -> None:
    with bench(__doc__) as b, tempfile.TemporaryDirectory(prefix="treatyline-bench-") as folder:
        each = 5 if b.quick else 12
        with system(Path(folder) / "var") as running:
            asyncio.run(measure(running.url, range(3)))  # the models are loaded now
            rounds = [
                asyncio.run(measure(running.url, range(3 + which * each, 3 + (which + 1) * each)))
                for which in range(b.rounds)
            ]
        whole = [value for values in rounds for value in values]
        b.single(
            "latency",
            "POST to the stream, p50",
            values=[percentile(values, 50) for values in rounds],
            unit="ms",
            goal=150,
            at_most=True,
        )
        b.single("latency", "p99 of all", values=[percentile(whole, 99)], unit="ms", goal=400, at_most=True)


if __name__ == "__main__":
    main()
