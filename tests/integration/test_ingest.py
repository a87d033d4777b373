"""Articles over HTTP into a real log: what is stored, what is answered, what is refused."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import psycopg
import pytest
from jsonschema import Draft202012Validator

from services.core.eventstore.bodies import Body, get_bodies
from services.core.eventstore.store import AsyncEventStore
from services.core.settings import Settings
from services.core.web.database import make_pool
from services.ingest.app import create_app
from tests.integration.ingest_client import count, events, ingest_client
from tests.unit.ingest.samples import TEXT, article

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(database_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with ingest_client(database_url, max_body_bytes=2_000_000) as client:
        yield client


async def post(client: httpx2.AsyncClient, **fields: Any) -> httpx2.Response:
    return await client.post("/v1/articles", json=article(**fields))


async def test_an_article_is_taken_in_and_its_words_stay_outside_the_log(
    client: httpx2.AsyncClient, database_url: str
) -> None:
    traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    posted = article(
        url="HTTPS://News.Example:443/2020/03/05/talks?utm_source=feed#top",
        published_at="2020-03-05T18:00:00+02:00",
        language="en",
        author="Ann Writer",
        tags=["talks", "talks", "geneva"],
    )
    answer = await client.post("/v1/articles", json=posted, headers={"traceparent": traceparent})
    assert answer.status_code == 202
    taken = answer.json()
    assert answer.headers["Location"] == f"/v1/articles/{taken['id']}"
    assert taken == {"id": taken["id"], "state": "received", "global_position": 1}
    (event,) = events(database_url)
    assert event["type"] == "ArticleReceived"
    assert event["stream_name"] == f"article-{taken['id']}"
    body = Body("Talks", "Ann Writer", TEXT)
    assert event["data"] == {
        "article_id": taken["id"],
        "revision": 1,
        "url": "https://news.example/2020/03/05/talks",
        "outlet": "Example News",
        "published_at": "2020-03-05T18:00:00+02:00",
        "language": "en",
        "tags": ["talks", "geneva"],
        "body_sha256": body.sha256.hex(),
        "text_sha256": hashlib.sha256(TEXT.encode()).hexdigest(),
        "characters": len(TEXT),
        "received_as": "json",
        "key_id": None,
    }
    assert event["metadata"]["traceparent"][3:35] == traceparent[3:35]
    assert "Delegates" not in json.dumps([event["data"], event["metadata"]])
    with psycopg.connect(database_url) as conn:
        assert get_bodies(conn, [body.sha256]) == {body.sha256: body}


async def test_the_same_again_is_200_with_the_same_position(
    client: httpx2.AsyncClient, database_url: str
) -> None:
    first = await post(client)
    await post(client, url="https://news.example/other", text="Something else entirely.")
    again = await post(client, url="https://news.example/2020/03/05/talks?fbclid=x")
    assert again.status_code == 200
    assert again.json() == first.json()
    assert again.headers["Location"] == first.headers["Location"]
    assert len(events(database_url)) == 2


async def test_revisions_a_b_a_and_an_older_one(client: httpx2.AsyncClient, database_url: str) -> None:
    dates = ["2020-03-05", "2020-03-05", "2020-03-05", "2020-03-04", "2020-03-04"]
    texts = ["Version one.", "Version two.", "Version one.", "Version nought.", "Version nought."]
    answers = [
        await post(client, text=text, published_at=date) for text, date in zip(texts, dates, strict=True)
    ]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 202, 200]
    assert len({answer.json()["id"] for answer in answers}) == 1
    told = [(e["type"], e["data"]["revision"], e["data"].get("current")) for e in events(database_url)]
    assert told == [
        ("ArticleReceived", 1, None),
        ("ArticleRevised", 2, True),
        ("ArticleRevised", 3, True),
        ("ArticleRevised", 4, False),
    ]
    assert answers[4].json()["global_position"] == 4


async def test_without_a_url_the_text_says_which_article_it_is(client: httpx2.AsyncClient) -> None:
    one = (await post(client, url=None)).json()["id"]
    assert (await post(client, url=None, title="Another headline")).json()["id"] == one
    assert (await post(client, url=None, text=TEXT + "\n")).json()["id"] != one
    assert (await post(client)).json()["id"] != one


async def test_only_text_is_required_and_blanks_and_nulls_count_as_not_given(
    client: httpx2.AsyncClient, database_url: str
) -> None:
    first = await client.post("/v1/articles", json={"text": TEXT})
    blank = {
        "text": TEXT,
        "title": " ",
        "url": "",
        "outlet": None,
        "tags": None,
        "html": None,
        "published_at": "",
    }
    assert first.status_code == 202
    assert (await client.post("/v1/articles", json=blank)).status_code == 200
    assert events(database_url)[0]["data"]["url"] is None


async def test_text_is_stored_unchanged(client: httpx2.AsyncClient, database_url: str) -> None:
    text = "\ufeff\tOne \u00a0two\r\n\r\nThree e\u0301 \u2028 \U0001f9e8 ``quoted''  \n"
    assert (await post(client, text=text)).status_code == 202
    with psycopg.connect(database_url) as conn:
        assert conn.execute("SELECT text FROM article_bodies").fetchall() == [(text,)]


HTML = """<!doctype html><html lang="en-GB"><head><title>Delegates meet | Example News</title>
<meta property="og:site_name" content="Example News">
<script type="application/ld+json">{"@graph": [{"@type": "NewsArticle",
 "datePublished": "2020-03-05T18:00:00+0200"}]}</script>
