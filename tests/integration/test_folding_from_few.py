"""Entries and standings folded from what they said before are those folded from all that is told of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.core.domain.ids import derived_id
from services.core.eventstore.store import read_all
from services.core.eventstore.subscription import save_checkpoint
from services.core.projections import stated
from services.core.projections.memory import Memory
from services.core.projections.read_models import ReadModels
from services.core.projections.registry import read_models
from services.core.projections.stated import Stated
from services.core.projections.tellings import Tellings
from services.core.projections.versioned import VersionedTable
from tests.integration.log_writer import LogWriter, Telling, id_of
from tests.integration.read_tables import ENDED, clear, everything, project, steps, write
from tests.integration.test_rulings_in_every_order import (
    a_ruling,
    a_stance,
    an_article,
    by_source,
    happens,
)

sizes_of_batches = st.lists(st.integers(1, 9), min_size=1, max_size=5)
TEXT = "On Friday Washington left the treaty."


@contextmanager
def from_all() -> Iterator[None]:
    """Every entry is folded from all its mentions, every standing from all that was stated."""
    fold = Tellings.fold

    def anew(told: Tellings, *given_: Any, **_: Any) -> Any:
        return fold(told, *given_, anew=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Tellings, "fold", anew)
        patch.setattr(stated, "MANY", 10_000)
        patch.setattr(stated, "FIRST", 10_000)
        yield


@contextmanager
def from_few(many: int) -> Iterator[None]:
    """Statements are loaded one by one, and so many already are not looked at for each one more."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stated, "FIRST", 1)
        patch.setattr(stated, "MANY", many)
        yield


def fold(conn: psycopg.Connection[Any], after: int, sizes: list[int], rows: int = 10_000) -> None:
    """Fold the log from `after` on as one projector does that remembers so many rows."""
    models, turn = read_models(), 0
    models._memory = Memory(ReadModels.name, "read", rows=rows)
    conn.execute("DELETE FROM checkpoints")
    while batch := read_all(conn, after, sizes[turn % len(sizes)]):
        with conn.transaction():
            models.apply(conn, batch)
            save_checkpoint(conn, ReadModels.name, batch[-1].global_position)
        after, turn = batch[-1].global_position, turn + 1


def end_of_log(conn: psycopg.Connection[Any]) -> int:
    row = conn.execute("SELECT coalesce(max(global_position), 0) FROM events").fetchone()
    assert row is not None
    return int(row[0])


def assert_few_do(conn: psycopg.Connection[Any], start: int, sizes: list[int], rows: int, many: int) -> None:
    clear(conn)
    with from_all():
        fold(conn, start, [10_000])
    expected = everything(conn)
    clear(conn)
    with from_few(many):
        fold(conn, start, sizes, rows)
    assert everything(conn) == expected


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    happened=steps,
    sizes=sizes_of_batches,
    rows=st.sampled_from((1, 5, 10_000)),
    many=st.sampled_from((1, 2, 64)),
)
def test_whatever_happens_to_articles(
    superuser_url: str, happened: list[tuple[Any, ...]], sizes: list[int], rows: int, many: int
) -> None:
    with psycopg.connect(superuser_url, autocommit=True) as conn:
        start = end_of_log(conn)
        write(LogWriter(conn), [(w, f"{start}{a}", t, p, f"{start}{s}") for w, a, t, p, s in happened])
        assert_few_do(conn, start, sizes, rows, many)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    articles=st.lists(an_article, min_size=2, max_size=4),
    rulings=st.lists(a_ruling, max_size=5),
    stances=st.lists(a_stance, max_size=3),
    sizes=sizes_of_batches,
    rows=st.sampled_from((1, 5, 10_000)),
    many=st.sampled_from((1, 2, 64)),
    data=st.data(),
)
def test_whatever_is_ruled_meanwhile(
    superuser_url: str,
    articles: list[Any],
    rulings: list[Any],
    stances: list[Any],
    sizes: list[int],
    rows: int,
    many: int,
    data: st.DataObject,
) -> None:
    streams = [[("article", (n, a)), ("end", (n, a))] for n, a in enumerate(articles)]
    streams += [*by_source(rulings), [("stance", s) for s in stances]]
    order = data.draw(st.permutations([n for n, stream in enumerate(streams) for _ in stream]))
    with psycopg.connect(superuser_url, autocommit=True) as conn:
        start, left = end_of_log(conn), [iter(stream) for stream in streams]
        happens(LogWriter(conn), [next(left[n]) for n in order], f"-{start}")
        assert_few_do(conn, start, sizes, rows, many)


STATED = [
    Telling("kept to it", date, proposition="russia-complied", stance=stance, confidence=confidence)
    for date in ("2019-08-01", "2019-08-02", "2019-08-03", "2019-08-04", "2019-08", "2019-07")
    for stance, confidence in (("supports", 0.9), ("supports", 0.5), ("opposes", 0.9), ("conditional", 0.6))
]
articles_that_state = st.lists(
    st.tuples(
        st.sampled_from(
            [("receive", "judge", "read"), ("revise", "judge", "read"), ("judge",), ("withdraw",)]
        ),
        st.sampled_from("abcdefgh"),
        st.lists(st.sampled_from(STATED), min_size=1, max_size=3),
        st.sampled_from(["2019-08-02", "2019-08-05", None]),
        st.sampled_from("stuv"),
    ),
    min_size=4,
    max_size=20,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=articles_that_state, sizes=sizes_of_batches, rows=st.sampled_from((1, 10_000)))
