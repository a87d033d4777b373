"""`treatyline retry`: takes up again what failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from psycopg_pool import PoolTimeout

from services.cli.backends import stored
from services.core.errors import DatabaseUnreachable
from services.core.eventstore.store import EventStore, open_pool
from services.core.settings import Settings
from workers.retry import failed_articles, retry


def retry_readings(settings: Settings, article_ids: Sequence[str] | None) -> Iterator[dict[str, Any]]:
    """Asks again for the failed readings of these articles, or of all. Gives each that was asked for.

    The relay of the running system, or of the next that is started, sends them to the workers.
    """
    with stored(settings) as found:
        pool = open_pool(found.database_url or "")
        try:
            with pool.connection() as conn:
                chosen = failed_articles(conn) if article_ids is None else article_ids
            for retried in retry(EventStore(pool), chosen, settings.dossiers):
                yield asdict(retried)
        except PoolTimeout as error:
            raise DatabaseUnreachable.because(error) from None
        finally:
            pool.close()
