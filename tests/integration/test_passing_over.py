"""What needs no reading is done with a batch at a time, and what goes wrong with one keeps nobody back."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from services.core import metrics
from tests.integration import saboteur
from tests.integration.pipeline import TYPES_READ, Pipeline, eventually, of_type, pipeline, take_in
from tests.integration.test_exactly_once import GONE, break_after
from tests.integration.wire import Wire
from workers import relay
from workers.app import make_app
from workers.articles import JUDGED, load_articles
from workers.dispatches import DEDUPLICATE, EXTRACT
from workers.passing_over import pass_over
from workers.relay import Relay
from workers.tasks import WorkerProcess

pytestmark = pytest.mark.timeout(300)

PLAIN = "NATO rejects the proposal of a moratorium, a spokeswoman said on day {}."


@pytest.fixture
def pipe(database_url: str, valkey_url: str, tmp_path: Path) -> Iterator[Pipeline]:
    made = pipeline(database_url, valkey_url, tmp_path, article_seconds=60.0)
    yield made
    made.stop()


@pytest.fixture
def process(pipe: Pipeline) -> Iterator[WorkerProcess]:
    made = WorkerProcess(pipe.settings, saboteur.load)
    yield made
    made.close()


def off_topic(pipe: Pipeline, count: int, name: str = "a") -> list[str]:
    return [take_in(pipe.store, f"{saboteur.ELSEWHERE} {name} {n}. {PLAIN}" * 2) for n in range(count)]


def outcomes(pipe: Pipeline) -> dict[str, str]:
    return {event.data["article_id"]: event.type for event in of_type(pipe.store, *TYPES_READ)}


def test_what_needs_no_reading_is_passed_over_and_the_rest_is_read(
    pipe: Pipeline, process: WorkerProcess
) -> None:
    elsewhere, subject = off_topic(pipe, 5), [take_in(pipe.store, PLAIN.format(n)) for n in range(2)]
    mixed = [*elsewhere[:2], *subject, *elsewhere[2:]]
    assert process.deduplication().run(mixed) == 7
    assert process.extraction().run(mixed, "inf") == 7
    assert outcomes(pipe) == dict.fromkeys(elsewhere, "ExtractionSkipped") | dict.fromkeys(
        subject, "ExtractionCompleted"
    )
    judged = {event.data["article_id"]: str(event.id) for event in of_type(pipe.store, *JUDGED)}
    for event in of_type(pipe.store, *TYPES_READ):
        assert event.metadata["causation_id"] == judged[event.data["article_id"]]
        assert event.metadata["extractor_version"] == "test"
    assert not pipe.dispatches()
    assert process.extraction().run(mixed, "inf") == 0, "run twice it writes once"
    with pipe.store.pool.connection() as conn:
        assert conn.execute("SELECT count(*), count(DISTINCT global_position) FROM readings").fetchone() == (
            7,
            7,
        )


def test_the_batch_and_one_article_by_itself_come_to_the_same(pipe: Pipeline, process: WorkerProcess) -> None:
    alone, *together = off_topic(pipe, 4)
    process.deduplication().run([alone, *together])
    assert process.extraction().run([alone], "inf") == 1
    assert process.extraction().run(together, "inf") == 3
    told = [{**event.data, "article_id": ""} for event in of_type(pipe.store, *TYPES_READ)]
    assert told == [told[0]] * 4


def test_no_more_is_read_than_was_asked_for_and_nobody_waits_for_the_rest(
    pipe: Pipeline, process: WorkerProcess
) -> None:
    subject, elsewhere = [take_in(pipe.store, PLAIN.format(n)) for n in range(3)], off_topic(pipe, 2)
    process.deduplication().run([*subject, *elsewhere])
    assert process.extraction().run([*subject, *elsewhere], "inf", 1) == 3
    assert set(outcomes(pipe)) == {subject[0], *elsewhere}
    assert sorted(pipe.dispatches()) == sorted((article, EXTRACT, "waiting", 0) for article in subject[1:])
    with pipe.store.pool.connection() as conn:
        due = conn.execute("SELECT count(*) FROM dispatches WHERE available_at <= now()").fetchone()
    assert due == (2,)


@pytest.mark.parametrize("word", [saboteur.RAISES, saboteur.OWNERLESS])
def test_what_fails_when_looked_at_is_counted_by_itself(
    pipe: Pipeline, process: WorkerProcess, word: str
) -> None:
    raises, elsewhere = take_in(pipe.store, f"{word} {PLAIN}"), off_topic(pipe, 3)
    process.deduplication().run([raises, *elsewhere])
    assert process.extraction().run([raises, *elsewhere], "inf") == 3
    assert set(outcomes(pipe)) == set(elsewhere)
    assert pipe.dispatches() == [(raises, EXTRACT, "waiting", 1)]


def test_a_process_that_is_to_stop_begins_no_batch(pipe: Pipeline, process: WorkerProcess) -> None:
    elsewhere = off_topic(pipe, 3)
    process.deduplication().run(elsewhere)
    process.stopping.set()
    assert process.extraction().run(elsewhere, "inf") == 0
    assert not outcomes(pipe)
    assert sorted(pipe.dispatches()) == sorted((article, EXTRACT, "waiting", 0) for article in elsewhere)


def test_an_outcome_that_the_log_refuses_does_not_keep_its_neighbours(
    pipe: Pipeline, process: WorkerProcess, owner_url: str
) -> None:
    refused, *others = off_topic(pipe, 4)
    process.deduplication().run([refused, *others])
    with psycopg.connect(owner_url) as owner:
        owner.execute(
            f"ALTER TABLE events ADD CHECK (stream_name <> 'article-{refused}' OR type <> 'ExtractionSkipped')"
        )
    assert process.extraction().run([refused, *others], "inf") == 3
    assert set(outcomes(pipe)) == set(others)
    assert pipe.dispatches() == [(refused, EXTRACT, "waiting", 1)]


def test_what_somebody_else_passed_over_at_the_same_time_is_counted_once(
    pipe: Pipeline, process: WorkerProcess
) -> None:
    elsewhere = off_topic(pipe, 3)
    process.deduplication().run(elsewhere)
    with process.store.pool.connection() as conn:
        known = load_articles(conn, elsewhere)
        conn.execute("DELETE FROM dispatches")
    skipped = metrics.ARTICLES_READ.labels("ExtractionSkipped")._value
    before = skipped.get()
    assert process.extraction().run(elsewhere[:2], "inf") == 2
    with process.store.pool.connection() as conn:
        conn.execute("DELETE FROM readings")  # as if the other one had not come to remembering them
        reader = process.load_readers()["inf"]
        assert pass_over(conn, list(known.values()), reader, 60.0, 80.0) == set(elsewhere)
    assert len(of_type(pipe.store, "ExtractionSkipped")) == 3
    assert skipped.get() - before == 3


def test_who_dies_of_a_batch_loses_nobody(pipe: Pipeline) -> None:
    looked = take_in(pipe.store, f"{saboteur.DIES_LOOKING} {PLAIN}")
    elsewhere = off_topic(pipe, 20)
    subject = [take_in(pipe.store, PLAIN.format(n)) for n in range(3)]
    pipe.start_worker()
    with pipe.relay():
        eventually(lambda: len(outcomes(pipe)) == 24, "each has come to an end")
        eventually(lambda: not pipe.dispatches(), "no work is left")
    assert Counter(outcomes(pipe).values()) == {"ExtractionSkipped": 20, "ExtractionCompleted": 4}
    assert {outcomes(pipe)[article] for article in (looked, *subject)} == {"ExtractionCompleted"}
    assert {outcomes(pipe)[article] for article in elsewhere} == {"ExtractionSkipped"}


def test_a_crash_between_any_two_statements_changes_nothing(pipe: Pipeline) -> None:
    with Wire(pipe.settings.database_url or "") as wire:
        process = WorkerProcess(pipe.settings.model_copy(update={"database_url": wire.url}), saboteur.load)

        def work(articles: list[str]) -> bool:
            try:
                process.deduplication().run(articles)
                process.extraction().run(articles, "inf", 1)
                process.extraction().run(articles, "inf")
            except GONE:
                return False
            finally:
                process.close()
            return set(articles) <= set(outcomes(pipe))

        broke = 0
        for number in itertools.count():
            subject = [take_in(pipe.store, PLAIN.format(f"{number} {n}")) for n in range(2)]
            articles = [*off_topic(pipe, 2, str(number)), *subject]
            break_after(wire, number)
            assert work(articles) or (wire.broken and work(articles)), "taken up again it comes through"
            broke += wire.broken
            if not wire.broken:
                break
        assert broke > 30, broke
    received = [event.data["article_id"] for event in of_type(pipe.store, "ArticleReceived")]
    read = of_type(pipe.store, *TYPES_READ)
    assert sorted(event.data["article_id"] for event in read) == sorted(received)
    assert {event.type for event in read} == {"ExtractionSkipped", "ExtractionCompleted"}
    assert not pipe.dispatches()


def test_who_judged_an_article_reads_it_on_and_others_leave_it_a_moment(
    pipe: Pipeline, process: WorkerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "READ_ON_SECONDS", 600.0)
    first, second = (take_in(pipe.store, PLAIN.format(n)) for n in range(2))
    app = make_app(pipe.settings, process)
    app.tasks[DEDUPLICATE]([first])
    assert outcomes(pipe) == {first: "ExtractionCompleted"}
    app.close()
    process.deduplication().run([second])
    with psycopg.connect(pipe.settings.database_url or "", autocommit=True) as conn:
        Relay(pipe.settings, conn, threading.Event()).follow()
        assert pipe.dispatches() == [(second, EXTRACT, "waiting", 0)]
        (row,) = conn.execute("SELECT available_at - now() > interval '500 seconds' FROM dispatches")
        assert row == (True,)
        assert process.extraction().run([second], "inf") == 1, "who has it may take it up at once"
    assert not pipe.dispatches()
