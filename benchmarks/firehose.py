"""Articles from POST to their end, all processes of `treatyline up` on this machine; and what they hold in memory.

    python -m benchmarks.firehose [--quick]

One in a hundred originals on the subject, every fifth article a copy; then every article on the subject and an
original, by turns with two bare processes that only read the same texts out. Then 10,000 articles in all, and
what each process holds at 5,000 and at the end.
"""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing as mp
import statistics
import tempfile
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import orjson

from benchmarks.frame import Bench, Row, bench
from benchmarks.processes import Process, children_of, resident, system
from services.cli.bench_articles import Mix, articles
from services.cli.bench_load import Load, run
from services.core.domain.dossier import load_dossier
from services.core.domain.reading import ArticleText

NEWS, ALL = Mix(on_topic=0.01, copies=0.2, seed=11), Mix(on_topic=1.0, copies=0.0, seed=12)
SLOW = 40  # articles a second, below which 10,000 would take too long
GOALS_MB = {"worker": 450.0, "web": 150.0, "relay": 150.0, "projector": 150.0}


class Articles:
    """Articles of a mix, each once."""

    def __init__(self, mix: Mix) -> None:
        self._left = articles(mix)

    def next(self, count: int) -> list[bytes]:
        return [orjson.dumps(article) for article in itertools.islice(self._left, count)]


def post(running: Process, bodies: Sequence[bytes]) -> Load:
    load = asyncio.run(run(running.url, bodies, follow=False, patience=400))
    if load.finished_after is None or load.states["failed"] or sum(load.states.values()) != len(bodies):
        raise RuntimeError(f"not all were read: {dict(load.states)} of {len(bodies)}")
    return load


def finished_rate(load: Load) -> float:
    return sum(load.states.values()) / (load.finished_after or 1)


def bare_reader(pipe: Pipe) -> None:
    """A process that reads texts for as long as it is given any."""
    from workers.extraction.reader import Reader  # noqa: PLC0415 - in this process alone

    reader = Reader(load_dossier("inf"))
    reader.read(ArticleText("Moscow, May 4. Russia said on Monday that it would keep the treaty."))
    pipe.send(None)
    while (given := pipe.recv()) is not None:
        for body in given:
            told = orjson.loads(body)
            reader.read(
                ArticleText(
                    told["text"],
                    title=told["title"],
                    published_at=told["published_at"],
                    outlet=told["outlet"],
                )
            )
        pipe.send(None)


class Bare:
    """Two processes of bare extraction."""

    def __init__(self) -> None:
        context = mp.get_context("spawn")
        self._pipes = []
        self._processes = []
        for _ in range(2):
            ours, theirs = context.Pipe()
            child = context.Process(target=bare_reader, args=(theirs,), daemon=True)
            child.start()
            self._pipes.append(ours)
            self._processes.append(child)
        for pipe in self._pipes:
            pipe.recv()

    def rate(self, bodies: Sequence[bytes]) -> float:
        began = time.perf_counter()
        for number, pipe in enumerate(self._pipes):
            pipe.send(bodies[number::2])
        for pipe in self._pipes:
            pipe.recv()
        return len(bodies) / (time.perf_counter() - began)

    def close(self) -> None:
        for pipe in self._pipes:
            pipe.send(None)
        for child in self._processes:
            child.join(10)


def memory(running: Process) -> dict[str, float]:
    """Megabytes of the largest process of each kind: a worker's children are each one."""
    return {
        name: max(map(resident, [pid, *(children_of(pid) if name == "worker" else [])]))
        for name, pid in running.pids().items()
    }


def main() -> None:
    with bench(__doc__) as b, tempfile.TemporaryDirectory(prefix="treatyline-bench-") as folder:
        news, subject = Articles(NEWS), Articles(ALL)
        many, few = (100, 8) if b.quick else (1000, 60)
        rounds = min(b.rounds, 3)
        with system(Path(folder) / "var") as running:
            post(running, subject.next(4))  # the models are loaded now
            posted = many * rounds
            loads = [post(running, news.next(many)) for _ in range(rounds)]
            b.single(
                "firehose",
                "1 % on the subject",
                values=[finished_rate(load) for load in loads],
                unit="articles/s",
                goal=300,
            )
            b.single(
                "firehose",
                "of these taken in",
                values=[load.accepted / load.accepted_after for load in loads],
                unit="POSTs/s",
            )
            slow = statistics.median(map(finished_rate, loads)) < SLOW
            whole = 2 * posted if b.quick or slow else 10_000
            for half in (whole // 2, whole):
                post(running, news.next(half - posted))
                posted = half
                if half != whole:
                    before = memory(running)
            after = memory(running)
            every_article_on_the_subject(b, running, subject, few, rounds)
        for name, goal in GOALS_MB.items():
            b.single(
                "memory",
                f"{name} after {whole:,} articles",
                values=[after[name]],
                unit="MB",
                goal=goal,
                at_most=True,
            )
        growth = max(after[name] - before[name] for name in GOALS_MB)
        b.single("memory", f"most growth over the last {whole // 2:,}", values=[growth], unit="MB")


def every_article_on_the_subject(
    b: Bench, running: Process, subject: Articles, count: int, rounds: int
) -> None:
    bare = Bare()
    ours_seen: list[float] = []
    bare_seen: list[float] = []
    try:
        for _ in range(rounds):
            bodies = subject.next(count)
            ours_seen.append(finished_rate(post(running, bodies)))
            bare_seen.append(bare.rate(bodies))
    finally:
        bare.close()
    b.single("firehose", "every article on the subject", values=ours_seen, unit="articles/s", goal=20)
    b.keep(
        Row(
            topic="firehose",
            what="the same over bare extraction",
            unit="articles/s",
            ours=ours_seen,
            bare=bare_seen,
            bare_is="two processes that only read",
            goal=0.70,
        )
    )
    b.note(f"an article on the subject takes {2000 / statistics.median(bare_seen):.0f} ms to read")


if __name__ == "__main__":
    main()
