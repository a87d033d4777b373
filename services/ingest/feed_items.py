"""From an item of a feed to the log, as if it had been posted."""

from __future__ import annotations

import asyncio
from uuid import UUID

from services.core import metrics
from services.core.domain.submission import submission
from services.core.errors import InvalidInput
from services.core.eventstore.store import flush_async
from services.core.feeds.items import Connection, FeedItem, TakenIn
from services.core.settings import Settings
from services.ingest.html import html_to_article, this_year
from services.ingest.submit import submit_on


class FeedIntake:
    """Takes items in by the rules of `POST /v1/articles`. The log says of each by which feed it came."""

    def __init__(self, settings: Settings) -> None:
        self._longest = settings.max_text_characters

    async def __call__(self, conn: Connection, feed_id: UUID, item: FeedItem) -> TakenIn:
        """On disk when it returns."""
        year = this_year()
        text = item.text or ""
        found = None
        if item.html is not None:
            found = await asyncio.to_thread(html_to_article, item.html, this_year=year)
            text = found.text
        try:
            command = submission(
                text=text,
                url=item.url or (found.url if found else None),
                title=item.title or (found.title if found else None),
                outlet=item.outlet or (found.outlet if found else None),
                published_at=item.published_at or (found.published_at if found else None),
                language=item.language or (found.language if found else None),
                author=item.author or (found.author if found else None),
                tags=item.tags,
                received_as=f"feed:{feed_id}",
                this_year=year,
                max_characters=self._longest,
            )
        except InvalidInput as error:
            metrics.ARTICLES_SUBMITTED.labels("refused", "feed").inc()
            return TakenIn("refused", why=", ".join(sorted({wrong.field for wrong in error.errors})))
        taken = await submit_on(conn, command)
        await flush_async(conn)
        metrics.ARTICLES_SUBMITTED.labels(taken.outcome, "feed").inc()
        return TakenIn(str(taken.outcome), UUID(taken.article_id))
