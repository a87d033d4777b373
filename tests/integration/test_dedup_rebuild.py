"""The index of copies can be made again from the log: nothing about later judgements changes by it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from rich.console import Console

from services.cli.upkeep import rebuild_copies
from services.core.domain.ids import derived_id
from services.core.eventstore.bodies import text_sha256
from services.core.eventstore.store import EventStore, open_pool
from services.core.settings import Settings
from tests.conftest import Database
from tests.integration.pipeline import log_of, take_in, withdraw
from tests.integration.test_dedup_index import forget, judge, judged
from tests.integration.test_migrations import schema
from tests.unit.dedup.accounts import OFFER, PLEDGE, STATEMENTS
from tests.unit.dedup.edits import edited
from workers.dedup import rebuild
from workers.dedup.furniture import outlet_number
from workers.dedup.index import PostgresIndex
from workers.dedup.near_duplicates import fingerprint
from workers.dedup.rebuild import rebuild_index
from workers.dedup.search import Text, find_original
from workers.dedup.words import words_of

BELOW = (
    "Subscribe to our morning briefing and never miss a story. Written by the Kontinent newsroom. All rights "
    "reserved; no part of this page may be published, broadcast or rewritten without the agency's permission."
)
WORDS = words_of(" ".join(text for accounts in STATEMENTS for text in accounts)).words
ITS_OWN = " ".join(random.Random(13).choices(WORDS, k=120))


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that few articles take many, most of them before anybody has to wait."""
    monkeypatch.setattr(rebuild, "BATCH", 10)


@pytest.fixture
def store(database: Database) -> Iterator[EventStore]:
    made = EventStore(open_pool(database.services_url, max_size=4))
    yield made
    made.pool.close()


@pytest.fixture
def owner(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database.owner_url, autocommit=True) as conn:
        yield conn


def in_the_index(conn: psycopg.Connection[Any]) -> tuple[list[Any], ...]:
    """All of it, articles by their ids in the order of judging."""
    articles = conn.execute(
        "SELECT article_id, revision, outlet, story_id, text_sha256, body_sha256, furniture, keys"
        " FROM fingerprints ORDER BY ref"
    ).fetchall()
    keys = conn.execute(
        "SELECT s.key, f.article_id FROM shingle_keys s LEFT JOIN fingerprints f USING (ref) ORDER BY 1, 2"
    ).fetchall()
    printed = conn.execute(
        "SELECT f.article_id, p.words, p.lines, p.sample FROM printed_lately p LEFT JOIN fingerprints f USING (ref)"
        " ORDER BY ref"
    ).fetchall()
    return articles, keys, printed


def some_news(store: EventStore, seed: int = 11) -> list[str]:
    """Own accounts in an outlet's furniture, a story's copies, one that adds to it, one revised twice."""
    rng = random.Random(seed)
    made = [
        take_in(store, f"{account}\n{BELOW}", outlet="Kontinent", url=f"https://k.example/{seed}/{n}")
        for n, account in enumerate(text for accounts in STATEMENTS for text in accounts)
    ]
    made += [
        take_in(store, f"{' '.join(rng.choices(WORDS, k=60))}\n{BELOW}", outlet="Kontinent") for _ in range(3)
    ]
    made += [
        take_in(
            store, edited(PLEDGE[0], rng, keep=0.8, change=0.03, furniture=True) + f" {n}", outlet=f"o{n}"
        )
        for n in range(4)
    ]
    made.append(take_in(store, PLEDGE[0], url=f"https://exact.example/{seed}"))
    made.append(take_in(store, f"{PLEDGE[0]}\n{' '.join(rng.choices(WORDS, k=150))}", outlet="longer"))
    for name in made:
        judge(store, [name])
    url = f"https://revised.example/{seed}"
    revised = take_in(store, f"{OFFER[0]} Soon.", url=url)
    judge(store, [revised])
    for revision, text in ((2, " ".join(rng.choices(WORDS, k=90))), (3, f"{PLEDGE[1]} At last.")):
        take_in(store, text, url=url, revision=revision)
        judge(store, [revised])
    return [*made, revised]


def test_an_index_made_again_is_the_same(
    store: EventStore, owner: psycopg.Connection[Any], database: Database
) -> None:
    news = some_news(store)
    before, tables, log = in_the_index(owner), schema(database.owner_url), log_of(store)
    assert any(row[6] for row in before[0]), "furniture was found"
    owner.execute("TRUNCATE fingerprints, shingle_keys, printed_lately")
    steps: list[tuple[int, int]] = []
    assert rebuild_index(owner, lambda done, of: steps.append((done, of))) == len(news)
    assert in_the_index(owner) == before
    assert schema(database.owner_url) == tables
    assert log_of(store) == log
    assert steps[-1] == (len(log), len(log))


