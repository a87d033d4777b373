"""What a site lets robots fetch (RFC 9309), asked once a day and kept in the database for all workers."""

from __future__ import annotations

import datetime as dt

from protego import Protego

from services.core.feeds import store
from services.core.feeds.addresses import origin_of
from services.core.feeds.store import Connection
from workers.fetching import NAME, Fetcher, Refused

MOST = 512 * 1024  # bytes of a robots.txt
KEPT = dt.timedelta(days=1)
KEPT_UNKNOWN = dt.timedelta(hours=1)  # where the site could not say
LONGEST_DELAY = 30.0  # seconds


class Robots:
    """Asks on a connection; fetches through a fetcher."""

    def __init__(self, conn: Connection, fetcher: Fetcher) -> None:
        self._conn = conn
        self._fetcher = fetcher
        self._known: dict[str, Protego | None] = {}

    async def allows(self, url: str) -> bool:
        """Whether we may fetch it. Where there is no robots.txt, yes. Raises Refused where the site cannot say."""
        rules = await self._rules(url)
        if rules is None:  # nobody forbade it: it is tried again, and not given up
            raise Refused("robots-unknown")
        return bool(rules.can_fetch(url, NAME))

    async def delay(self, url: str) -> float:
        """Seconds that the site wants between two requests."""
        rules = await self._rules(url)
        asked = rules.crawl_delay(NAME) if rules is not None else None
        return min(max(float(asked or 0), 0.0), LONGEST_DELAY)

    async def _rules(self, url: str) -> Protego | None:
        origin = origin_of(url)
        if origin not in self._known:
            text = await self._text(origin)
            self._known[origin] = None if text is None else Protego.parse(text)
        return self._known[origin]

    async def _text(self, origin: str) -> str | None:
        cursor = await self._conn.execute(store.ROBOTS, [origin])
        row = await cursor.fetchone()
        if row is not None and row[1]:
            return None if row[0] is None else str(row[0])
        answer = await self._fetcher.get(f"{origin}/robots.txt", most=MOST)
        text: str | None = None
        if answer.error in {"address-refused", "not-resolved"}:  # says more than that robots.txt was not had
            raise Refused(answer.error)
        if answer.status == 200:
            text = answer.body.decode("utf-8", "replace").replace("\0", "")
        elif answer.status is not None and 400 <= answer.status < 500 and answer.status != 429:
            text = ""
        elif answer.error == "too-large":  # a crawler need not read more; we read none of it and keep away
            text = None
        kept = KEPT if text is not None else KEPT_UNKNOWN
        await self._conn.execute(store.KEEP_ROBOTS, [origin, text, kept])
        return text
