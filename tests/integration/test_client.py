"""The typed client, both kinds of it, against real services; the stream over a killed one."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anyio.from_thread
import pytest

from services.cli.embedded.server import free_port
from services.cli.gateway import create_app
from services.client import (
    AsyncClient,
    Client,
    Gone,
    Invalid,
    KeyWanted,
    NewArticle,
    NotAllowed,
    NotFinished,
    NotFound,
)
from services.client.models import EntryChange, PositionChange
from services.core.access.keys import Scope
from services.core.settings import Settings
from tests.conftest import Database
from tests.integration.api_client import World, world_of
from tests.integration.keys_client import make_key
from tests.integration.log_writer import Telling
from tests.integration.processes import started
from tests.integration.stream_client import COARSE, LEFT, MET, STATED, TEXT, everything
from tests.integration.test_openapi_fuzz import listening


class Waiting:
    """An AsyncClient whose methods are called as a Client's: one set of tests for both."""

    def __init__(self, client: AsyncClient, portal: Any) -> None:
        self._client = client
        self._portal = portal

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def called(*args: Any, **options: Any) -> Any:
            made = getattr(self._client, name)(*args, **options)
            if hasattr(made, "__aiter__"):
                return Gone_through(made, self._portal)
            return self._portal.call(_awaited, made)

        return called


class Gone_through:  # noqa: N801 - a helper of this file
    """An asynchronous list, gone through from a thread."""

    def __init__(self, made: Any, portal: Any) -> None:
        self._made, self._portal = made, portal

    def __iter__(self) -> Iterator[Any]:
        each: AsyncIterator[Any] = aiter(self._made)
        while True:
            try:
                yield self._portal.call(anext, each)
            except StopAsyncIteration:
                return

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made, name)


async def _awaited(made: Any) -> Any:
    return await made


@contextmanager
def client_at(kind: str, url: str, **options: Any) -> Iterator[Any]:
    if kind == "sync":
        with Client(url, **options) as client:
            yield client
        return
    with anyio.from_thread.start_blocking_portal() as portal:
        client_ = AsyncClient(url, **options)
        try:
            yield Waiting(client_, portal)
        finally:
            portal.call(client_.close)


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    with world_of(database.owner_url) as world:
        yield world


@pytest.fixture
def address(database: Database) -> Iterator[str]:
    with listening(
        create_app(Settings(database_url=database.services_url, webhook_networks="127.0.0.1"))
    ) as address:
        yield address


def _wait_until_ready(port: int) -> None:
    deadline = time.monotonic() + 120
    with Client(f"http://127.0.0.1:{port}") as client:
        while not client.ready():
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_what_is_posted_is_read_and_withdrawn(kind: str, address: str, world: World) -> None:
    with client_at(kind, address) as client:
        assert client.ready()
        plain = client.post(NewArticle(text="They met in Geneva.", url="https://a.example/1", outlet="Wire"))
        again = client.post({"text": "They met in Geneva.", "url": "https://a.example/1", "outlet": "Wire"})
        assert (plain.state, plain.written, again.written) == ("received", True, False)
        assert (again.id, again.global_position) == (plain.id, plain.global_position)
        page = "<html><head><title>T</title></head><body><article><p>" + "They met in Vienna today. " * 20
        html = client.post(page, media_type="text/html", address="https://a.example/2")
        item = client.post(
            {"id": "7", "url": "https://a.example/3", "content_text": "They met in Reykjavik."}
        )
        wire = client.post(
            {
                "uri": "https://a.example/4",
                "bodies": [{"role": "main", "contentType": "text/plain", "value": "In Bern."}],
            },
            idempotency_key="once",
        )
        assert len({plain.id, html.id, item.id, wire.id}) == 4
        held = client.post(
            NewArticle(
                text="They met in Malta.", embargoed_until=dt.datetime.now(dt.UTC) + dt.timedelta(days=30)
            )
        )
        assert (held.state, held.global_position) == ("embargoed", None)
        assert held.embargoed_until > dt.datetime.now(dt.UTC)
        assert (client.finished(held.id, seconds=60).state, client.article(held.id).text) == (
            "embargoed",
            None,
        )
        world.project()
        shown = client.article(html.id, at_least=html.global_position)
        assert (shown.url, shown.state, shown.finished) == ("https://a.example/2", "received", False)
        assert "Vienna" in shown.text
        assert {a.id for a in client.articles()} == {plain.id, html.id, item.id, wire.id}
        assert [a.id for a in client.articles(outlet="Wire")] == [plain.id]
        with pytest.raises(NotFinished, match="still received"):
            client.finished(plain.id, seconds=0.2)
        taken = client.withdraw(plain.id, reason="asked to")
        assert taken.state == "withdrawn"
        world.project()
        assert client.finished(plain.id, seconds=5).text is None
        with pytest.raises(Gone):
            client.post({"text": "They met in Geneva.", "url": "https://a.example/1"})


