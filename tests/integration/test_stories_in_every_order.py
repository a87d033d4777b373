"""Articles, copies, revisions and withdrawals in every order, judged and read for real: what is counted is right."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.core.domain.reading import ArticleDate, ArticleText, PoliticalEvent, Position, Reading, Span
from services.core.domain.vocabulary import DateBasis, Stance, Status
from services.core.eventstore.store import EventStore, open_pool
from services.core.settings import Settings
from tests.conftest import Database
from tests.integration.pipeline import take_in, withdraw
from tests.integration.read_tables import clear, project, rows
from tests.unit.dedup.accounts import STATEMENTS
from workers.dedup.index import PostgresIndex
from workers.dedup.words import words_of
from workers.readings import Reader
from workers.tasks import WorkerProcess

_WORDS = words_of(" ".join(text for accounts in STATEMENTS for text in accounts)).words
_rng = random.Random(17)
DAYS = ("2019-02-01", "2019-02-02", "2019-08-02")  # of what the accounts tell; each has words of its own
ACCOUNTS = tuple(f"On {day} they met. {' '.join(_rng.choices(_WORDS, k=220))}" for day in DAYS)


def carried(account: int, desk: int) -> str:
    """An account as one of the desks prints it: as it came, with a line more, cut, or with a line before."""
    text = ACCOUNTS[account]
    return (
        text,
        f"{text}\n\nFollow us on every channel.",
        text[: len(text) * 7 // 10],
        f"Wire news\n{text}",
    )[desk]


class ReadsTheDay:
    """Reads of each account what it tells: one event and one position."""

    def owner(self, _article: ArticleText) -> str | None:
        return None

    def read(self, article: ArticleText, *, gated: bool = False) -> Reading:
        day = next(day for day in DAYS if day in article.text)
        start = article.text.index(day)
        words = Span(start, start + len(day))
        met = PoliticalEvent(
            "consultation", "CONSULT", None, day, Status.ACTUAL, ("usa",), ("russia",), words
        )
        said = Position("usa", "us-withdrawal", Stance.SUPPORTS, words, date=day)
        return Reading("inf", "en", True, ArticleDate(day, DateBasis.TEXT), positions=(said,), events=(met,))


def load(dossiers: tuple[str, ...]) -> Mapping[str, Reader]:
    return {name: Reader(name, "test", "test", ReadsTheDay()) for name in dossiers}


@dataclass(frozen=True, slots=True)
class Life:
    """What becomes of one article: which account it carries at first and after each revision, and its end."""

    accounts: tuple[int, ...]
    desk: int
    outlet: int
    withdrawn: bool

    @property
    def steps(self) -> int:
        return len(self.accounts) + self.withdrawn


lives = st.lists(
    st.builds(
        Life,
        accounts=st.lists(st.integers(0, 2), min_size=1, max_size=3).map(tuple),
        desk=st.integers(0, 3),
        outlet=st.integers(0, 2),
        withdrawn=st.booleans(),
    ),
    min_size=2,
    max_size=5,
)


class Newsroom:
    """Lets lives happen in a log, with the workers at it."""

    def __init__(self, database: Database, conn: psycopg.Connection[Any]) -> None:
        self._store = EventStore(open_pool(database.services_url, max_size=2))
        services = Settings(database_url=database.services_url, redis_url="redis://127.0.0.1:1/0")
        self._process = WorkerProcess(services, load)
        self._conn = conn

    def close(self) -> None:
        self._process.close()
        self._store.pool.close()

    def happen(self, found: list[Life], order: list[int], pauses: list[bool]) -> dict[str, int]:
        """Each article's next step whenever its number comes up; judged and read are those due at each pause.

        Gives the number of each article's life.
        """
        for table in ("fingerprints", "shingle_keys", "printed_lately", "readings", "dispatches"):
            self._conn.execute(f"TRUNCATE {table}")
        clear(self._conn)
        row = self._conn.execute("SELECT coalesce(max(global_position), 0) FROM events").fetchone()
        start = row[0] if row else 0
        done = [0] * len(found)
        names: dict[str, int] = {}
        for number, pause in zip(order, pauses, strict=True):
            life, step = found[number], done[number]
            done[number] += 1
            url = f"https://site{number}.example/{start}"
            if step < len(life.accounts):
                # The later an article's number, the earlier it was published. Revisions are never the same twice.
                text = carried(life.accounts[step], life.desk) + "\n" * step
                moment = f"2019-09-0{9 - number}T10:0{step}:00+00:00"
                article = take_in(
                    self._store, text, url=url, revision=step + 1, outlet=f"Outlet {life.outlet}",
                    published_at=moment,
                )  # fmt: skip
                names[article] = number
            else:
                article = next(name for name, n in names.items() if n == number)
                withdraw(self._store, article)
                with self._store.transaction() as conn:
                    PostgresIndex(conn).forget(article)  # as the relay does
            if pause:
                self._work(names)
        self._work(names)
        project(self._conn, after=start)
        return names

    def _work(self, names: Mapping[str, int]) -> None:
        articles = list(names)
        self._process.deduplication().run(articles)
        self._process.extraction().run(articles, "inf")


def counted(conn: psycopg.Connection[Any]) -> dict[str, tuple[int, int, int]]:
    """Mentions, outlets and stories of the entry of each day."""
    found = rows(
        conn,
        "SELECT date, mention_count AS mentions, outlet_count AS outlets, story_count AS stories FROM read.entries"
        " WHERE to_position IS NULL AND change IN ('added', 'changed')",
    )
    return {row["date"]: (row["mentions"], row["outlets"], row["stories"]) for row in found}


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(found=lives, data=st.data())
def test_counts_and_stories_are_those_of_what_is_left_in_every_order(
    database: Database, found: list[Life], data: st.DataObject
) -> None:
    """Of the articles that are left those that carry one account are one story, its head the one published first."""
    steps = [number for number, life in enumerate(found) for _ in range(life.steps)]
    order = data.draw(st.permutations(steps))
    pauses = data.draw(st.lists(st.booleans(), min_size=len(steps), max_size=len(steps)))
    carriers: dict[int, list[int]] = defaultdict(list)
    for number, life in enumerate(found):
        if not life.withdrawn:
            carriers[life.accounts[-1]].append(number)
    with psycopg.connect(database.superuser_url, autocommit=True) as conn:
        newsroom = Newsroom(database, conn)
        try:
            names = newsroom.happen(found, order, pauses)
        finally:
            newsroom.close()
        assert counted(conn) == {
            DAYS[account]: (len(those), len({found[number].outlet for number in those}), 1)
            for account, those in carriers.items()
        }
        stories = rows(
            conn,
            "SELECT s.head, s.articles, array_agg(a.id) AS ids FROM read.stories s"
            " JOIN read.articles a ON a.story_id = s.id GROUP BY s.id",
        )
        assert {frozenset(names[id_] for id_ in story["ids"]) for story in stories} == {
            frozenset(those) for those in carriers.values()
        }
        for story in stories:
            members = [names[id_] for id_ in story["ids"]]
            assert (names[story["head"]], story["articles"]) == (max(members), len(members))
        newest = max(carriers, default=None)
        standings = rows(
            conn,
            "SELECT last_stated, mention_count, outlet_count, story_count FROM read.standings"
            " WHERE to_position IS NULL AND stance IS NOT NULL",
        )
        if newest is None:
            assert standings == []
        else:
            (standing,) = standings
            assert standing["last_stated"] == DAYS[newest]
