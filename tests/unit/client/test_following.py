"""The stream over its interruptions: each change once, in order, whatever happens in between."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.client import (
    AsyncClient,
    Client,
    Invalid,
    KeyWanted,
    Unavailable,
    UnexpectedAnswer,
    Unreachable,
)
from services.client.following import Following
from services.client.models import Change, EntryGone, PositionGone

GONE = {
    "id": "e",
    "dossier": "inf",
    "kind": "statement",
    "date": "2019",
    "actors": [],
    "version": 2,
    "cause": "news",
}
NOWHERE = {
    "id": "p", "dossier": "inf", "actor": "nato", "proposition": "x", "stance": None, "version": 2,
    "cause": "withdrawal",
}  # fmt: skip


def event(id_: str, name: str = "entry.removed", data: object = GONE) -> httpx2.ServerSentEvent:
    return httpx2.ServerSentEvent(event=name, data=json.dumps(data), id=id_)


def beginning(id_: str, retry: int | None = None) -> httpx2.ServerSentEvent:
    return httpx2.ServerSentEvent(id=id_, retry=retry)


def test_it_goes_on_after_what_was_told_and_after_what_only_moved_the_place() -> None:
    following = Following([("actor", "nato")], None, None)
    assert "Last-Event-ID" not in following.options(1.0)["headers"]
    assert following.told(beginning("7.32768")) is None
    assert following.options(1.0)["headers"]["Last-Event-ID"] == "7.32768"
    change = following.told(event("9.1"))
    assert change is not None
    assert (change.id, change.name, type(change.data)) == ("9.1", "entry.removed", EntryGone)
    assert following.options(1.0)["headers"]["Last-Event-ID"] == following.last_id == "9.1"
    assert following.options(1.0)["params"] == [("actor", "nato")]


def test_a_position_in_the_log_will_do_to_begin_after() -> None:
    following = Following([], 17, None)
    assert following.told(event("17.3")) is None
    assert following.told(event("18.1")) is not None
    for wrong in ("x", "17", "1.", "1.-1", "٣.١"):
        with pytest.raises(ValueError, match=r"17\.1"):
            Following([], wrong, None)


def test_what_it_does_not_know_it_hands_on() -> None:
    following = Following([], None, None)
    gone = following.told(event("1.1", "position.changed", NOWHERE))
    assert gone is not None
    assert isinstance(gone.data, PositionGone)
    new = following.told(event("1.2", "entry.praised", {"by": "all"}))
    assert new is not None
    assert new.data == {"by": "all"}
    for broken in (
        event("1.3", data={}),
        event("1.3", data=[]),
        httpx2.ServerSentEvent("entry.added", "{", "1.3"),
        event("x"),
    ):
        with pytest.raises(UnexpectedAnswer):
            following.told(broken)
    assert following.last_id == "1.2"


ids = [f"{position}.{number}" for position in range(1, 5) for number in range(1, 4)]


@given(st.lists(st.integers(min_value=0, max_value=len(ids)), max_size=6))
def test_each_change_is_told_once_wherever_connections_break(breaks: list[int]) -> None:
    following = Following([], "0.0", None)
    told: list[str] = []
    for length in [*breaks, len(ids)]:
        since = following.last_id
        left = [id_ for id_ in ids if _key(id_) > _key(since or "0.0")]
        for id_ in left[:length]:
            change = following.told(event(id_))
            told += [change.id] if change else []
    assert told == ids


def _key(id_: str) -> tuple[int, int]:
    position, _, number = id_.partition(".")
    return int(position), int(number)


def test_pauses_grow_up_to_a_minute_and_begin_anew_after_a_success() -> None:
    following = Following([], None, None)
    following.told(beginning("1.1", retry=1000))
    pauses = [following.after_end() for _ in range(12)]
    assert 0.5 <= pauses[0] <= 1.0
    assert all(30 <= pause <= 60 for pause in pauses[-4:])
    following.told(beginning("1.1"))
    assert following.after_end() <= 1.0


def test_an_address_where_nobody_ever_answered_is_not_asked_for_ever() -> None:
    following = Following([], None, None)
    error = httpx2.ConnectError("refused")
    following.after_silence(error, "http://x")
    following.after_silence(error, "http://x")
    with pytest.raises(Unreachable, match="no answer from http://x"):
        following.after_silence(error, "http://x")
    patient = Following([], None, 0.0)
    patient.told(beginning("1.1"))
    patient.after_silence(error, "http://x")
    with pytest.raises(Unreachable):
        patient.after_silence(error, "http://x")


def test_who_is_not_there_yet_is_waited_for_as_long_as_there_is_patience(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr("services.client.following.time.monotonic", lambda: now)
    error = httpx2.ConnectError("refused")
    patient = Following([], None, 60.0)
    for _ in range(5):
        patient.after_silence(error, "http://x")
    now += 61
    with pytest.raises(Unreachable):
        patient.after_silence(error, "http://x")


def test_nobody_waits_longer_than_patience_because_the_service_says_so() -> None:
    busy = httpx2.Response(503, headers={"Retry-After": "3600"})
    with pytest.raises(Unavailable):
        Following([], None, 60.0).after_refusal(busy)
    assert Following([], None, None).after_refusal(busy) == 3600


def test_a_service_that_answered_that_it_starts_was_there() -> None:
    following = Following([], None, None)
    for _ in range(3):
        following.after_refusal(httpx2.Response(503))
        following.after_silence(httpx2.ConnectError("refused"), "http://x")


def test_an_event_that_is_too_long_is_not_asked_for_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.client.following.EVENT_BYTES", 100)
    client, asked = client_of(stream("id: 3.32768\n\n", block("4.1")))
    with client, pytest.raises(UnexpectedAnswer, match="SSEError"):
        next(client.follow())
    assert len(asked) == 1


def stream(*blocks: str) -> httpx2.Response:
    return httpx2.Response(200, text="".join(blocks), headers={"Content-Type": "text/event-stream"})


def block(id_: str) -> str:
    return f"event: entry.removed\nid: {id_}\ndata: {json.dumps(GONE)}\n\n"


def client_of(*answers: httpx2.Response | Exception) -> tuple[Client, list[httpx2.Request]]:
    asked: list[httpx2.Request] = []
    given_: Iterator[httpx2.Response | Exception] = itertools.chain(
        answers, itertools.repeat(AssertionError())
    )

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        found = next(given_)
        if isinstance(found, Exception):
            raise found
        return found

    return Client(transport=httpx2.MockTransport(answer)), asked


def test_a_stream_that_breaks_in_the_middle_of_an_event_is_taken_up_before_it() -> None:
    start = "retry: 100\nid: 3.32768\n\n"
    client, asked = client_of(
        stream(start, block("4.1"), block("4.2")[:30]),
        httpx2.ReadError("reset"),
        httpx2.Response(503, headers={"Retry-After": "0"}),
        stream(start.replace("3.32768", "4.1"), block("4.1"), block("4.2"), ": waiting\nid: 9.32768\n\n"),
        httpx2.Response(401),
    )
    told: list[Change] = []
    with client, client.follow(q="x") as changes, pytest.raises(KeyWanted):
        told.extend(iter(changes))
    assert [change.id for change in told] == ["4.1", "4.2"]
    assert [request.headers.get("last-event-id") for request in asked] == [
        None,
        "4.1",
        "4.1",
        "4.1",
        "9.32768",
    ]
    assert changes.last_id == "9.32768"


def test_a_place_that_the_log_does_not_have_is_told() -> None:
    problem = {"type": "/problems/invalid-request", "title": "t", "status": 422,
               "errors": [{"field": "last_event_id", "in": "header", "detail": "Is not the id of a change"}]}  # fmt: skip
    answer = httpx2.Response(422, json=problem, headers={"Content-Type": "application/problem+json"})
    client, _ = client_of(answer)
    with client, pytest.raises(Invalid, match="last_event_id: Is not") as caught:
        next(client.follow(after="999.1"))
    assert caught.value.problem.errors[0].where == "header"


def test_who_waited_for_a_change_long_enough_may_wait_again() -> None:
    answers = [stream("retry: 60000\nid: 3.32768\n\n"), stream(block("4.1"))]
    asked: list[str | None] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.headers.get("last-event-id"))
        return answers[len(asked) - 1]

    async def wait_twice() -> str:
        async with (
            AsyncClient(transport=httpx2.MockTransport(answer)) as client,
            client.follow() as changes,
        ):
            waiting = asyncio.create_task(changes.__anext__())
            while changes.last_id is None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            return (await anext(changes)).id

    assert asyncio.run(wait_twice()) == "4.1"
    assert asked == [None, "3.32768"]


def test_what_is_no_stream_is_told() -> None:
    client, _ = client_of(httpx2.Response(200, text="<h1>Welcome"))
    with client, pytest.raises(UnexpectedAnswer, match="no stream"):
        next(client.follow())
