"""Webhooks: told of each change once and in order, signed, and only of what was asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from services.core.webhooks.feed import FilterUnknown
from tests.conftest import Database
from tests.integration.api_client import api_client
from tests.integration.stream_client import LEFT, MET, SPOKE, STATED, everything
from tests.integration.webhook_receiver import answer
from tests.integration.webhook_scene import Scene, scene_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def scene(database: Database) -> AsyncIterator[Scene]:
    async with scene_of(database) as scene:
        yield scene


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