def verdicts(conn: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    """What would be said of some texts, and what the index would take of them: nothing is written."""
    rng = random.Random(12)
    texts = [f"{account} Share this." for accounts in STATEMENTS for account in accounts]
    texts += [edited(text, rng, keep=0.6, change=0.04, furniture=True) for text in texts]
    texts += [f"{' '.join(rng.choices(WORDS, k=70))}\n{BELOW}" for _ in range(3)] + [PLEDGE[0]]
    outlet = outlet_number("Kontinent", None)
    found = []
    for number, text in enumerate(texts):
        name = str(derived_id("article", number))
        verdict = find_original(PostgresIndex(conn), Text(name, text_sha256(text), outlet, fingerprint(text)))
        told = (verdict.method, verdict.similarity, sorted(verdict.keys), sorted(verdict.furniture))
        found.append(
            (verdict.of.article_id if verdict.of else None, verdict.of and verdict.of.story_id, *told)
        )
    return found


def test_later_judgements_are_as_if_it_had_never_been_lost(
    store: EventStore, owner: psycopg.Connection[Any]
) -> None:
    others = some_news(store)
    gone = take_in(store, f"{ITS_OWN} Follow us.", url="https://gone.example/a")
    left = take_in(store, f"{ITS_OWN} Read more.", url="https://left.example/a")
    judge(store, [gone, left])
    story = judged(store)[gone].data["story_id"]
    for article in (gone, others[2]):
        withdraw(store, article)
        forget(store, [article])
    not_judged = take_in(store, f"{PLEDGE[0]} Not judged yet.")
    before = verdicts(owner)
    assert {row[2] for row in before} == {None, "near", "exact"}
    owner.execute("DROP TABLE fingerprints, shingle_keys, printed_lately")
    rebuild_index(owner)
    assert verdicts(owner) == before
    copy = take_in(store, f"{ITS_OWN} Share this.", url="https://copy.example/a")
    judge(store, [copy, not_judged])
    found = judged(store)
    assert (found[copy].data["story_id"], found[copy].data["of"]) == (story, left)
    assert found[not_judged].type == "ArticleJudgedDuplicate"


def test_what_a_broken_off_rebuild_left_is_no_hindrance(
    store: EventStore, owner: psycopg.Connection[Any]
) -> None:
    some_news(store)
    before = in_the_index(owner)

    def breaks_off(_done: int, _of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild_index(owner, breaks_off)
    assert in_the_index(owner) == before
    rebuild_index(owner)
    rebuild_index(owner)
    assert in_the_index(owner) == before


def test_what_happens_meanwhile_is_in_it(store: EventStore, owner: psycopg.Connection[Any]) -> None:
    first, second, *_ = some_news(store)
    turns = iter(range(10))

    def meanwhile(_done: int, _of: int) -> None:
        if next(turns) == 0:
            withdraw(store, first)
            forget(store, [first])
            judge(store, [take_in(store, f"{OFFER[1]} A late copy.", url="https://late.example/a")])

    rebuild_index(owner, meanwhile)
    articles = [str(row[0]) for row in in_the_index(owner)[0]]
    assert first not in articles
    assert second in articles
    assert articles[-1] == next(
        e.data["article_id"] for e in log_of(store)[::-1] if e.type.startswith("ArticleJ")
    )


def test_it_ends_where_articles_come_in_faster_than_it_folds(
    store: EventStore, owner: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "ROUNDS", 2)
    news = some_news(store)
    ends: list[int] = []

    def meanwhile(_done: int, of: int) -> None:
        ends.append(of)
        more = [take_in(store, f"{ITS_OWN} {len(news) + n}") for n in range(6)]
        news.extend(more)
        judge(store, more)

    assert rebuild_index(owner, meanwhile) == len(news) - 6  # those of the last call come after the end
    assert len(dict.fromkeys(ends)) == 3, "two rounds, and what is left"
    assert {row[0] for row in owner.execute("SELECT article_id::text FROM fingerprints")} == set(news)


def test_the_services_role_may_not(store: EventStore, database: Database) -> None:
    some_news(store)
    with store.pool.connection() as conn, pytest.raises(InsufficientPrivilege):
        rebuild_index(conn)
    settings = Settings(
        database_url=database.services_url, migrate_url=database.owner_url, redis_url="redis://127.0.0.1:1/0"
    )
    assert rebuild_copies(settings, Console(stderr=True)) == len(judged(store))


def test_whoever_reads_the_old_tables_for_long_holds_up_nobody_else(
    store: EventStore, owner: psycopg.Connection[Any], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "LOCK_SECONDS", 1)
    monkeypatch.setattr(rebuild, "PAUSE_SECONDS", 0.1)
    first = take_in(store, STATEMENTS[0][0], url="https://one.example/1")
    judge(store, [first])
    with psycopg.connect(database.owner_url) as dump:
        dump.execute("LOCK TABLE fingerprints IN ACCESS SHARE MODE")
        with ThreadPoolExecutor(1) as pool:
            rebuilding = pool.submit(rebuild_index, owner)
            with pytest.raises(TimeoutError):
                rebuilding.result(timeout=2.0)
            second = take_in(store, STATEMENTS[1][0], url="https://two.example/2")
            judge(store, [second])  # while the rebuild waits
            dump.rollback()
            assert rebuilding.result(timeout=60) == 2
    known = owner.execute("SELECT count(*) FROM fingerprints").fetchone()
    assert known == (2,)
