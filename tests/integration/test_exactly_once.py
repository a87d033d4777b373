"""A crash between any two statements changes nothing that counts: what is derived is there once, or not yet.

Each piece of work is done over a wire that breaks before its first statement, then after each one that the server
has finished (which is, to the server, before the next); it is taken up again as after a crash, until it comes through.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from services.core.eventstore.seals import verify
from services.core.projections.registry import projections
from services.core.projections.tables import READ_TABLES
from tests.conftest import Database
from tests.integration import saboteur
from tests.integration.ingest_client import ingest_client
from tests.integration.log_writer import LogWriter, Telling
from tests.integration.pipeline import Pipeline, of_type, pipeline, take_in, withdraw
from tests.integration.wire import Wire
from workers.projector import project_next
from workers.relay import Relay
from workers.tasks import WorkerProcess

pytestmark = pytest.mark.timeout(600)

GONE = (psycopg.OperationalError, psycopg.InterfaceError)
READ = [f"read.{table.__tablename__}" for table in READ_TABLES]
BATCH = 6  # events, so that the log below is three batches
PLAIN = "NATO rejects the proposal of a moratorium, a spokeswoman said on day {}."

ENDED = Telling("Washington left the treaty", "2019-08-02", "agreement-ended", ("usa",), ("russia",))
OPPOSES = Telling("NATO said no", "2019-09-25", "rejection", ("nato",), ("russia",))
STANCE = Telling("NATO said no", "2019-09-25", actors=("nato",), proposition="moratorium", stance="opposes")


@contextmanager
def connected(url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(url, autocommit=True) as conn:
        yield conn


def tables(conn: psycopg.Connection[Any], *names: str) -> dict[str, list[str]]:
    """Everything that the tables hold, and the checkpoints, but for when these were written."""
    held = {name: f"SELECT t::text FROM {name} t ORDER BY 1" for name in names}
    held["checkpoints"] = "SELECT name || ' ' || global_position FROM checkpoints ORDER BY 1"
    return {name: [row[0] for row in conn.execute(query).fetchall()] for name, query in held.items()}


def break_everywhere(wire: Wire, work: Callable[[], object], done: Callable[[], bool]) -> int:
    """Does the work until it is done, the wire breaking one place further on each time. Gives how often it broke.

    A break after the commit counts: then it is done, and nobody heard of it.
    """
    broke = 0
    for number in itertools.count():
        break_after(wire, number)
        with suppress(*GONE):
            work()
        broke += wire.broken
        if done():
            break
    return broke


def break_after(wire: Wire, number: int) -> None:
    """Once so many statements are done; before the first one where it is 0."""
    if number:
        wire.break_at(number, "after")
    else:
        wire.break_at(1, "before")


def three_batches(conn: psycopg.Connection[Any]) -> None:
    """Some of all that can happen to articles."""
    log = LogWriter(conn)
    first, copy, other = (f"00000000-0000-4000-8000-{n:012}" for n in range(3))
    text = "Washington left the treaty. NATO said no."
    log.article(first, text, [ENDED, OPPOSES, STANCE])
    log.article(copy, text, [ENDED, STANCE], story=first, of=first, outlet="Courier")
    log.receive(other, "NATO said no, twice.", published_at=None)
    log.judge(other, other)
    log.fail(other)
    log.receive(first, "Washington left the treaty, after all.", revision=2)
    log.judge(first, first, revision=2)
    log.read(first, "Washington left the treaty, after all.", [ENDED], revision=2)
    log.read(other, "NATO said no, twice.", [OPPOSES, STANCE])
    log.withdraw(copy)
    log.skip(other)


def test_the_projector_folds_each_event_once(database: Database) -> None:
    with connected(database.owner_url) as owner, Wire(database.services_url) as wire:
        three_batches(owner)
        expected = []
        while project_next(owner, projections(), BATCH) is not None:
            expected.append(tables(owner, *READ))
        assert len(expected) == 3
        owner.execute(f"TRUNCATE {', '.join(READ)}, checkpoints")
        before, broke = tables(owner, *READ), 0

        def fold() -> None:
            with connected(wire.url) as conn:
                project_next(conn, projections(), BATCH)

        for after in expected:

            def done(before: object = before, after: object = after) -> bool:
                found = tables(owner, *READ)
                assert found in (before, after), "rows and checkpoint are those of before or those of after"
                return found == after

            broke += break_everywhere(wire, fold, done)
            before = after
        assert broke > 30, broke
        assert project_next(owner, projections(), BATCH) is None


@pytest.fixture
def pipe(database_url: str, valkey_url: str, tmp_path: Path) -> Iterator[Pipeline]:
    made = pipeline(database_url, valkey_url, tmp_path, article_seconds=120.0)
    yield made
    made.stop()


def test_the_relay_notes_each_piece_of_work_once(pipe: Pipeline) -> None:
    kept = [take_in(pipe.store, PLAIN.format(n)) for n in range(3)]
    gone = take_in(pipe.store, PLAIN.format("gone"))
    with Wire(pipe.settings.database_url or "") as wire, pipe.store.pool.connection() as own:
        process = WorkerProcess(pipe.settings, saboteur.load)
        process.deduplication().run([kept[0], gone])
        withdraw(pipe.store, gone)
        own.execute("DELETE FROM dispatches")

        def follow() -> None:
            with connected(wire.url) as conn:
                Relay(pipe.settings, conn, threading.Event()).follow()

        def done() -> bool:
            found = tables(own, "dispatches", "fingerprints")
            if not found["checkpoints"]:
                assert not found["dispatches"], "never the one without the other"
                return False
            assert found["checkpoints"] == ["relay 7"]
            assert len(found["dispatches"]) == 3
            assert len(found["fingerprints"]) == 1, "words of what is gone are gone, too"
            return True

        assert break_everywhere(wire, follow, done) > 5
        wire.break_at(0)
        follow()
        assert len(tables(own, "dispatches")["dispatches"]) == 3
        process.close()


def _read(pipe: Pipeline) -> set[str]:
    """The articles that have been read, to whatever end."""
    return {e.data["article_id"] for e in of_type(pipe.store, "ExtractionCompleted", "ExtractionFailed")}


def test_a_worker_judges_and_reads_each_article_once(pipe: Pipeline) -> None:
    with Wire(pipe.settings.database_url or "") as wire:
        process = WorkerProcess(pipe.settings.model_copy(update={"database_url": wire.url}), saboteur.load)

        def work(articles: list[str]) -> bool:
            try:
                process.deduplication().run(articles)
                process.extraction().run(articles, "inf")
            except GONE:
                return False
            finally:
                process.close()
            return set(articles) <= _read(pipe)

        broke = 0
        for number in itertools.count():
            text = PLAIN.format(number)
            articles = [take_in(pipe.store, text, url=f"https://{n}.example/{number}") for n in "ab"]
            break_after(wire, number)
            assert work(articles) or (wire.broken and work(articles)), "taken up again it comes through"
            broke += wire.broken
            if not wire.broken:
                break
        assert broke > 30, broke
    judged = of_type(pipe.store, "ArticleJudgedOriginal", "ArticleJudgedDuplicate")
    read = of_type(pipe.store, "ExtractionCompleted", "ExtractionFailed")
    received = [event.data["article_id"] for event in of_type(pipe.store, "ArticleReceived")]
    assert sorted(event.data["article_id"] for event in judged) == sorted(received)
    assert sorted(event.data["article_id"] for event in read) == sorted(received)
    assert {event.type for event in read} == {"ExtractionCompleted"}
    assert not pipe.dispatches()
    with pipe.store.pool.connection() as conn:
        known = conn.execute("SELECT count(*), count(DISTINCT article_id) FROM fingerprints").fetchone()
    assert known == (len(received), len(received)), "the index of copies has each once"


@pytest.mark.anyio
@pytest.mark.parametrize("idempotency_key", [None, '"{}"'])
async def test_what_was_answered_with_an_error_was_not_half_stored(
    database: Database, idempotency_key: str | None
) -> None:
    """Neither an event without its body nor a body without its event; sent again it is one article."""
    wrong = 0
    with Wire(database.services_url) as wire, connected(database.owner_url) as owner:
        for number in itertools.count(1):
            # One connection: another, opened meanwhile, would be counted with the request's statements.
            async with ingest_client(wire.url, database_timeout=30.0, database_pool_size=1) as client:
                await client.get("/readyz")  # it is there
                article = {"text": PLAIN.format(number), "url": f"https://example.org/{number}"}
                headers = {"Idempotency-Key": idempotency_key.format(number)} if idempotency_key else {}
                break_after(wire, number - 1)
                answer = await client.post("/v1/articles", json=article, headers=headers)
                stored = _stored(owner)
                broken = wire.broken
                if answer.status_code != 202:
                    assert answer.status_code == 503
                    assert int(answer.headers["Retry-After"]) > 0
                    assert stored in ((number - 1,) * 3, (number,) * 3), "all of it or nothing"
                    wrong += 1
                    wire.break_at(0)
                    again = await client.post("/v1/articles", json=article, headers=headers)
                    assert again.status_code in {200, 202}, again.text
                assert _stored(owner) == (number,) * 3
            if not broken:
                break
        assert wrong > 3, wrong
        assert verify(owner).ok


def _stored(conn: psycopg.Connection[Any]) -> tuple[int, ...]:
    """Events, bodies, and uses of bodies."""
    query = "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM article_bodies), (SELECT count(*) FROM body_uses)"
    row = conn.execute(query).fetchone()
    return tuple(row or ())
