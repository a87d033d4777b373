"""Articles that are judged together are judged as if each had come alone, after the one before."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from services.core.eventstore.store import EventStore, open_pool
from tests.integration.pipeline import take_in, withdraw
from tests.unit.dedup.accounts import OFFER, PLEDGE, STATEMENTS
from tests.unit.dedup.edits import edited
from workers import dispatches
from workers.articles import load_articles
from workers.dedup import stories
from workers.dedup.together import TogetherIndex
from workers.dedup.words import words_of
from workers.dispatches import DEDUPLICATE

BEFORE, TOGETHER = 40, 110
WORDS = words_of(" ".join(text for accounts in STATEMENTS for text in accounts)).words
STOCK = "This very sentence stands in each of them, word for word, as an agency's last line does."


@pytest.fixture
def store(database_url: str) -> Iterator[EventStore]:
    made = EventStore(open_pool(database_url, max_size=3))
    yield made
    made.pool.close()


def newsroom(store: EventStore, seed: int) -> list[str]:
    """Accounts, exact and edited copies, parts, copies with much of their own, furniture, stock lines: in any order."""
    rng = random.Random(seed)
    articles: list[str] = []
    texts = [text for accounts in (PLEDGE, OFFER) for text in accounts]
    for number in range(BEFORE + TOGETHER):
        source = rng.choice(texts)
        way = rng.randrange(7)
        if way == 0:
            text = source
        elif way == 1:
            text = edited(source, rng, furniture=True, headline=True)
        elif way == 2:
            text = edited(source, rng, keep=0.8, change=0.02)
        elif way == 3:
            text = f"{source}\n\n{' '.join(rng.choices(WORDS, k=150))}"
        else:
            text = f"{' '.join(rng.choices(WORDS, k=rng.choice([30, 90, 160])))}\n{STOCK}"
            texts.append(text)
        outlet = rng.choice([None, "Kontinent", "Kontinent", "Globe", f"Paper {number}"])
        if outlet == "Kontinent":
            text += (
                "\nSubscribe to our morning briefing and never miss a story. Written by Kontinent's newsroom."
            )
        articles.append(take_in(store, text, url=f"https://s{number}.example/{seed}", outlet=outlet))
    return articles


TOLD = (
    "SELECT stream_name, type, data::text FROM events WHERE type LIKE 'ArticleJudged%' ORDER BY global_position",
    """SELECT article_id, revision, outlet, story_id, text_sha256, body_sha256, furniture, keys
         FROM fingerprints ORDER BY ref""",
    "SELECT f.article_id, s.key FROM shingle_keys s JOIN fingerprints f USING (ref) ORDER BY ref, key",
    """SELECT f.article_id, p.words, (SELECT array_agg(l ORDER BY l) FROM unnest(p.lines) l), p.sample
         FROM printed_lately p JOIN fingerprints f USING (ref) ORDER BY ref""",
)


def told(conn: psycopg.Connection[Any]) -> list[list[tuple[Any, ...]]]:
    """What the log and the index say, but for the numbers of rows."""
    return [conn.execute(query).fetchall() for query in TOLD]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_makes_no_difference_whether_articles_are_judged_together(store: EventStore, seed: int) -> None:
    articles = newsroom(store, seed)
    with store.pool.connection() as conn:
        for article in articles[:BEFORE]:
            stories.judge(conn, [article])
        with conn.transaction(force_rollback=True):
            for article in articles[BEFORE:]:
                assert stories.judge(conn, [article]) == 1
            alone = told(conn)
        assert len(told(conn)[0]) == BEFORE
        sizes = random.Random(seed)
        at = BEFORE
        while at < len(articles):
            count = sizes.choice([2, 7, 50])
            assert stories.judge(conn, articles[at : at + count]) == len(articles[at : at + count])
            at += count
        assert told(conn) == alone
    methods = Counter(
        event[2].split('"method"')[1][:10] if '"method"' in event[2] else "" for event in alone[0]
    )
    assert min(methods.values()) > 10, methods


def test_what_changes_among_those_judged_together_is_judged_as_it_stands(
    store: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A known article's revision in the middle, one revised and one withdrawn after they were looked up."""
    url = "https://one.example/"
    known = take_in(store, OFFER[0], url=url)
    with store.pool.connection() as conn:
        stories.judge(conn, [known])
    take_in(store, PLEDGE[0], url=url, revision=2)
    before = [take_in(store, PLEDGE[0] + f" {n}.", url=f"https://b{n}.example/") for n in range(3)]
    moved = take_in(store, PLEDGE[1], url="https://moved.example/")
    gone = take_in(store, PLEDGE[2], url="https://gone.example/")
    after = [take_in(store, PLEDGE[0] + f" {n}!", url=f"https://a{n}.example/") for n in range(3)]
    is_free = stories._is_free

    def meanwhile(conn: psycopg.Connection[Any]) -> bool:
        monkeypatch.setattr(stories, "_is_free", is_free)
        take_in(store, PLEDGE[1] + " At last.", url="https://moved.example/", revision=2)
        withdraw(store, gone)
        return is_free(conn)

    monkeypatch.setattr(stories, "_is_free", meanwhile)
    batch = [*before[:2], known, before[2], moved, after[0], gone, *after[1:]]
    with store.pool.connection() as conn:
        assert stories.judge(conn, batch) == 7
        found = {
            str(article): (revision, str(story))
            for article, revision, story in conn.execute(
                "SELECT article_id, revision, story_id FROM fingerprints"
            )
        }
        assert stories.judge(conn, [moved]) == 1
    assert {found[article][1] for article in (*before, known, *after)} == {found[before[0]][1]}
    assert found[known][0] == 2
    assert not {moved, gone} & found.keys()


