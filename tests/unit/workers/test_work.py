"""What the relay makes of the log before it writes any of it down."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from services.core.domain.events import ExtractionRequested
from services.core.eventstore.events import Recorded
from workers.dispatches import DEDUPLICATE, EXTRACT
from workers.relay import Work, messages, to_send

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


def due(count: int, *, went_wrong: bool = False) -> list[tuple[UUID, str, int, bool]]:
    return [(UUID(int=number), "inf", number, went_wrong) for number in range(count)]


def sizes(stage: str, count: int, outstanding: int) -> list[int]:
    return [len(arguments[0]) for arguments in messages(stage, due(count), outstanding)]


def test_little_work_goes_out_one_by_one_and_much_in_batches() -> None:
    assert sizes(DEDUPLICATE, 3, 0) == [1, 1, 1]
    assert sizes(DEDUPLICATE, 50, 150) == [25, 25], "whoever is free finds something, and each gets much"
    assert sizes(DEDUPLICATE, 100, 900) == [50, 50]
    assert sizes(EXTRACT, 20, 180) == [8, 8, 4]


def test_what_failed_goes_out_alone() -> None:
    sent = messages(EXTRACT, due(3, went_wrong=True), 200)
    assert sent == [([str(UUID(int=number))], "inf") for number in range(3)]


def test_what_is_left_over_waits_until_a_message_is_whole_as_long_as_there_is_work() -> None:
    assert to_send(DEDUPLICATE, 3, 0) == 3
    assert to_send(DEDUPLICATE, 200, 0) == 200, "nobody has anything to do yet"
    assert to_send(DEDUPLICATE, 30, 170) == 25
    assert to_send(DEDUPLICATE, 24, 176) == 0
    assert to_send(DEDUPLICATE, 24, 30) == 24, "few are under way: nobody shall be idle for them"
    assert to_send(EXTRACT, 9, 180) == 9, "one takes long to read"
    assert to_send(DEDUPLICATE, 0, 200) == to_send(DEDUPLICATE, -5, 205) == 0
    for outstanding in range(200):
        for count in range(1, 200 - outstanding):
            assert outstanding + to_send(DEDUPLICATE, count, outstanding) > 0, "it never stands still"
