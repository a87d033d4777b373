"""Where an actor stands: each rule of DESIGN.md, "Timeline entries and positions"."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.domain.ids import derived_id
from services.core.domain.standing import Run, StatedPosition, current, history
from services.core.domain.timeline import Counts
from services.core.domain.vocabulary import Stance, Voice

FOR, AGAINST, IF = Stance.SUPPORTS, Stance.OPPOSES, Stance.CONDITIONAL


def said(article: str, stance: Stance, date: str = "2019-09-25", **more: Any) -> StatedPosition:
    fields: dict[str, Any] = {
        "id": derived_id("statement", article, stance.value, date),
        "dossier": "inf",
        "actor": "russia",
        "proposition": "moratorium",
        "stance": stance,
        "date": date,
        "voice": Voice.OWN,
        "condition": None,
        "person": None,
        "speaker": None,
        "confidence": 0.9,
        "evidence": (0, 5),
        "words": f"words of {article}",
        "sentence": f"Sentence of {article}.",
        "article_id": article,
        "revision": 1,
        "outlet": f"Outlet {article}",
        "url": None,
        "published_at": "2019-09-26",
        "published_on": dt.date(2019, 9, 26),
        "story_id": derived_id("story", article),
        "copy": False,
    }
    return StatedPosition(**fields | more)


def now(*statements: StatedPosition) -> Run:
    run = current(statements)
    assert run is not None
    return run


def test_nothing_stated_is_no_stance() -> None:
    assert current([]) is None
    assert history([]) == []


def test_of_two_stances_of_one_sentence_that_a_ruling_made_one_the_same_speaks_in_any_order() -> None:
    read, ruled = (
        said("a", AGAINST),
        said("a", AGAINST, id=derived_id("statement", "a", FOR.value, "2019-09-25")),
    )
    assert now(read, ruled).representative == now(ruled, read).representative


def test_the_latest_statement_counts_however_many_told_the_one_before() -> None:
    run = now(said("a", FOR), said("b", FOR), said("c", FOR), said("d", AGAINST, "2019-09-26"))
    assert (run.stance, run.contested) == (AGAINST, False)


@pytest.mark.parametrize(
    ("coarse", "fine", "stance"),
    [
        ("2019-09", "2019-09-25", FOR),  # the month counts from the 30th
        ("2019-09", "2019-10-01", AGAINST),
        ("2019", "2019-12-30", FOR),
        ("2019", "2020-01-01", AGAINST),
        ("2019", "2019-11", FOR),
    ],
)
def test_a_coarse_date_counts_from_its_last_day(coarse: str, fine: str, stance: Stance) -> None:
    assert now(said("a", FOR, coarse), said("b", AGAINST, fine)).stance is stance


def test_a_coarse_and_a_fine_date_can_mean_the_same_day() -> None:
    run = now(said("a", FOR, "2019-09"), said("b", AGAINST, "2019-09-30"))
    assert run.contested


def test_on_the_same_date_the_one_told_by_more_stories_counts() -> None:
    run = now(said("a", FOR), said("b", AGAINST), said("c", AGAINST))
    assert run.stance is AGAINST
    assert run.counts == Counts(mentions=2, outlets=2, stories=2)


def test_copies_do_not_count_as_stories() -> None:
    story = derived_id("story", "shared")
    copies = [said(name, FOR, story_id=story, copy=name != "a") for name in "abcd"]
    run = now(*copies, said("x", AGAINST), said("y", AGAINST))
    assert run.stance is AGAINST
    assert run.otherwise == tuple(copies)


def test_then_conditional_comes_before_the_others() -> None:
    for other in (FOR, AGAINST):
        assert now(said("a", other), said("b", IF)).stance is IF
    assert now(said("a", FOR), said("b", IF), said("c", FOR)).stance is FOR


def test_still_equal_is_contested_with_both_even_within_one_outlet() -> None:
    run = now(said("a", FOR, outlet="Wire"), said("b", AGAINST, outlet="Wire"))
    assert run.contested
    assert {run.stance, *(s.stance for s in run.otherwise)} == {FOR, AGAINST}


def test_told_otherwise_by_another_outlet_about_the_same_day_is_contested() -> None:
    three = [said(name, FOR, outlet=name) for name in "abc"]
    run = now(*three, said("d", AGAINST, outlet="d"))
    assert (run.stance, run.contested) == (FOR, True)
    assert [s.article_id for s in run.otherwise] == ["d"]
    assert now(*three, said("d", IF, outlet="d")).contested


def test_told_otherwise_by_the_same_outlet_or_about_an_earlier_day_is_not() -> None:
    two = [said("a", FOR, outlet="Wire"), said("b", FOR, outlet="wire ")]
    run = now(*two, said("c", AGAINST, outlet="Wire"))
    assert (run.stance, run.contested, run.otherwise) == (FOR, False, ())
    assert not now(*two, said("c", AGAINST, "2019-09-24", outlet="Post")).contested


def test_a_later_word_ends_the_dispute() -> None:
    run = now(said("a", FOR), said("b", AGAINST), said("c", FOR, "2019-10-01"))
    assert not run.contested


# -- runs: since when, last stated, history -------------------------------------------------------------------


def test_history_is_every_change_of_stance_oldest_first() -> None:
    runs = history(
        [
            said("d", FOR, "2025-08-04"),
            said("b", FOR, "2020-10-26"),
            said("c", AGAINST, "2021-01"),
            said("a", FOR, "2019-09-25"),
        ]
    )
    assert [(r.stance, r.since, r.last_stated) for r in runs] == [
        (FOR, "2019-09-25", "2020-10-26"),
        (AGAINST, "2021-01", "2021-01"),
        (FOR, "2025-08-04", "2025-08-04"),
    ]
    assert [r.counts.mentions for r in runs] == [2, 1, 1]


def test_a_run_counts_all_that_tell_its_stance_newest_first() -> None:
    run = now(said("a", FOR, "2019-09-25"), said("b", FOR, "2020-10-26"), said("c", FOR, "2020-10"))
    assert [s.article_id for s in run.told_by] == ["c", "b", "a"]
    assert (run.since, run.last_stated) == ("2019-09-25", "2020-10")


def test_a_dissenting_voice_within_a_run_does_not_end_it() -> None:
    run = now(said("a", FOR), said("b", FOR), said("x", AGAINST), said("c", FOR, "2019-10-01"))
    assert (run.since, run.counts.mentions, run.contested) == ("2019-09-25", 3, False)


def test_of_equal_days_the_exact_date_names_the_beginning() -> None:
    assert now(said("a", FOR, "2019-09"), said("b", FOR, "2019-09-30")).since == "2019-09-30"


def test_the_representative_is_independent_then_surest_then_earliest_of_the_last_day() -> None:
    before = said("before", FOR, "2019-09-01", confidence=1.0)
    copy = said("copy", FOR, copy=True, confidence=1.0)
    unsure = said("unsure", FOR, confidence=0.4)
    late = said("late", FOR, published_on=dt.date(2019, 9, 30))
    early = said("early", FOR, published_on=dt.date(2019, 9, 25), voice=Voice.REPORTED)
    assert now(before, copy, unsure, late, early).representative == early
    assert now(before, copy, unsure).representative == unsure


statements = st.lists(
    st.builds(
        lambda article, stance, date, outlet, story: said(
            article, stance, date, outlet=outlet, story_id=derived_id("story", story)
        ),
        st.sampled_from("abcdef"),
        st.sampled_from(Stance),
        st.sampled_from(["2019-09-25", "2019-09-30", "2019-09", "2019", "2019-12-31"]),
        st.sampled_from(["Wire", "Post"]),
        st.sampled_from("stu"),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda s: s.id,
)


@given(statements, st.randoms())
def test_the_order_of_arrival_changes_nothing(told: list[StatedPosition], random: Any) -> None:
    shuffled = list(told)
    random.shuffle(shuffled)
    runs, again = history(told), history(shuffled)
    assert [(r.stance, r.since, r.last_stated, r.contested, r.representative, r.told_by, r.counts)
            for r in runs] == [
        (r.stance, r.since, r.last_stated, r.contested, r.representative, r.told_by, r.counts)
        for r in again
    ]  # fmt: skip
    assert [set(r.otherwise) for r in runs] == [set(r.otherwise) for r in again]
    assert all(one.stance is not two.stance for one, two in pairwise(runs))
    assert all(r.contested or not r.otherwise for r in runs)
