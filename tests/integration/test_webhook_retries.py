"""Webhooks whose receiver does not take what is sent: tried again, set aside, given up, sent again."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.core.webhooks.schedule import PAUSES
from tests.conftest import Database
from tests.integration.ingest_client import events
from tests.integration.log_writer import Telling
from tests.integration.stream_client import LEFT, MET, SPOKE, TEXT
from tests.integration.webhook_receiver import answer, stepped
from tests.integration.webhook_scene import Scene, scene_of
from workers.webhook_calls import Answer

pytestmark = pytest.mark.anyio


@pytest.fixture
async def scene(database: Database) -> AsyncIterator[Scene]:
    async with scene_of(database) as scene:
        yield scene


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
