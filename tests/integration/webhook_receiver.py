"""A server that webhooks are sent to, which answers as it is told, and a sender whose clock stands until it is moved."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from standardwebhooks import Webhook as StandardWebhook

from services.api.push import PushedFeed
from services.core.settings import Settings
from services.core.webhooks.addresses import Reach
from tests.conftest import Database
from workers.webhook_calls import Caller, Resolve, resolve
from workers.webhooks import Sender, make_pool

LOOPBACK = ("127.0.0.1",)
AHEAD = dt.timedelta(minutes=5)  # of the database's clock, so that what is due there is due here


@cache
def trusting() -> ssl.SSLContext:
    """Made once: it takes longer than a call."""
    return ssl.create_default_context()


@dataclass(frozen=True)
class Message:
    """A message that arrived."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = orjson.loads(self.body)
        return event

    def check(self, secret: str) -> None:
        """Fails unless the published library finds the signature right."""
        # The test's clock stands elsewhere than the library's, which refuses old messages.
        sent = dt.datetime.fromtimestamp(int(self.headers["webhook-timestamp"]), dt.UTC)
        checker = StandardWebhook(secret)
        signatures = self.headers["webhook-signature"].split(" ")
        assert checker.sign(self.id, sent, self.body.decode()) in signatures


@dataclass
class Receiver:
    """Answers each message with the next of `answers`, then with 204."""

    url: str = ""
    messages: list[Message] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)
    always: bytes | None = None
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode("latin-1").strip().split("\r\n")
                headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
                body = await reader.readexactly(int(headers["content-length"]))
                self.messages.append(Message(first.split(" ")[1], headers, body))
                said = self.always or (self.answers.pop(0) if self.answers else answer(204))
                if said == b"":
                    break  # cut off
                if said == b"...":
                    await asyncio.sleep(60)
                writer.write(said)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()

    @property
    def types(self) -> list[str]:
        return [message.event["type"] for message in self.messages]


def answer(status: int, **headers: str) -> bytes:
    """An answer with a body that nobody reads."""
    body = b"" if status == 204 else b"words of the receiver"
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items())]
    if status != 204:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


@asynccontextmanager
async def receiving(certificate: Path | None = None) -> AsyncIterator[Receiver]:
    """A receiver on a port of its own, with a certificate for https."""
    receiver, context = Receiver(), None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=context)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    try:
        yield receiver
    finally:
        server.close()
        for task in receiver.tasks:
            task.cancel()
        await asyncio.gather(*receiver.tasks, return_exceptions=True)


class Stepped:
    """A sender whose time passes when it is told."""

    def __init__(self, sender: Sender, start: dt.datetime) -> None:
        self.sender = sender
        self.now = start

    async def settle(self) -> int:
        """Plan and send all that is due now. Gives how many webhooks had something due."""
        while await self.sender.plan():
            pass
        count = 0
        while due := await self.sender.due():
            count += len(due)
            await asyncio.gather(*(self.sender.work_off(delivery) for delivery in due))
        return count

    async def at(self, moment: dt.datetime) -> int:
        """The same, at a time."""
        self.now = moment
        return await self.settle()

    async def after(self, **more: float) -> int:
        """The same, some time later."""
        return await self.at(self.now + dt.timedelta(**more))


@asynccontextmanager
async def stepped(
    database: Database,
    *,
    networks: tuple[str, ...] = LOOPBACK,
    resolving: Resolve = resolve,
    seconds: float = 20.0,
    jitter: float = 1.0,
) -> AsyncIterator[Stepped]:
    """A sender on a test's database."""
    settings = Settings(database_url=database.services_url, webhook_networks=networks)
    caller = Caller(
        Reach(settings.webhook_networks),
        seconds=seconds,
        user_agent="test",
        resolve=resolving,
        context=trusting(),
    )
    async with make_pool(database.services_url) as pool:
        made = Stepped(None, dt.datetime.now(dt.UTC) + AHEAD)  # type: ignore[arg-type]
        made.sender = Sender(pool, PushedFeed, caller, clock=lambda: made.now, jitter=lambda: jitter)
        try:
            yield made
        finally:
            await caller.aclose()