def test_many_articles_are_looked_up_and_added_by_few_statements(
    store: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    articles = newsroom(store, 4)[:50]
    made: list[int] = []
    count = 0
    look = TogetherIndex.__init__

    def noted(self: TogetherIndex, conn: psycopg.Connection[Any], texts: Any) -> None:
        made.append(len(texts))
        look(self, conn, texts)

    def counted(*_: Any, **__: Any) -> Any:
        nonlocal count
        count += 1
        return execute(*_, **__)

    execute = psycopg.Cursor.execute
    with store.pool.connection() as conn:
        monkeypatch.setattr(TogetherIndex, "__init__", noted)
        monkeypatch.setattr(psycopg.Cursor, "execute", counted)
        stories.judge(conn, articles)
    assert made == [50]
    assert 5 < count < 25, "not one for each"


def test_a_batch_that_somebody_else_has_judged_is_looked_up_once(
    store: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the relay may send it twice: loaded before, judged by another since."""
    articles = newsroom(store, 5)[:20]
    made: list[int] = []
    look = TogetherIndex.__init__

    def noted(self: TogetherIndex, conn: psycopg.Connection[Any], texts: Any) -> None:
        made.append(len(texts))
        look(self, conn, texts)

    with store.pool.connection() as conn:
        loaded = load_articles(conn, articles)
        assert stories.judge(conn, articles[:12]) == 12
        monkeypatch.setattr(TogetherIndex, "__init__", noted)
        assert stories.judge(conn, articles, loaded=loaded) == 8
        assert len(told(conn)[0]) == 20
    assert made == [20]


def test_what_was_withdrawn_after_it_was_loaded_is_no_work_any_more(store: EventStore) -> None:
    gone = take_in(store, PLEDGE[0], url="https://gone.example/")
    with store.pool.connection() as conn:
        loaded = load_articles(conn, [gone])
        withdraw(store, gone)
        current = loaded[gone].current
        work = [(gone, loaded[gone].revision, current.id, current.global_position)]
        assert dispatches.hold(conn, DEDUPLICATE, "", work, 60.0)
        assert stories.judge(conn, [gone], loaded=loaded) == 0
        assert conn.execute("SELECT count(*) FROM dispatches").fetchone() == (0,)
