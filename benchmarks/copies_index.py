"""What judging costs and what the index of copies takes, on an embedded PostgreSQL.

    python benchmarks/copies_index.py [--articles 1000000] [--judged 1000] [--copies 10000]

The index is filled with the rows that judging so many generated originals would write, one after the other.
Then fresh articles, edited copies of known ones, and copies of one story that has very many already are taken
in and judged one at a time by `workers.dedup.stories.judge`: all of it, bodies, event and index rows included.
Costs are processor time of this process and of the server's for the connection together, by their own clocks
(Linux). Each article is judged several times, all but the last in a transaction that is rolled back: the first is
what it cost on this machine, the least what is left of that without other programs' doing. Of the articles filled in only those texts are stored that judging comes upon.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import psycopg
from numpy.typing import NDArray

from benchmarks.newsroom import OUTLETS, Newsroom
from services.cli.embedded import EmbeddedPostgres
from services.core.domain.events import article_stream
from services.core.eventstore.migrate import migrate
from services.core.eventstore.store import EventStore, last_position, open_pool
from tests.integration.pipeline import take_in
from tests.unit.dedup.edits import edited
from workers.dedup import index, stories
from workers.dedup.furniture import LATELY, outlet_number, printed
from workers.dedup.near_duplicates import fingerprint
from workers.dedup.search import CROWDED, most_shared

SPAN, CHUNK = 2_000, 50_000  # articles of one piece of work, and written at once
PROCESSES = 2
# A row of `shingle_keys` as COPY wants it in binary.
KEY_ROW = np.dtype(
    [("columns", ">i2"), ("key_size", ">i4"), ("key", ">i4"), ("ref_size", ">i4"), ("ref", ">i4")]
)
WARM_UP = 20  # of each kind
YARDSTICK = 800  # words of a text that is fingerprinted now and then: how much processor time is stretched
TRIES = 5  # with the same article: other programs stretch processor time, and seldom all tries alike
OPTIONS = {"max_wal_size": "4GB", "shared_buffers": "2GB"}
PRINTED_LAST = """
SELECT l.ref FROM unnest(%s::bigint[]) AS o (outlet)
 CROSS JOIN LATERAL (SELECT ref FROM fingerprints f WHERE f.outlet = o.outlet ORDER BY ref DESC LIMIT %s) AS l
 WHERE l.ref < %s AND NOT EXISTS (SELECT FROM printed_lately p WHERE p.ref = l.ref)
"""
UNLOGGED = ("fingerprints", "shingle_keys")  # while they are filled; their sizes are the same


def outlet_name(number: int) -> str:
    return f"Outlet {number}"


def mark(number: int) -> bytes:
    """What stands for the hashes of an article's text and body."""
    return b"article" + number.to_bytes(25, "big")


_newsroom = Newsroom()


class Filled(NamedTuple):
    """What articles in a row have in the index: `keys` one article after the other, `sizes` how many each has."""

    first: int
    outlets: list[int]
    sizes: NDArray[np.intp]
    keys: NDArray[np.int32]


def filled(first: int, count: int) -> Filled:
    """The keys of so many articles."""
    numbers = range(first, first + count)
    keys = [np.array(_newsroom.fingerprint(number).keys, np.int32) for number in numbers]
    outlets = [_newsroom.outlet(number) for number in numbers]
    return Filled(first, outlets, np.array([len(of_one) for of_one in keys]), np.concatenate(keys))