def test_whatever_is_stated_of_one_question(
    superuser_url: str, found: list[Any], sizes: list[int], rows: int
) -> None:
    with psycopg.connect(superuser_url, autocommit=True) as conn:
        start = end_of_log(conn)
        happened = [(w, f"{start}{a}", t, p, f"{start}{s}") for steps_, a, t, p, s in found for w in steps_]
        write(LogWriter(conn), happened)
        assert_few_do(conn, start, sizes, rows, many=1)


def test_one_more_telling_loads_none_of_the_others(
    conn: psycopg.Connection[Any], log: LogWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    coarse = Telling("Washington left the treaty", "2019", "agreement-ended", ("usa",))
    asked: list[str] = []
    load = VersionedTable.load

    def noted(table: VersionedTable[Any], where: Any, parameters: Any) -> Any:
        asked.append(where)
        return load(table, where, parameters)

    for name in "abcdefgh":
        log.article(name, TEXT + name, [ENDED, coarse], outlet=f"Outlet {name}")
    fold(conn, 0, [3])
    after = end_of_log(conn)
    monkeypatch.setattr(VersionedTable, "load", noted)
    for name in "ijk":
        log.article(name, TEXT + name, [coarse, ENDED], outlet="Outlet a", story="s", of="i")
    fold(conn, after, [3])
    assert "id = ANY(%s)" in asked, "the one that speaks for all"
    assert not [where for where in asked if "entry_id" in where]
    counts = conn.execute(
        "SELECT mention_count, outlet_count, story_count FROM read.entries WHERE to_position IS NULL"
        " AND change = 'changed'"
    )
    assert counts.fetchall() == [(11, 8, 9)]


def test_one_more_statement_of_a_stance_that_many_tell_looks_at_none_of_the_others(
    conn: psycopg.Connection[Any], log: LogWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Telling("left the treaty", "2019-08-02", proposition="russia-complied", stance="opposes")
    for number in range(stated.MANY + 1):
        log.article(f"a{number:02}", f"{TEXT} {number}", [kept], outlet=f"Outlet {number}")
    models = read_models()
    models._memory = Memory(ReadModels.name, "read", rows=10_000)

    def project_on() -> None:
        after = conn.execute("SELECT coalesce(max(global_position), 0) FROM checkpoints").fetchone()
        assert after is not None
        while batch := read_all(conn, after[0], 10_000):
            with conn.transaction():
                models.apply(conn, batch)
                save_checkpoint(conn, ReadModels.name, batch[-1].global_position)
            after = (batch[-1].global_position,)

    def looked(*_: Any) -> Any:
        raise AssertionError("all that was stated is gone through")

    project_on()
    monkeypatch.setattr(Stated, "days", looked)
    log.article("b", f"{TEXT} At last.", [kept], outlet="Outlet 0", story="s")
    log.article("c", f"{TEXT} Again.", [kept], outlet="Outlet c", story="s", of="b")
    project_on()
    counts = conn.execute(
        "SELECT mention_count, outlet_count, story_count FROM read.standings WHERE to_position IS NULL"
    )
    assert counts.fetchall() == [(stated.MANY + 3, stated.MANY + 2, stated.MANY + 2)]


def test_what_was_merged_and_split_off_moves_with_the_key_it_was_merged_into(
    conn: psycopg.Connection[Any], log: LogWriter
) -> None:
    signed = Telling("signed in 1987", "1987-12-08", "agreement-signed", ("russia", "usa"))
    coarse = Telling("left the treaty", "2019", "agreement-ended", ("usa",))
    finer = Telling("left the treaty", "2019-08-02", "agreement-ended", ("usa",))
    text = "It was signed in 1987. On Friday Washington left the treaty."
    log.article("x", text, [signed])
    log.article("y", text + "!", [coarse])
    log.rule(id_of(signed), "merge", kind=signed.kind, into=str(id_of(coarse)), into_kind=coarse.kind)
    part = derived_id("part", str(id_of(coarse)), "0")
    log.rule(id_of(coarse), "split", kind=coarse.kind, part=str(part), articles=("x",), stories=())
    for name, telling in (("w", signed), ("z", finer), ("v", signed)):
        log.article(name, text + name, [telling])

    def told() -> dict[str, str]:
        lies = conn.execute("SELECT article_id, entry_id FROM read.mentions WHERE to_position IS NULL")
        return {str(article): str(entry) for article, entry in lies}

    fold(conn, 0, [1])
    by_one, lying = everything(conn), told()
    assert set(lying) == set("xyzwv")
    assert lying["x"] == lying["w"], (
        "the coarse entry is the finer one now, and what was split off it goes with it"
    )
    clear(conn)
    project(conn, sizes=[1])
    assert everything(conn) == by_one, "what a projector remembers changes nothing"
    clear(conn)
    project(conn)
    assert told() == lying