<link rel="canonical" href="https://news.example/talks?utm_source=self"></head>
<body><nav><a href="/">Home</a> <a href="/world">World</a></nav><article><h1>Delegates meet</h1>
<p>GENEVA, March 5. – Delegates of both sides met on Thursday for a third round of talks about inspections.</p>
<p>&ldquo;We will meet <b>again</b>,&rdquo; a spokesman told reporters after the meeting, without naming a day.</p>
<p>Neither side said whether the two presidents would take part in the round that follows.</p>
</article><script>track("words")</script><footer>Follow us on every network</footer></body></html>"""


async def test_html_becomes_text_in_paragraphs_and_fills_what_was_not_given(
    client: httpx2.AsyncClient, database_url: str
) -> None:
    answer = await client.post("/v1/articles", json={"html": HTML, "title": "Our own headline"})
    assert answer.status_code == 202
    data = events(database_url)[0]["data"]
    assert data["url"] == "https://news.example/talks"
    assert data["published_at"] == "2020-03-05T18:00:00+02:00"
    assert data["outlet"] == "Example News"
    assert data["language"] == "en-GB"
    assert data["received_as"] == "html"
    with psycopg.connect(database_url) as conn:
        (row,) = conn.execute("SELECT title, text FROM article_bodies").fetchall()
    assert row[0] == "Our own headline"
    paragraphs = row[1].split("\n\n")
    assert len(paragraphs) == 3
    assert paragraphs[1].startswith("“We will meet again,” a spokesman")
    assert not any(word in row[1] for word in ("Home", "Follow us", "track"))


async def test_withdrawn_is_gone_and_stays_gone(client: httpx2.AsyncClient, database_url: str) -> None:
    taken = (await post(client)).json()
    await post(client, text="A second version.")
    gone = await client.delete(f"/v1/articles/{taken['id']}", params={"reason": "asked  for"})
    assert gone.status_code == 202
    assert gone.json() == {"id": taken["id"], "state": "withdrawn", "global_position": 3}
    assert events(database_url)[-1]["data"] == {
        "article_id": taken["id"],
        "reason": "asked for",
        "key_id": None,
    }
    assert count(database_url, "article_bodies") == 0
    assert count(database_url, "body_uses") == 0
    for text in (TEXT, "A second version.", "A third version."):
        again = await post(client, text=text)
        assert again.status_code == 410
        assert again.json()["type"] == "/problems/article-withdrawn"
    twice = await client.request("DELETE", f"/v1/articles/{taken['id']}", json={"reason": "again"})
    assert twice.json() == gone.json()
    assert len(events(database_url)) == 3
    assert count(database_url, "article_bodies") == 0


async def test_a_body_goes_with_its_last_article(client: httpx2.AsyncClient, database_url: str) -> None:
    one = (await post(client)).json()["id"]
    copy = (await post(client, url="https://mirror.example/talks")).json()["id"]
    assert count(database_url, "article_bodies") == 1
    await client.delete(f"/v1/articles/{one}?reason=x")
    assert count(database_url, "article_bodies") == 1
    await client.delete(f"/v1/articles/{copy}?reason=x")
    assert count(database_url, "article_bodies") == 0


async def test_a_withdrawal_needs_a_reason_and_an_article(
    client: httpx2.AsyncClient, database_url: str
) -> None:
    taken = (await post(client)).json()["id"]
    for path, status in [
        (f"/v1/articles/{taken}", 422),
        (f"/v1/articles/{taken}?reason=%20", 422),
        (f"/v1/articles/{taken}?reason={'x' * 1001}", 422),
        (f"/v1/articles/{taken}?reason=%00", 422),
        ("/v1/articles/nothing?reason=x", 422),
        ("/v1/articles/6b1f0c3e-5f0e-5a54-9d0b-1f6d1a0c7e21?reason=x", 404),
    ]:
        answer = await client.delete(path)
        assert (path, answer.status_code) == (path, status)
        assert answer.headers["Content-Type"] == "application/problem+json"
    wrong = await client.request("DELETE", f"/v1/articles/{taken}", json={"because": "x"})
    assert {error["field"] for error in wrong.json()["errors"]} == {"because", "reason"}
    assert len(events(database_url)) == 1


async def test_twenty_of_the_same_at_once_are_one_article(database_url: str) -> None:
    async with ingest_client(database_url, database_pool_size=16) as client:
        answers = await asyncio.gather(*(post(client) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [202]
    assert {answer.json()["global_position"] for answer in answers} == {1}
    assert [event["type"] for event in events(database_url)] == ["ArticleReceived"]


async def test_twenty_different_revisions_at_once_are_all_recorded(database_url: str) -> None:
    texts = [f"Version number {n} of it." for n in range(20)]
    async with ingest_client(database_url, database_pool_size=16) as client:
        answers = await asyncio.gather(*(post(client, text=text) for text in texts))
    assert {answer.status_code for answer in answers} == {202}
    found = events(database_url)
    assert [event["data"]["revision"] for event in found] == list(range(1, 21))
    assert {event["data"]["text_sha256"] for event in found} == {
        hashlib.sha256(text.encode()).hexdigest() for text in texts
    }
    assert count(database_url, "article_bodies") == 20


async def test_a_copy_posted_while_the_other_is_withdrawn_keeps_its_words(database_url: str) -> None:
    async with ingest_client(database_url, database_pool_size=8) as client:
        for n in range(12):
            text = f"Round {n} of it."
            one = (await post(client, text=text, url=f"https://news.example/{n}")).json()["id"]
            _, copy = await asyncio.gather(
                client.delete(f"/v1/articles/{one}?reason=x"),
                post(client, text=text, url=f"https://mirror.example/{n}"),
            )
            assert copy.status_code == 202
            key = bytes.fromhex(_body_of(database_url, copy.json()["id"]))
            with psycopg.connect(database_url) as conn:
                assert get_bodies(conn, [key])[key].text == text


def _body_of(database_url: str, article_id: str) -> str:
    found = [e["data"]["body_sha256"] for e in events(database_url) if e["data"]["article_id"] == article_id]
    return str(found[-1])


async def test_while_the_database_is_gone_it_says_503_and_is_not_ready() -> None:
    settings = Settings(database_url="postgresql://nobody@127.0.0.1:1/none", database_timeout=0.3)
    pool = make_pool(settings, application_name="test")
    await pool.open(wait=False)
    try:
        transport = httpx2.ASGITransport(create_app(settings, pool))
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            answer = await post(client)
            ready = await client.get("/readyz")
            alive = await client.get("/healthz")
    finally:
        await pool.close()
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json()["type"] == "/problems/database-unavailable"
    assert ready.status_code == 503
    assert ready.json()["checks"] == {"database": "unreachable"}
    assert alive.status_code == 200


async def test_connections_that_died_are_replaced(client: httpx2.AsyncClient, superuser_url: str) -> None:
    assert (await post(client)).status_code == 202
    with psycopg.connect(superuser_url, autocommit=True) as conn:
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    await asyncio.sleep(1.1)  # idle for longer than a second: looked at before it is lent out
    assert (await post(client)).status_code == 200
    assert (await client.get("/readyz")).json() == {"status": "ready", "checks": {"database": "ok"}}


async def test_importing_and_creating_opens_nothing() -> None:
    settings = Settings(database_url="postgresql://nobody@127.0.0.1:1/none")
    app = create_app(settings)
    assert isinstance(app.state.ingest.store, AsyncEventStore)
    assert app.state.ingest.store.pool.closed


async def test_answers_are_as_the_openapi_document_says(client: httpx2.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    schemas = {"components": document["components"]}
    posting, deleting = (
        document["paths"]["/v1/articles"]["post"],
        document["paths"]["/v1/articles/{article_id}"]["delete"],
    )
    taken = await post(client)
    answers = [
        (posting, taken),
        (posting, await post(client)),
        (posting, await post(client, text="")),
        (
            posting,
            await client.post("/v1/articles", content=b"{", headers={"Content-Type": "application/json"}),
        ),
        (posting, await client.post("/v1/articles", content=b"x")),
        (posting, await client.post("/v1/articles", json=article(), headers={"Idempotency-Key": "x"})),
        (deleting, await client.delete("/v1/articles/6b1f0c3e-5f0e-5a54-9d0b-1f6d1a0c7e21?reason=x")),
        (deleting, await client.delete(f"/v1/articles/{taken.json()['id']}")),
        (deleting, await client.delete(f"/v1/articles/{taken.json()['id']}?reason=x")),
        (posting, await post(client)),
    ]
    assert [answer.status_code for _, answer in answers] == [202, 200, 422, 400, 415, 400, 404, 422, 202, 410]
    for operation, answer in answers:
        declared = operation["responses"][str(answer.status_code)]
        schema = declared["content"][answer.headers["Content-Type"]]["schema"]
        Draft202012Validator(schema | schemas).validate(answer.json())
        assert all(name in answer.headers for name in declared.get("headers", {}))
    body = posting["requestBody"]["content"]["application/json"]["schema"]
    wanted = Draft202012Validator(body | schemas)
    assert wanted.is_valid(article())
    assert wanted.is_valid({"html": "<p>Two words.</p>", "text": None})
    assert not wanted.is_valid({"title": "No text"})
    assert not wanted.is_valid(article(html="<p>Both</p>"))
    assert not wanted.is_valid(article(headline="Unknown"))
