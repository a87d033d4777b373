"""Load on a running system over HTTP: articles are posted, and followed until they are finished.

The client is a small one of our own: on a machine that runs the system too, an ordinary one would take as much of
it as the system does, and what would be measured is the client.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import orjson

from services.core.errors import TreatylineError

FOLLOWED_AT_ONCE = 4  # each waiting request costs the service a look at every change
POLL_SECONDS = 0.2
ANSWER_SECONDS = 60.0
LIST = 500  # articles on a page


class LoadFailed(TreatylineError):  # noqa: N818 - named by what happened
    """The service did not answer as it should."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return orjson.loads(self.body)


class Connection:
    """One connection to the service, kept open and opened again where it was closed."""

    def __init__(self, url: str, key: str | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or parts.hostname is None:
            raise LoadFailed(f"{url} is not the address of a service")
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._host, self._port = parts.hostname, parts.port or (443 if self._tls else 80)
        self._path = parts.path.rstrip("/")
        self._always = f"Host: {parts.netloc.rpartition('@')[2]}\r\nAccept: application/json\r\n"
        if key:
            self._always += f"Authorization: Bearer {key}\r\n"
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """The answer. Raises LoadFailed where there is none."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        content = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
        head = f"{method} {self._path}{path} HTTP/1.1\r\n{self._always}{lines}{content}\r\n"
        fresh = self._streams is None
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._exchange(head.encode("ascii") + body)
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            await self.close()
            if fresh or isinstance(error, TimeoutError):
                raise LoadFailed(
                    f"no answer from {self._host}:{self._port} ({type(error).__name__})"
                ) from None
        return await self.request(method, path, body, headers)  # it was closed while idle

    async def close(self) -> None:
        """Closes it."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _exchange(self, message: bytes) -> Answer:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port, ssl=self._tls)
        reader, writer = self._streams
        writer.write(message)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split(" ", 2)[1])
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:])
            if name
        }
        if headers.get("transfer-encoding", "") == "chunked":
            body = b"".join([chunk async for chunk in _chunks(reader)])
        else:
            body = await reader.readexactly(0 if status == 304 else int(headers.get("content-length", "0")))
        if headers.get("connection", "").lower() == "close":
            await self.close()
        return Answer(status, headers, body)


async def _chunks(reader: asyncio.StreamReader) -> Any:
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        yield await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")


@dataclass(slots=True)
class Load:
    """What became of the articles of one run. Seconds since it began, or, of single articles, since their posting."""

    posted: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    answered: list[float] = field(default_factory=list)  # seconds to each answer
    finished: list[float] = field(default_factory=list)  # seconds to the end of each that was followed
    ids: set[str] = field(default_factory=set)  # of those that were taken
    first: int | None = None  # global positions
    last: int = 0
    accepted_after: float = 0.0
    finished_after: float | None = None  # None: not all were finished in time
    states: Counter[str] = field(default_factory=Counter)

    @property
    def accepted(self) -> int:
        """Articles that were taken in, or were there."""
        return self.answers[202] + self.answers[200]

    def take(self, answer: Answer, seconds: float) -> str | None:
        """Counts an answer; the id of an article that is new."""
        self.answers[answer.status] += 1
        self.answered.append(seconds)
        if answer.status not in {200, 202}:
            return None
        try:
            told = answer.json()
            article_id, position = str(told["id"]), told["global_position"]
        except (ValueError, KeyError, TypeError):
            raise LoadFailed("what answers there is not Treatyline: name the service with --url") from None
        self.ids.add(article_id)
        if answer.status == 200 or position is None:  # it was there, or waits for its embargo
            return None
        self.first = position if self.first is None else min(self.first, position)
        self.last = max(self.last, position)
        return article_id


async def run(
    url: str,
    bodies: Sequence[bytes] | Iterator[bytes],
    *,
    rate: float | None = None,
    connections: int = 16,
    key: str | None = None,
    patience: float = 600.0,
    follow: bool = True,
) -> Load:
    """Posts the articles (JSON), `rate` a second or as fast as they are taken, and waits until all are finished.

    `patience`: seconds to wait for that after the last was posted. With `follow`, a few at any time are watched
    to learn how long one takes.
    """
    load = Load()
    watching: set[asyncio.Task[None]] = set()
    waiting = iter(bodies)
    began = time.perf_counter()

    async def post(connection: Connection) -> None:
        for body in waiting:
            due = began + load.posted / rate if rate else 0.0
            load.posted += 1
            if (ahead := due - time.perf_counter()) > 0:
                await asyncio.sleep(ahead)
            sent = time.perf_counter()
            answer = await connection.request("POST", "/v1/articles", body)
            # Of a paced run since it was due: what a slow answer held up has waited too.
            article_id = load.take(answer, time.perf_counter() - (due or sent))
            if article_id and follow and len(watching) < FOLLOWED_AT_ONCE:
                task = asyncio.create_task(_watch(url, key, article_id, sent, load))
                watching.add(task)
                task.add_done_callback(watching.discard)

    lines = [Connection(url, key) for _ in range(connections)]
    try:
        await asyncio.gather(*map(post, lines))
        load.accepted_after = time.perf_counter() - began
        if await _all_finished(lines[0], load, patience):
            load.finished_after = time.perf_counter() - began
            await asyncio.gather(*watching)
        load.states = await _states(lines[0], load)
    finally:
        for task in watching:
            task.cancel()
        for connection in lines:
            await connection.close()
    return load


async def _watch(url: str, key: str | None, article_id: str, sent: float, load: Load) -> None:
    """Until it is finished, however long that is: without the slow ones, those that are told would be the quick."""
    connection = Connection(url, key)
    path, headers = f"/v1/articles/{article_id}", {"Prefer": "wait=30"}
    try:
        while (answer := await connection.request("GET", path, headers=headers)).status == 200:
            if answer.json()["state"] != "received":
                load.finished.append(time.perf_counter() - sent)
                return
    finally:
        await connection.close()


async def _all_finished(connection: Connection, load: Load, patience: float) -> bool:
    """Waits until none of what was posted is still to be read; false where it took too long."""
    deadline = time.perf_counter() + patience
    while load.first is not None:
        if time.perf_counter() > deadline:
            return False
        newest = await connection.request(
            "GET",
            "/v1/articles?" + urlencode({"state": "received", "limit": 1}),
            headers={"X-Min-Position": str(load.last)},
        )
        if newest.status == 503:  # the projections have not got there yet
            await asyncio.sleep(POLL_SECONDS)
            continue
        waiting = _data(newest)["data"]
        if not waiting or waiting[0]["global_position"] < load.first:
            break
        await asyncio.sleep(POLL_SECONDS)
    return True


async def _states(connection: Connection, load: Load) -> Counter[str]:
    """In what states the articles of the run are."""
    states: Counter[str] = Counter()
    left, cursor = len(load.ids), ""
    while left:
        asked = f"/v1/articles?limit={LIST}" + (f"&cursor={quote(cursor)}" if cursor else "")
        page = _data(await connection.request("GET", asked))
        for article in page["data"]:
            if article["id"] in load.ids:
                states[article["state"]] += 1
                left -= 1
        cursor = page["next"]
        if not cursor:
            break
    return states


def _data(answer: Answer) -> Any:
    if answer.status != 200:
        raise LoadFailed(
            f"{answer.status} to a question about articles: {answer.body[:200].decode('utf-8', 'replace')}"
        )
    return answer.json()
