"""Articles go through relay and workers, whatever happens to them on the way."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from pathlib import Path

from redis import Redis

from services.core.domain.events import article_stream
from tests.integration import saboteur
from tests.integration.pipeline import TYPES_READ, Pipeline, eventually, of_type, take_in, withdraw
from workers.app import make_app
from workers.dispatches import DEDUPLICATE, EXTRACT
from workers.tasks import WorkerProcess

PLAIN = "NATO rejects the proposal of a moratorium, a spokeswoman said on day {}."


def read(pipe: Pipeline) -> dict[str, str]:
    """What became of each article; fails where the log says it twice."""
    events = of_type(pipe.store, *TYPES_READ)
    outcomes = {event.data["article_id"]: event.type for event in events}
    assert len(outcomes) == len(events)
    return outcomes


def finished(pipe: Pipeline, count: int, seconds: float = 120.0) -> dict[str, str]:
    """Waits until so many articles are read and no work is left."""
    eventually(lambda: len(read(pipe)) == count, f"{count} articles are read", seconds)
    eventually(lambda: not pipe.dispatches(), "no work is left")
    return read(pipe)


def test_an_article_is_judged_and_read(pipe: Pipeline) -> None:
    article = take_in(pipe.store, PLAIN)
    pipe.start_worker()
    with pipe.relay():
        finished(pipe, 1)
    received, judged, completed = of_type(
        pipe.store, "ArticleReceived", "ArticleJudgedOriginal", "ExtractionCompleted"
    )
    assert [event.data["article_id"] for event in (received, judged, completed)] == [article] * 3
    assert judged.metadata["causation_id"] == str(received.id)
    assert completed.metadata["causation_id"] == str(judged.id)
    assert {event.metadata["correlation_id"] for event in (judged, completed)} == {str(received.id)}
    assert completed.data["positions"][0]["evidence"] == [0, 4]
    assert completed.metadata["extractor_version"] == "test"


def test_a_worker_killed_while_reading_loses_nothing(pipe: Pipeline) -> None:
    articles = {take_in(pipe.store, f"{saboteur.SLOW} {PLAIN.format(n)} {n}" * 3) for n in range(6)}
    with pipe.relay():
        first = pipe.start_worker()
        eventually(lambda: len(pipe.what_was_read()) >= 1, "reading has begun")
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
        assert len(read(pipe)) < len(articles)
        pipe.start_worker()
        assert set(finished(pipe, 6)) == articles


def test_a_flushed_broker_is_noticed_and_all_is_sent_again(pipe: Pipeline) -> None:
    articles = {take_in(pipe.store, PLAIN.format(n) * 3) for n in range(20)}
    with pipe.relay(), Redis.from_url(pipe.settings.redis_url or "") as broker:
        eventually(lambda: {row[2] for row in pipe.dispatches()} == {"sent"}, "all is sent")
        assert broker.llen(DEDUPLICATE) > 0
        broker.flushall()
        eventually(lambda: broker.llen(DEDUPLICATE) > 0, "it is sent again")
        pipe.start_worker()
        assert set(finished(pipe, 20)) == articles


def test_a_poisoned_article_fails_and_its_neighbours_do_not(pipe: Pipeline) -> None:
    words = (saboteur.DIES, saboteur.HANGS, saboteur.DEAF, saboteur.RAISES)
    poisoned = {word: take_in(pipe.store, f"{word} {PLAIN}") for word in words}
    healthy = {take_in(pipe.store, PLAIN.format(n)) for n in range(10)}
    pipe.start_worker()
    with pipe.relay():
        outcomes = finished(pipe, 14, 60.0)
    assert {article for article, outcome in outcomes.items() if outcome == "ExtractionCompleted"} == healthy
    failed = {event.data["article_id"]: event.data for event in of_type(pipe.store, "ExtractionFailed")}
    told = {
        word: (failed[article]["error_class"], failed[article]["code"], failed[article]["attempts"])
        for word, article in poisoned.items()
    }
    assert told == {
        saboteur.DIES: ("WorkerLost", "lost", 5),
        saboteur.HANGS: ("TookTooLong", "timeout", 2),
        saboteur.DEAF: ("WorkerLost", "timeout", 2),
        saboteur.RAISES: ("RuntimeError", "error", 3),
    }


def test_fifty_copies_at_once_are_one_original_and_49_copies(pipe: Pipeline) -> None:
    story = " ".join(f"Sentence {n} of the dispatch says what nobody had said before it." for n in range(40))
    for number in range(50):
        take_in(pipe.store, f"{story} Follow us, site {number}.", url=f"https://site{number}.example/story")
    pipe.start_worker(TREATYLINE_WORKER_CONCURRENCY="4")
    pipe.start_worker(TREATYLINE_WORKER_CONCURRENCY="4")
    with pipe.relay():
        finished(pipe, 50, 60.0)
    originals = of_type(pipe.store, "ArticleJudgedOriginal")
    copies = of_type(pipe.store, "ArticleJudgedDuplicate")
    assert (len(originals), len(copies)) == (1, 49)
    assert {copy.data["story_id"] for copy in copies} == {originals[0].data["story_id"]}
    assert {copy.data["of"] for copy in copies} == {originals[0].data["article_id"]}


def test_tasks_that_run_twice_and_at_once_write_once(pipe: Pipeline) -> None:
    articles = [take_in(pipe.store, PLAIN.format(n)) for n in range(5)]
    app = make_app(pipe.settings)
    for _ in range(6):  # nobody follows the log: tasks come early, late and often
        app.send_task(EXTRACT, [articles, "inf"], queue=EXTRACT)
        app.send_task(DEDUPLICATE, [articles], queue=DEDUPLICATE)
        app.send_task(EXTRACT, [articles[::-1], "inf"], queue=EXTRACT)
    pipe.start_worker(TREATYLINE_WORKER_CONCURRENCY="3")
    pipe.start_worker(TREATYLINE_WORKER_CONCURRENCY="3")
    eventually(lambda: len(of_type(pipe.store, "ArticleJudgedOriginal")) == 5, "all are judged")
    with pipe.relay():
        finished(pipe, 5)
        time.sleep(0.5)
    app.close()
    types = Counter(event.type for event in of_type(pipe.store, *TYPES_READ, "ArticleJudgedOriginal"))
    assert types == {"ExtractionCompleted": 5, "ArticleJudgedOriginal": 5}


def test_sigterm_ends_a_worker_in_time_and_hands_the_rest_back(pipe: Pipeline) -> None:
    articles = {take_in(pipe.store, f"{saboteur.SLOW} {PLAIN.format(n)} {n}") for n in range(30)}
    with pipe.relay():
        worker = pipe.start_worker(TREATYLINE_WORKER_CONCURRENCY="1")
        eventually(lambda: len(pipe.what_was_read()) >= 2, "reading has begun")
        worker.send_signal(signal.SIGTERM)
        worker.wait(60)
        done = len(read(pipe))
        assert 1 <= done < 30, "it does not finish what it holds"
        eventually(lambda: not {"held", "started"} & {row[2] for row in pipe.dispatches()}, "handed back")
        assert {row[3] for row in pipe.dispatches()} == {0}  # no attempt was lost
        pipe.start_worker(TREATYLINE_WORKER_CONCURRENCY="8")
        assert set(finished(pipe, 30)) == articles


def test_a_worker_that_hangs_at_sigterm_is_gone_in_time(pipe: Pipeline, tmp_path: Path) -> None:
    take_in(pipe.store, f"{saboteur.DEAF} {PLAIN}")
    with pipe.relay():
        worker = pipe.start_worker(TREATYLINE_ARTICLE_SECONDS="60")
        eventually(lambda: pipe.what_was_read() == [saboteur.DEAF], "reading has begun")
        worker.send_signal(signal.SIGTERM)
        worker.wait(60)
        eventually(lambda: {row[2] for row in pipe.dispatches()} <= {"sent", "waiting"}, "handed back")
    assert not read(pipe), "it did not wait for the reader"


def test_a_revision_is_judged_and_read_again(pipe: Pipeline) -> None:
    url = "https://example.org/story"
    article = take_in(pipe.store, PLAIN.format("one"), url=url)
    pipe.start_worker()
    with pipe.relay():
        finished(pipe, 1)
        take_in(pipe.store, "A first " + PLAIN.format("two"), url=url, revision=2)
        take_in(pipe.store, "An older " + PLAIN.format("three"), url=url, revision=3, current=False)
        eventually(lambda: len(of_type(pipe.store, *TYPES_READ)) == 2, "the revision is read")
        eventually(lambda: not pipe.dispatches(), "no work is left")
    first, second = of_type(pipe.store, "ArticleJudgedOriginal")
    assert [first.data["revision"], second.data["revision"]] == [1, 2]
    assert first.data["story_id"] == second.data["story_id"]
    assert [event.data["revision"] for event in of_type(pipe.store, *TYPES_READ)] == [1, 2]
    assert {event.data["article_id"] for event in of_type(pipe.store, *TYPES_READ)} == {article}


def test_a_withdrawn_article_is_not_read_and_leaves_no_trace_in_the_index(pipe: Pipeline) -> None:
    kept = take_in(pipe.store, PLAIN.format("one"))
    gone = take_in(pipe.store, f"{saboteur.RAISES} {PLAIN}")
    pipe.start_worker()
    with pipe.relay():
        eventually(lambda: list(read(pipe)) == [kept], "the other is read")
        withdraw(pipe.store, gone)
        eventually(lambda: not pipe.dispatches(), "no work is left")
    assert list(read(pipe)) == [kept]
    with pipe.store.pool.connection() as conn:
        known = conn.execute("SELECT article_id::text FROM fingerprints").fetchall()
        keys = conn.execute(
            "SELECT count(*) FROM shingle_keys s WHERE NOT EXISTS"
            " (SELECT FROM fingerprints f WHERE f.ref = s.ref)"
        ).fetchone()
    assert known == [(kept,)]
    assert keys == (0,)


def test_an_exact_copy_with_the_same_date_reuses_the_reading(pipe: Pipeline) -> None:
    text = PLAIN.format("one")
    for name, day in (("a", "2019-09-25"), ("b", "2019-09-25T10:00:00Z"), ("c", "2019-10-01")):
        take_in(pipe.store, text, url=f"https://{name}.example/story", published_at=day, outlet=name)
        process = WorkerProcess(pipe.settings, saboteur.load)
    os.environ["SABOTEUR_FOLDER"] = str(pipe.folder)
    articles = [event.data["article_id"] for event in of_type(pipe.store, "ArticleReceived")]
    assert process.deduplication().run(articles) == 3
    assert process.extraction().run(articles, "inf") == 3
    assert process.deduplication().run(articles) == process.extraction().run(articles, "inf") == 0
    process.close()
    assert len(pipe.what_was_read()) == 2
    judged = of_type(pipe.store, "ArticleJudgedDuplicate")
    assert [(event.data["method"], event.data["similarity"]) for event in judged] == [("exact", 1.0)] * 2
    positions = [event.data["positions"] for event in of_type(pipe.store, "ExtractionCompleted")]
    assert positions[0] == positions[1] == positions[2] != []
    streams = [event.stream_name for event in of_type(pipe.store, "ExtractionCompleted")]
    assert streams == [article_stream(article) for article in articles]
