"""The backlog lies in the log. What a process holds of it is bounded, however much comes in or is left undone."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from redis import Redis

from services.core.domain.events import ArticleReceived, article_stream
from services.core.eventstore import locks
from services.core.eventstore.store import StreamWrite, make_event
from tests.conftest import Database
from tests.integration.ingest_client import events, ingest_client
from tests.integration.pipeline import Pipeline, pipeline
from tests.integration.processes import started
from workers.dispatches import STAGES

PLAIN = "NATO rejects the proposal of a moratorium, a spokeswoman said on day {}."
WINDOW = 50
MEBIBYTE = 1 << 20


@pytest.fixture
def pipe(database_url: str, valkey_url: str, tmp_path: Path) -> Iterator[Pipeline]:
    made = pipeline(database_url, valkey_url, tmp_path, relay_window=WINDOW)
    yield made
    made.stop()


def pour_in(pipe: Pipeline, count: int) -> None:
    """So many articles, as events alone: nobody reads them here."""
    for start in range(0, count, 500):
        writes = []
        for _ in range(min(500, count - start)):
            article = str(uuid4())
            received = ArticleReceived(
                article_id=article, revision=1, url=None, outlet="Wire", published_at=None, language=None,
                tags=(), body_sha256="00" * 32, text_sha256="00" * 32, characters=1, received_as="json", key_id=None,
            )  # fmt: skip
            event = make_event(received, id=uuid4(), correlation_id=article, causation_id=None)
            writes.append(StreamWrite(article_stream(article), [event], -1))
        pipe.store.append(writes)


def articles_in(broker: Redis, stage: str) -> int:
    """How many articles wait in a queue: a message may be of several."""
    count = 0
    for message in broker.lrange(stage, 0, -1):
        (article_ids, *_), *_ = json.loads(base64.b64decode(json.loads(message)["body"]))
        count += len(article_ids)
    return count


def resident(pid: int) -> int:
    """Bytes of memory that a process has."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096


@pytest.mark.timeout(600)
def test_a_backlog_without_workers_grows_in_the_log_alone(pipe: Pipeline) -> None:
    def states() -> dict[str, int]:
        with pipe.store.pool.connection() as conn:
            return dict(conn.execute("SELECT state, count(*) FROM dispatches GROUP BY state").fetchall())

    settings = {
        "database_url": pipe.settings.database_url or "",
        "redis_url": pipe.settings.redis_url or "",
        "relay_window": str(WINDOW),
    }
    with started("relay", **settings) as relay, Redis.from_url(pipe.settings.redis_url or "") as broker:
        sizes: list[int] = []
        in_broker: list[int] = []
        for total in (2_000, 20_000):
            pour_in(pipe, total - sum(states().values()))
            began = time.monotonic()
            while states() != {"sent": WINDOW, "waiting": total - WINDOW}:
                assert time.monotonic() - began < 240, states()
                in_broker.append(sum(articles_in(broker, stage) for stage in STAGES))
                time.sleep(0.1)
            time.sleep(3)  # long enough to send again what it thinks lost
            in_broker.append(sum(articles_in(broker, stage) for stage in STAGES))
            sizes.append(resident(relay.pid))
        assert relay.poll() is None
    assert max(in_broker) == WINDOW
    assert sizes[1] - sizes[0] < 24 * MEBIBYTE, "ten times the backlog is no more to hold"


@pytest.mark.anyio
async def test_more_posts_than_the_database_takes_are_refused_at_once_not_kept(database: Database) -> None:
    waiting = 2 * 64  # what waits for a connection, see `make_pool`
    async with ingest_client(database.services_url, database_pool_size=2, database_timeout=60.0) as client:
        with psycopg.connect(database.owner_url) as other:
            other.execute("SELECT pg_advisory_xact_lock(%s)", [locks.APPEND])

            async def post(number: int) -> int:
                answer = await client.post("/v1/articles", json={"text": PLAIN.format(number)})
                assert answer.status_code == 202 or int(answer.headers["Retry-After"]) > 0
                return answer.status_code

            posts = [asyncio.create_task(post(number)) for number in range(400)]
            for answered in itertools.islice(asyncio.as_completed(posts), 400 - waiting - 2):
                assert await answered == 503, "while all the others wait"
            other.rollback()
        statuses = await asyncio.gather(*posts)
    taken = statuses.count(202)
    assert 0 < taken <= waiting + 2
    assert len(events(database.services_url)) == taken, "what was refused is not there"
