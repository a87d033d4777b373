"""The table of work: nobody waits for another in a circle, and each article has its own fate."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from services.core.domain.ids import derived_id
from tests.integration import saboteur
from tests.integration.pipeline import TYPES_READ, Pipeline, eventually, of_type, pipeline, take_in
from workers import dispatches
from workers.articles import JUDGED
from workers.dedup import stories
from workers.dispatches import DEDUPLICATE, EXTRACT, Held
from workers.relay import Relay, messages
from workers.tasks import WorkerProcess

pytestmark = pytest.mark.timeout(300)

PLAIN = "NATO rejects the proposal of a moratorium, a spokeswoman said on day {}."
IDS = sorted(str(derived_id("work", number)) for number in range(7))
CAUSE = UUID(int=7)


@pytest.fixture
def pipe(database_url: str, valkey_url: str, tmp_path: Path) -> Iterator[Pipeline]:
    made = pipeline(database_url, valkey_url, tmp_path, article_seconds=60.0)
    yield made
    made.stop()


def connect(pipe: Pipeline) -> psycopg.Connection[Any]:
    return psycopg.connect(pipe.settings.database_url or "", autocommit=True)


def ask(conn: psycopg.Connection[Any], ids: Sequence[str], stage: str = EXTRACT, position: int = 5) -> None:
    rows = [(article, stage, "inf", 1, CAUSE, position, 0.0) for article in ids]
    conn.execute(dispatches.ASK, [list(column) for column in zip(*rows, strict=True)])


def hold(conn: psycopg.Connection[Any], ids: Sequence[str]) -> list[Held]:
    return dispatches.hold(conn, EXTRACT, "inf", [(article, 1, CAUSE, 5) for article in ids], 60.0)


def settle(conn: psycopg.Connection[Any], ids: Sequence[str]) -> None:
    dispatches.settle(conn, EXTRACT, "inf", [(article, 5) for article in ids])


def end(conn: psycopg.Connection[Any], ids: Sequence[str]) -> None:
    rows = [(article, EXTRACT, "inf", CAUSE) for article in ids]
    conn.execute(dispatches.ENDED, [list(column) for column in zip(*rows, strict=True)])


def forget(conn: psycopg.Connection[Any], ids: Sequence[str]) -> None:
    conn.execute(dispatches.FORGOTTEN, [list(ids)])


def hand_back(conn: psycopg.Connection[Any], ids: Sequence[str]) -> None:
    row = conn.execute("SELECT worker FROM dispatches WHERE article_id = %s", [ids[0]]).fetchone()
    worker = row[0] if row else 0
    dispatches.hand_back(
        conn, EXTRACT, "inf", [Held(article, CAUSE, worker, 0, None, None) for article in ids]
    )


def ask_again(conn: psycopg.Connection[Any], ids: Sequence[str]) -> None:
    ask(conn, ids, position=6)


def test_two_statements_on_the_same_rows_never_wait_for_each_other_in_a_circle(pipe: Pipeline) -> None:
    """Who begins at the first row and who begins at the last meet in the middle, where a third keeps them waiting."""
    with (
        connect(pipe) as first,
        connect(pipe) as second,
        connect(pipe) as third,
        ThreadPoolExecutor(2) as threads,
    ):
        pids = [first.info.backend_pid, second.info.backend_pid]
        for conn in (first, second):
            # As if there were very many: the rows are then looked up one by one, in the order in which they are named.
            for other_way in ("seqscan", "bitmapscan", "hashjoin", "mergejoin"):
                conn.execute(f"SET enable_{other_way} = off")
        for one, other in itertools.product(
            [settle, hold], [settle, end, forget, hand_back, hold, ask_again]
        ):
            third.execute("DELETE FROM dispatches")
            ask(third, IDS)
            hold(third, IDS)
            third.execute("UPDATE dispatches SET state = 'sent'")
            with third.transaction():
                third.execute("SELECT FROM dispatches WHERE article_id = %s FOR UPDATE", [IDS[3]])
                running = [threads.submit(one, first, IDS), threads.submit(other, second, IDS[::-1])]
                eventually(lambda: _blocked(third, pids) == 2, f"both wait: {one.__name__}, {other.__name__}")
            for done in running:
                done.result(30)  # else DeadlockDetected


def _blocked(conn: psycopg.Connection[Any], pids: Sequence[int]) -> int:
    asked = (
        "SELECT count(*) FROM unnest(%s::integer[]) AS p (pid) WHERE cardinality(pg_blocking_pids(pid)) > 0"
    )
    row = conn.execute(asked, [list(pids)]).fetchone()
    return row[0] if row else 0


def test_who_dies_of_several_at_once_counts_for_none_and_each_goes_out_alone(pipe: Pipeline) -> None:
    worker = connect(pipe)
    with connect(pipe) as conn:
        ask(conn, IDS)
        held = hold(worker, IDS)
        dispatches.put_off(worker, EXTRACT, "inf", IDS[:2])
        dispatches.begin(worker, EXTRACT, "inf", IDS[0])
        assert not any(item.went_wrong for item in held)
        worker.close()
        eventually(lambda: _alive(conn, held[0].worker) == 0, "the worker is gone")
        conn.execute(dispatches.LOSE, {"limit": 60.0})
        assert (
            dict(conn.execute("SELECT article_id::text, attempts FROM dispatches").fetchall())
            == {
                IDS[0]: 1  # which was begun alone
            }
            | dict.fromkeys(IDS[1:], 0)
        )
        due = conn.execute(dispatches.SEND, [EXTRACT, 10]).fetchall()
        assert len(messages(EXTRACT, due, 500)) == len(IDS)
        assert {str(row[0]): row[3] for row in due} == {IDS[1]: False} | dict.fromkeys(
            [IDS[0], *IDS[2:]], True
        )
        (again,) = hold(conn, IDS[3:4])
        assert (again.went_wrong, again.given_up, again.attempts) == (True, False, 0)


def _alive(conn: psycopg.Connection[Any], pid: int) -> int:
    row = conn.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone()
    return row[0] if row else 0


def test_what_is_handed_back_by_who_lives_goes_out_with_others_again(pipe: Pipeline) -> None:
    with connect(pipe) as conn:
        ask(conn, IDS)
        held = hold(conn, IDS)
        dispatches.hand_back(conn, EXTRACT, "inf", held)
        due = conn.execute(dispatches.SEND, [EXTRACT, 10]).fetchall()
        assert len(messages(EXTRACT, due, 500)) == 1


def test_a_batch_that_a_judge_died_of_is_judged_one_by_one_and_what_came_with_it_together(
    pipe: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    articles = [take_in(pipe.store, PLAIN.format(n)) for n in range(5)]
    process = WorkerProcess(pipe.settings, saboteur.load)
    stage = process.deduplication()
    with connect(pipe) as conn:
        Relay(pipe.settings, conn, threading.Event()).follow()
    judge = stories.judge
    groups: list[list[str]] = []

    def noted(conn: psycopg.Connection[Any], ids: Sequence[str], **options: Any) -> int:
        groups.append(list(ids))
        if len(groups) == 1:
            raise KeyboardInterrupt  # nobody counts it, nothing is handed back: as a process that dies
        return judge(conn, ids, **options)

    monkeypatch.setattr(stories, "judge", noted)
    with pytest.raises(KeyboardInterrupt):
        stage.run(articles[:3])
    process.close()
    with connect(pipe) as conn:
        gone = conn.execute("SELECT DISTINCT worker FROM dispatches WHERE worker IS NOT NULL").fetchall()
        eventually(lambda: not any(_alive(conn, worker) for (worker,) in gone), "the worker is gone")
    assert process.deduplication().run(articles) == 5
    process.close()
    assert groups == [articles[:3], articles[3:], *([article] for article in articles[:3])]
    assert len(of_type(pipe.store, *JUDGED)) == 5
    assert not [row for row in pipe.dispatches() if row[1] == DEDUPLICATE]


def test_only_what_hangs_alone_counts_as_having_taken_too_long(
    database_url: str, valkey_url: str, tmp_path: Path
) -> None:
    """The process ends itself, for what hangs does not heed the limit; twice with it alone, after once in company."""
    pipe = pipeline(database_url, valkey_url, tmp_path, article_seconds=1.0)
    hangs = take_in(pipe.store, f"{saboteur.DEAF_LOOKING} {PLAIN}")
    others = [take_in(pipe.store, f"{saboteur.ELSEWHERE} {n}. {PLAIN}") for n in range(8)]
    process = WorkerProcess(pipe.settings, saboteur.load)
    process.deduplication().run([hangs, *others])
    process.close()
    try:
        pipe.start_worker()
        with pipe.relay():
            eventually(lambda: len(of_type(pipe.store, *TYPES_READ)) == 9, "each has come to an end")
        outcomes = {event.data["article_id"]: event for event in of_type(pipe.store, *TYPES_READ)}
        assert {outcomes[article].type for article in others} == {"ExtractionSkipped"}
        told = [outcomes[hangs].data[name] for name in ("code", "attempts")]
        assert told == ["timeout", 2]
        assert pipe.what_was_read().count(saboteur.DEAF_LOOKING) == 2
    finally:
        pipe.stop()


def test_an_attempt_that_the_relay_counted_as_lost_counts_once(pipe: Pipeline) -> None:
    one = IDS[:1]

    def fails(conn: psycopg.Connection[Any], held: Held) -> int:
        return dispatches.fail(
            conn, EXTRACT, "inf", held, error_class="Late", code=dispatches.TIMEOUT, delay=0
        )

    with connect(pipe) as conn:
        ask(conn, one)
        with connect(pipe) as mine:
            (held,) = hold(mine, one)
            dispatches.begin(mine, EXTRACT, "inf", one[0])
        eventually(lambda: _alive(conn, held.worker) == 0, "its connection is gone")
        conn.execute(dispatches.LOSE, {"limit": 60.0})
        assert fails(conn, held) == 1
        with connect(pipe) as others:
            (theirs,) = hold(others, one)
            fails(conn, held)
            row = conn.execute("SELECT state, worker, attempts FROM dispatches").fetchone()
            assert row == ("held", theirs.worker, 1), "who has it since then keeps it"
            assert fails(others, theirs) == 2