class Crowd:
    """How many rows each key has: those that judging would not add are left out."""

    def __init__(self) -> None:
        self._keys = np.zeros(0, np.int32)  # in order
        self._counts = np.zeros(0, np.uint8)

    def admits(self, keys: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Which of these rows, in their order, are among the first CROWDED of their key."""
        order = np.argsort(keys, kind="stable")
        new, starts, sizes = np.unique(keys[order], return_index=True, return_counts=True)
        before = np.zeros(len(new), np.intp)
        if len(self._keys):
            places = np.minimum(np.searchsorted(self._keys, new), len(self._keys) - 1)
            known = self._keys[places] == new
            before[known] = self._counts[places[known]]
            self._counts[places[known]] = np.minimum(CROWDED, before[known] + sizes[known])
            unknown = ~known
        else:
            unknown = np.ones(len(new), np.bool_)
        both = np.concatenate((self._keys, new[unknown]))
        counts = np.concatenate((self._counts, np.minimum(CROWDED, sizes[unknown]).astype(np.uint8)))
        merged = np.argsort(both, kind="stable")
        self._keys, self._counts = both[merged], counts[merged]
        admitted = np.zeros(len(keys), np.bool_)
        ranks = np.arange(len(keys)) - np.repeat(starts - before, sizes)
        admitted[order] = ranks < CROWDED
        return admitted


def fill(conn: psycopg.Connection[Any], count: int) -> None:
    """The rows that judging so many originals writes, in their order, into tables with their indexes.

    Two processes work the keys out, this one and the server write them down.
    """
    sample = fingerprint(_newsroom.article(1)).without(_newsroom.furniture(_newsroom.outlet(1)))
    assert set(sample.keys) == set(filled(1, 1).keys.tolist())
    crowd = Crowd()
    outlets = [outlet_number(outlet_name(outlet), None) for outlet in range(OUTLETS)]
    furniture = [list(_newsroom.furniture(outlet)) for outlet in range(OUTLETS)]
    spans = [(first, min(SPAN, count - first)) for first in range(0, count, SPAN)]
    with multiprocessing.get_context("fork").Pool(PROCESSES) as pool, conn.cursor() as cursor:
        done: list[Filled] = []
        for number, part in enumerate(pool.imap(_filled, spans), start=1):
            done.append(part)
            if len(done) == CHUNK // SPAN or number == len(spans):
                _write_articles(cursor, done, outlets, furniture)
                _write_keys(cursor, done, crowd)
                done.clear()
    # COPY took the numbers that the column would give.
    conn.execute(f"ALTER TABLE fingerprints ALTER COLUMN ref RESTART WITH {count}")
    conn.execute("VACUUM ANALYZE")


def _filled(span: tuple[int, int]) -> Filled:
    return filled(*span)


def _write_articles(
    cursor: psycopg.Cursor[Any], parts: list[Filled], outlets: list[int], furniture: list[list[int]]
) -> None:
    with cursor.copy(
        "COPY fingerprints (ref, revision, outlet, article_id, story_id, text_sha256, body_sha256, furniture, keys)"
        " FROM STDIN (FORMAT BINARY)"
    ) as copy:
        copy.set_types(["int4", "int4", "int8", "uuid", "uuid", "bytea", "bytea", "int8[]", "int4[]"])
        for part in parts:
            ends = np.cumsum(part.sizes).tolist()
            keys, start = part.keys.tolist(), 0
            for number, (outlet, end) in enumerate(zip(part.outlets, ends, strict=True), start=part.first):
                ident, digest = UUID(int=number), mark(number)
                of_outlet = furniture[outlet]
                copy.write_row(
                    (number, 1, outlets[outlet], ident, ident, digest, digest, of_outlet, keys[start:end])
                )
                start = end


def _write_keys(cursor: psycopg.Cursor[Any], parts: list[Filled], crowd: Crowd) -> None:
    keys = np.concatenate([part.keys for part in parts])
    refs = np.concatenate([np.repeat(np.arange(len(p.sizes)) + p.first, p.sizes) for p in parts])
    admitted = crowd.admits(keys)
    rows = np.empty(int(admitted.sum()), KEY_ROW)
    rows["columns"], rows["key_size"], rows["ref_size"] = 2, 4, 4
    rows["key"], rows["ref"] = keys[admitted], refs[admitted]
    with cursor.copy("COPY shingle_keys (key, ref) FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
        copy.write(rows.tobytes())
        copy.write(b"\xff\xff")


def fill_printed(conn: psycopg.Connection[Any], count: int) -> None:
    """What judging keeps of each outlet's last articles, where it is not there yet."""
    outlets = [outlet_number(outlet_name(outlet), None) for outlet in range(OUTLETS)]
    refs = conn.execute(PRINTED_LAST, [outlets, LATELY, count]).fetchall()
    rows = []
    for (ref,) in refs:
        says = printed(fingerprint(_newsroom.article(ref)))
        rows.append((ref, says.words, list(says.lines), list(says.sample)))
    with conn.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO printed_lately (ref, words, lines, sample) VALUES (%s, %s, %s, %s)", rows
        )


