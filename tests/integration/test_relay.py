"""The relay follows the log: what it sends is bounded, sent again when lost, and forgotten when done."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from redis import Redis

from services.core.domain.events import ArticleJudgedOriginal, ExtractionRequested, article_stream
from services.core.domain.ids import derived_id
from services.core.eventstore import locks
from services.core.eventstore.seals import newest_seal
from services.core.eventstore.store import StreamWrite, make_event
from services.core.eventstore.wakeups import wait_for_notification
from tests.integration import saboteur
from tests.integration.pipeline import TYPES_READ, Pipeline, eventually, of_type, pipeline, take_in, withdraw
from workers import relay
from workers.deduplicate import Deduplication
from workers.dispatches import DEDUPLICATE, EXTRACT
from workers.tasks import WorkerProcess

PLAIN = "NATO rejects the proposal of a moratorium, a spokeswoman said on day {}."


@pytest.fixture
def pipe(database_url: str, valkey_url: str, tmp_path: Path) -> Iterator[Pipeline]:
    made = pipeline(database_url, valkey_url, tmp_path, relay_window=10)
    yield made
    made.stop()


def states(pipe: Pipeline) -> dict[str, int]:
    """How many pieces of work are in which state."""
    found: dict[str, int] = {}
    for row in pipe.dispatches():
        found[row[2]] = found.get(row[2], 0) + 1
    return found


def work_off(pipe: Pipeline, *articles: str) -> None:
    """Does in this process what the tasks would."""
    process = WorkerProcess(pipe.settings, saboteur.load)
    process.deduplication().run(articles)
    process.extraction().run(articles, "inf")
    process.close()


def test_what_is_sent_and_not_finished_is_bounded(pipe: Pipeline) -> None:
    articles = [take_in(pipe.store, PLAIN.format(n)) for n in range(25)]
    with pipe.relay():
        eventually(lambda: states(pipe) == {"sent": 10, "waiting": 15}, "the window is full")
        sent = {row[0] for row in pipe.dispatches() if row[2] == "sent"}
        assert sent == set(articles[:10])
        process = WorkerProcess(pipe.settings, saboteur.load)
        process.deduplication().run(articles[:4])
        process.close()
        eventually(lambda: states(pipe) == {"sent": 14, "waiting": 11}, "as many more are sent")


def test_one_of_two_relays_leads_and_the_other_takes_over(pipe: Pipeline) -> None:
    with pipe.relay() as first:
        take_in(pipe.store, PLAIN)
        eventually(lambda: states(pipe) == {"sent": 1}, "it is sent")
        with pipe.relay(), pipe.store.pool.connection() as conn:
            time.sleep(0.8)
            leaders = conn.execute(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND"
                " (classid::bigint << 32 | objid::bigint) = %s AND database = (SELECT oid FROM pg_database"
                " WHERE datname = current_database())",
                [locks.RELAY],
            ).fetchone()
            assert leaders == (1,)
            with Redis.from_url(pipe.settings.redis_url or "") as broker:
                assert broker.llen(DEDUPLICATE) == 1
            first.set()
            take_in(pipe.store, PLAIN.format("two"))
            eventually(lambda: len(pipe.dispatches()) == 2, "the second goes on")


def test_a_relay_that_begins_again_from_nothing_does_nothing_twice(pipe: Pipeline) -> None:
    articles = [take_in(pipe.store, PLAIN.format(n)) for n in range(5)]
    with pipe.relay():
        work_off(pipe, *articles)
        eventually(lambda: not pipe.dispatches(), "all is done")
    with pipe.store.pool.connection() as conn:
        conn.execute("DELETE FROM checkpoints")
    with Redis.from_url(pipe.settings.redis_url or "") as broker:
        broker.flushall()
        with pipe.relay():
            eventually(lambda: at(pipe) == 15, "the log is read")
            time.sleep(0.3)
            assert broker.llen(DEDUPLICATE) == 0
    assert not pipe.dispatches()
    assert len(of_type(pipe.store, *TYPES_READ)) == 5


def at(pipe: Pipeline) -> int:
    """The relay's checkpoint."""
    with pipe.store.pool.connection() as conn:
        row = conn.execute("SELECT global_position FROM checkpoints WHERE name = 'relay'").fetchone()
        return row[0] if row else 0


def test_what_was_noted_but_never_sent_is_sent_by_the_next_relay(pipe: Pipeline) -> None:
    take_in(pipe.store, PLAIN)
    with pipe.relay(), Redis.from_url(pipe.settings.redis_url or "") as broker:
        eventually(lambda: broker.llen(DEDUPLICATE) == 1, "it is sent")
    with Redis.from_url(pipe.settings.redis_url or "") as broker:
        broker.delete(DEDUPLICATE)  # as if it had died before sending: the broker still has its mark
        with pipe.relay():
            eventually(lambda: broker.llen(DEDUPLICATE) == 1, "it is sent again")


