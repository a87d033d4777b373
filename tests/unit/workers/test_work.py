"""What the relay makes of the log before it writes any of it down."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from services.core.domain.events import ExtractionRequested
from services.core.eventstore.events import Recorded
from workers.relay import Work

ARTICLE = "0198c0de-0000-7000-8000-000000000001"


def _asked_for(dossier: str) -> Recorded:
    data = {"article_id": ARTICLE, "revision": 1, "dossier": dossier, "reason": "retry"}
    return Recorded(
        7, f"article-{ARTICLE}", 4, UUID(int=7), ExtractionRequested.type, data, {}, datetime.now(UTC)
    )


def test_a_reading_that_is_asked_for_is_work() -> None:
    work = Work(["inf"])
    work.add(_asked_for("inf"))
    assert list(work.asked) == [(ARTICLE, "extract", "inf")]


def test_a_reading_for_a_dossier_that_no_worker_knows_is_none() -> None:
    work = Work(["inf"])
    work.add(_asked_for("start"))
    assert not work.asked