def put_bodies(conn: psycopg.Connection[Any], numbers: Iterable[int]) -> None:
    """The texts of articles that were filled in without."""
    with conn.cursor() as cursor:
        values = [(mark(number), _newsroom.article(number)) for number in numbers]
        cursor.executemany(
            "INSERT INTO article_bodies (sha256, text) VALUES (%s, %s) ON CONFLICT DO NOTHING", values
        )


class Cost(NamedTuple):
    """Milliseconds: this process's, the server's, elapsed."""

    own: float
    server: float
    elapsed: float


def distribution(costs: Sequence[Cost]) -> str:
    """Processor time of both, in words."""
    both = sorted(cost.own + cost.server for cost in costs)
    middle, late = len(both) // 2, int(len(both) * 0.99)
    server = statistics.median(cost.server for cost in costs)
    elapsed = statistics.median(cost.elapsed for cost in costs)
    return f"{both[middle]:.1f} ms, p99 {both[late]:.1f} (server {server:.1f}, elapsed {elapsed:.1f})"


class Judge:
    """Takes in and judges, and knows what that cost."""

    def __init__(self, store: EventStore, conn: psycopg.Connection[Any], filled: int, before: int) -> None:
        self._store, self._conn, self._filled = store, conn, filled
        self._server_clock = (~conn.info.backend_pid << 3) | 2  # CPUCLOCK_SCHED of another process
        self._count = before
        self._yardstick = " ".join(_newsroom.article(10**8 + 7).split()[:YARDSTICK])

    def take_in(self, text: str, outlet: int) -> str:
        """Its id. All texts that judging could come upon are put where they belong first."""
        self._count += 1
        whole = fingerprint(text)
        for looked_up in (whole, whole.without(_newsroom.furniture(outlet))):
            refs, _ = most_shared(self._conn.execute(index.SHARING, [list(looked_up.query)]).fetchall())
            put_bodies(self._conn, {ref for ref in refs if ref < self._filled})
        url = f"https://outlet-{outlet}.example/{self._count}"
        return take_in(self._store, text, url=url, outlet=outlet_name(outlet))

    def judge(self, *article_ids: str, taken_back: bool = False) -> Cost:
        """Judges them; with `taken_back` in a transaction that is rolled back, as if nobody had."""
        started, own = time.perf_counter(), time.process_time()
        server = time.clock_gettime(self._server_clock)
        with self._taken_back() if taken_back else nullcontext():
            assert stories.judge(self._conn, article_ids) == len(article_ids)
        return Cost(
            (time.process_time() - own) * 1e3,
            (time.clock_gettime(self._server_clock) - server) * 1e3,
            (time.perf_counter() - started) * 1e3,
        )

    @contextmanager
    def _taken_back(self) -> Iterator[None]:
        """Past psycopg, which after a rollback has all statements prepared anew: no worker has to."""
        self._conn.pgconn.exec_(b"BEGIN")
        try:
            yield
        finally:
            self._conn.pgconn.exec_(b"ROLLBACK")

    def judge_again_and_again(self, article_id: str) -> tuple[Cost, Cost]:
        """What it cost the first time, and the least that it cost in some tries, each without texts at hand."""
        tries = []
        for left in reversed(range(TRIES)):
            index.forget_texts()
            tries.append(self.judge(article_id, taken_back=left > 0))
        return tries[0], min(tries, key=lambda cost: cost.own + cost.server)

    def measure(self, count: int, **kinds: Callable[[int], tuple[str, int]]) -> None:
        """Prints the distribution over so many articles of each kind, after some to warm up.

        The kinds take turns: what else the machine does is the same for all.
        """
        costs: dict[str, list[tuple[Cost, Cost]]] = {kind: [] for kind in kinds}
        copies = dict.fromkeys(kinds, 0)
        stretch: list[float] = []
        for number in range(count):
            started = time.process_time()
            assert fingerprint(self._yardstick).query
            stretch.append((time.process_time() - started) * 1e3)
            for kind, make in kinds.items():
                article_id = self.take_in(*make(number))
                costs[kind].append(self.judge_again_and_again(article_id))
                copies[kind] += self.is_copy(article_id)
        for kind, found in costs.items():
            told = found[WARM_UP:]
            print(
                f"{kind.replace('_', ' '):<32}{copies[kind] / count:>7.1%} copies; {distribution([c for c, _ in told])};"
                f" the least of {TRIES} tries: {distribution([c for _, c in told])}",
                flush=True,
            )
        print(
            f"meanwhile a fingerprint of {YARDSTICK} words took {statistics.median(stretch):.2f} ms",
            flush=True,
        )

    def is_copy(self, article_id: str) -> bool:
        """What the log says of it."""
        row = self._conn.execute(
            "SELECT type = 'ArticleJudgedDuplicate' FROM events WHERE stream_name = %s ORDER BY position DESC LIMIT 1",
            [article_stream(article_id)],
        ).fetchone()
        return bool(row and row[0])