def test_a_message_that_a_dying_worker_took_along_is_sent_again(pipe: Pipeline) -> None:
    take_in(pipe.store, PLAIN)
    with pipe.relay(), Redis.from_url(pipe.settings.redis_url or "") as broker:
        eventually(lambda: broker.llen(DEDUPLICATE) == 1, "it is sent")
        broker.delete(DEDUPLICATE)
        eventually(lambda: broker.llen(DEDUPLICATE) == 1, "it is sent again")


def test_work_held_by_a_dead_worker_is_taken_back_at_once(pipe: Pipeline) -> None:
    article = take_in(pipe.store, PLAIN)
    with pipe.relay():
        eventually(lambda: states(pipe) == {"sent": 1}, "it is sent")
        with psycopg.connect(pipe.settings.database_url or "", autocommit=True) as worker:
            worker.execute(
                "UPDATE dispatches SET state = 'started', worker = pg_backend_pid(), started_at = now()"
            )
            time.sleep(0.6)
            assert pipe.dispatches() == [(article, DEDUPLICATE, "started", 0)]
        eventually(lambda: states(pipe) == {"sent": 1}, "it is sent again")
        assert pipe.dispatches()[0][3] == 1


def test_without_a_broker_work_waits_and_goes_on_when_it_is_back(pipe: Pipeline) -> None:
    away = pipe.settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})
    stop = threading.Event()
    thread = threading.Thread(target=relay.main, args=(away, stop))
    thread.start()
    take_in(pipe.store, PLAIN)
    eventually(lambda: states(pipe) == {"waiting": 1}, "it is noted")
    time.sleep(0.5)
    assert states(pipe) == {"waiting": 1}
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    with pipe.relay():
        eventually(lambda: states(pipe) == {"sent": 1}, "it is sent")


def test_an_article_is_read_again_on_request(pipe: Pipeline) -> None:
    article = take_in(pipe.store, PLAIN)
    with pipe.relay():
        work_off(pipe, article)
        event_id = derived_id(article, "asked")
        request = make_event(
            ExtractionRequested(article_id=article, revision=1, dossier="inf", reason="re-reading"),
            id=event_id,
            correlation_id=event_id,
            causation_id=None,
        )
        pipe.store.append([StreamWrite(article_stream(article), [request])])
        eventually(lambda: states(pipe) == {"sent": 1}, "it is sent")
        work_off(pipe, article)
        eventually(lambda: not pipe.dispatches(), "all is done")
    again = of_type(pipe.store, "ExtractionCompleted")
    assert [event.metadata["causation_id"] for event in again][1] == str(request.id)


def test_an_outcome_without_a_cause_does_not_stop_the_relay(pipe: Pipeline) -> None:
    article, other = take_in(pipe.store, PLAIN), take_in(pipe.store, PLAIN.format("two"))
    event_id = derived_id(article, "judged by hand")
    judgement = make_event(
        ArticleJudgedOriginal(article_id=article, revision=1, story_id=str(derived_id(article, "story"))),
        id=event_id,
        correlation_id=event_id,
        causation_id=None,
    )
    pipe.store.append([StreamWrite(article_stream(article), [judgement])])
    with pipe.relay():
        eventually(lambda: at(pipe) == 3, "the log is read")
        work_off(pipe, article, other)
        eventually(lambda: not pipe.dispatches(), "all is done")
    assert len(of_type(pipe.store, "ExtractionCompleted")) == 2


def test_what_a_failing_task_did_not_come_to_is_not_held_back(pipe: Pipeline, owner_url: str) -> None:
    articles = [take_in(pipe.store, PLAIN.format(n)) for n in range(4)]
    impatient = make_conninfo(pipe.settings.database_url or "", options="-c lock_timeout=200ms")
    process = WorkerProcess(pipe.settings.model_copy(update={"database_url": impatient}), saboteur.load)
    process.deduplication().run(articles)
    with psycopg.connect(owner_url) as owner:
        owner.execute("LOCK TABLE readings")
        with pytest.raises(psycopg.OperationalError):
            process.extraction().run(articles, "inf")
    assert states(pipe) == {"waiting": 4}
    assert {row[3] for row in pipe.dispatches()} == {0}  # no attempt was lost
    with pipe.store.pool.connection() as conn:
        due = conn.execute("SELECT article_id::text FROM dispatches WHERE available_at <= now()").fetchall()
    assert {article for (article,) in due} == set(articles[1:]), "the others need not wait for the first"
    process.extraction().run(articles, "inf")
    process.close()
    assert len(of_type(pipe.store, "ExtractionCompleted")) == 4


