"""The read tables are the same whatever the batches and whatever the order in which articles come."""

from __future__ import annotations

from typing import Any

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.core.domain.ids import derived_id
from services.core.domain.timeline import EntryKey
from tests.integration.log_writer import LogWriter, Telling
from tests.integration.read_tables import (
    TELLINGS,
    TEXT,
    clear,
    entries,
    everything,
    project,
    rows,
    steps,
    write,
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happened=steps, sizes=st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_the_read_tables_do_not_depend_on_how_the_log_was_cut_into_batches(
    superuser_url: str, happened: list[tuple[Any, ...]], sizes: list[int]
) -> None:
    with psycopg.connect(superuser_url, autocommit=True) as conn:
        start = conn.execute("SELECT coalesce(max(global_position), 0) FROM events").fetchone()
        assert start is not None
        clear(conn)
        prefix = str(start[0])
        write(LogWriter(conn), [(w, prefix + a, t, p, prefix + s) for w, a, t, p, s in happened])
        project(conn, after=start[0])
        at_once = everything(conn)
        clear(conn)
        project(conn, sizes=sizes, after=start[0])
        assert everything(conn) == at_once


SHOWN = (
    "id", "date", "status", "actors", "recipients", "summary", "mention_count", "outlet_count", "story_count",
)  # fmt: skip


def articles(draw_from: str = "abcdef") -> st.SearchStrategy[list[tuple[str, list[Telling], str, str]]]:
    one = st.tuples(
        st.lists(st.sampled_from(TELLINGS), max_size=4),
        st.sampled_from(["2019-08-02", "2019-08-03", "2019-08-04T10:00:00+02:00"]),
        st.sampled_from(["s", "t", "u"]),
    )
    return st.lists(one, min_size=2, max_size=len(draw_from)).map(
        lambda found: [(draw_from[i], *article) for i, article in enumerate(found)]
    )


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=articles(), data=st.data())
def test_the_same_articles_give_the_same_timeline_in_every_order_of_arrival(
    superuser_url: str, found: list[tuple[str, list[Telling], str, str]], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(found))
    with psycopg.connect(superuser_url, autocommit=True) as conn:
        told = []
        for turn, arrival in enumerate((found, shuffled)):
            start = conn.execute("SELECT coalesce(max(global_position), 0) FROM events").fetchone()
            assert start is not None
            clear(conn)
            log = LogWriter(conn)
            for name, tellings, published_at, story in arrival:
                # Distinct instants: which of two articles published at once came first is no fact to keep.
                moment = f"{published_at[:10]}T0{ord(name) - ord('a')}:00:00+00:00"
                log.article(f"{name}-{start[0]}-{turn}", TEXT, tellings, story=f"{story}{start[0]}",
                            published_at=moment, outlet=f"Outlet {name}")  # fmt: skip
            project(conn, after=start[0])
            told.append(
                (
                    [{key: e[key] for key in SHOWN} for e in entries(conn)],
                    rows(
                        conn,
                        "SELECT actor, proposition, stance, contested, since, last_stated, mention_count,"
                        " outlet_count, story_count FROM read.standings WHERE to_position IS NULL ORDER BY 1, 2",
                    ),
                )
            )
        assert told[0] == told[1]


changing_articles = st.lists(
    st.tuples(
        st.lists(st.sampled_from(TELLINGS), max_size=3),
        st.sampled_from(["2019-08-02", "2019-08-03"]),
        st.sampled_from(["s", "t"]),
        # What becomes of it: revisions, each with a story of its own, and a withdrawal.
        st.lists(
            st.tuples(st.lists(st.sampled_from(TELLINGS), max_size=3), st.sampled_from(["s", "t", "u"])),
            max_size=2,
        ),
        st.booleans(),
    ),
    min_size=2,
    max_size=5,
)


def happen(log: LogWriter, found: list[Any], order: list[int], mark: str) -> None:
    """Articles with their revisions and withdrawals, each article's next step whenever its number comes up."""
    done = [0] * len(found)
    for number in order:
        tellings, day, story, revisions, withdrawn = found[number]
        name, step = f"{'abcde'[number]}-{mark}", done[number]
        done[number] += 1
        moment, outlet = f"{day}T0{number}:00:00+00:00", f"Outlet {number}"
        if step == 0:
            log.article(name, TEXT, tellings, story=story + mark, published_at=moment, outlet=outlet)
        elif step <= len(revisions):
            tellings, story = revisions[step - 1]
            text, revision = TEXT + "\n" * step, step + 1
            log.receive(name, text, published_at=moment, outlet=outlet, revision=revision)
            log.judge(name, story + mark, revision=revision)
            log.read(name, text, tellings, revision=revision, article_date=day)
        elif withdrawn:
            log.withdraw(name)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=changing_articles, data=st.data())
def test_copies_revisions_and_withdrawals_in_every_order_give_the_same_timeline(
    superuser_url: str, found: list[Any], data: st.DataObject
) -> None:
    """What is left at the end is told as if nothing else had ever been there."""
    order = [
        number for number, (_, _, _, revisions, withdrawn) in enumerate(found)
        for _ in range(1 + len(revisions) + withdrawn)
    ]  # fmt: skip
    left = [
        (
            revisions[-1][0] if revisions else tellings,
            day,
            revisions[-1][1] if revisions else story,
            [],
            False,
        )
        for tellings, day, story, revisions, withdrawn in found
    ]
    alone = [number for number in data.draw(st.permutations(range(len(found)))) if not found[number][4]]
    orders = ((found, order), (found, data.draw(st.permutations(order))), (left, alone))
    told = []
    with psycopg.connect(superuser_url, autocommit=True) as conn:
        for turn, (articles_, steps_) in enumerate(orders):
            start = conn.execute("SELECT coalesce(max(global_position), 0) FROM events").fetchone()
            assert start is not None
            clear(conn)
            happen(LogWriter(conn), articles_, steps_, f"{start[0]}-{turn}")
            project(conn, after=start[0])
            told.append(
                (
                    [{key: e[key] for key in SHOWN} for e in entries(conn)],
                    rows(
                        conn,
                        "SELECT actor, proposition, stance, contested, since, last_stated, mention_count,"
                        " outlet_count, story_count FROM read.standings WHERE to_position IS NULL AND mention_count > 0"
                        " ORDER BY 1, 2",
                    ),
                )
            )
    assert told[0] == told[1]
    assert told[0] == told[2]


def test_ids_do_not_run_into_each_other() -> None:
    assert derived_id("a", "b") != derived_id("ab")
    assert EntryKey("inf", "statement", "2019", ("usa",)).id != EntryKey("inf", "statement", "2019", ()).id
