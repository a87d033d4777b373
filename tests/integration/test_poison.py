"""What one article, or one stream of the log, can do to the others: nothing. And how it is taken up again."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from services.core.domain.events import ADMIN_STREAM, ArticleRevised, KeyRevoked, article_stream
from services.core.domain.ids import derived_id
from services.core.eventstore.store import Recorded, StreamWrite, make_event
from services.core.eventstore.upcasters import UPCASTERS
from services.core.projections.registry import projections
from tests.integration import saboteur
from tests.integration.ingest_client import ingest_client
from tests.integration.pipeline import TYPES_READ, Pipeline, eventually, of_type, take_in
from tests.integration.test_relay import at, states
from workers import projector, relay
from workers.articles import judgement_id, outcome_id
from workers.dispatches import DEDUPLICATE, EXTRACT
from workers.projector import catch_up
from workers.tasks import WorkerProcess

PLAIN = "NATO rejects the proposal of a moratorium, a spokeswoman said on day {}."


@contextmanager
def process_of(pipe: Pipeline) -> Iterator[WorkerProcess]:
    """What the tasks of a worker share, in this process."""
    process = WorkerProcess(pipe.settings, saboteur.load)
    try:
        yield process
    finally:
        process.close()


def failed(pipe: Pipeline) -> dict[str, tuple[str, str, int]]:
    """Class, code and attempts of each failure, by article."""
    return {
        event.data["article_id"]: tuple(event.data[name] for name in ("error_class", "code", "attempts"))
        for event in of_type(pipe.store, "ExtractionFailed")
    }  # type: ignore[return-value]


def run_retry(pipe: Pipeline, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`treatyline retry`, as an operator runs it."""
    return subprocess.run(
        [sys.executable, "-m", "services.cli", "retry", *arguments, "--json"],
        env={"PATH": "/usr/bin:/bin", "TREATYLINE_DATABASE_URL": pipe.settings.database_url or ""},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def retry(pipe: Pipeline, *arguments: str) -> list[dict[str, Any]]:
    """What it asked for, where it could take up all."""
    done = run_retry(pipe, *arguments)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def shown(pipe: Pipeline) -> dict[str, tuple[str, str | None]]:
    """State and reason of each article as it is listed."""
    with pipe.store.pool.connection() as conn:
        catch_up(conn, projections())
        rows = conn.execute("SELECT id, state, reason FROM read.articles").fetchall()
    return {str(row[0]): (row[1], row[2]) for row in rows}


@pytest.mark.timeout(600)
def test_what_crashes_or_hangs_the_reader_fails_and_is_taken_up_again(pipe: Pipeline, tmp_path: Path) -> None:
    words = (saboteur.DIES, saboteur.CRASHES, saboteur.HANGS)
    poisoned = {word: take_in(pipe.store, f"{word} {PLAIN}") for word in words}
    healthy = {take_in(pipe.store, PLAIN.format(n)) for n in range(6)}
    pipe.start_worker()
    with pipe.relay():
        eventually(lambda: len(of_type(pipe.store, *TYPES_READ)) == 9, "each has come to an end", 120)
        eventually(lambda: not pipe.dispatches(), "no work is left")
        assert failed(pipe) == {
            poisoned[saboteur.DIES]: ("WorkerLost", "lost", 5),
            poisoned[saboteur.CRASHES]: ("WorkerLost", "lost", 5),
            poisoned[saboteur.HANGS]: ("TookTooLong", "timeout", 2),
        }
        assert {article for article, (state, _) in shown(pipe).items() if state == "extracted"} == healthy
        assert shown(pipe)[poisoned[saboteur.HANGS]] == ("failed", "timeout: TookTooLong")

        (tmp_path / saboteur.HEALED).touch()
        asked = retry(pipe, "--failed")
        assert {(item["article_id"], item["error_class"]) for item in asked} == {
            (poisoned[word], failed(pipe)[poisoned[word]][0]) for word in words
        }
        assert retry(pipe, "--failed") == [], "what was asked for is not asked for twice"
        eventually(lambda: len(of_type(pipe.store, "ExtractionCompleted")) == 9, "all are read", 60)
    assert {state for state, _ in shown(pipe).values()} == {"extracted"}
    assert retry(pipe, "--failed") == []
    assert retry(pipe, *poisoned.values()) == [], "only what failed is asked for"


@pytest.mark.timeout(600)
def test_what_fails_again_can_be_taken_up_again_and_a_revision_is_not(pipe: Pipeline) -> None:
    url = "https://example.org/story"
    article = take_in(pipe.store, f"{saboteur.RAISES} one", url=url)
    other = take_in(pipe.store, f"{saboteur.RAISES} two")
    with process_of(pipe) as process:
        process.deduplication().run([article, other])
        for count in (1, 2):
            for _ in range(3):
                process.extraction().run([article, other], "inf")
            assert len(of_type(pipe.store, "ExtractionFailed")) == count * 2
            assert len(retry(pipe, article)) == 1
            assert len(retry(pipe, "--failed")) == 1
        requests = of_type(pipe.store, "ExtractionRequested")
        causes = [event.metadata["causation_id"] for event in requests]
        assert causes == [str(event.id) for event in of_type(pipe.store, "ExtractionFailed")]
        assert {event.data["reason"] for event in requests} == {"retry"}
        take_in(pipe.store, f"{saboteur.RAISES} three", url=url, revision=2)
        for _ in range(3):
            process.extraction().run([article], "inf")
        assert retry(pipe, article) == [], "the revision is judged and read anyway"


def test_what_cannot_be_taken_up_is_named_and_keeps_nobody_back(pipe: Pipeline) -> None:
    article, newer = take_in(pipe.store, f"{saboteur.RAISES} one"), take_in(pipe.store, PLAIN)
    unknown = str(derived_id("article", "nobody's"))
    with process_of(pipe) as process:
        process.deduplication().run([article])
        for _ in range(3):
            process.extraction().run([article], "inf")
    (failure,) = of_type(pipe.store, "ExtractionFailed")
    taken = derived_id(str(failure.id), "retry")
    foreign = make_event(KeyRevoked(key_id="none"), id=taken, correlation_id=taken, causation_id=None)
    pipe.store.append([StreamWrite(ADMIN_STREAM, [foreign])])
    newer_event(pipe, newer)

    done = run_retry(pipe, unknown, article, newer)
    assert done.returncode == 1
    assert [json.loads(line)["article_id"] for line in done.stdout.splitlines()] == [article]
    assert f"no such article: {unknown}; written by a newer release: {newer}" in done.stderr
    (request,) = [event for event in of_stream(pipe, article) if event.type == "ExtractionRequested"]
    assert request.data["reason"] == "retry"
    assert retry(pipe, article) == [], "an id that somebody else took does not make it ask twice"


def of_stream(pipe: Pipeline, article: str) -> list[Recorded]:
    """The events about an article."""
    return pipe.store.read_stream(article_stream(article))


def newer_event(pipe: Pipeline, article: str) -> None:
    """An event of a release to come, in the stream of the article."""
    revised = ArticleRevised(
        article_id=article, revision=2, current=False, url=None, outlet=None, published_at=None,
        language=None, tags=(), body_sha256="00", text_sha256="00", characters=1, received_as="json", key_id=None,
    )  # fmt: skip
    event = make_event(revised, id=derived_id(article, "newer"), correlation_id=article, causation_id=None)
    event.metadata["schema_version"] = 2
    pipe.store.append([StreamWrite(article_stream(article), [event])])


def test_a_stream_of_a_newer_release_waits_for_it_and_keeps_nobody_back(
    pipe: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer, other = take_in(pipe.store, PLAIN.format(1)), take_in(pipe.store, PLAIN.format(2))
    with pipe.relay():
        eventually(lambda: states(pipe) == {"sent": 2}, "both are sent")
    newer_event(pipe, newer)

    with process_of(pipe) as process, pipe.store.pool.connection() as conn:

        def waits(seconds: int) -> bool:
            """Whether judging it makes it wait so long, and counts nothing."""
            began = conn.execute("SELECT clock_timestamp()").fetchone()
            assert process.deduplication().run([newer, other]) in {0, 1}
            row = conn.execute(
                "SELECT state, attempts, error_class, available_at - %(began)s >= %(wait)s * interval '1 s',"
                " available_at - clock_timestamp() <= %(wait)s * interval '1 s' FROM dispatches WHERE stage = %(stage)s",
                {"began": began and began[0], "wait": seconds, "stage": DEDUPLICATE},
            ).fetchall()
            return row == [("waiting", 0, "UnknownEventVersion", True, True)]

        assert waits(2)
        assert len(of_stream(pipe, other)) == 2, "its neighbour is judged"
        conn.execute("UPDATE dispatches SET state = 'sent', sends = 5")
        assert waits(32), "each time twice as long"
        conn.execute("UPDATE dispatches SET state = 'sent', sends = 500")
        assert waits(300), "and at last so long"
        assert process.extraction().run([newer, other], "inf") == 1
        assert len(of_stream(pipe, other)) == 3, "and read"
        monkeypatch.setitem(UPCASTERS, ("ArticleRevised", 1), lambda data: data)  # type: ignore[misc]
        assert process.deduplication().run([newer]) == 1
        assert process.extraction().run([newer], "inf") == 1
    assert [event.type for event in of_type(pipe.store, *TYPES_READ)] == ["ExtractionCompleted"] * 2


@pytest.mark.anyio
async def test_what_a_newer_release_wrote_is_answered_with_503(pipe: Pipeline) -> None:
    article = {"text": PLAIN.format(1), "url": "https://example.org/story"}
    async with ingest_client(pipe.settings.database_url or "") as client:
        posted = await client.post("/v1/articles", json=article)
        newer_event(pipe, posted.json()["id"])
        again = await client.post("/v1/articles", json=article | {"text": PLAIN.format(2)})
        assert again.status_code == 503
        assert int(again.headers["Retry-After"]) > 0
        other = await client.post("/v1/articles", json={"text": PLAIN.format(3)})
        assert other.status_code == 202


def test_relay_and_projector_wait_at_what_a_newer_release_wrote(
    pipe: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "UNFIT_SECONDS", 0.2)
    monkeypatch.setattr(projector, "UNFIT_SECONDS", 0.2)
    article = take_in(pipe.store, PLAIN)
    newer_event(pipe, article)
    import threading  # noqa: PLC0415

    stop = threading.Event()
    thread = threading.Thread(target=projector.main, args=(pipe.settings, stop))
    thread.start()
    try:
        with pipe.relay():
            thread.join(1.0)
            assert thread.is_alive()
            assert at(pipe) == 0, "neither is stepped over"
            assert shown_positions(pipe) == 0
            monkeypatch.setitem(UPCASTERS, ("ArticleRevised", 1), lambda data: data)  # type: ignore[misc]
            eventually(lambda: at(pipe) == 2, "the relay goes on")
            eventually(lambda: shown_positions(pipe) == 2, "the projector goes on")
    finally:
        stop.set()
        thread.join(10)


def shown_positions(pipe: Pipeline) -> int:
    with pipe.store.pool.connection() as conn:
        row = conn.execute("SELECT max(global_position) FROM checkpoints WHERE name <> 'relay'").fetchone()
        return row[0] or 0 if row else 0


def test_ids_that_somebody_else_took_do_not_lose_what_is_said_of_an_article(pipe: Pipeline) -> None:
    article, other = take_in(pipe.store, PLAIN.format(1)), take_in(pipe.store, PLAIN.format(2))
    received = of_type(pipe.store, "ArticleReceived")

    def take(*ids: UUID) -> None:
        foreign = [
            make_event(KeyRevoked(key_id="none"), id=taken, correlation_id=taken, causation_id=None)
            for taken in ids
        ]
        pipe.store.append([StreamWrite(ADMIN_STREAM, foreign)])

    wanted = judgement_id(received[0])
    take(wanted, derived_id(str(wanted), "taken elsewhere"))
    with process_of(pipe) as process:
        assert process.deduplication().run([article, other]) == 2
        judged = of_type(pipe.store, "ArticleJudgedOriginal")
        take(outcome_id(judged[0].id, "inf"))
        assert process.extraction().run([article, other], "inf") == 2
        assert process.deduplication().run([article, other]) == 0
        assert process.extraction().run([article, other], "inf") == 0
    read = of_type(pipe.store, *TYPES_READ)
    assert [event.type for event in read] == ["ExtractionCompleted"] * 2
    assert [event.metadata["causation_id"] for event in read] == [str(event.id) for event in judged]
    assert not pipe.dispatches()


@pytest.mark.parametrize(("stage", "table"), [(DEDUPLICATE, "shingle_keys"), (EXTRACT, "readings")])
def test_a_database_that_lacks_a_table_is_no_articles_failure(
    pipe: Pipeline, owner_url: str, stage: str, table: str
) -> None:
    articles = [take_in(pipe.store, PLAIN.format(n)) for n in range(3)]
    with process_of(pipe) as process, psycopg.connect(owner_url, autocommit=True) as owner:

        def work() -> int:
            if stage == DEDUPLICATE:
                return process.deduplication().run(articles)
            return process.extraction().run(articles, "inf")

        if stage == EXTRACT:
            process.deduplication().run(articles)
        owner.execute(f"ALTER TABLE {table} RENAME TO out_of_reach")
        for _ in range(6):
            began = owner.execute("SELECT now()").fetchone()
            with pytest.raises(psycopg.errors.UndefinedTable):
                work()
        assert sorted(pipe.dispatches()) == sorted((article, stage, "waiting", 0) for article in articles)
        waiting = owner.execute(
            "SELECT count(*) FROM dispatches WHERE available_at >= %s + interval '5 s'", began
        )
        assert waiting.fetchone() == (3,), "it is not tried again at once"
        owner.execute(f"ALTER TABLE out_of_reach RENAME TO {table}")
        assert work() == 3
    assert not failed(pipe)


def test_the_tasks_let_go_of_what_they_could_not_even_hand_back(pipe: Pipeline, owner_url: str) -> None:
    from workers.app import make_app  # noqa: PLC0415

    article = take_in(pipe.store, PLAIN)
    with process_of(pipe) as process, psycopg.connect(owner_url, autocommit=True) as owner:
        app = make_app(pipe.settings, process)
        process.deduplication().run([article])
        with process.store.pool.connection() as conn:
            before = conn.info.backend_pid
        owner.execute("ALTER TABLE dispatches RENAME TO out_of_reach")
        with pytest.raises(psycopg.errors.UndefinedTable):
            app.tasks[EXTRACT]([article], "inf")
        owner.execute("ALTER TABLE out_of_reach RENAME TO dispatches")
        app.tasks[EXTRACT]([article], "inf")
        with process.store.pool.connection() as conn:
            assert conn.info.backend_pid != before
        app.close()
    assert len(of_type(pipe.store, "ExtractionCompleted")) == 1
