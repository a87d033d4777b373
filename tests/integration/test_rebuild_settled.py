"""What a rebuild makes of articles that tell nothing, all at once, is what folding makes of their events one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.core.eventstore.store import commit_lazily, read_all
from services.core.projections.base import SCHEMA
from services.core.projections.behind import Behind
from services.core.projections.registry import read_models
from services.core.projections.settled import settle
from services.core.projections.working_set import WorkingSet
from tests.integration.log_writer import LogWriter
from tests.integration.read_tables import ENDED, TEXT, clear, everything, project

SKIPPED = ("receive", "judge", "skip")
LIVES = (
    SKIPPED,
    SKIPPED,
    SKIPPED,
    ("receive", "judge", "skip", "skip"),
    ("receive", "judge", "read"),
    ("receive", "judge", "skip", "read"),
    ("receive", "judge", "skip", "judge"),
    ("receive", "judge", "skip", "withdraw"),
    ("receive", "judge", "skip", "revise", "judge", "skip"),
    ("receive", "judge", "read", "revise", "judge", "skip"),
    ("receive", "judge", "fail"),
    ("receive", "skip", "judge"),
)
days = st.sampled_from(["2019-08-02", "2019-08-03", "2019-08-03T12:00:00+02:00", "2030-01-01", None])
articles = st.tuples(
    st.sampled_from(LIVES),
    days,
    st.lists(days, min_size=6, max_size=6),
    st.sampled_from("stuv"),
    st.booleans(),
)


def happens(log: LogWriter, lives: list[tuple[Any, ...]], turns: list[int], prefix: str) -> None:
    """The articles' lives, mixed: whose turn it is goes one step on."""
    open_ = [(f"{prefix}{n}", list(life), *rest) for n, (life, *rest) in enumerate(lives)]
    revisions: dict[str, int] = {}
    for turn in turns + [0] * 100:
        if not open_:
            return
        article, life, published_at, read_as, story, original = open_[turn % len(open_)]
        step, revision = life.pop(0), revisions.setdefault(article, 1)
        if step == "receive":
            log.receive(article, TEXT, published_at=published_at)
        elif step == "revise":
            revisions[article] = revision = revision + 1
            log.receive(article, TEXT + "!", published_at=published_at, revision=revision)
        elif step == "judge":  # judged once more it goes elsewhere
            at = story if len(life) != 0 else "w"
            log.judge(article, prefix + at, of=None if original else "x", revision=revision)
        elif step == "skip":
            log.skip(article, article_date=read_as[len(life)], revision=revision)
        elif step == "read":
            log.read(article, TEXT, [ENDED], article_date=read_as[len(life)], revision=revision)
        elif step == "fail":
            log.fail(article)
        else:
            log.withdraw(article)
        if not life:
            del open_[turn % len(open_)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lives=st.lists(articles, min_size=1, max_size=8),
    turns=st.lists(st.integers(0, 7), max_size=30),
    size=st.sampled_from([4, 8, 15, 40]),
)
def test_a_rebuild_folds_to_what_folding_event_by_event_gives(
    superuser_url: str,
    lives: list[tuple[Any, ...]],
    turns: list[int],
    size: int,
) -> None:
    with (
        psycopg.connect(superuser_url, autocommit=True) as conn,
        psycopg.connect(superuser_url, autocommit=True) as other,
    ):
        for each in (conn, other):
            commit_lazily(each)
        ((start,),) = conn.execute("SELECT coalesce(max(global_position), 0) FROM events")
        happens(LogWriter(conn), lives, turns, f"{start}-")
        clear(conn)
        project(conn, sizes=(1,), after=start)
        folded = everything(conn)
        clear(conn)
        with Behind(other, SCHEMA) as behind:
            models = read_models(alone=True, behind=behind)
            while batch := read_all(conn, start, size):
                with conn.transaction():
                    models.apply(conn, batch)
                start = batch[-1].global_position
            behind.wait()
        assert everything(conn) == folded


@pytest.fixture
def work(conn: psycopg.Connection[Any]) -> Iterator[WorkingSet]:
    with conn.transaction():
        conn.execute("SET LOCAL search_path = read, public")
        yield WorkingSet(conn)


def left(conn: psycopg.Connection[Any], work: WorkingSet) -> list[str]:
    return [recorded.stream_name for recorded in settle(work, read_all(conn, 0, 1_000))]


def test_what_tells_nothing_is_not_folded_event_by_event(
    conn: psycopg.Connection[Any], log: LogWriter, work: WorkingSet
) -> None:
    for name, story in zip("abc", "sst", strict=True):
        log.receive(name, TEXT)
        log.judge(name, story, of=None if name != "b" else "a")
        log.skip(name)
    log.article("d", TEXT, [ENDED])
    assert left(conn, work) == ["article-d"] * 3
    assert [story.articles for story in work.stories.values()] == [2, 1]


def test_who_stands_in_a_story_with_one_that_tells_is_folded_in_order(
    conn: psycopg.Connection[Any], log: LogWriter, work: WorkingSet
) -> None:
    log.article("a", TEXT, [ENDED], story="s")
    for name, story in zip("bc", "st", strict=True):
        log.receive(name, TEXT)
        log.judge(name, story, of="a")
        log.skip(name)
    assert left(conn, work) == ["article-a"] * 3 + ["article-b"] * 3


def test_who_comes_before_the_head_of_an_older_story_is_folded_in_order(
    conn: psycopg.Connection[Any], log: LogWriter
) -> None:
    log.article("a", TEXT, [ENDED], story="s", published_at="2019-08-03")
    after = project(conn)
    for name, day in zip("bc", ("2019-08-04", "2019-08-02"), strict=True):
        log.receive(name, TEXT, published_at=day)
        log.judge(name, name if name == "b" else "s", of="a")
        log.skip(name)
    with conn.transaction():
        conn.execute("SET LOCAL search_path = read, public")
        rest = settle(WorkingSet(conn), read_all(conn, after, 1_000))
    assert {recorded.stream_name for recorded in rest} == {"article-c"}


@pytest.mark.parametrize(
    ("head", "read_as"), [("2030-01-01", ["2030-01-02"]), ("2019-08-03", ["2019-08-02", "2019-08-04"])]
)
def test_who_stood_before_the_head_of_an_older_story_for_a_moment_is_folded_in_order(
    conn: psycopg.Connection[Any], log: LogWriter, head: str, read_as: list[str]
) -> None:
    """Without a day of its own it stands where it came, then where each reading put it."""
    log.article("a", TEXT, [ENDED], story="s", published_at=head)
    after = project(conn)
    log.receive("b", TEXT, published_at=None)
    log.judge("b", "s", of="a")
    for day in read_as:
        log.skip("b", article_date=day)
    with conn.transaction():
        conn.execute("SET LOCAL search_path = read, public")
        rest = settle(WorkingSet(conn), read_all(conn, after, 1_000))
    assert len(rest) == 2 + len(read_as)
