"""Other people's formats into a real log: revised and withdrawn by ninjs, many at once, from a Miniflux."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import psycopg
import pytest

from tests.integration.ingest_client import count, events, ingest_client
from tests.unit.ingest.posted_forms import (
    FEED_ITEM,
    GRAPH,
    HTML,
    NEW_ENTRIES,
    NEWS_ARTICLE,
    NINJS_2,
    NINJS_3,
    TEXT,
)
from tests.unit.ingest.samples import article

pytestmark = pytest.mark.anyio

SECRET = "a secret of some length"
NDJSON = "application/x-ndjson"
PAGE = f"""<!doctype html><html lang="en"><head><title>Delegates meet again | Example News</title>
<link rel="canonical" href="https://news.example/talks"><meta property="og:site_name" content="Example News">
<script type="application/ld+json">{{"@type": "NewsArticle", "datePublished": "2019-08-02T18:05:00+0200",
 "author": {{"@type": "Person", "name": "Ann Writer"}}}}</script></head>
<body><nav><a href="/">Home</a></nav><article>{HTML}</article><footer>Follow us</footer></body></html>"""


@pytest.fixture
async def client(database_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with ingest_client(
        database_url, miniflux_secret=SECRET, max_body_bytes=100_000, max_bulk_bytes=2_000_000
    ) as client:
        yield client


async def post(
    client: httpx2.AsyncClient, body: Any, kind: str = "application/json", **headers: str
) -> httpx2.Response:
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    return await client.post("/v1/articles", content=content, headers={"Content-Type": kind, **headers})


def told(database_url: str) -> list[tuple[str, str | None]]:
    return [(event["type"], event["data"].get("received_as")) for event in events(database_url)]


async def test_each_form_by_its_content_type_or_its_shape(
    client: httpx2.AsyncClient, database_url: str
) -> None:
    answers = [
        await post(client, NINJS_3),
        await post(client, GRAPH, "application/ld+json"),
        await post(client, NEWS_ARTICLE),
        await post(client, FEED_ITEM, "application/feed+json"),
        await post(client, PAGE, "text/html; charset=utf-8"),
    ]
    assert [answer.status_code for answer in answers] == [202] * 5, [answer.text for answer in answers]
    assert len({answer.json()["id"] for answer in answers}) == 2, "all but the first name the same address"
    assert [form for _, form in told(database_url)] == [
        "ninjs",
        "news-article",
        "news-article",
        "feed-item",
        "html",
    ]
    page = events(database_url)[-1]["data"]
    assert (page["outlet"], page["language"], page["published_at"]) == (
        "Example News",
        "en",
        "2019-08-02T18:05:00+02:00",
    )
    with psycopg.connect(database_url) as conn:
        found = conn.execute("SELECT author, text FROM article_bodies WHERE text LIKE 'GENEVA%'").fetchall()
    assert {text for _, text in found} == {TEXT}
    assert ("Ann Writer", TEXT) in found


async def test_a_page_whose_address_the_request_tells(client: httpx2.AsyncClient, database_url: str) -> None:
    at = {"Content-Location": "https://mirror.example/talks?utm_source=x"}
    assert (await post(client, PAGE, "text/html", **at)).status_code == 202
    assert events(database_url)[0]["data"]["url"] == "https://mirror.example/talks"
    wrong = await post(client, PAGE, "text/html", **{"Content-Location": "/talks"})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["field"] == "Content-Location"


@pytest.mark.parametrize("item", [NINJS_3, NINJS_2], ids=["named by an address", "named by a urn"])
async def test_ninjs_revises_and_withdraws_through_to_the_log(
    client: httpx2.AsyncClient, database_url: str, item: dict[str, Any]
) -> None:
    status, made = ("pubstatus", "versioncreated") if "pubstatus" in item else ("pubStatus", "versionCreated")
    unknown = await post(client, {**item, status: "canceled"})
    assert unknown.status_code == 404
    first = await post(client, item)
    later = {**item, "bodies": [{"value": TEXT + " It is over."}], made: "2019-08-02T20:00:00+02:00"}
    second = await post(client, later)
    late = await post(
        client, {**item, "bodies": [{"value": "Delegates are to meet."}], made: "2019-08-02T09:00:00Z"}
    )
    again = await post(client, later)
    assert [a.status_code for a in (first, second, late, again)] == [202, 202, 202, 200]
    canceled = await post(client, {**item, status: "canceled"}, **{"Idempotency-Key": '"cancel"'})
    assert canceled.status_code == 202, canceled.text
    assert canceled.json()["state"] == "withdrawn"
    assert len({a.json()["id"] for a in (first, second, late, canceled)}) == 1
    said = [
        (e["type"], e["data"].get("current"), e["data"].get("published_at")) for e in events(database_url)
    ]
    assert said == [
        ("ArticleReceived", None, item[made]),
        ("ArticleRevised", True, "2019-08-02T20:00:00+02:00"),
        ("ArticleRevised", False, "2019-08-02T09:00:00Z"),
        ("ArticleWithdrawn", None, None),
    ]
    assert count(database_url, "article_bodies") == 0
    assert (await post(client, later)).status_code == 410
    twice = await post(client, {**item, status: "canceled"})
    assert (twice.status_code, twice.json()) == (202, canceled.json())
    assert len(events(database_url)) == 4


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ({**NINJS_3, "pubStatus": "withheld"}, "application/json", 422),
        ({**NINJS_3, "embargoedUntil": "2199-01-01T00:00:00Z"}, "application/json", 422),
        ({**NINJS_3, "bodies": [{"value": "Nul \x00 here."}]}, "application/json", 422),
        (NINJS_3, "application/feed+json", 422),
        ("[" * 50_000, "application/ld+json", 400),
        ('{"@graph":' * 2000, "application/ld+json", 400),
        ("{}", "application/ld+json", 422),
        ("<p>Word</p>", "text/html", 422),
        (b"<p>Two w\xffrds</p>", "text/html", 400),
        (PAGE, "text/html; charset=utf-16", 415),
        (PAGE, "application/xhtml+xml", 415),
    ],
)
async def test_what_is_refused_leaves_nothing(
    client: httpx2.AsyncClient, database_url: str, body: Any, kind: str, status: int
) -> None:
    answer = await post(client, body, kind)
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert events(database_url) == []


async def bulk(
    client: httpx2.AsyncClient, body: Any, kind: str = NDJSON, **headers: str
) -> list[dict[str, Any]]:
    answer = await client.post("/v1/articles/bulk", content=body, headers={"Content-Type": kind, **headers})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == NDJSON
    return [json.loads(line) for line in answer.text.splitlines()]


def lines(*values: Any) -> bytes:
    return b"\n".join(value if isinstance(value, bytes) else json.dumps(value).encode() for value in values)


async def test_a_bad_line_spoils_only_itself(client: httpx2.AsyncClient, database_url: str) -> None:
    gone = (await post(client, article(url="https://news.example/gone"))).json()["id"]
    await client.delete(f"/v1/articles/{gone}?reason=x")
    body = lines(
        b"\xef\xbb\xbf" + json.dumps(article()).encode(),
        NINJS_3,
        b"{broken",
        b" \r",
        article(text="Word"),
        b'{"text": "' + b"a " * 60_000 + b'"}',
        article(url="https://news.example/gone"),
        {**NINJS_3, "pubStatus": "canceled"},
        {**NINJS_2, "pubstatus": "canceled"},
        article(text="A second version of it."),
        article(text="\ud800 half a pair"),
        FEED_ITEM,
    )
    found = await bulk(client, body)
    assert [(result["line"], result["status"]) for result in found] == [
        (1, 202), (2, 202), (3, 400), (5, 422), (6, 413), (7, 410), (8, 202), (9, 404), (10, 202), (11, 400), (12, 202),
    ]  # fmt: skip
    assert found[3]["problem"]["errors"][0]["field"] == "text"
    assert [form for _, form in told(database_url)[2:]] == ["json", "ninjs", None, "json", "feed-item"]
    assert found[0]["id"] == found[8]["id"]
    assert found[8]["global_position"] == found[6]["global_position"] + 1


async def test_two_thousand_lines_and_the_same_again(client: httpx2.AsyncClient, database_url: str) -> None:
    wanted = [article(url=f"https://news.example/{n}", text=f"Round {n} of the talks.") for n in range(2000)]

    async def chunks() -> AsyncIterator[bytes]:  # of no stated length, cut anywhere
        body = lines(*wanted)
        for start in range(0, len(body), 70_001):
            yield body[start : start + 70_001]

    found = await bulk(client, chunks())
    assert [result["status"] for result in found] == [202] * 2000
    assert [result["global_position"] for result in found] == list(range(1, 2001))
    assert count(database_url, "events") == 2000
    again = await bulk(client, lines(*wanted[:100]))
    assert {result["status"] for result in again} == {200}
    assert count(database_url, "events") == 2000


async def test_a_list_and_a_key(client: httpx2.AsyncClient, database_url: str) -> None:
    both = [article(text="Version one."), article(text="Version two.")]
    first = await bulk(client, json.dumps(both), "application/json", **{"Idempotency-Key": '"one"'})
    again = await bulk(client, json.dumps(both), "application/json", **{"Idempotency-Key": '"one"'})
    assert [result["status"] for result in first] == [202, 202]
    assert again == first, "else the first version would have come back as the third"
    other = await bulk(client, json.dumps(both[:1]), "application/json", **{"Idempotency-Key": '"one"'})
    assert other[0]["problem"]["type"] == "/problems/idempotency-key-reused"
    assert len(events(database_url)) == 2


async def test_what_is_no_bulk_at_all(client: httpx2.AsyncClient, database_url: str) -> None:
    for body, kind, status in [
        (b"", NDJSON, 422),
        (b"\n\n", NDJSON, 422),
        (b"{}", "application/json", 422),
        (b"[", "application/json", 400),
        (json.dumps([article(text="word " * 30_000)]), "application/json", 413),
        (b"x" * 2_000_001, NDJSON, 413),
        (lines(article()), "text/plain", 415),
    ]:
        answer = await client.post("/v1/articles/bulk", content=body, headers={"Content-Type": kind})
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), (
            kind
        )
    assert events(database_url) == []


async def test_a_bulk_that_turns_out_too_large_tells_what_it_took(
    client: httpx2.AsyncClient, database_url: str
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield lines(article()) + b"\n"
        for _ in range(21):
            yield b" " * 99_999 + b"\n"

    found = await bulk(client, chunks())
    assert [result["status"] for result in found] == [202, 413]
    assert len(events(database_url)) == 1


async def hook(client: httpx2.AsyncClient, body: bytes, signature: str | None) -> httpx2.Response:
    headers = {"Content-Type": "application/json", "X-Miniflux-Event-Type": "new_entries"}
    if signature is not None:
        headers["X-Miniflux-Signature"] = signature
    return await client.post("/v1/hooks/miniflux", content=body, headers=headers)


def signed(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


async def test_a_miniflux_with_the_right_signature_and_no_other(
    client: httpx2.AsyncClient, database_url: str
) -> None:
    body = json.dumps(NEW_ENTRIES).encode()
    for wrong in (None, "", "0" * 64, signed(body, "another secret"), signed(body + b" ")):
        answer = await hook(client, body, wrong)
        assert answer.status_code == 403
        assert SECRET not in answer.text
    assert events(database_url) == []
    answer = await hook(client, body, signed(body))
    assert answer.status_code == 200
    assert [(result["entry"], result["status"]) for result in answer.json()["data"]] == [
        (231, 202), (232, 422), (None, 422),
    ]  # fmt: skip
    (event,) = events(database_url)
    assert (event["data"]["received_as"], event["data"]["outlet"]) == ("miniflux", "Example News")
    again = (await hook(client, body, signed(body))).json()["data"]
    assert again[0]["status"] == 200
    odd = b'{"event_type": "new_entries"}'
    assert (await hook(client, odd, signed(odd))).status_code == 422
    broken = b"{"
    assert (await hook(client, broken, signed(broken))).status_code == 400


async def test_without_a_secret_no_miniflux_is_let_in(database_url: str) -> None:
    body = json.dumps(NEW_ENTRIES).encode()
    async with ingest_client(database_url) as client:
        for signature in (None, signed(body, ""), signed(body)):
            assert (await hook(client, body, signature)).status_code == 403
    assert events(database_url) == []
