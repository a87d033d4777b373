"""Articles under embargo wait where nobody reads them, and are taken in once, at their time, whatever is killed."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import json
import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import psycopg
import pytest
from psycopg import sql

from services.core.domain.commands import WithdrawArticle
from services.core.domain.events import article_stream
from services.core.eventstore.migrate import SCHEMAS
from services.core.logging import configure_logging
from services.ingest import embargo, submit
from services.ingest.embargo import release_due
from tests.conftest import Database
from tests.integration.api_client import api_client, ok, world_of
from tests.integration.ingest_client import count, events, ingest_client
from tests.integration.pipeline import eventually
from tests.integration.processes import started

pytestmark = pytest.mark.anyio

WORDS = "Zanzibarian delegates will meet on Friday."
TOMORROW = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).replace(microsecond=0)
LATER = (TOMORROW + dt.timedelta(hours=2)).isoformat().replace("+00:00", "Z")
UNTIL = TOMORROW.isoformat().replace("+00:00", "Z")
GONE_BY = "2019-08-02T18:00:00+02:00"
URN = "urn:newsml:wire.example:20190802:4711"


def item(
    words: str = WORDS, until: str | None = UNTIL, made: str | None = None, **more: Any
) -> dict[str, Any]:
    return {
        "uri": URN,
        "pubStatus": "usable",
        "versionCreated": made or "2019-08-02T18:05:00+02:00",
        "headlines": [{"value": f"Headline: {words}"}],
        "bodies": [{"role": "main", "contentType": "text/plain", "value": words}],
        **({"embargoedUntil": until} if until else {}),
        **more,
    }


@pytest.fixture
async def client(database_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with ingest_client(database_url) as client:
        yield client


async def post(client: httpx2.AsyncClient, body: Any, **headers: str) -> httpx2.Response:
    return await client.post(
        "/v1/articles", content=json.dumps(body), headers={"Content-Type": "application/json", **headers}
    )


async def taken(client: httpx2.AsyncClient, body: Any, status: int = 202, **headers: str) -> dict[str, Any]:
    answer = await post(client, body, **headers)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def over(database: Database) -> None:
    """The time of all that waits has come."""
    with psycopg.connect(database.services_url, autocommit=True) as conn:
        conn.execute("UPDATE embargoed_articles SET release_at = clock_timestamp() - interval '1 second'")


async def released(database: Database) -> int:
    async with await psycopg.AsyncConnection.connect(database.services_url, autocommit=True) as conn:
        return await release_due(conn)


def held(database: Database) -> int:
    return count(database.services_url, "embargoed_articles")


def said(database: Database) -> list[tuple[str, Any]]:
    return [(event["type"], event["data"].get("published_at")) for event in events(database.services_url)]


def where_it_stands(database: Database, words: str) -> set[str]:
    """The tables that have the words in any row."""
    found = set()
    with psycopg.connect(database.superuser_url) as conn:
        names = conn.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY (%s)", [list(SCHEMAS)]
        )
        for schema, table in names.fetchall():
            query = sql.SQL("SELECT 1 FROM {} t WHERE t::text LIKE %s LIMIT 1")
            name = sql.Identifier(schema, table)
            if conn.execute(query.format(name), [f"%{words}%"]).fetchone():
                found.add(table)
    return found


async def test_it_waits_where_nobody_reads_it_and_is_taken_in_at_its_time(
    client: httpx2.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = io.StringIO()
    monkeypatch.setattr("sys.stderr", logs)
    configure_logging(level="debug", json=True)
    answer = await post(client, item(), **{"Idempotency-Key": '"once"'})
    waiting = answer.json()
    assert answer.status_code == 202, answer.text
    assert waiting == {
        "id": waiting["id"], "state": "embargoed", "global_position": None, "embargoed_until": UNTIL,
    }  # fmt: skip
    assert answer.headers["Location"] == f"/v1/articles/{waiting['id']}"
    assert await taken(client, item(), **{"Idempotency-Key": '"once"'}) == waiting
    assert await taken(client, item(), 200) == waiting
    assert events(database.services_url) == []
    assert where_it_stands(database, "Zanzibarian") == {"embargoed_articles"}
    assert await released(database) == 0
    told = logs.getvalue()
    assert "/v1/articles" in told
    assert waiting["id"] not in told, "by its id a guess at its address can be checked"
    assert "Zanzibarian" not in told
    async with api_client(database.services_url) as api:
        shown = await ok(api, f"/v1/articles/{waiting['id']}")
        assert shown == {
            "id": waiting["id"], "state": "embargoed", "reason": None, "embargoed_until": UNTIL, "position": 0,
        }  # fmt: skip
        waited = await api.get(f"/v1/articles/{waiting['id']}", headers={"Prefer": "wait=20"})
        assert waited.json() == shown  # at once: it may be days
        assert "ETag" not in waited.headers
        assert (await api.get(f"/v1/articles/{waiting['id'].upper()}")).status_code == 404  # as of any other
        assert (await ok(api, "/v1/articles"))["data"] == []
        over(database)
        assert await released(database) == 1
        assert await released(database) == 0
        with world_of(database.owner_url) as world:
            world.project()
        article = await ok(api, f"/v1/articles/{waiting['id']}")
        assert (article["state"], article["text"], article["embargoed_until"]) == ("received", WORDS, None)
    (event,) = events(database.services_url)
    assert (event["type"], event["data"]["received_as"]) == ("ArticleReceived", "ninjs")
    assert event["data"]["article_id"] == waiting["id"]
    assert held(database) == 0
    assert "Zanzibarian" not in logs.getvalue()


async def test_every_form_may_wait_and_what_is_over_does_not(
    client: httpx2.AsyncClient, database: Database
) -> None:
    plain = {"text": WORDS, "url": "https://news.example/a", "embargoed_until": UNTIL}
    assert (await taken(client, plain))["state"] == "embargoed"
    page = {"html": f"<p>{WORDS}</p><p>They say so.</p>", "embargoed_until": TOMORROW.date().isoformat()}
    assert (await taken(client, page))["state"] == "embargoed"
    lines = "\n".join(json.dumps(line) for line in (item(), item("Others met too.", GONE_BY, uri="urn:x:2")))
    many = await client.post(
        "/v1/articles/bulk", content=lines, headers={"Content-Type": "application/x-ndjson"}
    )
    assert [json.loads(line)["state"] for line in many.text.splitlines()] == ["embargoed", "received"]
    assert [kind for kind, _ in said(database)] == ["ArticleReceived"]
    far = await post(client, plain | {"embargoed_until": "2199-01-01T00:00:00Z"})
    assert far.status_code == 422
    assert far.json()["errors"][0]["field"] == "embargoed_until"
    over(database)
    assert await released(database) == 3
    assert len(events(database.services_url)) == 4


async def test_what_replaces_a_waiting_version_and_what_does_not(
    client: httpx2.AsyncClient, database: Database
) -> None:
    first = await taken(client, item())
    older = await taken(client, item("It was otherwise.", LATER, made="2019-08-02T10:00:00Z"), 200)
    assert older == first
    newer = await taken(client, item("They met again.", LATER, made="2019-08-02T20:00:00+02:00"))
    assert newer == {**first, "embargoed_until": LATER}
    sooner = await taken(client, item("They met again.", UNTIL, made="2019-08-02T20:00:00+02:00"))
    assert sooner["embargoed_until"] == UNTIL
    # What was published before it came is no reason to let the newer version go.
    public = await taken(client, item("They meet.", None, made="2019-08-01T20:00:00Z"))
    assert (public["state"], held(database)) == ("received", 1)
    async with api_client(database.services_url) as api:
        shown = await ok(api, f"/v1/articles/{first['id']}")
        assert (shown["state"], shown["text"], shown["embargoed_until"]) == ("received", "They meet.", UNTIL)
    await taken(client, item("They meet.", None, made="2019-08-01T20:00:00Z"), 200)
    assert held(database) == 1
    # The newest one, without an embargo: what waited is out of date.
    await taken(client, item("They part.", None, made="2019-08-03T09:00:00Z"))
    assert held(database) == 0
    # What is published cannot wait any more.
    again = await taken(client, item("They part.", UNTIL, made="2019-08-03T09:00:00Z"), 200)
    assert (again["state"], held(database)) == ("received", 0)
    assert [kind for kind, _ in said(database)] == ["ArticleReceived", "ArticleRevised"]
    await taken(client, item("They return.", UNTIL, made="2019-08-04T09:00:00Z"))
    over(database)
    assert await released(database) == 1
    assert said(database)[-1] == ("ArticleRevised", "2019-08-04T09:00:00Z")
    assert events(database.services_url)[-1]["data"]["current"] is True


async def test_what_is_withdrawn_before_its_time_is_never_heard_of(
    client: httpx2.AsyncClient, database: Database
) -> None:
    waiting = await taken(client, item())
    canceled = await taken(client, item(WORDS, None, pubStatus="canceled"))
    assert canceled == {"id": waiting["id"], "state": "withdrawn", "global_position": None}
    assert await taken(client, item(WORDS, None, pubStatus="canceled")) == canceled
    assert where_it_stands(database, "Zanzibarian") == set()
    over(database)
    assert await released(database) == 0
    assert events(database.services_url) == []
    for body in (item(), item(until=None), item(until=LATER)):
        assert (await post(client, body)).status_code == 410
    other = await taken(client, {"text": WORDS, "url": "https://news.example/a", "embargoed_until": UNTIL})
    deleted = await client.delete(f"/v1/articles/{other['id']}?reason=Not+so")
    assert (deleted.status_code, deleted.json()["state"]) == (202, "withdrawn")
    async with api_client(database.services_url) as api:
        shown = await ok(api, f"/v1/articles/{other['id']}")
        assert (shown["state"], shown["reason"], shown["embargoed_until"]) == ("withdrawn", "Not so", None)
        assert (await api.get(f"/v1/articles/{URN}")).status_code == 404
    # Of what is public already, the log says that it was withdrawn; what waits goes with it.
    await taken(client, item(uri="urn:x:2", until=None))
    await taken(client, item("More of it.", UNTIL, made="2019-08-05T00:00:00Z", uri="urn:x:2"))
    await taken(client, item(uri="urn:x:2", until=None, pubStatus="canceled"))
    assert [kind for kind, _ in said(database)] == ["ArticleReceived", "ArticleWithdrawn"]
    assert where_it_stands(database, "More of it") == set()
    late = await post(client, item("More of it.", UNTIL, made="2019-08-05T00:00:00Z", uri="urn:x:2"))
    assert late.status_code == 410


async def test_what_is_sent_to_wait_while_its_article_is_withdrawn_leaves_no_words(
    client: httpx2.AsyncClient, database: Database
) -> None:
    public = await taken(client, item(until=None))
    newer = item("More of it.", UNTIL, made="2019-08-05T00:00:00Z")
    async with await psycopg.AsyncConnection.connect(database.services_url, autocommit=True) as conn:
        async with conn.transaction():  # what the withdrawal has seen and done, nobody else sees yet
            await submit.withdraw_on(conn, WithdrawArticle(article_id=public["id"], reason="Not so"))
            late = asyncio.create_task(post(client, newer))
            await asyncio.sleep(0.5)
        answer = await late
    assert answer.status_code == 410, answer.text
    assert where_it_stands(database, "More of it") == set()


async def test_only_so_much_is_kept(
    client: httpx2.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embargo, "MOST_HELD", 1)
    waiting = await taken(client, item())
    full = await post(client, item(uri="urn:x:2"))
    assert full.status_code == 503
    assert "Retry-After" in full.headers
    assert await taken(client, item(), 200) == waiting
    assert (await taken(client, item(until=LATER)))["embargoed_until"] == LATER
    assert held(database) == 1
    monkeypatch.setattr(embargo, "MOST_BYTES_HELD", 1_000)
    much = await post(client, item(f"{WORDS} " * 15, made="2019-08-03T00:00:00Z"))
    assert much.status_code == 503
    assert (await taken(client, item("Few met.", made="2019-08-03T00:00:00Z")))["embargoed_until"] == UNTIL


async def test_one_that_cannot_be_taken_in_does_not_hold_up_the_others(
    client: httpx2.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what breaks after the append takes the append back with it."""
    for number in range(3):
        await taken(client, item(f"{WORDS} {number}", uri=f"urn:x:{number}"))
    over(database)
    appended = submit.submit_released

    async def breaks(conn: Any, command: Any) -> Any:
        done = await appended(conn, command)
        if command.text.endswith("1"):
            raise ValueError(command.text)
        return done

    monkeypatch.setattr(embargo, "submit_released", breaks)
    assert await released(database) == 2
    assert (held(database), len(events(database.services_url))) == (1, 2)
    monkeypatch.setattr(embargo, "submit_released", appended)
    assert await released(database) == 1
    assert len({event["data"]["article_id"] for event in events(database.services_url)}) == 3