def test_an_outcome_that_the_log_refuses_is_in_the_end_a_failure(pipe: Pipeline, owner_url: str) -> None:
    article = take_in(pipe.store, PLAIN)
    process = WorkerProcess(pipe.settings, saboteur.load)
    process.deduplication().run([article])
    with psycopg.connect(owner_url) as owner:
        owner.execute("ALTER TABLE events ADD CHECK (type <> 'ExtractionCompleted')")
    assert [process.extraction().run([article], "inf") for _ in range(4)] == [0, 0, 1, 0]
    process.close()
    (failed,) = of_type(pipe.store, *TYPES_READ)
    told = [failed.type, *(failed.data[name] for name in ("error_class", "code", "attempts"))]
    assert told == ["ExtractionFailed", "CheckViolation", "error", 3]
    assert not pipe.dispatches()


def test_a_reading_that_cannot_be_reused_is_counted_and_keeps_nobody_back(
    pipe: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, copy, other = [
        take_in(pipe.store, text, url=f"https://site{number}.example/", published_at="2019-09-25")
        for number, text in enumerate([PLAIN, PLAIN, PLAIN.format("two")])
    ]
    process = WorkerProcess(pipe.settings, saboteur.load)
    process.deduplication().run([first, copy, other])
    process.extraction().run([first], "inf")

    def unknown(*_: object) -> None:
        raise TypeError("a field that this code does not know")

    monkeypatch.setattr("workers.readings.event_of", unknown)
    assert process.extraction().run([copy, other], "inf") == 1
    assert pipe.dispatches() == [(copy, EXTRACT, "waiting", 1)]
    assert [process.extraction().run([copy], "inf") for _ in range(2)] == [0, 1]
    process.close()
    (failed,) = of_type(pipe.store, "ExtractionFailed")
    assert (failed.data["article_id"], failed.data["error_class"]) == (copy, "TypeError")


def test_a_failure_that_cannot_be_written_down_waits_longer_each_time(pipe: Pipeline, owner_url: str) -> None:
    article = take_in(pipe.store, PLAIN)
    process = WorkerProcess(pipe.settings, saboteur.load)
    process.deduplication().run([article])
    with psycopg.connect(owner_url) as owner:
        owner.execute("ALTER TABLE events ADD CHECK (type NOT LIKE 'Extraction%')")
    for _ in range(2):
        process.extraction().run([article], "inf")
    with pytest.raises(psycopg.errors.CheckViolation):  # the third is the last: the failure is refused, too
        process.extraction().run([article], "inf")
    process.extraction().run([article], "inf")
    process.close()
    assert pipe.dispatches() == [(article, EXTRACT, "waiting", 4)]
    with pipe.store.pool.connection() as conn:
        row = conn.execute("SELECT available_at - now() > interval '50 seconds' FROM dispatches").fetchone()
    assert row == (True,)


def test_judging_that_fails_in_whatever_way_is_counted(pipe: Pipeline, owner_url: str) -> None:
    articles = [take_in(pipe.store, PLAIN.format(n)) for n in range(2)]
    process = WorkerProcess(pipe.settings, saboteur.load)
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("ALTER TABLE shingle_keys ADD CHECK (ref < 0)")
        assert process.deduplication().run(articles) == 0
        owner.execute("ALTER TABLE shingle_keys DROP CONSTRAINT shingle_keys_ref_check")
    assert sorted(pipe.dispatches()) == sorted((article, DEDUPLICATE, "waiting", 1) for article in articles)
    assert process.deduplication().run(articles) == 2
    process.close()


def test_an_article_that_the_database_refuses_does_not_keep_its_neighbours_from_being_judged(
    pipe: Pipeline, owner_url: str
) -> None:
    refused, *others = [take_in(pipe.store, PLAIN.format(n)) for n in range(4)]
    with psycopg.connect(owner_url) as owner:
        owner.execute(f"ALTER TABLE fingerprints ADD CHECK (article_id <> '{refused}')")
    process = WorkerProcess(pipe.settings, saboteur.load)
    process.deduplication().run([refused, *others])
    process.close()
    judged = of_type(pipe.store, "ArticleJudgedOriginal", "ArticleJudgedDuplicate")
    assert {event.data["article_id"] for event in judged} == set(others)
    assert pipe.dispatches() == [(refused, DEDUPLICATE, "waiting", 1)]


def test_judging_that_takes_too_long_in_the_database_leaves_nothing_held(pipe: Pipeline) -> None:
    articles = [take_in(pipe.store, PLAIN.format(n)) for n in range(3)]
    process = WorkerProcess(pipe.settings, saboteur.load)
    with psycopg.connect(pipe.settings.database_url or "") as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [locks.JUDGE])
        assert Deduplication(process.store, 0.5, 60).run(articles) == 0
        # All at once they took too long, which is nobody's attempt; then one by one, which is.
        assert sorted(pipe.dispatches()) == sorted((one, DEDUPLICATE, "waiting", 1) for one in articles)
        with pipe.store.pool.connection() as conn:
            codes = conn.execute("SELECT DISTINCT error_code, worker FROM dispatches").fetchall()
        assert codes == [("timeout", None)]
        eventually(lambda: _waiting(pipe, locks.JUDGE) == 0, "the server has given up, too")
    assert process.deduplication().run(articles) == 3
    process.close()


