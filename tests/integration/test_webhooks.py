"""Webhooks: registered over HTTP, told of each change once and in order, tried again, given up, sent again."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx2
import psycopg
import pytest

from services.core.access.keys import Scope
from services.core.webhooks.feed import FilterUnknown
from services.core.webhooks.schedule import PAUSES
from tests.conftest import Database
from tests.integration.api_client import World, api_client, world_of
from tests.integration.ingest_client import count, events, ingest_client
from tests.integration.keys_client import bearing, make_key, serving
from tests.integration.log_writer import Telling
from tests.integration.stream_client import LEFT, MET, SPOKE, STATED, TEXT, everything
from tests.integration.webhook_receiver import Receiver, Stepped, answer, receiving, stepped
from workers.webhook_calls import Answer

pytestmark = pytest.mark.anyio


@dataclass
class Scene:
    """A log to write to, the service, a receiver, and a sender."""

    database: Database
    world: World
    client: httpx2.AsyncClient
    receiver: Receiver
    sender: Stepped

    async def register(self, **more: Any) -> dict[str, Any]:
        posted = await self.client.post("/v1/webhooks", json={"url": self.receiver.url} | more)
        assert posted.status_code == 201, posted.text
        made: dict[str, Any] = posted.json()
        return made

    async def deliveries(self, webhook: dict[str, Any], **asked: Any) -> list[dict[str, Any]]:
        found = await self.client.get(f"/v1/webhooks/{webhook['id']}/deliveries", params=asked)
        assert found.status_code == 200, found.text
        data: list[dict[str, Any]] = found.json()["data"]
        return data

    async def webhook(self, webhook: dict[str, Any]) -> dict[str, Any]:
        shown: dict[str, Any] = (await self.client.get(f"/v1/webhooks/{webhook['id']}")).json()
        return shown

    def tell(self, article: str = "a001", tellings: Any = (LEFT,), **more: Any) -> None:
        self.world.article(article, TEXT, list(tellings), **more)
        self.world.project()


@pytest.fixture
async def scene(database: Database) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        world = stack.enter_context(world_of(database.owner_url))
        client = await stack.enter_async_context(
            ingest_client(database.services_url, webhook_networks=("127.0.0.1",))
        )
        receiver = await stack.enter_async_context(receiving())
        sender = await stack.enter_async_context(stepped(database))
        yield Scene(database, world, client, receiver, sender)


# -- what is sent -------------------------------------------------------------------------------------------------


async def test_each_change_is_told_once_in_order_and_signed(scene: Scene) -> None:
    scene.tell("a000")
    webhook = await scene.register()
    assert await scene.sender.settle() == 0, "what was before is not told"
    scene.tell("a001", [LEFT, MET, STATED], outlet="Courier")
    scene.tell("a002", [LEFT], outlet="Gazette")
    await scene.sender.settle()
    await scene.sender.settle()
    told = [(message.event["id"], message.event["type"]) for message in scene.receiver.messages]
    assert told == [change for change in await everything(scene.database) if change in told]
    assert len(told) == len(await everything(scene.database)) - 1
    assert {"entry.added", "entry.changed", "position.changed"} <= set(scene.receiver.types)
    for message in scene.receiver.messages:
        message.check(webhook["secret"])
        assert message.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
        assert message.event.keys() == {
            "specversion", "id", "source", "type", "subject", "time", "sequence", "datacontenttype", "data"
        }  # fmt: skip
        assert message.event["subject"] == message.event["data"]["id"]
    assert len({message.id for message in scene.receiver.messages}) == len(told)
    sequences = [message.event["sequence"] for message in scene.receiver.messages]
    assert sequences == sorted(sequences)
    states = await scene.deliveries(webhook)
    assert [(d["state"], d["attempts"], d["status"]) for d in states] == [("delivered", 1, 204)] * len(told)
    assert [d["change"] for d in reversed(states)] == [id_ for id_, _ in told]


async def test_a_message_holds_what_the_stream_tells(scene: Scene) -> None:
    await scene.register(types=["entry.added"])
    scene.tell("a001", [LEFT, MET])
    await scene.sender.settle()
    assert len(scene.receiver.messages) == 2
    async with api_client(scene.database.services_url) as reading:
        entries = (await reading.get("/v1/timeline")).json()["data"]
    for message in scene.receiver.messages:
        (entry,) = (entry for entry in entries if entry["id"] == message.event["subject"])
        data = message.event["data"]
        assert data["cause"] == "news"
        assert {name: data[name] for name in ("kind", "date", "actors", "summary", "counts")} == {
            name: entry[name] for name in ("kind", "date", "actors", "summary", "counts")
        }
        assert [m["evidence"] for m in data["mentions"]] == [m["evidence"] for m in entry["mentions"]]


async def test_only_what_passes_the_filter_is_told(scene: Scene) -> None:
    await scene.register(filter={"kind": ["consultation"]})
    await scene.register(filter={"actor": ["russia"], "q": "moratorium"})
    await scene.register(filter={"speaker": ["Lavrov"]}, types=["entry.added", "entry.removed"])
    await scene.register(filter={"actor": ["russia"], "proposition": ["moratorium"]})
    await scene.register(filter={"to": "1990"})
    scene.tell("a001", [LEFT, MET, SPOKE, STATED])
    await scene.sender.settle()
    hooks = (await scene.client.get("/v1/webhooks")).json()["data"]
    told = [[(d["type"]) for d in await scene.deliveries(hook)] for hook in hooks]
    assert told == [
        ["entry.added"],
        ["entry.added"],
        ["entry.added"],
        ["position.changed", "entry.added"],
        [],
    ]
    kinds = {m.event["data"]["kind"] for m in scene.receiver.messages if m.event["type"] == "entry.added"}
    assert kinds == {"consultation", "statement"}


async def test_what_followed_an_earlier_change_is_told_on_request(scene: Scene) -> None:
    scene.tell("a001", [LEFT, MET])
    first, *others = [id_ for id_, _ in await everything(scene.database)]
    await scene.register(after="0.0")
    await scene.sender.settle()
    assert [m.event["id"] for m in scene.receiver.messages] == [first, *others]
    scene.receiver.messages.clear()
    await scene.register(after=first)
    await scene.sender.settle()
    assert [m.event["id"] for m in scene.receiver.messages] == others
    for wrong in ("999999.0", "1", "x.y", ""):
        refused = await scene.client.post("/v1/webhooks", json={"url": scene.receiver.url, "after": wrong})
        assert refused.status_code == 422, wrong


async def test_withdrawn_words_are_neither_kept_nor_sent_again(scene: Scene) -> None:
    await scene.register()
    scene.tell("a001", [MET])
    scene.receiver.answers = [answer(500)]
    await scene.sender.settle()
    assert "They met in Geneva" in scene.receiver.messages[0].body.decode()
    with psycopg.connect(scene.database.services_url) as conn:
        kept = conn.execute(
            "SELECT d::text FROM webhook_deliveries d UNION ALL SELECT w::text FROM webhooks w"
        )
        assert not any("Geneva" in row[0] for row in kept)
    scene.world.withdraw("a001")
    scene.world.project()
    await scene.sender.after(minutes=1)
    assert scene.receiver.types == ["entry.added", "entry.added", "entry.removed"]
    assert scene.receiver.messages[1].id == scene.receiver.messages[0].id
    assert not any("Geneva" in m.body.decode() for m in scene.receiver.messages[1:])


# -- what fails ---------------------------------------------------------------------------------------------------


async def test_what_is_not_taken_is_tried_for_a_day_and_then_a_dead_letter(scene: Scene) -> None:
    webhook = await scene.register()
    scene.tell("a001", [MET])
    scene.receiver.always = answer(503)
    await scene.sender.settle()
    began, pauses = scene.sender.now, []
    while pending := await scene.deliveries(webhook, state="pending"):
        due = dt.datetime.fromisoformat(pending[0]["next_attempt_at"])
        pauses.append(round((due - scene.sender.now).total_seconds()))
        assert await scene.sender.at(due - dt.timedelta(seconds=1)) == 0
        assert await scene.sender.at(due) == 1
    assert pauses[:-1] == [*PAUSES, PAUSES[-1]]
    assert scene.sender.now - began == dt.timedelta(days=1), "the last attempt comes a day after the first"
    (dead,) = await scene.deliveries(webhook, state="failed")
    assert (dead["attempts"], dead["status"], dead["error"]) == (12, 503, None)
    assert len({m.id for m in scene.receiver.messages}) == 1
    assert len({m.headers["webhook-timestamp"] for m in scene.receiver.messages}) == 12
    for message in scene.receiver.messages:
        message.check(webhook["secret"])
    # It can be sent again, under the same id.
    scene.receiver.always = None
    again = await scene.client.post(f"/v1/webhooks/{webhook['id']}/resend")
    assert (again.status_code, again.json()) == (202, {"resent": 1})
    await scene.sender.after(minutes=30)
    assert scene.receiver.messages[-1].id == dead["id"]
    (delivered,) = await scene.deliveries(webhook)
    assert (delivered["state"], delivered["status"]) == ("delivered", 204)
    assert (await scene.webhook(webhook))["failures"] == 0
    # So can one that was delivered, by its id; and none that there is not.
    url = f"/v1/webhooks/{webhook['id']}/resend?delivery="
    assert (await scene.client.post(url + dead["id"])).json() == {"resent": 1}
    assert (await scene.client.post(url + webhook["id"])).status_code == 404
    await scene.sender.after(minutes=1)
    assert len(scene.receiver.messages) == 14


async def test_those_behind_wait_in_order_but_not_for_what_cannot_be_stomached(scene: Scene) -> None:
    webhook = await scene.register(types=["entry.added"])
    scene.tell("a001", [MET])
    scene.tell("a002", [SPOKE])
    scene.tell("a003", [LEFT])
    scene.receiver.answers = [answer(500), b"", answer(400)]
    await scene.sender.settle()
    await scene.sender.after(seconds=6)
    await scene.sender.after(seconds=31)
    assert len({m.id for m in scene.receiver.messages}) == 1, (
        "a receiver that fails for a moment gets all in order"
    )
    await scene.sender.after(minutes=3)
    kinds = [m.event["data"]["kind"] for m in scene.receiver.messages]
    assert kinds == ["consultation"] * 4 + ["statement", "agreement-ended"]
    assert {d["state"] for d in await scene.deliveries(webhook)} == {"delivered"}
    # One that is refused four times is set aside.
    scene.receiver.messages.clear()
    scene.receiver.answers = [answer(422)] * 4
    scene.tell("a004", [Telling("Moscow left it too", "2019-08-01", "statement")])
    scene.tell("a005", [Telling("Moscow left it too", "2019-07-01", "statement")])
    for _ in range(5):
        await scene.sender.after(minutes=11)
    dates = [m.event["data"]["date"] for m in scene.receiver.messages]
    assert dates == ["2019-08-01"] * 4 + ["2019-07-01", "2019-08-01"]


async def test_a_receiver_that_is_back_gets_what_was_set_aside(scene: Scene) -> None:
    webhook = await scene.register(types=["entry.added"])
    for number, day in enumerate(("2019-07-01", "2019-07-02", "2019-07-03")):
        scene.tell(f"a00{number}", [Telling("Moscow left it too", day, "statement")])
    scene.receiver.always = answer(502)
    for _ in range(8):
        await scene.sender.after(minutes=11)
    asked = len(scene.receiver.messages)
    assert asked == 8, "one message at a time while nothing is taken"
    scene.receiver.always = None
    await scene.sender.after(minutes=11)
    assert {d["state"] for d in await scene.deliveries(webhook)} == {"delivered"}
    assert len(scene.receiver.messages) == asked + 3


async def test_what_waits_behind_a_day_of_failures_is_given_up_with_it(scene: Scene) -> None:
    webhook = await scene.register(types=["entry.added"])
    for day in ("2019-07-01", "2019-07-02", "2019-07-03"):
        scene.world.article(f"a{day}", TEXT, [Telling("Moscow left it too", day, "statement")])
    scene.world.project()
    scene.receiver.always = answer(500, Retry_After="43200")
    await scene.sender.settle()
    await scene.sender.after(hours=12)
    scene.tell("a004", [MET])
    await scene.sender.after(hours=12)
    newest, *others = await scene.deliveries(webhook)
    assert [(d["state"], d["attempts"], d["status"]) for d in others] == [
        ("failed", 0, 500), ("failed", 0, 500), ("failed", 3, 500)
    ]  # fmt: skip
    assert (newest["state"], newest["attempts"]) == ("pending", 0), "it has not waited for a day yet"
    scene.receiver.always = None
    await scene.sender.after(hours=12)
    assert (await scene.deliveries(webhook))[0]["state"] == "delivered"


async def test_retry_after_is_honoured(scene: Scene) -> None:
    webhook = await scene.register()
    scene.tell("a001", [MET])
    scene.receiver.answers = [answer(429, Retry_After="3600")]
    await scene.sender.settle()
    assert await scene.sender.after(minutes=59) == 0
    assert await scene.sender.after(minutes=1) == 1
    (delivered,) = await scene.deliveries(webhook)
    assert (delivered["attempts"], delivered["state"]) == (2, "delivered")


async def test_410_disables_until_it_is_enabled(scene: Scene) -> None:
    webhook = await scene.register()
    scene.tell("a001", [MET])
    scene.receiver.answers = [answer(410)]
    await scene.sender.settle()
    shown = await scene.webhook(webhook)
    assert (shown["state"], shown["disabled_reason"]) == ("disabled", "gone")
    scene.tell("a002", [SPOKE])
    assert await scene.sender.after(days=2) == 0
    path = f"/v1/webhooks/{webhook['id']}"
    enabled = await scene.client.patch(path, json={"state": "active"})
    assert (enabled.json()["state"], enabled.json()["disabled_reason"]) == ("active", None)
    await scene.sender.after(minutes=1)
    assert [m.event["data"]["kind"] for m in scene.receiver.messages] == ["consultation", "statement"]
    told = [
        (e["type"], e["data"]) for e in events(scene.database.services_url) if e["stream_name"] == "admin"
    ]
    assert told == [
        (
            "WebhookRegistered",
            {"webhook_id": webhook["id"], "origin": scene.receiver.url.removesuffix("/hook")},
        ),
        ("WebhookDisabled", {"webhook_id": webhook["id"], "reason": "gone"}),
        ("WebhookEnabled", {"webhook_id": webhook["id"]}),
    ]


async def test_what_an_address_said_that_was_left_meanwhile_does_not_count(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = await scene.register()
    scene.tell("a001", [MET])
    path = f"/v1/webhooks/{webhook['id']}"

    async def moving(*given: Any) -> Answer:
        if not moved.done():
            moved.set_result(await scene.client.patch(path, json={"url": f"{scene.receiver.url}/new"}))
            return Answer(410)
        return await post(*given)

    moved: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    caller = scene.sender.sender._caller
    post = caller.post
    monkeypatch.setattr(caller, "post", moving)
    await scene.sender.settle()
    assert moved.result().status_code == 200
    assert (await scene.webhook(webhook))["state"] == "active"
    assert [message.path for message in scene.receiver.messages] == ["/hook/new"]


async def test_a_filter_that_is_unknown_for_a_while_loses_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = await scene.register()
    scene.tell("a001", [MET])

    def unknown(*_: Any) -> Any:
        raise FilterUnknown("no such dossier")

    with monkeypatch.context() as patch:
        patch.setattr("services.api.push.PushedFeed.filter_of", unknown)
        await scene.sender.settle()
    shown = await scene.webhook(webhook)
    assert (shown["state"], shown["disabled_reason"]) == ("disabled", "filter")
    await scene.client.patch(f"/v1/webhooks/{webhook['id']}", json={"state": "active"})
    await scene.sender.settle()
    assert scene.receiver.types == ["entry.added"]


async def test_a_year_beyond_the_calendar_holds_up_nobody(scene: Scene) -> None:
    await scene.register()
    scene.tell("a001", [MET])
    scene.receiver.answers = [answer(503, Retry_After="Fri, 31 Dec 9999 23:59:59 -1200")]
    await scene.sender.settle()
    await scene.sender.after(days=2)
    assert len(scene.receiver.messages) == 2


async def test_two_changes_at_once_are_both_kept(scene: Scene) -> None:
    webhook = await scene.register()
    path = f"/v1/webhooks/{webhook['id']}"
    others = [
        scene.client.patch(path, json=change)
        for change in ({"description": "the desk's"}, {"types": ["entry.added"]})
    ]
    async with await psycopg.AsyncConnection.connect(scene.database.owner_url) as conn:
        await conn.execute("SELECT FROM webhooks FOR UPDATE")  # until both have come
        tasks = [asyncio.ensure_future(one) for one in others]
        waiting = "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"
        async with asyncio.timeout(60):
            while (await (await conn.execute(waiting)).fetchone() or (0,))[0] < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    assert [answered.status_code for answered in await asyncio.gather(*tasks)] == [200, 200]
    shown = await scene.webhook(webhook)
    assert (shown["description"], shown["types"]) == ("the desk's", ["entry.added"])


async def test_a_receiver_that_hangs_or_talks_without_end_is_cut_off(scene: Scene) -> None:
    webhook = await scene.register()
    scene.tell("a001", [MET])
    endless = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"10000\r\n" + b"x" * 65536 + b"\r\n"
    scene.receiver.answers = [b"...", endless * 1 + b"10000\r\n" + b"x" * 65536, b"nonsense\r\n\r\n"]
    async with stepped(scene.database, seconds=0.5) as impatient:
        await impatient.settle()
        (hung,) = await scene.deliveries(webhook)
        assert (hung["state"], hung["error"], hung["status"]) == ("pending", "timeout", None)
    async with stepped(scene.database) as patient:
        await patient.after(minutes=1)
        (taken,) = await scene.deliveries(webhook)
        assert (taken["state"], taken["status"], taken["attempts"]) == ("delivered", 200, 2)
        scene.tell("a002", [SPOKE])
        await patient.settle()
        assert (await scene.deliveries(webhook))[0]["error"] == "broken-off"


# -- what the operator does -----------------------------------------------------------------------------------------


async def test_a_test_is_sent_once_whatever_the_state(scene: Scene) -> None:
    webhook = await scene.register()
    path = f"/v1/webhooks/{webhook['id']}"
    await scene.client.patch(path, json={"state": "disabled"})
    scene.tell("a001", [MET])
    made = await scene.client.post(f"{path}/test")
    assert made.status_code == 202
    scene.receiver.answers = [answer(418)]
    await scene.sender.settle()
    await scene.sender.after(days=1)
    (message,) = scene.receiver.messages
    message.check(webhook["secret"])
    assert message.event["type"] == "webhook.test"
    assert message.event["data"] == {"webhook": webhook["id"]}
    shown = (await scene.client.get(made.headers["Location"])).json()
    assert (shown["state"], shown["status"], shown["change"]) == ("failed", 418, None)
    assert (await scene.webhook(webhook))["failures"] == 0


async def test_while_a_secret_is_exchanged_both_sign(scene: Scene) -> None:
    webhook = await scene.register()
    path = f"/v1/webhooks/{webhook['id']}"
    rotated = await scene.client.post(f"{path}/secret")
    fresh = rotated.json()["secret"]
    assert fresh.startswith("whsec_")
    await scene.client.post(f"{path}/test")
    await scene.sender.settle()
    for secret in (webhook["secret"], fresh):
        scene.receiver.messages[0].check(secret)
    await scene.client.post(f"{path}/test")
    await scene.sender.after(days=1)
    scene.receiver.messages[1].check(fresh)
    with pytest.raises(AssertionError):
        scene.receiver.messages[1].check(webhook["secret"])


async def test_a_secret_is_shown_once_and_is_in_no_list_and_no_event(scene: Scene) -> None:
    webhook = await scene.register(description="the desk")
    assert webhook["secret"].startswith("whsec_")
    path = f"/v1/webhooks/{webhook['id']}"
    shown = [await scene.client.get("/v1/webhooks"), await scene.client.get(path)]
    patched = await scene.client.patch(path, json={"filter": {"actor": ["nato"]}, "description": None})
    assert (patched.json()["filter"], patched.json()["description"]) == (
        {"dossier": "inf", "actor": ["nato"]},
        None,
    )
    assert not any("secret" in answered.text for answered in [*shown, patched])
    log = json.dumps(events(scene.database.services_url), default=str)
    assert webhook["secret"].removeprefix("whsec_") not in log
    assert "/hook" not in log, "an address may hold a secret"
    assert (await scene.client.delete(path)).status_code == 204
    assert count(scene.database.services_url, "webhooks") == 0
    assert (await scene.client.get(path)).status_code == 404
    assert [e["type"] for e in events(scene.database.services_url)] == [
        "WebhookRegistered", "WebhookChanged", "WebhookDeleted"
    ]  # fmt: skip


async def test_deleting_drops_what_waits(scene: Scene) -> None:
    webhook = await scene.register()
    scene.tell("a001", [MET])
    scene.receiver.answers = [answer(500)]
    await scene.sender.settle()
    await scene.client.delete(f"/v1/webhooks/{webhook['id']}")
    assert await scene.sender.after(days=1) == 0
    assert count(scene.database.services_url, "webhook_deliveries") == 0


async def test_deliveries_are_listed_in_pages(scene: Scene) -> None:
    webhook = await scene.register()
    path = f"/v1/webhooks/{webhook['id']}"
    for _ in range(5):
        await scene.client.post(f"{path}/test")
    found, asked = [], f"{path}/deliveries?limit=2"
    while asked:
        page = await scene.client.get(asked)
        found += [d["id"] for d in page.json()["data"]]
        asked = page.links.get("next", {}).get("url", "")
        assert (page.json()["next"] is None) == (not asked)
    assert len(set(found)) == 5


NONSENSE: list[tuple[dict[str, Any], str]] = [
    ({}, "url"),
    ({"url": "ftp://example.org/"}, "url"),
    ({"url": "https:///nothing"}, "url"),
    ({"url": "https://user:pass@example.org/"}, "url"),
    ({"url": "https://example.org/#x"}, "url"),
    ({"url": "https://example.org/\x00"}, "url"),
    ({"url": "https://example.org/" + "x" * 2048}, "url"),
    ({"url": "http://93.184.215.14/"}, "url"),
    ({"url": "https://10.0.0.1/"}, "url"),
    ({"url": "https://localhost/"}, "url"),
    ({"url": "https://[::ffff:10.0.0.1]/"}, "url"),
    ({"url": "https://example.org/", "filter": {"actor": ["atlantis"]}}, "filter.actor.0"),
    ({"url": "https://example.org/", "filter": {"dossier": "nothing"}}, "filter.dossier"),
    ({"url": "https://example.org/", "filter": {"from": "soon"}}, "filter.from"),
    ({"url": "https://example.org/", "filter": {"q": "a\x00"}}, "filter.q"),
    ({"url": "https://example.org/", "filter": {"nonsense": 1}}, "filter.nonsense"),
    ({"url": "https://example.org/", "types": ["everything"]}, "types.0"),
    ({"url": "https://example.org/", "description": "a\x1b"}, "description"),
]  # fmt: skip


async def test_what_makes_no_sense_is_named_and_not_stored(module_database: Database) -> None:
    async with ingest_client(module_database.services_url) as client:
        for posted, field in NONSENSE:
            refused = await client.post("/v1/webhooks", json=posted)
            assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field), refused.text
    assert count(module_database.services_url, "webhooks") == 0


async def test_only_admin_keys_register_and_see_webhooks(module_database: Database) -> None:
    keys = {scope: make_key(module_database, scope) for scope in Scope}
    some = "/v1/webhooks/6b1f0c3e-5f0e-5a54-9d0b-1f6d1a0c7e21"
    asked = [
        ("POST", "/v1/webhooks"), ("GET", "/v1/webhooks"), ("GET", some), ("PATCH", some), ("DELETE", some),
        ("POST", f"{some}/test"), ("POST", f"{some}/secret"), ("POST", f"{some}/resend"), ("GET", f"{some}/deliveries"),
        ("GET", f"{some}/deliveries/6b1f0c3e-5f0e-5a54-9d0b-1f6d1a0c7e21"),
    ]  # fmt: skip
    async with serving(module_database, open_reading=True) as client:
        for method, path in asked:
            assert (await client.request(method, path)).status_code == 401, (method, path)
            for scope, key in keys.items():
                answered = await client.request(method, path, headers=bearing(key))
                assert (answered.status_code == 403) is (scope is not Scope.ADMIN), (method, path, scope)
        made = await client.post(
            "/v1/webhooks", json={"url": "https://example.org/"}, headers=bearing(keys[Scope.ADMIN])
        )
        assert made.status_code == 201
    assert events(module_database.services_url)[-1]["metadata"]["key_id"] == keys[Scope.ADMIN].id
