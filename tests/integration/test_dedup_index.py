"""The index of copies in PostgreSQL: what it finds, what it costs, what is left when articles go."""

from __future__ import annotations

import random
import re
import threading
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any
from uuid import UUID

import psycopg
import pytest

from services.core.eventstore import locks
from services.core.eventstore.bodies import text_sha256
from services.core.eventstore.store import EventStore, Recorded, open_pool
from tests.integration.pipeline import log_of, of_type, take_in, withdraw
from tests.unit.dedup.accounts import OFFER, PLEDGE, STATEMENTS
from tests.unit.dedup.edits import edited
from workers.dedup import stories
from workers.dedup.index import BESIDE, PostgresIndex
from workers.dedup.near_duplicates import fingerprint
from workers.dedup.search import Text
from workers.dedup.words import words_of

JUDGED = ("ArticleJudgedOriginal", "ArticleJudgedDuplicate")


@pytest.fixture
def store(database_url: str) -> Iterator[EventStore]:
    made = EventStore(open_pool(database_url, max_size=10))
    yield made
    made.pool.close()


def judge(store: EventStore, articles: Sequence[str], **more: Collection[str]) -> int:
    """Judges them on a connection of the pool."""
    with store.pool.connection() as conn:
        return stories.judge(conn, articles, **more)


def forget(store: EventStore, articles: Sequence[str]) -> None:
    """Removes them from the index, as the relay does when they are withdrawn."""
    with store.transaction() as conn:
        index = PostgresIndex(conn)
        for article_id in articles:
            index.forget(article_id)


def judged(store: EventStore) -> dict[str, Recorded]:
    """The newest judgement on each article."""
    return {event.data["article_id"]: event for event in of_type(store, *JUDGED)}


def printed_lately(store: EventStore) -> list[str]:
    """Articles that an outlet's furniture is known by, in the order of judging."""
    with store.pool.connection() as conn:
        found = conn.execute(
            "SELECT f.article_id FROM printed_lately LEFT JOIN fingerprints f USING (ref) ORDER BY ref"
        ).fetchall()
    return [str(article) for (article,) in found]


def rows(store: EventStore) -> tuple[int, int]:
    """How many articles and how many keys the index has; no key without its article."""
    with store.pool.connection() as conn:
        lost = conn.execute(
            "SELECT count(*) FROM shingle_keys s WHERE NOT EXISTS"
            " (SELECT FROM fingerprints f WHERE f.ref = s.ref)"
        ).fetchone()
        assert lost == (0,)
        row = conn.execute(
            "SELECT (SELECT count(*) FROM fingerprints), (SELECT count(*) FROM shingle_keys)"
        ).fetchone()
        assert row is not None
        return row[0], row[1]


def test_exact_and_near_copies_join_the_story_and_own_accounts_open_theirs(store: EventStore) -> None:
    original = take_in(store, PLEDGE[0], url="https://one.example/a")
    exact = take_in(store, PLEDGE[0], url="https://two.example/a")
    near = take_in(store, f"{PLEDGE[0]}\n\nFollow us.", url="https://three.example/a")
    own = take_in(store, PLEDGE[1], url="https://four.example/a")
    assert judge(store, [original, exact, near, own]) == 4
    found = judged(store)
    story = found[original].data["story_id"]
    assert [found[a].type for a in (original, own)] == ["ArticleJudgedOriginal"] * 2
    assert found[exact].data == {
        "article_id": exact, "revision": 1, "story_id": story, "of": original, "method": "exact",
        "similarity": 1.0,
    }  # fmt: skip
    assert (found[near].data["story_id"], found[near].data["method"]) == (story, "near")
    assert found[own].data["story_id"] != story


def test_judging_twice_writes_once(store: EventStore) -> None:
    articles = [take_in(store, text) for text in PLEDGE]
    assert judge(store, articles) == 3
    before, index = log_of(store), rows(store)
    assert judge(store, articles) == 0
    assert (log_of(store), rows(store)) == (before, index)


