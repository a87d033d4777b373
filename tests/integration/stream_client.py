"""A read service in a real server, and a client of its stream that checks every event against the schemas."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import jsonschema
import orjson
import psycopg
import uvicorn

from services.api.app import create_app
from services.api.feed import ChangeId, read_changes
from services.api.hub import Hub
from services.core.settings import Settings
from tests.conftest import Database
from tests.integration.api_client import schema_of
from tests.integration.log_writer import Telling

TEXT = (
    "Washington left the treaty. Moscow left it too. On the moratorium, if NATO agrees. They met in Geneva."
)
LEFT = Telling("Washington left the treaty", "2019-08-02", "agreement-ended", ("usa",), ("russia",))
COARSE = Telling("Washington left the treaty", "2019-08", "agreement-ended", ())
MET = Telling("They met in Geneva", "2019-01", "consultation", ("nato",), status="planned")
SPOKE = Telling(
    "On the moratorium", "2019-08-05", "statement", ("russia",), ("nato",), person="sergey-lavrov"
)  # fmt: skip
STATED = Telling("On the moratorium", "2019-08-05", proposition="moratorium")

SCHEMAS = {
    "entry.added": ["EntryChange"],
    "entry.changed": ["EntryChange"],
    "entry.merged": ["EntryGone"],
    "entry.removed": ["EntryGone"],
    "position.changed": ["PositionChange", "PositionGone"],
}


@dataclass(frozen=True)
class Told:
    """One server-sent event."""

    id: str
    name: str
    data: dict[str, Any] = field(hash=False)


class Served:
    """The read service in a real server on a port of its own, in this event loop."""

    def __init__(self, database_url: str, **settings: Any) -> None:
        self.app = create_app(Settings(database_url=database_url, **settings))
        config = uvicorn.Config(self.app, port=0, log_config=None, timeout_graceful_shutdown=5, lifespan="on")
        self.server = uvicorn.Server(config)
        self.server.capture_signals = _no_signals  # type: ignore[method-assign]
        self.task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Served:
        self.task = asyncio.create_task(self.server.serve())
        while not (self.server.started and self.app.state.hub.started):  # noqa: ASYNC110 - uvicorn tells no other way
            await asyncio.sleep(0.01)
        (server,) = self.server.servers
        port = server.sockets[0].getsockname()[1]
        self.client = httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()
        self.app.state.hub.close()
        self.server.should_exit = True
        assert self.task is not None
        await self.task

    @asynccontextmanager
    async def stream(
        self, last: str | None = None, *, by_query: bool = False, **filters: Any
    ) -> AsyncIterator[AsyncIterator[Told]]:
        """The events of one connection. `last` is where it resumes."""
        headers = {"Last-Event-ID": last} if last is not None and not by_query else {}
        if by_query and last is not None:
            filters["last_event_id"] = last
        async with self.client.stream(
            "GET", "/v1/timeline/stream", headers=headers, params=filters
        ) as response:
            assert response.status_code == 200
            assert response.headers["content-type"].startswith("text/event-stream")
            yield events_of(response)

    async def take(self, count: int, last: str | None = "0.0", **more: Any) -> list[Told]:
        """The first events of one connection, which is then broken off."""
        async with self.stream(last, **more) as events:
            return [await anext(events) for _ in range(count)]


@contextmanager
def _no_signals() -> Iterator[None]:
    yield


async def events_of(response: httpx2.Response) -> AsyncIterator[Told]:
    """The events of an answer, each of the documented shape."""
    block: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line.startswith(":"):
            continue
        if line:
            name, _, value = line.partition(": ")
            block[name] = value
        else:
            if "data" in block:
                told = Told(block["id"], block["event"], orjson.loads(block["data"]))
                schema = {"anyOf": [schema_of(name) for name in SCHEMAS[told.name]]}
                schema["components"] = schema_of("Entry")["components"]
                jsonschema.Draft202012Validator(schema).validate(told.data)
                yield told
            block = {}


@asynccontextmanager
async def served(database: Database, **settings: Any) -> AsyncIterator[Served]:
    """A server on a test's database."""
    async with Served(database.services_url, **settings) as server:
        yield server


async def has_read(hub: Hub, position: int) -> None:
    """Wait until the hub holds what is up to a position."""
    while hub.position < position:
        await hub.wait(position - 1, 1.0)


async def everything(database: Database) -> list[tuple[str, str]]:
    """Ids and names of all changes, as the read tables have them."""
    async with await psycopg.AsyncConnection.connect(
        database.services_url, row_factory=psycopg.rows.dict_row
    ) as conn:
        changes = await read_changes(conn, ChangeId(0, 0), upto=10**9, limit=10_000)
        return [(str(change.id), change.name) for change in changes]


def order(told: list[Told]) -> list[tuple[str, str]]:
    """What identifies events: ids and names."""
    return [(t.id, t.name) for t in told]
