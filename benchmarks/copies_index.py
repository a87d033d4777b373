"""What judging costs and what the index of copies takes, on an embedded PostgreSQL.

    python benchmarks/copies_index.py [--articles 100000] [--judged 1000] [--copies 10000]

Articles are generated: words by Zipf's law, stock phrases and outlets' furniture among them. The index is filled
in bulk with the rows that judging writes. Then fresh articles, edited copies of known ones, and copies of one
story that has very many already are looked up as the judging task does it, bodies and all.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import psycopg

from services.cli.embedded import EmbeddedPostgres
from services.core.eventstore.bodies import Body, text_sha256
from services.core.eventstore.migrate import migrate
from tests.unit.dedup.edits import edited
from workers.dedup.index import PostgresIndex
from workers.dedup.near_duplicates import fingerprint
from workers.dedup.search import CROWDED, find_original

WORDS, STOCK = 60_000, 3_000
NOBODY = str(UUID(int=2**128 - 1))


class Newsroom:
    """Writes articles; each by its number alone, so that none has to be kept."""

    def __init__(self) -> None:
        rng = np.random.default_rng(1)
        letters = np.array(list("etaoinshrdlucmfwypvbgk"))
        self.vocabulary = np.array(
            ["".join(rng.choice(letters, size)) for size in rng.integers(2, 11, WORDS)], dtype=object
        )
        self.chances = 1.0 / (np.arange(1, WORDS + 1) + 2.7)
        self.chances /= self.chances.sum()
        self.stock = [self._words(rng, int(size)) for size in rng.integers(5, 14, STOCK)]
        self.furniture = [self._words(rng, 25) for _ in range(300)]

    def _words(self, rng: np.random.Generator, size: int) -> list[str]:
        return list(rng.choice(self.vocabulary, size, p=self.chances))

    def article(self, number: int) -> str:
        """Some 150 to 1,500 words in paragraphs."""
        rng = np.random.default_rng(number + 1_000)
        size = int(np.clip(rng.lognormal(6.2, 0.5), 150, 1_500))
        words = self._words(rng, size)
        for _ in range(size // 50):
            at = int(rng.integers(0, size))
            words[at:at] = self.stock[int(STOCK * rng.random() ** 3)]
        paragraphs = [" ".join(words[start : start + 45]) for start in range(0, len(words), 45)]
        return "\n\n".join([*paragraphs, " ".join(self.furniture[number % 300])])


def rows(newsroom: Newsroom, count: int) -> Iterator[tuple[int, bytes, bytes, str, tuple[int, ...]]]:
    """(ref, hash of the text, hash of the body, text, keys) of each article."""
    for number in range(count):
        text = newsroom.article(number)
        yield number, text_sha256(text), Body(None, None, text).sha256, text, fingerprint(text).keys


def fill(conn: psycopg.Connection[Any], newsroom: Newsroom, count: int) -> None:
    """The rows that judging so many originals writes."""
    crowd: dict[int, int] = {}
    chunk = 5_000
    made = rows(newsroom, count)
    for start in range(0, count, chunk):
        part = [row for row, _ in zip(made, range(min(chunk, count - start)), strict=False)]
        with conn.cursor() as cursor:
            with cursor.copy("COPY article_bodies (sha256, text) FROM STDIN") as copy:
                for _, _, body, text, _ in part:
                    copy.write_row((body, text))
            with cursor.copy(
                "COPY fingerprints (ref, revision, article_id, story_id, text_sha256, body_sha256, keys) FROM STDIN"
            ) as copy:
                for ref, digest, body, _, keys in part:
                    copy.write_row((ref, 1, UUID(int=ref), UUID(int=ref), digest, body, list(keys)))
            with cursor.copy("COPY shingle_keys (key, ref) FROM STDIN") as copy:
                for ref, _, _, _, keys in part:
                    for key in keys:
                        crowd[key] = crowd.get(key, 0) + 1
                        if crowd[key] <= CROWDED:
                            copy.write_row((key, ref))
    # COPY took the numbers that the column would give.
    conn.execute("ALTER TABLE fingerprints ALTER COLUMN ref RESTART WITH %d" % count)  # noqa: UP031
    conn.execute("VACUUM ANALYZE")


def judge(conn: psycopg.Connection[Any], text: str) -> tuple[float, float, bool]:
    """(milliseconds, of them this process's own, whether a copy) of all that judging does but the append."""
    started, own_started = time.perf_counter(), time.process_time()
    own = fingerprint(text)
    verdict = find_original(PostgresIndex(conn), NOBODY, text_sha256(text), own)
    own_time = time.process_time() - own_started
    return (time.perf_counter() - started) * 1e3, own_time * 1e3, verdict.of is not None


def server_seconds(conn: psycopg.Connection[Any]) -> float:
    """Processor time of the connection's server process (Linux)."""
    fields = Path(f"/proc/{conn.info.backend_pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(conn: psycopg.Connection[Any], name: str, count: int, make: Callable[[int], str]) -> None:
    """Prints the distribution. The server's share is a mean: its clock ticks slowly."""
    texts = [make(number) for number in range(count)]
    for text in texts[:20]:
        judge(conn, text)
    before = server_seconds(conn)
    judged = [judge(conn, text) for text in texts]
    server = (server_seconds(conn) - before) / count * 1e3
    copies = sum(copy for _, _, copy in judged)
    wall = sorted(item[0] for item in judged)
    own = sorted(item[1] for item in judged)
    late = int(count * 0.99)
    print(
        f"{name:<32} {copies / count:>6.1%} copies; processor time {own[count // 2] + server:.1f} ms, "
        f"p99 {own[late] + server:.1f} ms (server {server:.1f}); elapsed {wall[count // 2]:.1f} ms, p99 {wall[late]:.1f} ms"
    )


def one_story(conn: psycopg.Connection[Any], newsroom: Newsroom, original: int, copies: int) -> None:
    """Adds so many edited copies to an article's story, as judging does."""
    rng = random.Random(3)
    text = newsroom.article(original)
    with conn.transaction():
        index = PostgresIndex(conn)
        for number in range(copies):
            copy = edited(text, rng, keep=0.9, change=0.03, furniture=True) + f" site {number}"
            own = fingerprint(copy)
            verdict = find_original(index, NOBODY, text_sha256(copy), own)
            if verdict.of is not None:
                body = Body(None, None, text).sha256
                index.add(
                    str(UUID(int=2**64 + copies * 2 + number)), 1, verdict.of.story_id, text_sha256(copy), body, own, verdict.keys
                )  # fmt: skip


def sizes(conn: psycopg.Connection[Any], count: int) -> None:
    """Prints what the index takes."""
    for table in ("fingerprints", "shingle_keys"):
        row = conn.execute("SELECT pg_total_relation_size(%s::regclass)", [table]).fetchone()
        print(f"{table:<34} {(row[0] if row else 0) / count:>7.0f} bytes an article")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--judged", type=int, default=1_000)
    parser.add_argument("--copies", type=int, default=10_000)
    options = parser.parse_args()
    newsroom = Newsroom()
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "postgres") as server:
        migrate(server.url)
        with psycopg.connect(server.url, autocommit=True) as conn:
            started = time.perf_counter()
            fill(conn, newsroom, options.articles)
            print(f"{options.articles} articles in the index after {time.perf_counter() - started:.0f} s")
            sizes(conn, options.articles)
            rng = random.Random(2)
            known = [rng.randrange(options.articles) for _ in range(options.judged)]

            def copy_of(number: int) -> str:
                return edited(newsroom.article(known[number]), rng, keep=0.5, change=0.05, furniture=True)

            def fresh(number: int) -> str:
                return newsroom.article(10**9 + number)

            measure(conn, "fresh articles", options.judged, fresh)
            measure(conn, "copies, half kept, 5 % changed", options.judged, copy_of)
            story = known[0]
            for copies in (1, options.copies):
                one_story(conn, newsroom, story, copies)
                measure(
                    conn, f"copies of a story of {copies + 1}", 200,
                    lambda _: edited(newsroom.article(story), rng, keep=0.7, change=0.05, furniture=True),
                )  # fmt: skip


if __name__ == "__main__":
    main()