def test_many_at_once_give_one_original(store: EventStore) -> None:
    rng = random.Random(6)
    articles = [
        take_in(
            store,
            edited(PLEDGE[0], rng, furniture=True, headline=True) + f" {n}",
            url=f"https://s{n}.example",
        )
        for n in range(24)
    ]
    threads = [
        threading.Thread(target=judge, args=(store, articles[n % 4 :: 4] if n < 4 else articles))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert Counter(event.type for event in of_type(store, *JUDGED)) == {
        "ArticleJudgedOriginal": 1,
        "ArticleJudgedDuplicate": 23,
    }


@pytest.mark.parametrize("change", ["judged", "revised", "withdrawn"])
def test_what_changes_before_the_lock_is_had_is_seen_under_it(
    store: EventStore, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    url = "https://one.example/a"
    article = take_in(store, PLEDGE[0], url=url)
    is_free = stories._is_free

    def meanwhile(conn: psycopg.Connection[Any]) -> bool:
        monkeypatch.setattr(stories, "_is_free", is_free)
        if change == "judged":
            judge(store, [article])
        elif change == "revised":
            take_in(store, OFFER[0], url=url, revision=2)
        else:
            withdraw(store, article)
        return is_free(conn)

    monkeypatch.setattr(stories, "_is_free", meanwhile)
    assert judge(store, [article]) == 0
    seen = [event.type for event in of_type(store, *JUDGED)]
    assert seen == (["ArticleJudgedOriginal"] if change == "judged" else [])
    assert rows(store)[0] == len(seen)
    assert judge(store, [article]) == (change == "revised")
    assert rows(store)[0] == (change != "withdrawn")


def test_the_first_of_many_equal_texts_is_found_without_looking_at_the_others(store: EventStore) -> None:
    first = take_in(store, PLEDGE[0])
    judge(store, [first])
    equal = [take_in(store, PLEDGE[0], url=f"https://s{n}.example") for n in range(60)]
    judge(store, equal)
    assert {event.data.get("of") for event in judged(store).values()} == {None, first}
    text = Text(str(UUID(int=1)), text_sha256(PLEDGE[0]), 0, fingerprint(""))
    with store.transaction() as conn:
        conn.execute(stories._SERIAL, [locks.JUDGE])
        conn.execute(f"PREPARE beside AS {as_prepared(BESIDE)}")
        asked = ", ".join(
            f"'{value}'" for value in ("none", f"\\x{text.sha256.hex()}", text.article_id, 0, text.article_id)
        )
        plan = [line for (line,) in conn.execute(f"EXPLAIN (ANALYZE, TIMING OFF) EXECUTE beside({asked})")]
        assert PostgresIndex(conn).beside(text).equal is not None
    looked_at = [line for line in plan if "fingerprints_text" in line]
    assert looked_at
    assert "rows=1.00 " in looked_at[0], plan


def as_prepared(query: str) -> str:
    """The statement with PostgreSQL's own parameters."""
    parts = re.split("%[bs]", query)
    return "".join(f"{part}${n}" for n, part in enumerate(parts[:-1], 1)) + parts[-1]


def test_copies_add_nothing_to_the_index_that_their_story_has(store: EventStore) -> None:
    rng = random.Random(7)
    first = take_in(store, PLEDGE[0])
    judge(store, [first])
    keys = rows(store)[1]
    assert keys == len(fingerprint(PLEDGE[0]).keys)
    copies = [take_in(store, edited(PLEDGE[0], rng, keep=0.9, change=0.01) + f" {n}") for n in range(40)]
    judge(store, copies)
    assert Counter(event.type for event in judged(store).values())["ArticleJudgedDuplicate"] == 40
    assert rows(store) == (41, keys)


def test_when_the_article_that_stood_for_a_story_goes_another_takes_its_place(store: EventStore) -> None:
    first = take_in(store, PLEDGE[0])
    second = take_in(store, f"{PLEDGE[0]} Follow us.")
    other = take_in(store, OFFER[0])
    judge(store, [first, second, other])
    withdraw(store, first)
    forget(store, [first])
    forget(store, [first])
    third = take_in(store, f"{PLEDGE[0]} Read more.")
    judge(store, [third])
    found = judged(store)
    assert found[third].data["of"] == second
    assert found[third].data["story_id"] == found[first].data["story_id"]
    withdraw(store, second)
    withdraw(store, third)
    forget(store, [second, third])
    assert rows(store) == (1, len(fingerprint(OFFER[0]).keys))


def test_a_withdrawn_article_is_not_judged(store: EventStore) -> None:
    article = take_in(store, PLEDGE[0])
    withdraw(store, article)
    assert judge(store, [article]) == 0
    assert rows(store) == (0, 0)


def test_a_revision_leaves_the_story_of_its_copies_and_can_come_back(store: EventStore) -> None:
    url = "https://one.example/a"
    article = take_in(store, PLEDGE[0], url=url)
    copy = take_in(store, f"{PLEDGE[0]} Follow us.")
    judge(store, [article, copy])
    story = judged(store)[article].data["story_id"]
    take_in(store, OFFER[0], url=url, revision=2)
    judge(store, [article])
    away = judged(store)[article]
    assert away.type == "ArticleJudgedOriginal"
    assert away.data["story_id"] != story
    take_in(store, PLEDGE[0] + " It was said on Wednesday.", url=url, revision=3)
    judge(store, [article])
    back = judged(store)[article]
    assert (back.data["story_id"], back.data["of"]) == (story, copy)
    assert rows(store)[0] == 2


def test_a_key_has_few_rows_in_however_many_stories_it_stands(store: EventStore) -> None:
    shared = "This very sentence stands in each of them, word for word, as an agency's last line does."
    rng = random.Random(8)
    words = words_of(" ".join(text for accounts in STATEMENTS for text in accounts)).words
    articles = [
        take_in(store, " ".join(rng.choices(words, k=160)) + "\n" + shared, outlet=f"outlet {n}")
        for n in range(60)
    ]
    for start in range(0, 60, 20):
        judge(store, articles[start : start + 20])
    assert {event.type for event in judged(store).values()} == {"ArticleJudgedOriginal"}
    with store.pool.connection() as conn:
        row = conn.execute(
            "SELECT max(count) FROM (SELECT count(*) FROM shingle_keys GROUP BY key) AS k"
        ).fetchone()
    assert row == (32,)


def test_a_text_that_is_judged_plainly_is_compared_for_equality_alone(store: EventStore) -> None:
    first = take_in(store, PLEDGE[0])
    near = take_in(store, f"{PLEDGE[0]} Follow us.")
    equal = take_in(store, PLEDGE[0], url="https://two.example/a")
    judge(store, [first, near, equal], plainly={near, equal})
    found = judged(store)
    assert found[near].type == "ArticleJudgedOriginal"
    assert found[equal].data["method"] == "exact"


FURNITURE = "Subscribe to our morning briefing and never miss a story. Written by the newsroom of Kontinent."


def test_an_outlets_furniture_is_known_by_its_last_articles_alone(store: EventStore) -> None:
    rng = random.Random(14)
    words = words_of(" ".join(text for accounts in STATEMENTS for text in accounts)).words

    def printed(outlet: str | None) -> str:
        article = take_in(store, f"{' '.join(rng.choices(words, k=80))}\n{FURNITURE}", outlet=outlet)
        judge(store, [article])
        return article

    def furniture(article: str) -> list[int] | None:
        with store.pool.connection() as conn:
            row = conn.execute("SELECT furniture FROM fingerprints WHERE article_id = %s", [article])
            return next(row)[0]  # type: ignore[no-any-return]

    other, _nobodys = printed("Other"), printed(None)
    articles = [printed("Kontinent") for _ in range(11)]
    assert printed_lately(store) == [other, *articles[-8:]]
    forget(store, [articles[-2]])
    assert printed_lately(store) == [other, *articles[-8:-2], articles[-1]]
    later = [printed("Kontinent")]
    assert printed_lately(store) == [other, *articles[-8:-2], articles[-1], *later]
    later.append(printed("Kontinent"))
    assert printed_lately(store) == [other, *articles[-7:-2], articles[-1], *later], "there are eight again"
    with store.pool.connection() as conn:
        conn.execute("TRUNCATE printed_lately")  # as in a database that an earlier release filled
    later += [printed("Kontinent") for _ in range(2)]
    assert printed_lately(store) == later[2:]
    (line,) = fingerprint(FURNITURE).lines
    assert [furniture(article) for article in later] == [[line]] * 4