def test_a_time_limit_does_not_cost_the_pool_its_connection(
    pipe: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The alarm must not ring while a connection is on its way from or to the pool."""
    articles = [take_in(pipe.store, PLAIN.format(n)) for n in range(2)]
    process = WorkerProcess(pipe.settings, saboteur.load)
    stage = Deduplication(process.store, 5, 60)
    stage.store.pool.timeout = 5.0
    back = stage.store.pool.putconn

    def slowly(conn: psycopg.Connection[Any]) -> None:
        if signal.getitimer(signal.ITIMER_REAL)[0]:
            time.sleep(6)
        back(conn)

    monkeypatch.setattr(stage.store.pool, "putconn", slowly)
    assert stage.run(articles[:1]) == 1
    assert stage.run(articles[1:]) == 1
    process.close()


def test_a_withdrawal_and_a_judgement_do_not_wait_for_each_other(pipe: Pipeline) -> None:
    article = take_in(pipe.store, PLAIN)
    with pipe.relay():
        eventually(lambda: states(pipe) == {"sent": 1}, "it is noted")
        with psycopg.connect(pipe.settings.database_url or "") as judging:
            judging.execute("SELECT pg_advisory_xact_lock(%s)", [locks.JUDGE])
            withdraw(pipe.store, article)
            eventually(lambda: _waiting(pipe, locks.JUDGE) == 1, "the relay is to forget it")
            judging.execute("SET LOCAL lock_timeout = '500ms'")
            judging.execute("DELETE FROM dispatches WHERE article_id = %s", [article])  # as judges settle
        eventually(lambda: at(pipe) == 2, "the relay goes on")


def _waiting(pipe: Pipeline, key: int) -> int:
    """How many sessions wait for an advisory lock."""
    with pipe.store.pool.connection() as conn:
        row = conn.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND"
            " (classid::bigint << 32 | objid::bigint) = %s AND database = (SELECT oid FROM pg_database"
            " WHERE datname = current_database())",
            [key],
        ).fetchone()
        return row[0] if row else 0


def test_the_log_is_sealed_to_its_end(pipe: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "SEAL_SECONDS", 0.2)
    for number in range(7):
        take_in(pipe.store, PLAIN.format(number))

    def sealed() -> int:
        with pipe.store.pool.connection() as conn:
            seal = newest_seal(conn)
            return seal.last_position if seal else 0

    with pipe.relay():
        eventually(lambda: sealed() == 7, "all is sealed")
        take_in(pipe.store, PLAIN.format("more"))
        eventually(lambda: sealed() == 8, "what came later, too")


def test_an_idle_relay_is_woken_and_does_not_wait_for_its_next_look(
    pipe: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()

    def only_when_woken(conn: psycopg.Connection[Any], _timeout: float) -> str | None:
        while not over.is_set():
            if (payload := wait_for_notification(conn, 0.05)) is not None:
                return payload
        return None

    monkeypatch.setattr(relay, "wait_for_notification", only_when_woken)
    with pipe.relay(), Redis.from_url(pipe.settings.redis_url or "") as broker:
        try:
            eventually(lambda: broker.exists(f"treatyline:relay:{_dbname(pipe)}") == 1, "it leads")
            for number in range(3):
                take_in(pipe.store, PLAIN.format(number))
                eventually(lambda count=number + 1: states(pipe) == {"sent": count}, "it is sent")
            assert broker.llen(DEDUPLICATE) == 3
        finally:
            over.set()


def _dbname(pipe: Pipeline) -> str:
    with pipe.store.pool.connection() as conn:
        return conn.info.dbname
