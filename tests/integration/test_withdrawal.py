"""A withdrawal, from the request to the last table: copies stay whole, and of the last one no word is left."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest
from psycopg import sql
from redis import Redis

from services.cli.gateway import create_app
from services.core.domain.reading import (
    ArticleDate,
    ArticleText,
    PoliticalEvent,
    Position,
    Quotation,
    Reading,
    Span,
    Speaker,
)
from services.core.domain.vocabulary import DateBasis, Stance, Status
from services.core.projections.registry import projections
from tests.conftest import Database
from tests.integration.api_client import ok
from tests.integration.pipeline import Pipeline, eventually, pipeline
from workers.projector import catch_up
from workers.readings import Reader
from workers.tasks import WorkerProcess

pytestmark = pytest.mark.anyio

# One word for each way that an article's words could go: body, evidence, sentence, speaker, condition ...
TITLE, AUTHOR, SPEAKER, EVIDENCE, CONDITION, SENTENCE, REVISED, FAILS = (
    "Quexley", "Drostvane", "Zybrinka", "wolfrathing", "mirqueous", "plandoffle", "grimbaxter", "horvexing",
)  # fmt: skip
RARE = (TITLE, AUTHOR, SPEAKER, EVIDENCE, CONDITION, SENTENCE, REVISED, FAILS)
TEXT = (
    f"Washington is {EVIDENCE} its way out of the treaty, {SPEAKER} said, if nothing {CONDITION} happens, and the "
    f"{SENTENCE} went on until the evening. Nobody in the room would say when the next round is to be held."
)
URLS = ["https://wire.example/story", "https://echo.example/story", "https://late.example/story"]


class ReadsAll:
    """Finds everything that can point at words: an event, a position with its condition, a quotation."""

    def owner(self, _article: ArticleText) -> str | None:
        return None

    def read(self, article: ArticleText, *, gated: bool = False) -> Reading:
        text = article.text
        if FAILS in text:
            raise RuntimeError(text)

        def span(words: str) -> Span:
            return Span(text.index(words), text.index(words) + len(words))

        said = {"speaker": Speaker(span=span(SPEAKER)), "date": "2019-08-02"}
        evidence = span(f"{EVIDENCE} its way out")
        left = PoliticalEvent("agreement-ended", "REJECT", None, status=Status.ACTUAL, actors=("usa",),
                              recipients=("russia",), evidence=evidence, confidence=0.9, **said)  # type: ignore[arg-type]  # fmt: skip
        condition = span(f"nothing {CONDITION} happens")
        stated = Position("usa", "us-withdrawal", Stance.CONDITIONAL, evidence, condition=condition, **said)  # type: ignore[arg-type]
        quoted = Quotation(content=evidence, source=span(SPEAKER), cue=span("said"), speaker=None, actor="usa", direct=False)  # fmt: skip
        day = ArticleDate("2019-08-02", DateBasis.GIVEN)
        return Reading("inf", "en", True, day, quotations=(quoted,), positions=(stated,), events=(left,))


def load(dossiers: tuple[str, ...]) -> Mapping[str, Reader]:
    return {name: Reader(name, "test", "test", ReadsAll()) for name in dossiers}


@pytest.fixture
def pipe(database_url: str, valkey_url: str, tmp_path: Path) -> Iterator[Pipeline]:
    made = pipeline(database_url, valkey_url, tmp_path, article_seconds=60.0)
    yield made
    made.stop()


@pytest.fixture
async def client(pipe: Pipeline) -> AsyncIterator[httpx2.AsyncClient]:
    """Ingest and api on one port, as they are run."""
    app = create_app(pipe.settings)
    transport = httpx2.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        yield client


async def post(client: httpx2.AsyncClient, url: str, text: str = TEXT, **more: Any) -> httpx2.Response:
    outlet = url.split("/")[2]
    article = {
        "url": url, "outlet": outlet, "text": text, "title": f"The {TITLE} talks", "author": f"Ann {AUTHOR}",
        "published_at": "2019-08-03", **more,
    }  # fmt: skip
    return await client.post("/v1/articles", json=article)


def work_off(pipe: Pipeline, articles: list[str]) -> None:
    """Judge, read and project, as workers and projector do; the relay runs beside them."""
    process = WorkerProcess(pipe.settings, load)
    process.deduplication().run(articles)
    process.extraction().run(articles, "inf")
    process.close()
    with psycopg.connect(pipe.settings.database_url or "", autocommit=True) as conn:
        catch_up(conn, projections())


def followed(pipe: Pipeline) -> None:
    """Waits until the relay has seen the whole log."""

    def reached() -> bool:
        with pipe.store.pool.connection() as conn:
            row = conn.execute(
                "SELECT (SELECT global_position FROM checkpoints WHERE name = 'relay')"
                "     = (SELECT max(global_position) FROM events)"
            ).fetchone()
        return bool(row and row[0])

    eventually(reached, "the relay has followed the log")


def found_in(database: Database, broker: str, words: tuple[str, ...]) -> dict[str, set[str]]:
    """Which tables of any schema, and which keys of the broker, hold any of the words, in whatever column.

    A row cast to text shows every column: arrays and JSON as they are written, bytes in hexadecimal.
    """
    found: dict[str, set[str]] = {word: set() for word in words}
    with psycopg.connect(database.superuser_url) as conn:
        tables = conn.execute(
            "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
            " AND table_schema NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        assert len(tables) > 10
        for schema, table in tables:
            rows = sql.SQL("SELECT lower(t::text) FROM {} AS t").format(sql.Identifier(schema, table))
            for (row,) in conn.execute(rows).fetchall():
                for word in words:
                    if word.lower() in row or word.encode().hex() in row:
                        found[word].add(f"{schema}.{table}")
    with Redis.from_url(broker) as redis:
        for key in redis.scan_iter():
            kept = redis.dump(key) or b""
            for word in words:
                if word.encode() in kept:
                    found[word].add(f"broker: {key!r}")
    return {word: places for word, places in found.items() if places}


async def test_of_one_of_several_copies_the_others_stay_whole_and_of_the_last_no_word_is_left(
    pipe: Pipeline, client: httpx2.AsyncClient, database: Database
) -> None:
    broker = pipe.settings.redis_url or ""
    with pipe.relay():
        first, second, third = [(await post(client, url)).json()["id"] for url in URLS]
        work_off(pipe, [first, second, third])
        # One was revised, and its old words are kept for the diff. One cannot be read, one was never taken up.
        assert (await post(client, URLS[2], f"{TEXT} It was {REVISED}.")).status_code == 202
        work_off(pipe, [third])
        failing = (await post(client, "https://bad.example/a", f"{FAILS} {TEXT}")).json()["id"]
        work_off(pipe, [failing])
        waiting = (await post(client, "https://slow.example/a", f"{TEXT} {FAILS}")).json()["id"]
        followed(pipe)
        assert set(found_in(database, broker, RARE)) == set(RARE), "else this test sees nothing"

        (entry,) = (await ok(client, "/v1/timeline", q=EVIDENCE))["data"]
        assert entry["counts"] == {"mentions": 3, "outlets": 3, "stories": 1}
        removed = await client.request("DELETE", f"/v1/articles/{first}", json={"reason": "asked"})
        work_off(pipe, [])
        followed(pipe)
        (entry,) = (await ok(client, "/v1/timeline", q=EVIDENCE))["data"]
        assert entry["counts"] == {"mentions": 2, "outlets": 2, "stories": 1}
        assert [m["copy"] for m in entry["mentions"]] == [False, True], "the story has another head"
        assert entry["summary"] == TEXT.split(". ", maxsplit=1)[0] + "."
        (position,) = (await ok(client, "/v1/positions"))["data"]
        assert position["condition"] == f"nothing {CONDITION} happens"
        whole = await ok(client, f"/v1/articles/{second}")
        assert (whole["text"], whole["title"]) == (TEXT, f"The {TITLE} talks")
        assert whole["readings"][0]["events"][0]["evidence"]["text"] == f"{EVIDENCE} its way out"
        assert (await ok(client, f"/v1/articles/{third}"))["revisions"][1]["diff"]
        gone = await ok(client, f"/v1/articles/{first}")
        assert (gone["state"], gone["text"], gone["readings"]) == ("withdrawn", None, [])

        for article in (third, failing, waiting, second):
            removed = await client.request("DELETE", f"/v1/articles/{article}", json={"reason": "asked"})
            assert removed.status_code == 202
        work_off(pipe, [first, second, third, failing, waiting])  # tasks that come late find nothing to do
        followed(pipe)
        assert found_in(database, broker, RARE) == {}
        with pipe.store.pool.connection() as conn:
            tables = (
                "article_bodies",
                "body_uses",
                "fingerprints",
                "shingle_keys",
                "printed_lately",
                "dispatches",
            )
            for table in tables:
                count = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
                assert conn.execute(count).fetchone() == (0,), table
    for query in ({}, {"q": EVIDENCE}, {"q": SENTENCE}):
        assert (await ok(client, "/v1/timeline", **query))["data"] == []
    assert (await ok(client, "/v1/positions"))["data"] == []
    for url in URLS:
        again = await post(client, url)
        assert (again.status_code, again.json()["type"]) == (410, "/problems/article-withdrawn")
    assert found_in(database, broker, RARE) == {}
