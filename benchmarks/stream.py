"""Changes to a thousand open streams of one API process: how many deliveries a second, none lost, memory for each.

    python -m benchmarks.stream [--quick]

Every stream must be sent every change, once and in order: its ids are held against those of the read tables.
"""

from __future__ import annotations

import asyncio
import resource
import time
from urllib.parse import urlsplit

import psycopg

from benchmarks.frame import Bench, bench
from benchmarks.generated_log import GeneratedLog
from benchmarks.processes import Process, process, resident
from benchmarks.servers import log_server
from services.core.projections.registry import projections
from workers.projector import catch_up

STREAMS = 1000
CONNECTED_AT_ONCE = 50
SECONDS = 240.0
IDS = """
SELECT from_position, change_number FROM read.entries WHERE from_position > %(after)s
UNION ALL SELECT from_position, change_number FROM read.standings WHERE from_position > %(after)s ORDER BY 1, 2
"""


class Stream(asyncio.Protocol):
    """One open stream: what of events came, kept as it came, taken apart when all is over."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.pieces: list[bytes] = []
        self.events = 0
        self.last = 0.0
        self._tail = b""

    def data_received(self, data: bytes) -> None:
        if not self.opened.is_set():
            self.opened.set()
        self.pieces.append(data)
        whole = self._tail + data
        found = whole.count(b"\nevent: ")
        self._tail = whole[-7:]
        if found:
            self.events += found
            self.last = time.perf_counter()

    def ids(self) -> list[str]:
        """Of the events that came, in order."""
        blocks = b"".join(self.pieces).replace(b"\r\n", b"\n").split(b"\n\n")
        return [
            line.removeprefix(b"id: ").decode()
            for block in blocks
            if b"event: " in block
            for line in block.split(b"\n")
            if line.startswith(b"id: ")
        ]


async def opened(url: str, count: int) -> list[tuple[Stream, asyncio.Transport]]:
    """That many streams, each told where it begins."""
    address = urlsplit(url)
    loop = asyncio.get_running_loop()
    gate = asyncio.Semaphore(CONNECTED_AT_ONCE)

    async def one() -> tuple[Stream, asyncio.Transport]:
        async with gate:
            transport, stream = await loop.create_connection(
                Stream, address.hostname or "", address.port or 80
            )
            transport.write(f"GET /v1/timeline/stream HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
            async with asyncio.timeout(SECONDS):
                await stream.opened.wait()
            return stream, transport

    return await asyncio.gather(*(one() for _ in range(count)))


class Measured:
    """An API process on a log that grows between rounds."""

    def __init__(self, database_url: str, api: Process) -> None:
        self._log = GeneratedLog(on_topic=1.0, copies=0.0)
        self._database_url = database_url
        self._api = api

    def grow(self, events: int) -> None:
        """Writes that many events and folds them, so that streams have something to tell."""
        with psycopg.connect(self._database_url, autocommit=True) as conn:
            self._log.fill(conn, events, batch=events)
        self.fold()

    def fold(self) -> None:
        """In one batch: all changes are there at once."""
        with psycopg.connect(self._database_url, autocommit=True) as conn:
            catch_up(conn, projections())

    async def round(self, streams: int, events: int) -> tuple[float, float]:
        """Deliveries a second, and kilobytes that each stream takes."""
        with psycopg.connect(self._database_url, autocommit=True) as conn:
            row = conn.execute("SELECT max(global_position) FROM events").fetchone()
            after = row[0] if row else 0
            before = resident(self._api.pid)
            lines = await opened(self._api.url, streams)
            await asyncio.sleep(1)
            each = (resident(self._api.pid) - before) * 1000 / streams
            self._log.fill(conn, events, batch=events)
            await asyncio.to_thread(self.fold)
            began = time.perf_counter()
            ids = [f"{position}.{number}" for position, number in conn.execute(IDS, {"after": after})]
        async with asyncio.timeout(SECONDS):
            while any(stream.events < len(ids) for stream, _ in lines):  # noqa: ASYNC110 - no one event tells
                await asyncio.sleep(0.02)
        ended = max(stream.last for stream, _ in lines)
        for stream, transport in lines:
            if stream.ids() != ids:
                raise RuntimeError("a stream was not told every change once and in order")
            transport.close()
        return len(ids) * streams / (ended - began), each


def main() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    with (
        bench(__doc__) as b,
        log_server() as server,
        process("api", TREATYLINE_DATABASE_URL=server.services_url) as api,
    ):
        run(b, Measured(server.services_url, api))


def run(b: Bench, measured: Measured) -> None:
    streams, events = (50, 60) if b.quick else (STREAMS, 90)
    measured.grow(300)
    asyncio.run(measured.round(10, 30))
    seen = [asyncio.run(measured.round(streams, events)) for _ in range(min(b.rounds, 3))]
    b.single(
        "stream",
        f"changes to {streams:,} open streams",
        values=[rate for rate, _ in seen],
        unit="deliveries/s",
        goal=20_000,
    )
    b.single(
        "stream",
        "memory of each",
        values=[max(0.0, each) for _, each in seen[:1]],
        unit="kB",
        goal=100,
        at_most=True,
    )


if __name__ == "__main__":
    main()