def sizes(conn: psycopg.Connection[Any], count: int) -> None:
    """Prints what the index takes, its own indexes included."""
    total = 0
    for table in ("fingerprints", "shingle_keys", "printed_lately"):
        row = conn.execute("SELECT pg_total_relation_size(%s::regclass)", [table]).fetchone()
        size = row[0] if row else 0
        total += size
        print(f"{table:<34}{size / count:>7.0f} bytes an article")
    print(f"{'the index of copies':<34}{total / count:>7.0f} bytes an article", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--judged", type=int, default=1_000)
    parser.add_argument("--copies", type=int, default=10_000)
    parser.add_argument("--folder", type=Path, help="keep the database here, and use it if it is there")
    options = parser.parse_args()
    before = 0  # events of runs on the same database
    rng = random.Random(2)
    vocabulary = _newsroom.article(10**8).split()
    known = [rng.randrange(options.articles) for _ in range(options.judged)]

    def copy_of(number: int, keep: float = 0.5) -> tuple[str, int]:
        text = _newsroom.article(number)
        return edited(
            text, rng, keep=keep, change=0.05, vocabulary=vocabulary, furniture=True
        ), rng.randrange(OUTLETS)

    def fresh(number: int) -> tuple[str, int]:
        number += 10**9 + before
        return _newsroom.article(number), _newsroom.outlet(number)

    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedPostgres(
            (options.folder or Path(folder)) / "postgres", durable=False, options=OPTIONS
        ) as server,
    ):
        migrate(server.url, services_password=server.services_password)
        with psycopg.connect(server.url, autocommit=True) as conn:
            started = time.perf_counter()
            before = last_position(conn)
            if not before:
                for table in UNLOGGED:
                    conn.execute(f"ALTER TABLE {table} SET UNLOGGED")
                fill(conn, options.articles)
            fill_printed(conn, options.articles)
        print(
            f"{options.articles} articles in the index after {time.perf_counter() - started:.0f} s",
            flush=True,
        )
        store = EventStore(open_pool(server.services_url, max_size=2))
        with psycopg.connect(server.services_url, autocommit=True) as conn:
            sizes(conn, options.articles)
            judge = Judge(store, conn, options.articles, before)
            judge.measure(
                options.judged,
                fresh_articles=fresh,
                copies_half_kept_5_pc_changed=lambda n: copy_of(known[n]),
            )
            # The stories beside the large one are of its size, so that only the number of copies differs.
            by_size = sorted(known, key=lambda number: len(_newsroom.article(number)))
            middle = len(by_size) // 2
            many, few = (
                by_size[middle],
                [*by_size[max(0, middle - 100) : middle], *by_size[middle + 1 :][:100]],
            )

            def verbatim(number: int) -> tuple[str, int]:
                return _newsroom.article(number), rng.randrange(OUTLETS)

            for start in range(0, options.copies, 100):
                more = range(start, min(start + 100, options.copies))
                judge.judge(
                    *(judge.take_in(*(verbatim(many) if n % 2 else copy_of(many, 0.7))) for n in more)
                )
            print(f"one story now has {options.copies} copies more, half of them verbatim")
            judge.measure(
                len(few),
                copies_in_stories_of_two=lambda n: copy_of(few[n], 0.7),
                copies_in_the_large_story=lambda _: copy_of(many, 0.7),
                verbatim_copies_in_the_large_story=lambda _: verbatim(many),
            )
        store.pool.close()


if __name__ == "__main__":
    main()
