"""Database and broker go away in the middle of the work and come back: nothing is lost, nothing is said twice."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from pathlib import Path

import psycopg
from psycopg_pool import PoolTimeout

from services.cli.embedded import EmbeddedPostgres, EmbeddedValkey
from services.cli.embedded.server import free_port
from services.core.eventstore.migrate import migrate
from services.core.eventstore.store import EventStore
from tests.integration import saboteur
from tests.integration.pipeline import TYPES_READ, Pipeline, eventually, of_type, pipeline, take_in


def test_servers_killed_and_restarted(tmp_path: Path) -> None:
    ports = free_port(), free_port()
    postgres = EmbeddedPostgres(tmp_path / "postgres", port=ports[0])
    valkey = EmbeddedValkey(tmp_path / "valkey", port=ports[1])
    with postgres, valkey:
        migrate(postgres.url, postgres.services_password)
        pipe = pipeline(postgres.services_url, valkey.url, tmp_path, relay_window=10)
        try:
            _run(pipe, postgres, valkey, tmp_path / "valkey")
        finally:
            pipe.stop()


def _run(pipe: Pipeline, postgres: EmbeddedPostgres, valkey: EmbeddedValkey, broker_folder: Path) -> None:
    articles = [
        take_in(pipe.store, f"{saboteur.SLOW} statement number {n}, and nothing else.") for n in range(12)
    ]
    pipe.start_worker(TREATYLINE_WORKER_CONCURRENCY="3")
    with pipe.relay():
        eventually(lambda: len(pipe.what_was_read()) >= 3, "reading has begun")
        os.kill(valkey.pid, signal.SIGKILL)
        valkey.stop()
        for kept in broker_folder.rglob("appendonlydir"):
            shutil.rmtree(kept)
        time.sleep(1)
        valkey.start()
        os.kill(postgres.pid, signal.SIGQUIT)  # immediate shutdown: as after a crash
        eventually(lambda: not postgres.alive, "the database is gone")
        postgres.stop()
        time.sleep(1)
        postgres.start()
        more = _take_in_patiently(pipe.store, f"{saboteur.SLOW} a last one, after all of that.")
        expected = {*articles, more}
        eventually(lambda: set(_outcomes(pipe)) == expected, "all are read", 90)
    completed = of_type(pipe.store, *TYPES_READ)
    assert len(completed) == len(expected)
    assert {event.type for event in completed} == {"ExtractionCompleted"}
    judged = of_type(pipe.store, "ArticleJudgedOriginal", "ArticleJudgedDuplicate")
    assert len(judged) == len(expected)


def _outcomes(pipe: Pipeline) -> list[str]:
    try:
        return [event.data["article_id"] for event in of_type(pipe.store, *TYPES_READ)]
    except (psycopg.OperationalError, PoolTimeout):
        return []


def _take_in_patiently(store: EventStore, text: str) -> str:
    """As a client does that sends again what was not acknowledged."""
    stop = threading.Event()
    for _ in range(50):
        try:
            return take_in(store, text)
        except psycopg.OperationalError:
            stop.wait(0.2)
    raise AssertionError("the database did not come back")
