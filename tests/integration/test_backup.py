"""A dump taken under load and restored elsewhere: the log verifies, the answers are the same, the work goes on.

The steps are those of `docs/operations.md`.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from services.cli.embedded import EmbeddedPostgres
from services.core.eventstore.migrate import migrate
from services.core.eventstore.seals import seal_next, verify
from services.core.eventstore.store import last_position, read_all
from services.core.projections.rebuild import rebuild
from services.core.projections.registry import projections
from services.core.projections.tables import READ_TABLES
from tests.conftest import Database
from tests.integration import saboteur
from tests.integration.api_client import api_client
from tests.integration.pipeline import TYPES_READ, Pipeline, eventually, of_type, pipeline, take_in, withdraw
from workers.dedup import stories
from workers.projector import catch_up
from workers.tasks import WorkerProcess

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]

PLAIN = "NATO rejects the proposal of a moratorium, a spokeswoman said on day {}."
ASKED = ("/v1/timeline?limit=500", "/v1/positions", "/v1/actors/nato/positions", "/v1/coverage")
TABLES = [f"read.{table.__tablename__}" for table in READ_TABLES]


class Load:
    """Articles come in, are judged, read, projected and sealed, and some are withdrawn, until it is told to stop."""

    def __init__(self, pipe: Pipeline) -> None:
        self.pipe = pipe
        self.rounds = 0
        self.failure: BaseException | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(60)

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._round(self.rounds)
                self.rounds += 1
        except BaseException as error:  # noqa: BLE001 - the test tells it
            self.failure = error

    def _round(self, n: int) -> None:
        store = self.pipe.store
        articles = [
            take_in(store, PLAIN.format(f"{n}{part}"), url=f"https://{part}.example/{n}") for part in "abc"
        ]
        with store.pool.connection() as conn:
            stories.judge(conn, articles[:2])  # not by its stage, whose alarm rings in the main thread alone
        if n % 5 == 0:
            withdraw(store, articles[1])
        with store.pool.connection() as conn:
            catch_up(conn, projections())
            seal_next(conn)


def dumped(server: EmbeddedPostgres, url: str, file: Path) -> None:
    subprocess.run(
        [server.bin / "pg_dump", "--format=custom", f"--file={file}", url], check=True, capture_output=True
    )


def restored(server: EmbeddedPostgres, url: str, file: Path) -> None:
    subprocess.run(
        [
            server.bin / "pg_restore", "--no-owner", "--no-privileges", "--single-transaction",
            "--exit-on-error", f"--dbname={url}", file,
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip


def tables(conn: psycopg.Connection[Any]) -> dict[str, list[str]]:
    return {
        name: [row[0] for row in conn.execute(f"SELECT t::text FROM {name} t ORDER BY 1").fetchall()]
        for name in TABLES
    }


async def answers(database_url: str, known_at: int) -> dict[str, Any]:
    """What is told of what was known at a position."""
    found = {}
    async with api_client(database_url) as client:
        for path in ASKED:
            answer = await client.get(path, params={"known_at": known_at} if path != "/v1/coverage" else {})
            assert answer.status_code == 200, answer.text
            found[path] = answer.json()["data"]
    return found


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """Another server, with nothing on it."""
    with EmbeddedPostgres(tmp_path / "elsewhere", durable=False) as server:
        yield server


async def test_a_dump_under_load_is_restored_elsewhere(
    postgres: EmbeddedPostgres,
    elsewhere: EmbeddedPostgres,
    database: Database,
    valkey_url: str,
    tmp_path: Path,
) -> None:
    pipe = pipeline(database.services_url, valkey_url, tmp_path, article_seconds=60.0)
    process = WorkerProcess(pipe.settings, saboteur.load)
    with Load(pipe) as load:
        eventually(lambda: load.rounds >= 10 or load.failure is not None, "there is load")
        read = [event.data["article_id"] for event in of_type(pipe.store, "ArticleJudgedOriginal")]
        process.extraction().run(read, "inf")
        before = load.rounds
        dumped(postgres, database.owner_url, tmp_path / "backup.dump")
        eventually(lambda: load.rounds > before or load.failure is not None, "the load goes on meanwhile")
    process.close()
    assert load.failure is None

    restored(elsewhere, elsewhere.url, tmp_path / "backup.dump")
    migrate(elsewhere.url, elsewhere.services_password)
    with psycopg.connect(elsewhere.url, autocommit=True) as conn:
        report = verify(conn)
        assert report.ok, report
        assert report.seals > 0
        position = last_position(conn)
        assert 0 < position < last_position_of(pipe)
        assert read_all(conn, 0, position) == pipe.store.read_all(0, position), "the log, as far as it goes"
        dumped_tables = tables(conn)
        reached = rebuild(conn)
        assert tables(conn) == dumped_tables, "the tables are what the log says"

    there = await answers(elsewhere.services_url, reached)
    with pipe.store.pool.connection() as conn:
        catch_up(conn, projections())
    here = await answers(database.services_url, reached)
    del here["/v1/coverage"]  # it has no clock
    assert len(there["/v1/timeline?limit=500"]) + len(there["/v1/positions"]) > 0
    assert {path: there[path] for path in here} == here, "the same answers"
    pipe.stop()

    moved = pipeline(elsewhere.services_url, valkey_url, tmp_path, article_seconds=60.0)
    try:
        late = take_in(moved.store, PLAIN.format("that came after the move"))
        moved.start_worker()
        with moved.relay():
            eventually(
                lambda: late in read_by(moved) and not moved.dispatches(), "what was not done is done", 120
            )
        assert read_by(moved) == live(moved)
        with moved.store.pool.connection() as conn:
            refused = pytest.raises(psycopg.errors.InsufficientPrivilege)
            with refused:
                conn.execute("DELETE FROM events")
            assert verify(conn).ok
    finally:
        moved.stop()


def last_position_of(pipe: Pipeline) -> int:
    with pipe.store.pool.connection() as conn:
        return last_position(conn)


def read_by(pipe: Pipeline) -> set[str]:
    gone = {event.data["article_id"] for event in of_type(pipe.store, "ArticleWithdrawn")}
    return {event.data["article_id"] for event in of_type(pipe.store, *TYPES_READ)} - gone


def live(pipe: Pipeline) -> set[str]:
    gone = {event.data["article_id"] for event in of_type(pipe.store, "ArticleWithdrawn")}
    return {event.data["article_id"] for event in of_type(pipe.store, "ArticleReceived")} - gone
