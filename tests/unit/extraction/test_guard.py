"""The gate behind every reader."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.core.domain.dossier import load_dossier
from services.core.domain.reading import ArticleDate, PoliticalEvent, Position, Reading, Span
from services.core.domain.vocabulary import DateBasis, Stance, Status
from workers.extraction.guard import guard, is_date

TEXT = "Russia denies it."
GOOD = Position("russia", "russia-complied", Stance.SUPPORTS, Span(0, 6), date="2019-03-04")
EVENT = PoliticalEvent("denial", "REJECT", None, "2019-03", Status.ACTUAL, ("russia",), ("usa",), Span(0, 6))


def reading(*records: Position | PoliticalEvent) -> Reading:
    return Reading(
        "inf",
        "en",
        True,
        ArticleDate(None, DateBasis.UNKNOWN),
        positions=tuple(r for r in records if isinstance(r, Position)),
        events=tuple(r for r in records if isinstance(r, PoliticalEvent)),
    )


def test_what_holds_passes() -> None:
    kept = guard(reading(GOOD, EVENT), TEXT, load_dossier("inf"))
    assert (len(kept.positions), len(kept.events), kept.dropped) == (1, 1, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(GOOD, actor="atlantis"),
        replace(GOOD, proposition="peace"),
        replace(GOOD, evidence=Span(0, 99)),
        replace(GOOD, evidence=Span(6, 6)),
        replace(GOOD, date="04.03.2019"),
        replace(GOOD, condition=Span(-1, 4)),
        replace(EVENT, kind="party"),
        replace(EVENT, date="2019-02-30"),
        replace(EVENT, recipients=("atlantis",)),
        replace(EVENT, evidence=Span(20, 30)),
    ],
)
def test_what_does_not_hold_is_dropped_and_counted(wrong: Position | PoliticalEvent) -> None:
    kept = guard(reading(GOOD, wrong), TEXT, load_dossier("inf"))
    assert (len(kept.positions), len(kept.events), kept.dropped) == (1, 0, 1)


def test_dates() -> None:
    assert all(is_date(d) for d in ("2019", "2019-08", "2019-08-02"))
    assert not any(
        is_date(d) for d in ("", "19", "2019-8", "2019-13", "2019-W05", "yesterday", "2019-08-02T10")
    )