async def test_a_newer_version_and_a_withdrawal_at_the_moment_of_release(
    client: httpx2.AsyncClient, database: Database
) -> None:
    """Whoever is first: nothing is lost, nothing comes twice, nobody waits for ever."""
    ids = [(await taken(client, item(f"{WORDS} {n}", uri=f"urn:x:{n}")))["id"] for n in range(12)]
    over(database)
    newer = [
        post(client, item(f"New {WORDS} {n}", None, made="2019-08-09T00:00:00Z", uri=f"urn:x:{n}"))
        for n in range(6)
    ]
    gone = [client.delete(f"/v1/articles/{article_id}?reason=x") for article_id in ids[6:]]
    answers = await asyncio.gather(*newer, *gone, *(released(database) for _ in range(3)))
    assert [answer.status_code for answer in answers[:12]] == [202] * 12
    await released(database)
    with psycopg.connect(database.services_url) as conn:
        left = conn.execute("SELECT count(*) FROM embargoed_articles WHERE article IS NOT NULL").fetchone()
    assert left == (0,)
    for n, article_id in enumerate(ids):
        stream = [e for e in events(database.services_url) if e["stream_name"] == article_stream(article_id)]
        kinds = [event["type"] for event in stream]
        if n < 6:
            assert stream[-1]["data"]["published_at"] == "2019-08-09T00:00:00Z"
            assert kinds in (["ArticleReceived"], ["ArticleReceived", "ArticleRevised"])
        else:
            assert kinds in ([], ["ArticleReceived", "ArticleWithdrawn"])


async def test_a_killed_relay_lets_nothing_out_twice(
    client: httpx2.AsyncClient, database: Database, valkey_url: str
) -> None:
    many = 300
    lines = "\n".join(json.dumps(item(f"{WORDS} {n}", uri=f"urn:x:{n}")) for n in range(many))
    sent = await client.post(
        "/v1/articles/bulk", content=lines, headers={"Content-Type": "application/x-ndjson"}
    )
    assert sent.text.count('"embargoed"') == many
    over(database)
    servers = {"database_url": database.services_url, "redis_url": valkey_url}
    with started("relay", **servers) as first:
        eventually(lambda: len(events(database.services_url)) > 0, "the first is let out")
        os.killpg(first.pid, signal.SIGKILL)
    with started("relay", **servers), started("relay", **servers):
        eventually(lambda: held(database) == 0, "all are let out")
    found = [event for event in events(database.services_url) if event["type"] == "ArticleReceived"]
    assert len(found) == len({event["data"]["article_id"] for event in found}) == many
