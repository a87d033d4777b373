"""A server that is gone or slow: what is answered meanwhile, and that all goes on by itself when it is back."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psycopg
import pytest

from services.cli.embedded import EmbeddedPostgres, EmbeddedValkey
from services.cli.embedded.server import free_port
from services.core.eventstore.migrate import migrate
from services.core.eventstore.seals import verify
from tests.integration.pipeline import TYPES_READ, eventually, of_type, pipeline
from tests.integration.processes import Running, serving

pytestmark = pytest.mark.timeout(300)

PLAIN = "NATO rejects the proposal of a moratorium, a spokeswoman said on day {}."
SECONDS = 60.0  # until a service is itself again


@pytest.fixture
def postgres_alone(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A server of the test's own."""
    with EmbeddedPostgres(tmp_path / "postgres", port=free_port()) as server:
        migrate(server.url, server.services_password)
        yield server


@pytest.fixture
def valkey_alone(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    """A broker of the test's own."""
    with EmbeddedValkey(tmp_path / "valkey", port=free_port()) as server:
        yield server


class Client:
    """Posts articles as a careful client does: what was answered with 2xx is not sent again, all else is."""

    def __init__(self, ingest: Running) -> None:
        self.ingest = ingest
        self.taken: dict[int, str] = {}  # id by number
        self.refused: list[int] = []  # that were answered with an error, or not at all
        self.seconds: list[float] = []  # that each answer took

    def post(self, number: int) -> int:
        """The status; 0 where there was no answer."""
        article = {"text": PLAIN.format(number), "url": f"https://example.org/{number}"}
        began = time.monotonic()
        try:
            answer = self.ingest.http.post("/v1/articles", json=article)
        except httpx2.TransportError:
            self.refused.append(number)
            return 0
        self.seconds.append(time.monotonic() - began)
        if answer.status_code in {200, 202}:
            self.taken[number] = answer.json()["id"]
        else:
            assert answer.status_code == 503, answer.text
            assert int(answer.headers["Retry-After"]) > 0
            assert answer.json()["type"] == "/problems/database-unavailable"
            self.refused.append(number)
        return answer.status_code

    def post_until_taken(self, number: int) -> None:
        eventually(lambda: self.post(number) in {200, 202}, "it recovers by itself", SECONDS)


def stored(conn: psycopg.Connection[object]) -> list[tuple[object, ...]]:
    """Each event with whether its body, and the use of it, are there."""
    return conn.execute(
        "SELECT e.data ->> 'article_id', b.sha256 IS NOT NULL, u.article_id IS NOT NULL FROM events e"
        " LEFT JOIN article_bodies b ON b.sha256 = decode(e.data ->> 'body_sha256', 'hex')"
        " LEFT JOIN body_uses u ON u.sha256 = b.sha256 AND u.article_id = e.data ->> 'article_id'"
        " ORDER BY e.global_position"
    ).fetchall()  # type: ignore[return-value]


def test_while_the_database_is_gone_ingest_says_so_and_recovers(postgres_alone: EmbeddedPostgres) -> None:
    server = postgres_alone
    with serving("ingest", database_url=server.services_url, database_timeout="1") as ingest:
        client = Client(ingest)
        number = 0
        for stop in (signal.SIGQUIT, signal.SIGKILL):
            for _ in range(5):
                client.post_until_taken(number := number + 1)
            posting = threading.Event()

            def post_on(posting: threading.Event = posting) -> None:
                nonlocal number
                while not posting.is_set():
                    client.post(number := number + 1)

            load = threading.Thread(target=post_on)
            load.start()
            time.sleep(0.3)
            os.kill(server.pid, stop)
            eventually(lambda: not server.alive, "the database is gone")
            eventually(lambda: ingest.ready() == (503, {"database": "unreachable"}), "and is named")
            assert ingest.http.get("/healthz").status_code == 200
            server.stop()
            posting.set()
            load.join(30)
            number += 1
            assert client.post(number) == 503
            server.wanted_port = server.port
            server.start()
            client.post_until_taken(number)
            eventually(lambda: ingest.ready()[0] == 200, "it is ready again")
        with psycopg.connect(server.url, autocommit=True) as conn:
            assert {row[1:] for row in stored(conn)} == {(True, True)}, "nothing is half there"
            assert set(client.taken.values()) <= {row[0] for row in stored(conn)}, "what was taken is there"
            for refused in set(client.refused):
                client.post_until_taken(refused)
            ids = [row[0] for row in stored(conn)]
            assert len(ids) == len(set(ids)), "sent again it is the same article"
            assert set(ids) == set(client.taken.values())
            bodies = conn.execute("SELECT count(*) FROM article_bodies").fetchone()
            assert bodies == (len(ids),)
            assert verify(conn).ok


def test_while_the_broker_is_gone_or_slow_articles_are_taken_and_wait(
    database_url: str, valkey_alone: EmbeddedValkey, tmp_path: Path
) -> None:
    broker = valkey_alone
    pipe = pipeline(database_url, broker.url, tmp_path, article_seconds=60.0)
    pipe.start_worker()
    try:
        with (
            serving("ingest", database_url=database_url, redis_url=broker.url) as ingest,
            pipe.relay(),
        ):
            client = Client(ingest)

            def all_read() -> None:
                read = lambda: {e.data["article_id"] for e in of_type(pipe.store, *TYPES_READ)}  # noqa: E731
                eventually(lambda: read() == set(client.taken.values()), "all are read", 120)

            eventually(lambda: ingest.ready() == (200, {"database": "ok", "broker": "ok"}), "all is there")
            client.post_until_taken(1)
            all_read()

            os.kill(broker.pid, signal.SIGKILL)
            broker.stop()
            for number in range(2, 12):
                assert client.post(number) == 202, "it goes on where only the broker is gone"
            unreachable = (200, {"database": "ok", "broker": "unreachable"})
            eventually(lambda: ingest.ready() == unreachable, "it is named, and does not count")
            broker.wanted_port = broker.port
            broker.start()
            all_read()
            eventually(lambda: ingest.ready() == (200, {"database": "ok", "broker": "ok"}), "it is back")

            os.kill(broker.pid, signal.SIGSTOP)  # it takes connections and does not answer
            for number in range(12, 32):
                assert client.post(number) == 202
            # The quickest of them: that one is slow may be the machine's fault, not that all are.
            assert min(client.seconds[-20:]) < 3.0, "a broker that does not answer is not waited for"
            status, parts = ingest.ready()
            assert (status, parts["broker"] != "ok") == (200, True)
            time.sleep(5.0)
            os.kill(broker.pid, signal.SIGCONT)
            all_read()
        assert not [e for e in of_type(pipe.store, *TYPES_READ) if e.type != "ExtractionCompleted"]
    finally:
        pipe.stop()
