"""`treatyline retry`: takes up again what failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import psycopg

from services.cli.backends import stored
from services.core.errors import DatabaseUnreachable, TreatylineError
from services.core.eventstore.store import EventStore, open_pool
from services.core.settings import Settings
from workers.retry import failed_articles, retry


class NotAsked(TreatylineError):  # noqa: N818 - named by what happened
    """Some of the articles could not be taken up again."""


def retry_readings(settings: Settings, article_ids: Sequence[str] | None) -> Iterator[dict[str, Any]]:
    """Asks again for the failed readings of these articles, or of all. Gives each that was asked for.

    The relay of the running system, or of the next that is started, sends them to the workers. Raises NotAsked in
    the end, with their ids, where the log has no such articles or tells of them what only a newer release reads.
    """
    unknown: list[str] = []
    unreadable: list[str] = []

    def on_left(article_id: str, why: Exception | None) -> None:
        (unknown if why is None else unreadable).append(article_id)

    with stored(settings) as found:
        pool = open_pool(found.database_url or "")
        try:
            with pool.connection() as conn:
                chosen = failed_articles(conn) if article_ids is None else article_ids
            for retried in retry(EventStore(pool), chosen, settings.dossiers, on_left):
                yield asdict(retried)
        except psycopg.OperationalError as error:
            raise DatabaseUnreachable.because(error) from None
        finally:
            pool.close()
    said = [
        f"{what}: {', '.join(ids)}"
        for what, ids in (("no such article", unknown), ("written by a newer release", unreadable))
        if ids
    ]
    if said:
        raise NotAsked("; ".join(said))
