"""The gate behind every reader."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.domain.dossier import load_dossier
from services.core.domain.reading import (
    ArticleDate,
    PoliticalEvent,
    Position,
    Quotation,
    Reading,
    Span,
    Speaker,
)
from services.core.domain.vocabulary import DateBasis, Stance, Status
from workers.extraction.guard import REASONS, guard, is_date

TEXT = "Russia denies it."
GOOD = Position("russia", "russia-complied", Stance.SUPPORTS, Span(0, 6), date="2019-03-04")
EVENT = PoliticalEvent("denial", "REJECT", None, "2019-03", Status.ACTUAL, ("russia",), ("usa",), Span(0, 6))
QUOTE = Quotation(Span(0, 6))


def reading(*records: Position | PoliticalEvent | Quotation) -> Reading:
    return Reading(
        "inf",
        "en",
        True,
        ArticleDate(None, DateBasis.UNKNOWN),
        quotations=tuple(r for r in records if isinstance(r, Quotation)),
        positions=tuple(r for r in records if isinstance(r, Position)),
        events=tuple(r for r in records if isinstance(r, PoliticalEvent)),
    )


def test_what_holds_passes() -> None:
    kept = guard(reading(GOOD, EVENT, QUOTE), TEXT, load_dossier("inf"))
    assert (len(kept.positions), len(kept.events), len(kept.quotations), kept.dropped) == (1, 1, 1, 0)


def stance(word: str) -> Any:
    return word


@pytest.mark.parametrize(
    ("reason", "wrong"),
    [
        ("actor", replace(GOOD, actor="atlantis")),
        ("actor", replace(GOOD, actor="Russia")),
        ("actor", replace(GOOD, actor="")),
        ("proposition", replace(GOOD, proposition="peace")),
        ("stance", replace(GOOD, stance=stance("supports"))),
        ("stance", replace(GOOD, stance=stance("neutral"))),
        ("evidence", replace(GOOD, evidence=Span(0, 99))),
        ("evidence", replace(GOOD, evidence=Span(6, 6))),
        ("evidence", replace(GOOD, evidence=Span(6, 7))),
        ("evidence", replace(GOOD, evidence=Span(-6, 6))),
        ("evidence", replace(GOOD, evidence=Span(9, 3))),
        ("date", replace(GOOD, date="04.03.2019")),
        ("date", replace(GOOD, date="")),
        ("condition", replace(GOOD, condition=Span(-1, 4))),
        ("speaker", replace(GOOD, speaker=Speaker(person="nobody-at-all"))),
        ("speaker", replace(GOOD, speaker=Speaker(span=Span(0, 999)))),
        ("voice", replace(GOOD, voice=stance("own"))),
        ("confidence", replace(GOOD, confidence=1.2)),
        ("confidence", replace(GOOD, confidence=float("nan"))),
        ("kind", replace(EVENT, kind="party")),
        ("kind", replace(EVENT, plover="ASSAULT")),
        ("date", replace(EVENT, date="2019-02-30")),
        ("date", replace(EVENT, date="2019-W05-1")),
        ("actor", replace(EVENT, actors=("russia", "atlantis"))),
        ("actor", replace(EVENT, recipients=("atlantis",))),
        ("status", replace(EVENT, status=stance("actual"))),
        ("evidence", replace(EVENT, evidence=Span(20, 30))),
        ("speaker", replace(EVENT, speaker=Speaker(person="../../etc"))),
        ("confidence", replace(EVENT, confidence=-0.1)),
        ("evidence", replace(QUOTE, cue=Span(3, 400))),
        ("actor", replace(QUOTE, actor="atlantis")),
        ("speaker", replace(QUOTE, speaker=Speaker(span=Span(5, 5)))),
    ],
)
def test_what_does_not_hold_is_dropped_and_counted_by_reason(
    reason: str, wrong: Position | PoliticalEvent | Quotation
) -> None:
    kept = guard(reading(GOOD, wrong), TEXT, load_dossier("inf"))
    assert (kept.positions, kept.events, kept.quotations) == ((GOOD,), (), ())
    assert kept.refused == {reason: 1}
    assert reason in REASONS


def test_a_record_with_many_faults_is_counted_once() -> None:
    wrong = replace(GOOD, actor="atlantis", date="soon", evidence=Span(5, 1))
    kept = guard(reading(wrong, replace(EVENT, date="soon")), TEXT, load_dossier("inf"))
    assert kept.refused == {"actor": 1, "date": 1}
    assert kept.dropped == 2


def test_what_was_refused_before_is_not_forgotten() -> None:
    before = replace(reading(replace(GOOD, actor="atlantis")), refused={"evidence": 2, "actor": 1})
    assert guard(before, TEXT, load_dossier("inf")).refused == {"evidence": 2, "actor": 2}


def test_spans_count_code_points_and_may_end_with_the_text() -> None:
    text = "\U0001d54f Russia"
    kept = guard(reading(replace(GOOD, evidence=Span(2, 8))), text, load_dossier("inf"))
    assert kept.positions[0].evidence.of(text) == "Russia"
    assert guard(reading(replace(GOOD, evidence=Span(2, 9))), text, load_dossier("inf")).dropped == 1


@given(
    actor=st.text(max_size=8) | st.just("usa"),
    proposition=st.text(max_size=8) | st.just("moratorium"),
    date=st.none() | st.text(max_size=12) | st.dates().map(str),
    start=st.integers(-5, 30),
    end=st.integers(-5, 30),
    confidence=st.floats(),
)
def test_whatever_passes_holds(
    actor: str, proposition: str, date: str | None, start: int, end: int, confidence: float
) -> None:
    record = Position(actor, proposition, Stance.OPPOSES, Span(start, end), date=date, confidence=confidence)
    kept = guard(reading(record), TEXT, load_dossier("inf"))
    assert len(kept.positions) + kept.dropped == 1
    for position in kept.positions:
        assert position.actor in load_dossier("inf").actors
        assert position.evidence.of(TEXT).strip()
        assert position.date is None or is_date(position.date)
        assert 0 <= position.confidence <= 1


def test_dates() -> None:
    assert all(is_date(d) for d in ("2019", "2019-08", "2019-08-02", "0999", "2020-02-29"))
    wrong = [
        "",
        "19",
        "2019-8",
        "2019-13",
        "2019-W05",
        "2019-W05-1",
        "yesterday",
        "2019-08-02T10",
        "20190802",
    ]
    wrong += ["2019-08-02\n", "２０１９", "2019-00", "2019-02-29", "0000", "-2019", " 2019", "2019-8-02"]
    assert [d for d in wrong if is_date(d)] == []
