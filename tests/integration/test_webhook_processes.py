"""Webhooks while what sends them is killed, doubled, cut off: everything arrives, under the same id if twice."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import psycopg
import pytest
from redis import Redis
from standardwebhooks import Webhook as StandardWebhook
from typer.testing import CliRunner

from services.api.push import PushedFeed
from services.cli.main import app
from services.core.domain.ids import derived_id
from services.core.settings import Settings
from services.ingest.app import create_app
from tests.conftest import Database
from tests.integration.api_client import world_of
from tests.integration.log_writer import Telling
from tests.integration.pipeline import eventually
from tests.integration.processes import started
from tests.integration.stream_client import TEXT
from tests.integration.test_openapi_fuzz import listening
from workers import webhooks

DAYS = ("2019-07-01", "2019-07-02", "2019-07-03")
pytestmark = pytest.mark.timeout(600)


class Desk(ThreadingHTTPServer):
    """A receiver in threads, which keeps the message of one day waiting for its answer while it is told to."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.taken: list[tuple[str, str]] = []  # webhook-id and day, as they arrived
        self.verified = 0
        self.secret = ""
        self.hold: str | None = None
        self.held = threading.Event()
        self.go_on = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"

    def days(self) -> list[str]:
        return [day for _, day in self.taken]


class Handler(BaseHTTPRequestHandler):
    server: Desk

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        StandardWebhook(self.server.secret).verify(body, dict(self.headers))  # raises: no answer
        self.server.verified += 1
        day = json.loads(body)["data"].get("date", "test")
        self.server.taken.append((self.headers["webhook-id"], day))
        if day == self.server.hold:
            self.server.held.set()
            self.server.go_on.wait(300)
        try:
            self.send_response(204)
            self.end_headers()
        except OSError:  # whoever asked is gone
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def desk() -> Iterator[Desk]:
    with Desk() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.go_on.set()
        server.shutdown()
        thread.join()


def tell(database: Database, *days: str) -> None:
    with world_of(database.owner_url) as world:
        for day in days:
            world.article(
                str(derived_id("article", day)), TEXT, [Telling("Moscow left it too", day, "statement")]
            )
            world.project()


@contextmanager
def registered(database: Database, desk: Desk) -> Iterator[Any]:
    """A webhook, made on the command line, and the commands about it."""
    settings = Settings(database_url=database.services_url, webhook_networks=("127.0.0.1",))
    with listening(create_app(settings)) as address:

        def command(*arguments: str, exits: int = 0) -> Any:
            result = CliRunner().invoke(app, ["webhooks", *arguments, "--url", address, "--json"])
            assert result.exit_code == exits, result.output
            return [json.loads(line) for line in result.stdout.splitlines()]

        (made,) = command("add", desk.url, "--filter", "kind=statement", "--filter", "actor=russia")
        desk.secret = made["secret"]
        yield lambda name, *more, exits=0: command(name, made["id"], *more, exits=exits)


def test_a_sender_that_is_killed_leaves_nothing_out(database: Database, desk: Desk, valkey_url: str) -> None:
    told = {"database_url": database.services_url, "redis_url": valkey_url, "webhook_networks": "127.0.0.1"}
    with registered(database, desk) as command, ExitStack() as stack:
        desk.hold = DAYS[1]
        first = stack.enter_context(started("relay", **told))
        tell(database, *DAYS)
        assert desk.held.wait(300)
        os.kill(first.pid, signal.SIGKILL)
        with Redis.from_url(valkey_url) as client:
            client.flushall()
        desk.hold = None
        desk.go_on.set()
        second = stack.enter_context(started("relay", **told))
        eventually(lambda: len(desk.taken) == 4, "all have arrived", 300)
        assert desk.days() == [DAYS[0], DAYS[1], DAYS[1], DAYS[2]]
        assert len(set(desk.taken)) == 3, "what arrives twice has the same id"
        assert desk.verified == 4
        command("test")
        eventually(lambda: desk.days()[-1] == "test", "a test arrives", 300)
        eventually(lambda: not command("deliveries", "--state", "pending"), "it is noted", 300)
        listed = command("deliveries")
        assert [(d["type"], d["state"]) for d in listed] == [
            ("webhook.test", "delivered"), *[("entry.added", "delivered")] * 3
        ]  # fmt: skip
        assert command("resend", listed[-1]["id"]) == [{"resent": 1}]
        eventually(lambda: desk.taken[-1] == desk.taken[0], "it was sent again", 300)
        second.send_signal(signal.SIGTERM)
        assert second.wait(300) == 0


def test_of_two_senders_one_sends_and_the_other_follows(database: Database, desk: Desk) -> None:
    settings = Settings(database_url=database.services_url, webhook_networks=("127.0.0.1",))
    stop = threading.Event()
    senders = [
        threading.Thread(target=webhooks.main, args=(settings, PushedFeed, stop), daemon=True)
        for _ in range(2)
    ]
    with registered(database, desk) as command:
        for sender in senders:
            sender.start()
        try:
            tell(database, *DAYS[:2])
            eventually(lambda: len(desk.taken) == 2, "the first have arrived", 300)
            with psycopg.connect(database.superuser_url, autocommit=True) as conn:
                cut = conn.execute(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_locks JOIN pg_stat_activity USING (pid)"
                    " WHERE application_name = 'treatyline-webhooks' AND locktype = 'advisory' AND granted"
                ).fetchone()
            assert cut == (1,)
            tell(database, *DAYS[2:])
            eventually(lambda: len(desk.taken) == 3, "the other goes on", 300)
            command("disable")
            tell(database, "2019-07-04")
            command("enable")
            eventually(lambda: len(desk.taken) == 4, "what came meanwhile is told", 300)
        finally:
            stop.set()
            for sender in senders:
                sender.join(60)
    assert desk.days() == [*DAYS, "2019-07-04"]
