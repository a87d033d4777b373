"""The codebook's scoring rules (section 5), one at a time."""

from __future__ import annotations

from typing import Any

import pytest

from services.cli.evaluation.coded import coded
from services.cli.evaluation.scoring import Score, score

SUPPORTS = {"actor": "russia", "proposition": "moratorium", "stance": "supports", "date": "2019-09-25"}
DENIAL = {"kind": "denial", "date": "2019-09-25", "actors": ["russia"], "recipients": ["usa"]}


def scored(gold: dict[str, Any], found: dict[str, Any] | None = None) -> Score:
    article = {"article": "a.txt", "date": "2019-09-25"}
    return score([(coded({**article, **gold}), coded({**article, **(found or gold)}))])


def counts(made: Score, what: str) -> tuple[int, int, int]:
    count = getattr(made, what)
    return count.tp, count.fp, count.fn


def test_gold_scores_full_marks_against_itself() -> None:
    made = scored({"positions": [SUPPORTS], "events": [DENIAL]})
    assert made.positions.f1 == made.events.f1 == made.events_lenient.f1 == 1.0
    assert (made.article_dates.right, made.article_dates.of) == (1, 1)
    assert made.errors == []


@pytest.mark.parametrize(
    "other",
    [{"actor": "usa"}, {"proposition": "deployment"}, {"stance": "opposes"}],
    ids=lambda o: next(iter(o)),
)
def test_a_position_matches_by_actor_proposition_and_stance(other: dict[str, str]) -> None:
    made = scored({"positions": [SUPPORTS]}, {"positions": [{**SUPPORTS, **other}]})
    assert counts(made, "positions") == (0, 1, 1)
    assert [line.split(":")[1].strip() for line in made.errors] == ["position not in gold", "position missed"]


def test_a_position_with_another_date_matches_and_its_date_is_counted_apart() -> None:
    made = scored({"positions": [SUPPORTS]}, {"positions": [{**SUPPORTS, "date": "2019-09-24"}]})
    assert counts(made, "positions") == (1, 0, 0)
    assert (made.position_dates.right, made.position_dates.of) == (0, 1)


def test_what_is_optional_counts_neither_way() -> None:
    gold = {"positions": [{**SUPPORTS, "optional": True}], "events": [{**DENIAL, "optional": True}]}
    for found in (gold, {"positions": [], "events": []}):
        made = scored(gold, found)
        assert counts(made, "positions") == counts(made, "events") == (0, 0, 0)
        assert made.judged == {"positions": [], "events": []}


@pytest.mark.parametrize(
    ("change", "matches"),
    [
        ({}, True),
        ({"date": "2019-09"}, False),  # coarser than gold
        ({"date": "2019-09-24"}, False),
        ({"kind": "rejection"}, False),
        ({"actors": ["usa"]}, False),
        ({"actors": ["russia", "usa"]}, True),
        ({"recipients": []}, True),
        ({"status": "planned"}, True),
    ],
)
def test_an_event_matches_by_date_kind_and_one_actor(change: dict[str, Any], matches: bool) -> None:
    made = scored({"events": [DENIAL]}, {"events": [{**DENIAL, **change}]})
    assert counts(made, "events") == ((1, 0, 0) if matches else (0, 1, 1))


def test_dates_are_compared_at_the_precision_of_gold_and_other_readings_count() -> None:
    assert scored({"events": [{**DENIAL, "date": "2019-09"}]}, {"events": [DENIAL]}).events.tp == 1
    also = {**DENIAL, "date": "2018-09-25", "also_dates": ["2019-09"]}
    assert scored({"events": [also]}, {"events": [DENIAL]}).events.tp == 1


def test_an_event_of_nobody_matches_whoever_is_named() -> None:
    assert scored({"events": [{**DENIAL, "actors": []}]}, {"events": [DENIAL]}).events.tp == 1


def test_events_match_one_to_one_and_the_best_agreement_first() -> None:
    twice = [{**DENIAL, "actors": ["russia", "usa"]}, DENIAL]
    made = scored({"events": [DENIAL]}, {"events": twice})
    assert counts(made, "events") == (1, 1, 0)
    assert made.errors == ["a: event not in gold: 2019-09-25 denial ['russia', 'usa']"]


def test_the_lenient_figure_drops_the_kind() -> None:
    made = scored({"events": [DENIAL]}, {"events": [{**DENIAL, "kind": "rejection"}]})
    assert counts(made, "events_lenient") == (1, 0, 0)


def test_figures_are_told_for_each_proposition_and_kind() -> None:
    made = scored(
        {"positions": [SUPPORTS], "events": [DENIAL]},
        {"positions": [{**SUPPORTS, "proposition": "deployment"}], "events": [DENIAL]},
    ).as_json()
    assert {name: c["fn"] for name, c in made["by_proposition"].items()} == {"deployment": 0, "moratorium": 1}
    assert made["by_kind"]["denial"]["tp"] == 1


def test_article_dates_count_only_where_they_had_to_be_worked_out() -> None:
    assert scored({"given_date": "2019-09-25"}).article_dates.of == 0
    assert scored({"date_scored": False}).article_dates.of == 0
    wrong = scored({}, {"date": {"value": "2019-09-24", "basis": "text"}})
    assert (wrong.article_dates.right, wrong.article_dates.of) == (0, 1)


def test_voices_count_where_gold_has_them() -> None:
    own = {**SUPPORTS, "voice": "own"}
    assert scored({"positions": [SUPPORTS]}, {"positions": [own]}).voices.of == 0
    made = scored({"positions": [own]}, {"positions": [{**own, "voice": "reported"}]})
    assert (made.voices.right, made.voices.of) == (0, 1)


def test_an_article_that_was_not_read_has_everything_missed() -> None:
    made = score([(coded({"article": "a", "positions": [SUPPORTS], "events": [DENIAL]}), None)])
    assert counts(made, "positions") == counts(made, "events") == (0, 0, 1)


def test_records_read_into_articles_with_nothing_to_code_are_told_apart() -> None:
    made = scored({}, {"positions": [SUPPORTS], "events": [DENIAL]})
    assert (made.nothing_to_code, made.read_into_them) == (1, 2)


def test_confidences_go_with_whether_the_record_is_right() -> None:
    sure, unsure = {**SUPPORTS, "confidence": 0.9}, {**SUPPORTS, "actor": "usa", "confidence": 0.4}
    made = scored(
        {"positions": [SUPPORTS], "events": [DENIAL]},
        {"positions": [sure, unsure], "events": [{**DENIAL, "confidence": 0.7}]},
    )
    assert {(j.confidence, j.right) for j in made.judged["positions"]} == {(0.4, False), (0.9, True)}
    assert [(j.confidence, j.right) for j in made.judged["events"]] == [(0.7, True)]
