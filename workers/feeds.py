"""Polls feeds: asks one politely, and takes in what is new or changed.

The relay sends a feed's id when it is due. All that is known is in PostgreSQL, and each item is noted once it is in
the log: a poll that is killed is begun again, and what it had taken in is not taken in twice. A feed's ETag is kept only
when all of it was taken in.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from uuid import UUID

import psycopg

from services.core import metrics
from services.core.feeds import schedule, store
from services.core.feeds.items import Connection, FeedItem, Intake, TakenIn
from services.core.feeds.reading import FeedDocument, NotAFeed, read_feed
from services.core.feeds.store import Feed, UnknownFeed
from services.core.settings import Settings
from workers.fetching import Fetched, Fetcher, Refused
from workers.limits import time_limit
from workers.robots import Robots

log = logging.getLogger(__name__)

TASK = "feeds"
"""The name of the task and of its queue."""

POLL_SECONDS = 120.0  # for one feed with its pages; what is left has its turn at the next poll
CUT_OFF = 3  # polls that came to no end, before it waits as one that fails
MAX_PAGES = 20  # fetched in one poll
PAGE_PAUSE = 1.0  # seconds between two pages of a site, or what it asks for
GONE, NOT_MODIFIED, OK = 410, 304, 200
NOT_ALLOWED = dt.timedelta(days=1)
UNANSWERED = "unanswered-"  # and how often: a page that was asked for in vain
MOST_UNANSWERED = 10  # polls that ask for a page, before its item is left

MakeIntake = Callable[[Settings], Intake]


@dataclass(slots=True)
class Polled:
    """What came of a poll. `outcome`: "read", "unchanged", "unfinished", "busy", "waits", or why it failed."""

    feed_id: UUID
    outcome: str
    items: dict[str, int] = field(default_factory=dict)  # how many, by what became of them

    @property
    def good(self) -> bool:
        return self.outcome in {"read", "unchanged", "unfinished", "busy", "waits"}


async def poll(
    settings: Settings,
    intake: Intake,
    feed_id: UUID,
    *,
    due_only: bool = True,
    fetcher: Fetcher | None = None,
    jitter: schedule.Jitter = schedule.jitter,
    pause: float = PAGE_PAUSE,
    stopping: Callable[[], bool] = lambda: False,
) -> Polled:
    """Polls one feed, unless somebody else does, or polls another of its site. `due_only`: unless it is not due, as for
    a message that came twice. `pause`: seconds between two feeds of a site.

    Raises UnknownFeed, and psycopg.Error where the database goes away.
    """
    async with await psycopg.AsyncConnection.connect(
        settings.database_url or "", autocommit=True, connect_timeout=5, application_name="treatyline-feeds"
    ) as conn:
        got = await (await conn.execute(store.LOCK, [str(feed_id)])).fetchone()
        if not (got and got[0]):
            return Polled(feed_id, "busy")
        feed = await store.find(conn, feed_id)
        now = dt.datetime.now(dt.UTC)
        if feed.state != "active" or (due_only and feed.due_at > now + dt.timedelta(seconds=1)):
            return Polled(feed_id, feed.disabled_reason or "waits")
        if feed.not_before is not None and feed.not_before > now:
            return Polled(feed_id, "waits")
        got = await (await conn.execute(store.LOCK_SITE, [feed.origin])).fetchone()
        if not (got and got[0]):
            await conn.execute(store.LATER, [feed_id])
            return Polled(feed_id, "busy")
        since = await store.seconds_since_asked(conn, feed)
        if since is not None and since < pause:
            await asyncio.sleep(pause - since)
        async with fetcher or Fetcher(settings) as open_fetcher:
            one = _Poll(settings, conn, feed, open_fetcher, intake, jitter, stopping)
            polled = await one.run()
    metrics.FEED_POLLS.labels(polled.outcome).inc()
    log.info("feed %s of %s: %s %s", feed.id, feed.origin, polled.outcome, polled.items or "")
    return polled


class _Poll:
    """One poll of one feed."""

    def __init__(
        self,
        settings: Settings,
        conn: Connection,
        feed: Feed,
        fetcher: Fetcher,
        intake: Intake,
        jitter: schedule.Jitter,
        stopping: Callable[[], bool],
    ) -> None:
        self._settings = settings
        self._conn = conn
        self._feed = feed
        self._fetcher = fetcher
        self._intake = intake
        self._jitter = jitter
        self._stopping = stopping
        self._robots = Robots(conn, fetcher)
        self._items: dict[str, int] = {}
        self._pages = 0

    async def run(self) -> Polled:
        if self._feed.outcome == "begun" and self._feed.failures >= CUT_OFF:
            await self._note("lost", failed=True)
            return Polled(self._feed.id, "lost")
        await self._conn.execute(store.BEGIN, [self._feed.id])
        answer = await self._fetcher.get(self._feed.url, await self._condition(), allowed=self._robots.allows)
        if answer.moved_to is not None and answer.status in {OK, NOT_MODIFIED}:
            await store.moved(self._conn, self._feed.id, answer.moved_to)
        if answer.status == GONE:
            await self._note("gone", failed=True)
            await store.disable(self._conn, self._feed.id, "gone")
            return Polled(self._feed.id, "gone")
        if answer.status == NOT_MODIFIED:
            return await self._ends("unchanged", answer=answer)
        if answer.status != OK:
            return await self._fails(answer)
        try:
            document = await asyncio.to_thread(
                read_feed,
                answer.body,
                answer.headers.get("content-type", ""),
                answer.url,
                dt.datetime.now(dt.UTC).year,
            )
        except NotAFeed:
            return await self._fails(replace(answer, status=None, error="not-a-feed"))
        whole = False
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                whole = await self._take(document)
        return await self._ends("read" if whole else "unfinished", answer=answer, title=document.title)

    async def _condition(self) -> dict[str, str]:
        """None where pages may be fetched now and could not when it was last read: all of it is wanted again."""
        if self._settings.feed_pages and await store.has_items_without_text(self._conn, self._feed.id):
            return {}
        asked = {"If-None-Match": self._feed.etag, "If-Modified-Since": self._feed.last_modified}
        return {name: value for name, value in asked.items() if value}

    # -- items --------------------------------------------------------------------------------------------------

    async def _take(self, document: FeedDocument) -> bool:
        """Takes in what is new or changed, the oldest first. False where some was left for the next poll."""
        items = {_hash(item.key): item.of_outlet(self._feed.outlet) for item in reversed(document.items)}
        known = await store.seen(self._conn, self._feed.id, list(items))
        same = [key for key, item in items.items() if key in known and known[key][0] == self._digest(item)]
        if same:
            await self._conn.execute(store.STILL_THERE, [self._feed.id, same])
            self._count("seen before", len(same))
        asked = {key: _times_unanswered(outcome) for key, (_, outcome) in known.items()}
        whole, unchanged = True, frozenset(same)
        waiting = [key for key in items if key not in unchanged]
        waiting.sort(key=lambda key: asked.get(key, 0))  # pages that did not answer keep no others waiting
        for key in waiting:
            item = items[key]
            if self._stopping():
                return False
            taken = await self._take_one(item, asked.get(key, 0))
            if taken is None:
                whole = False
                continue
            digest = self._digest(item)
            if _times_unanswered(taken.outcome):
                whole, digest = False, b""  # which no item has: it is looked at again
            else:
                self._count(taken.outcome)
            if taken.why:
                log.info("feed %s: an item was refused: %s", self._feed.id, taken.why)
            await self._conn.execute(
                store.NOTE_ITEM, [key, digest, taken.outcome, taken.article_id, self._feed.id]
            )
        await self._conn.execute(store.FORGET, [self._feed.id, store.KEPT])
        return whole

    def _digest(self, item: FeedItem) -> bytes:
        """Another one where pages may be fetched: what had no text then is looked at again."""
        pages = self._settings.feed_pages and not item.has_text
        return hashlib.sha256(item.digest() + (b"page" if pages else b"")).digest()

    async def _take_one(self, item: FeedItem, unanswered: int) -> TakenIn | None:
        """None: not now. `unanswered`: how often its page was asked for in vain."""
        if not item.has_text:
            if not self._settings.feed_pages:
                return TakenIn("without-text")
            if not item.url:
                return TakenIn("without-address")
            page = await self._page(item.url)
            if page is None:
                return None
            if not _answered(page):
                last = unanswered + 1 >= MOST_UNANSWERED
                return TakenIn("no-answer" if last else f"{UNANSWERED}{unanswered + 1}")
            if page.status != OK or "html" not in page.headers.get("content-type", "html"):
                return TakenIn(page.error or "no-page")
            html = await asyncio.to_thread(_decoded, page.body, page.headers.get("content-type", ""))
            item = replace(item, text=None, html=html)
        return await self._intake(self._conn, self._feed.id, item)

    async def _page(self, url: str) -> Fetched | None:
        """What came of asking for the page of an item. None: not now, for there were many already."""
        if self._pages >= MAX_PAGES:
            return None
        if self._pages:
            await asyncio.sleep(max(PAGE_PAUSE, await self._robots_delay(url)))
        self._pages += 1
        answer = await self._fetcher.get(url, {"Accept": "text/html"}, allowed=self._robots.allows)
        if answer.error in {"robots-unknown", "not-resolved"}:
            self._pages -= 1  # the pages of other sites need not wait for this one
        elif not _answered(answer):
            self._pages = MAX_PAGES  # whatever it is, more of it does not help
        return answer

    async def _robots_delay(self, url: str) -> float:
        try:
            return await self._robots.delay(url)
        except (ValueError, Refused):  # no address at all, or none that is asked
            return 0.0

    def _count(self, outcome: str, number: int = 1) -> None:
        self._items[outcome] = self._items.get(outcome, 0) + number

    # -- what is noted ------------------------------------------------------------------------------------------

    async def _ends(self, outcome: str, *, answer: Fetched, title: str | None = None) -> Polled:
        etag, modified = self._feed.etag, self._feed.last_modified
        if outcome == "read":
            etag, modified = answer.headers.get("etag"), answer.headers.get("last-modified")
        elif outcome == "unfinished":  # all of it is wanted again
            etag = modified = None
        await self._note(outcome, title=title, etag=etag, modified=modified)
        return Polled(self._feed.id, outcome, self._items)

    async def _fails(self, answer: Fetched) -> Polled:
        outcome = answer.error or f"status-{answer.status}"
        asked = NOT_ALLOWED if outcome == "robots" else answer.retry_after
        await self._note(
            outcome, failed=True, asked=asked, etag=self._feed.etag, modified=self._feed.last_modified
        )
        return Polled(self._feed.id, outcome)

    async def _note(
        self,
        outcome: str,
        *,
        failed: bool = False,
        asked: dt.timedelta = dt.timedelta(0),
        title: str | None = None,
        etag: str | None = None,
        modified: str | None = None,
    ) -> None:
        failures = self._feed.failures + 1 if failed else 0
        every = dt.timedelta(seconds=self._feed.every_seconds)
        asked = min(asked, schedule.LONGEST_ASKED)
        await self._conn.execute(
            store.POLLED,
            {
                "id": self._feed.id,
                "outcome": outcome,
                "failures": failures,
                "wait": schedule.next_poll(every, failures, asked, self._jitter()),
                "asked": asked if outcome != "robots" else dt.timedelta(0),
                "title": title,
                "etag": _header(etag),
                "last_modified": _header(modified),
            },
        )


def _answered(page: Fetched) -> bool:
    """Whether asking again would give nothing else."""
    if page.error is not None:
        return page.error in {"robots", "address-refused", "redirect-refused", "too-large", "redirects"}
    return page.status is not None and page.status != 429 and page.status < 500


def _times_unanswered(outcome: str) -> int:
    """How often the page of an item was asked for in vain, by what was noted of it."""
    return int(outcome.removeprefix(UNANSWERED)) if outcome.startswith(UNANSWERED) else 0


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def _header(value: str | None) -> str | None:
    """A validator as it can be sent back; none where it is none."""
    return value if value and len(value) <= 1000 and value.isprintable() else None


def _decoded(body: bytes, content_type: str) -> str:
    """A page's text, by what its header, itself or its bytes say of the encoding."""
    from trafilatura.utils import decode_file  # noqa: PLC0415 - for those who fetch pages

    charset = _charset(content_type)
    if charset:
        with suppress(LookupError, UnicodeDecodeError):
            return body.decode(charset)
    return str(decode_file(body))


def _charset(content_type: str) -> str | None:
    from email.message import Message  # noqa: PLC0415

    header = Message()
    header["Content-Type"] = content_type
    found = header.get_content_charset()
    return str(found) if found else None


def poll_now(
    settings: Settings, intake: Intake, feed_id: str, stopping: Callable[[], bool] = lambda: False
) -> Mapping[str, int]:
    """The task: polls a feed that is due. A feed that was removed meanwhile is nobody's fault."""
    longest = 2 * (POLL_SECONDS + settings.feed_seconds)
    try:
        with time_limit(2 * longest, longest):  # for a parser that hangs: the process ends
            return asyncio.run(poll(settings, intake, UUID(feed_id), stopping=stopping)).items
    except UnknownFeed:
        return {}
