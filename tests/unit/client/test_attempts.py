"""When a request is sent again, and when it is not."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from services.client import (
    Client,
    Conflict,
    Refused,
    TooManyRequests,
    Unavailable,
    UnexpectedAnswer,
    Unreachable,
    endpoints,
)
from services.client.attempts import Attempts

TAKEN = {"id": "a", "state": "received", "global_position": 1}
WAIT = {"Retry-After": "0"}


def client_of(*answers: httpx2.Response | Exception, **options: Any) -> tuple[Client, list[str]]:
    asked: list[str] = []
    given: Iterator[httpx2.Response | Exception] = itertools.chain(
        answers, itertools.repeat(AssertionError())
    )

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.method)
        found = next(given)
        if isinstance(found, Exception):
            raise found
        return found

    return Client(transport=httpx2.MockTransport(answer), **options), asked


def taken() -> httpx2.Response:
    return httpx2.Response(202, json=TAKEN)


def test_an_article_that_may_have_been_taken_is_sent_again() -> None:
    client, asked = client_of(httpx2.ReadError("reset"), httpx2.Response(503, headers=WAIT), taken())
    assert client.post({"text": "Words."}).global_position == 1
    assert len(asked) == 3


def test_what_must_not_be_done_twice_is_not_sent_again() -> None:
    for failure in (httpx2.ReadError("reset"), httpx2.Response(503, headers=WAIT)):
        client, asked = client_of(failure)
        with pytest.raises((Unreachable, Unavailable)):
            client.add_webhook("https://example.org/hook")
        assert len(asked) == 1
    client, asked = client_of(httpx2.ConnectError("refused"), httpx2.Response(429, headers=WAIT), taken())
    client.request("POST", "/v1/webhooks/x/test")
    assert len(asked) == 3, "neither was begun"


def test_a_service_that_says_when_is_asked_then_and_no_longer_than_one_has_patience() -> None:
    client, asked = client_of(*[httpx2.Response(429, headers=WAIT)] * 3, taken())
    client.post({"text": "Words."})
    assert len(asked) == 4
    client, asked = client_of(httpx2.Response(429, headers={"Retry-After": "3600"}))
    with pytest.raises(TooManyRequests) as caught:
        client.post({"text": "Words."})
    assert (caught.value.retry_after, len(asked)) == (3600, 1)
    client, asked = client_of(httpx2.Response(503))
    with pytest.raises(Unavailable):
        client.post({"text": "Words."})
    assert len(asked) == 1, "it does not say that it will be better"


def test_the_time_that_a_request_took_is_no_time_of_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("services.client.attempts.time.monotonic", lambda: now)
    attempts = Attempts(endpoints.article("a"), patience=90)
    busy = httpx2.Response(503, headers={"Retry-After": "60"})
    now += 200  # many articles take minutes
    assert 60 <= attempts.after_refusal(busy) < 61
    now += 60
    with pytest.raises(Unavailable):
        attempts.after_refusal(busy)


def test_a_request_that_still_runs_is_waited_for_and_any_other_conflict_is_told() -> None:
    running = {"type": "/problems/idempotency-key-in-use", "title": "t", "status": 409}
    problem = {"Content-Type": "application/problem+json", **WAIT}
    client, asked = client_of(httpx2.Response(409, json=running, headers=problem), taken())
    client.post({"text": "Words."}, idempotency_key="k")
    assert len(asked) == 2
    client, _ = client_of(httpx2.Response(409, json=running | {"type": "/problems/other"}, headers=problem))
    with pytest.raises(Conflict):
        client.post({"text": "Words."})


def test_nobody_there_is_told_soon() -> None:
    client, asked = client_of(*[httpx2.ConnectError("refused")] * 3)
    with pytest.raises(Unreachable, match=r"no answer from http://127\.0\.0\.1:8377"):
        client.article("a")
    assert len(asked) == 3
    client, asked = client_of(httpx2.TooManyRedirects("round and round"))
    with pytest.raises(UnexpectedAnswer):
        client.article("a")
    assert len(asked) == 1


def test_a_key_goes_to_no_other_host_and_a_merged_entry_is_gone_after() -> None:
    told: list[tuple[str, str | None]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        told.append((str(request.url), request.headers.get("authorization")))
        where = ["/v1/timeline/b", "http://elsewhere.example/v1/timeline/c"]
        if len(told) <= len(where):
            return httpx2.Response(308, headers={"Location": where[len(told) - 1]})
        return httpx2.Response(404)

    with (
        Client("http://service.example", key="tl_key", transport=httpx2.MockTransport(answer)) as client,
        pytest.raises(Refused),
    ):
        client.entry("a")
    assert told == [
        ("http://service.example/v1/timeline/a", "Bearer tl_key"),
        ("http://service.example/v1/timeline/b", "Bearer tl_key"),
        ("http://elsewhere.example/v1/timeline/c", None),
    ]


@pytest.mark.parametrize("status", [301, 302, 303])
def test_what_a_redirect_made_a_question_of_is_not_done(status: int) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.scheme == "http" and request.method != "GET":
            return httpx2.Response(status, headers={"Location": str(request.url.copy_with(scheme="https"))})
        return httpx2.Response(200, json={"data": []})

    with Client("http://service.example", transport=httpx2.MockTransport(answer)) as client:
        with pytest.raises(UnexpectedAnswer, match="led on to https:"):
            client.request("POST", "/v1/webhooks", json={})
        if status != 301:  # it leaves a DELETE what it is
            with pytest.raises(UnexpectedAnswer, match="DELETE was led on"):
                client.delete_webhook("w")


def test_a_refusal_tells_what_the_service_told() -> None:
    body = {"type": "/problems/x", "title": "No", "status": 403, "detail": "because", "scope": "admin"}
    headers = {"Content-Type": "application/problem+json", "X-Request-ID": "r-1"}
    client, _ = client_of(httpx2.Response(403, json=body, headers=headers))
    with pytest.raises(Refused, match=r"403 No \(because\)") as caught:
        client.webhooks()
    assert caught.value.request_id == "r-1"
    assert caught.value.problem.model_extra == {"scope": "admin"}