def test_many_are_taken_each_with_its_own_outcome(
    kind: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.client.endpoints.BULK_LINES", 20)

    def articles() -> Iterator[dict[str, Any]]:
        for number in range(1, 52):
            yield {"text": f"They met {number} times.", **({"colour": "red"} if number == 43 else {})}

    with client_at(kind, address) as client:
        results = list(client.post_many(articles()))
    assert [result.line for result in results] == list(range(1, 52))
    (refused,) = [result for result in results if result.id is None]
    assert (refused.line, refused.status) == (43, 422)
    assert refused.problem.errors[0].field == "colour"


def test_the_timeline_is_gone_through_page_by_page_as_of_one_moment(
    kind: str, address: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.client.calls.MOST_ON_A_PAGE", 2)
    for number in range(1, 6):
        world.article(
            f"a{number}", TEXT, [Telling("They met", f"2019-0{number}-01", "consultation", ("nato",))]
        )
    position = world.project()
    with client_at(kind, address) as client:
        pages = client.timeline(order="asc", actor=["nato", "usa"])
        with pytest.raises(ValueError, match="nothing of the list"):
            pages.position  # noqa: B018
        dates = []
        for entry in pages:
            dates.append(entry.date)
            world.article(f"late{entry.date}", TEXT, [LEFT])  # pages do not shift
            world.project()
        assert dates == [f"2019-0{number}-01" for number in range(1, 6)]
        assert pages.position == position
        assert [e.date for e in client.timeline(order="asc", actor="nato", most=3)] == dates[:3]
        assert list(client.timeline(most=0)) == []
        assert len(list(client.timeline(kind="consultation", from_="2019-02", to="2019-03-31"))) == 2
        (found,) = client.timeline(kind="consultation", to="2019-01")
        detail = client.entry(found.id)
        assert (detail.mentions[0].evidence.text, detail.mentions[0].is_copy) == ("They met", False)
        assert [version.cause for version in detail.history] == ["news"]
        with pytest.raises(Invalid, match="actor"):
            list(client.timeline(actor="atlantis"))
        with pytest.raises(NotFound):
            client.entry("0198c0de-0000-7000-8000-000000000000")


def test_an_entry_that_was_merged_is_answered_by_the_one_it_became_part_of(
    kind: str, address: str, world: World
) -> None:
    world.article("a", TEXT, [COARSE], outlet="One")
    world.project()
    with client_at(kind, address) as client:
        (coarse,) = client.timeline()
        world.article("b", TEXT, [LEFT], outlet="Two")
        world.project()
        (fine,) = client.timeline()
        assert fine.id != coarse.id
        assert client.entry(coarse.id).id == fine.id


def test_positions_by_three_clocks(kind: str, address: str, world: World) -> None:
    def stated(day: str, stance: str) -> Any:
        return Telling("On the moratorium", day, proposition="moratorium", stance=stance)

    world.article("a", TEXT, [stated("2019-08-05", "supports")], published_at="2019-08-05")
    known = world.project()
    world.article("b", TEXT, [stated("2020-01-10", "opposes")], published_at="2020-02-01", outlet="Other")
    world.project()
    with client_at(kind, address) as client:

        def stance(**clocks: Any) -> list[str]:
            return [position.stance for position in client.positions(actor="russia", **clocks)]

        assert stance() == ["opposes"]
        assert (
            stance(as_of="2019-12-31")
            == stance(reported_by="2020-01-31")
            == stance(known_at=known)
            == ["supports"]
        )
        assert stance(as_of="2018") == []
        (own,) = client.actor_positions("russia")
        assert own.evidence[0].evidence.text == "On the moratorium"
        changes = client.history("russia", "moratorium")
        assert [(change.stance, change.since) for change in changes] == [
            ("opposes", "2020-01-10"), ("supports", "2019-08-05")
        ]  # fmt: skip
        assert client.actor("russia").name
        assert {actor.id for actor in client.actors()} > {"russia", "nato"}
        with pytest.raises(NotFound):
            client.actor("atlantis")


def test_keys_and_webhooks(kind: str, address: str, database: Database) -> None:
    writer, admin = make_key(database, Scope.WRITE), make_key(database, Scope.ADMIN)
    time.sleep(1.1)  # a service looks once a second whether there are keys
    with client_at(kind, address) as client, pytest.raises(KeyWanted):
        client.webhooks()
    with client_at(kind, address, key=writer.reveal()) as client, pytest.raises(NotAllowed):
        client.webhooks()
    with client_at(kind, address, key=admin.reveal()) as client:
        made = client.add_webhook(
            "http://127.0.0.1:9/hook", types=["entry.added"], actor="nato", from_="2019"
        )
        assert made.secret.startswith("whsec_")
        (found,) = client.webhooks()
        assert (found.id, found.secret, found.types) == (made.id, None, ["entry.added"])
        assert found.filter["actor"] == ["nato"]
        assert (
            client.request("PATCH", f"/v1/webhooks/{made.id}", json={"state": "disabled"})["state"]
            == "disabled"
        )
        assert client.delete_webhook(made.id) is None
        assert client.webhooks() == []


def test_the_stream_tells_what_is_new_typed_and_filtered(kind: str, address: str, world: World) -> None:
    world.article("a", TEXT, [MET])
    world.project()
    with client_at(kind, address) as client:
        entries = client.timeline()
        assert len(list(entries)) == 1
        changes = iter(client.follow(after=entries.position, actor="russia"))
        world.article("b", TEXT, [STATED, LEFT])
        world.project()
        change = next(changes)
        assert isinstance(change.data, PositionChange)
        assert (change.data.stance, change.data.cause) == ("supports", "news")
        first = next(iter(client.follow(after="0.0")))
        assert isinstance(first.data, EntryChange)
        assert first.data.mentions[0].evidence.text == "They met in Geneva"
        with pytest.raises(Invalid, match="last_event_id"):
            next(iter(client.follow(after="999999.1")))


@pytest.mark.timeout(600)
def test_each_change_comes_once_although_the_service_is_killed(database: Database, world: World) -> None:
    port = free_port()
    settings = {"database_url": database.services_url, "port": str(port)}
    told: dict[str, list[str]] = {"sync": [], "async": []}
    changed = threading.Condition()

    def listen(kind: str) -> None:
        with client_at(kind, f"http://127.0.0.1:{port}") as client:
            for change in client.follow(after="0.0"):
                with changed:
                    told[kind].append(change.id)
                    changed.notify_all()
                if change.data.kind == "agreement-ended":  # type: ignore[union-attr]
                    return

    def tell(*days: int) -> None:
        for day in days:
            met = Telling("They met", f"2019-01-{day:02}", "consultation", ("nato",))
            world.article(f"a{day}", TEXT, [met])
        world.project()

    listeners = [threading.Thread(target=listen, args=(kind,), daemon=True) for kind in told]
    tell(1, 2, 3)
    with started("web", **settings) as web:
        _wait_until_ready(port)
        for listener in listeners:
            listener.start()
        with changed:
            assert changed.wait_for(lambda: all(told.values()), 60), "nothing came"
        tell(4, 5, 6)  # while it is told of
        os.kill(web.pid, signal.SIGKILL)
        web.wait()
    tell(7, 8, 9)  # while nobody serves
    with started("web", **settings):
        world.article("last", TEXT, [LEFT])
        world.project()
        for listener in listeners:
            listener.join(240)
            assert not listener.is_alive()
    every = [id_ for id_, _ in asyncio.run(everything(database))]
    assert len(every) == 10
    assert told == {"sync": every, "async": every}
