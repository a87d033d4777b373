"""The client for programs on asyncio. What it asks and what it makes of answers is the other one's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterable
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, Unpack

import httpx2

from services.client import endpoints
from services.client.attempts import Attempts
from services.client.calls import Call, Listed, Listing, params_of
from services.client.connection import DEFAULT_URL, PATIENCE, TIMEOUT, http_options
from services.client.deadline import Deadline
from services.client.following import Following
from services.client.models import WAITED_FOR, ArticleDetail, BulkResult, Change, Page

P = ParamSpec("P")
T = TypeVar("T")
Item = TypeVar("Item")


class AsyncPages(Listed[Item]):
    """A list that is fetched page by page while it is gone through; each time anew."""

    def __init__(self, client: AsyncClient, listing: Listing[Item]) -> None:
        super().__init__(listing)
        self._client = client

    async def __aiter__(self) -> AsyncIterator[Item]:
        given = 0
        call = self._listing.first()
        while call is not None:
            page: Page[Item] = await self._client.send(call)
            self._position = page.position
            for item in page.data:
                yield item
            given += len(page.data)
            call = self._listing.after(page, given)


class AsyncChanges(AsyncIterator[Change]):
    """Changes as they come, without end; over interruptions and restarts of the service each comes once.

    One may be waited for as long as one likes (`asyncio.timeout`), and then again.
    """

    def __init__(self, listen: Callable[[], AsyncGenerator[Change, None]], following: Following) -> None:
        self._listen = listen
        self._each = listen()
        self._following = following

    @property
    def last_id(self) -> str | None:
        """The place up to which everything was told; `follow(after=…)` goes on from there."""
        return self._following.last_id

    async def __anext__(self) -> Change:
        try:
            return await anext(self._each)
        except asyncio.CancelledError:
            self._each = self._listen()  # the one before is at its end by that; this goes on where it was
            raise

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Listen no longer."""
        await self._each.aclose()


def _method(make: Callable[P, Call[T]]) -> Callable[Concatenate[AsyncClient, P], Coroutine[Any, Any, T]]:
    @endpoints.shown_as(make, "{}")
    async def method(self: AsyncClient, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.send(make(*args, **kwargs))

    return method


def _list(make: Callable[P, Listing[Item]]) -> Callable[Concatenate[AsyncClient, P], AsyncPages[Item]]:
    @endpoints.shown_as(make, "AsyncPages[{}]")
    def method(self: AsyncClient, /, *args: P.args, **kwargs: P.kwargs) -> AsyncPages[Item]:
        return AsyncPages(self, make(*args, **kwargs))

    return method


class AsyncClient:
    """A running Treatyline, by its address. Close it, or use it in an `async with` block.

    Raises `ClientError`s (services/client/errors.py). `patience`: how many seconds in all a request may wait for a
    service that asks to be asked again later.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        key: str | None = None,
        timeout: float = TIMEOUT,
        patience: float = PATIENCE,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self._timeout = timeout
        self._patience = patience
        self._http = httpx2.AsyncClient(**http_options(url, key), transport=transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def send(self, call: Call[T]) -> T:
        """Send any call, again where that is right, and give its typed answer."""
        attempts = Attempts(call, self._patience)
        while True:
            try:
                response = await self._http.request(**call.options(self._timeout))
            except httpx2.RequestError as error:
                pause = attempts.after_silence(error, self.url)
            else:
                if response.is_success:
                    return call.answer(response)
                pause = attempts.after_refusal(response)
            await asyncio.sleep(pause)

    post = _method(endpoints.post)
    withdraw = _method(endpoints.withdraw)
    article = _method(endpoints.article)
    articles = _list(endpoints.articles)
    timeline = _list(endpoints.timeline)
    entry = _method(endpoints.entry)
    positions = _list(endpoints.positions)
    actors = _list(endpoints.actors)
    actor = _method(endpoints.actor)
    actor_positions = _list(endpoints.actor_positions)
    history = _method(endpoints.history)
    webhooks = _method(endpoints.webhooks)
    add_webhook = _method(endpoints.add_webhook)
    delete_webhook = _method(endpoints.delete_webhook)
    request = _method(endpoints.raw)

    async def post_many(self, articles: Iterable[endpoints.ToPost]) -> AsyncIterator[BulkResult]:
        """Post any number of articles, a thousand at a time; what became of each, in their order."""
        for call in endpoints.batches(articles):
            for result in await self.send(call):
                yield result

    async def finished(self, article_id: str, *, seconds: float = 120.0) -> ArticleDetail:
        """The article once it has been read; at once, if it waits for its embargo. Raises NotFinished after so many seconds."""
        deadline = Deadline(seconds)
        while (found := await self.article(article_id, wait=deadline.wait())).state not in WAITED_FOR:  # noqa: ASYNC110
            await asyncio.sleep(deadline.pause(found))
        return found

    async def ready(self) -> bool:
        """Whether the service, with every part that it needs, can be reached now."""
        try:
            return (await self._http.get("/readyz", timeout=self._timeout)).status_code == 200
        except httpx2.RequestError:
            return False

    def follow(
        self,
        *,
        after: str | int | None = None,
        patience: float | None = None,
        **chosen: Unpack[endpoints.Filters],
    ) -> AsyncChanges:
        """Changes of the timeline as they come: from now on, or after a change's id or a position in the log.

        It comes back by itself when the connection breaks, with growing pauses, and goes on where it was. Raises
        what waiting does not mend, and Unreachable where nothing answers for `patience` seconds. Without `patience`
        it waits for ever for a service that was there once, and gives up soon on one that never was.
        """
        following = Following(params_of(chosen), after, patience)
        return AsyncChanges(lambda: self._changes(following), following)

    async def _changes(self, following: Following) -> AsyncGenerator[Change, None]:
        while True:
            try:
                async with self._http.stream(**following.options(self._timeout)) as response:
                    if response.is_success:
                        async for event in following.events(response):
                            change = following.told(event)
                            if change is not None:
                                yield change
                        pause = following.after_end()
                    else:
                        await response.aread()
                        pause = following.after_refusal(response)
            except httpx2.RequestError as error:
                pause = following.after_silence(error, self.url)
            await asyncio.sleep(pause)
