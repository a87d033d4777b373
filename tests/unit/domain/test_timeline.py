"""Which mentions make one entry and what it says: each rule of DESIGN.md, "Timeline entries and positions"."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.domain.calendar import covering
from services.core.domain.ids import derived_id
from services.core.domain.timeline import (
    Counts,
    EntryKey,
    Mention,
    count,
    entry_roots,
    fold_entry,
    group,
    outlet_key,
)
from services.core.domain.vocabulary import Status


def key(date: str, *actors: str, kind: str = "agreement-ended", dossier: str = "inf") -> EntryKey:
    return EntryKey(dossier, kind, date, actors)


def mention(article: str, told: EntryKey | None = None, **more: Any) -> Mention:
    told = told or key("2019-08-02", "usa")
    fields: dict[str, Any] = {
        "id": derived_id("mention", article, *told.actors, told.date),
        "key": told,
        "article_id": article,
        "revision": 1,
        "plover": "SANCTION",
        "plover_mode": None,
        "status": Status.ACTUAL,
        "recipients": (),
        "person": None,
        "speaker": None,
        "confidence": 0.9,
        "evidence": (0, 5),
        "words": f"words of {article}",
        "sentence": f"Sentence of {article}.",
        "outlet": f"Outlet {article}",
        "url": None,
        "published_at": "2019-08-03",
        "published_on": dt.date(2019, 8, 3),
        "story_id": derived_id("story", article),
        "copy": False,
    }
    return Mention(**fields | more)


def once(_dossier: str, kind: str) -> bool:
    return kind == "agreement-ended"


# -- one entry for one political event, with an id that never changes ---------------------------------------


def test_mentions_with_the_same_dossier_kind_date_and_actors_make_one_entry() -> None:
    (entry,) = group([mention("a"), mention("b"), mention("c")], once)
    assert entry == key("2019-08-02", "usa")


@pytest.mark.parametrize(
    "other",
    [
        key("2019-08-03", "usa"),
        key("2019-08-02", "russia"),
        key("2019-08-02", "usa", kind="suspension"),
        key("2019-08-02", "usa", dossier="start"),
    ],
)
def test_whatever_of_these_differs_makes_another(other: EntryKey) -> None:
    assert len(group([mention("a"), mention("b", other)], once)) == 2
    assert other.id != key("2019-08-02", "usa").id


def test_the_id_is_derived_from_the_key_alone() -> None:
    assert key("2019-08-02", "nato", "usa").id == derived_id(
        "entry", "inf", "agreement-ended", "2019-08-02", "nato", "usa"
    )
    assert key("2019", "usa").id != key("2019").id


# -- kinds that happen once -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "fine"),
    [
        (key("2019-08", "usa"), key("2019-08-02", "usa")),
        (key("2019", "usa"), key("2019-08-02", "usa")),
        (key("2019", "usa"), key("2019-08", "usa")),
        (key("2019-08-02"), key("2019-08-02", "usa")),
        (key("2019-08"), key("2019-08-02", "usa")),
        (key("2019"), key("2019-08-02", "russia", "usa")),
        (key("2019-08", "usa"), key("2019-08-02")),
    ],
)
def test_a_coarser_date_or_an_empty_actor_set_joins_the_one_finer_entry(
    told: EntryKey, fine: EntryKey
) -> None:
    assert entry_roots([told, fine], once=True) == {told: fine, fine: fine}


@pytest.mark.parametrize(
    ("told", "fine"),
    [
        (key("2019-07", "usa"), key("2019-08-02", "usa")),
        (key("2018"), key("2019-08-02", "usa")),
        (key("2019-08", "russia"), key("2019-08-02", "usa")),
        (key("2019-08-02", "russia"), key("2019-08-02", "usa")),
        (key("2019-08-02", "usa"), key("2019-08-02", "russia", "usa")),
        (key("2019-08-01"), key("2019-08-02", "usa")),
    ],
)
def test_another_period_or_other_actors_do_not_join(told: EntryKey, fine: EntryKey) -> None:
    assert entry_roots([told, fine], once=True) == {told: told, fine: fine}


def test_with_two_finer_entries_in_the_period_it_stands_for_itself() -> None:
    coarse, one, two = key("2019-08"), key("2019-08-02", "usa"), key("2019-08-20", "russia")
    assert entry_roots([coarse, one, two], once=True)[coarse] == coarse
    # Of two, one may not be meant: other actors.
    coarse = key("2019-08", "usa")
    assert entry_roots([coarse, one, two], once=True)[coarse] == one


def test_a_year_joins_what_the_month_joined() -> None:
    year, month, day = key("2019"), key("2019-08"), key("2019-08-02", "usa")
    assert entry_roots([year, month, day], once=True) == dict.fromkeys([year, month, day], day)


def test_other_actors_do_not_slip_in_by_way_of_a_key_without_any() -> None:
    year, month, nobody = key("2019", "usa"), key("2019-08", "russia", "usa"), key("2019-08")
    assert entry_roots([year, month, nobody], once=True) == {year: year, month: month, nobody: month}


def test_other_kinds_join_only_on_equal_dates_and_actors() -> None:
    coarse, fine = key("2019-08", "usa", kind="statement"), key("2019-08-02", "usa", kind="statement")
    assert entry_roots([coarse, fine], once=False) == {coarse: coarse, fine: fine}
    assert len(group([mention("a", coarse), mention("b", fine), mention("c", fine)], once)) == 2


def test_a_date_is_covered_by_its_year_its_month_and_itself() -> None:
    assert covering("2019-08-02") == ["2019", "2019-08", "2019-08-02"]
    assert covering("2019") == ["2019"]


def test_kinds_and_dossiers_do_not_mix() -> None:
    coarse = key("2019-08", kind="agreement-ended")
    fine = key("2019-08-02", "usa", kind="suspension")
    foreign = key("2019-08-02", "usa", dossier="start")
    assert set(group([mention("a", coarse), mention("b", fine), mention("c", foreign)], lambda *_: True)) == {
        coarse, fine, foreign,
    }  # fmt: skip


DATES = ["2019", "2020", "2019-08", "2019-09", "2019-08-02", "2019-08-20", "2019-09-01"]
keys = st.builds(
    lambda date, actors: key(date, *sorted(actors)),
    st.sampled_from(DATES),
    st.frozensets(st.sampled_from(["usa", "russia"])),
)


@given(st.lists(keys, min_size=1, max_size=8), st.randoms())
def test_the_order_of_arrival_changes_nothing(told: list[EntryKey], random: Any) -> None:
    shuffled = list(told)
    random.shuffle(shuffled)
    roots = entry_roots(told, once=True)
    assert entry_roots(shuffled, once=True) == roots
    for each, root in roots.items():
        assert roots[root] == root, "a root is no alias"
        assert each.date in covering(root.date)
        assert each.actors in {(), root.actors} or not root.actors


# -- within an entry ------------------------------------------------------------------------------------------


def fold(*mentions: Mention, root: EntryKey | None = None) -> Any:
    return fold_entry(root or mentions[0].key, mentions)


def test_recipients_are_the_union_without_the_actors() -> None:
    entry = fold(mention("a", recipients=("russia",)), mention("b", recipients=("nato", "usa")), mention("c"))
    assert entry.recipients == ("nato", "russia")


def test_actual_beats_planned() -> None:
    planned, actual = mention("a", status=Status.PLANNED), mention("b", confidence=0.1)
    assert fold(planned).status is Status.PLANNED
    assert fold(planned, actual).status is Status.ACTUAL


def test_the_representative_is_independent_then_surest_then_earliest() -> None:
    copy = mention("copy", copy=True, confidence=1.0, published_on=dt.date(2019, 8, 1))
    unsure = mention("unsure", confidence=0.5, published_on=dt.date(2019, 8, 1))
    late = mention("late", published_on=dt.date(2019, 8, 9))
    early = mention("early", published_on=dt.date(2019, 8, 2))
    for order in ([copy, unsure, late, early], [early, late, unsure, copy]):
        assert fold(*order).representative == early
    assert fold(copy, unsure, late).representative == late
    assert fold(copy, unsure).representative == unsure
    assert fold(copy).representative == copy


def test_what_the_representative_says_is_what_the_entry_shows() -> None:
    entry = fold(mention("a", plover="REJECT", plover_mode="change"), mention("b", confidence=0.1))
    assert (entry.plover, entry.plover_mode) == ("REJECT", "change")


def test_actors_are_those_of_the_finest_key_that_names_any() -> None:
    root = key("2019-08-02")
    entry = fold(mention("a", root), mention("b", key("2019-08", "usa")), root=root)
    assert (entry.actors, entry.key) == (("usa",), root)


# -- counts -------------------------------------------------------------------------------------------------------


def test_mentions_are_articles_outlets_are_distinct_stories_are_independent() -> None:
    story = derived_id("story", "shared")
    told = [
        mention("a", outlet="The Wire", story_id=story),
        mention("b", outlet=" the  WIRE ", story_id=story, copy=True),
        mention("c", outlet="Courier"),
        mention("d", outlet=None, url="https://www.post.example/x"),
        mention("e", outlet=None, url="https://post.example/y", story_id=None),
    ]
    assert count(told) == Counts(mentions=5, outlets=3, stories=4)


def test_an_article_that_tells_it_twice_counts_once() -> None:
    assert count([mention("a"), mention("a", key("2019-08"))]) == Counts(mentions=1, outlets=1, stories=1)


@pytest.mark.parametrize(
    ("outlet", "url", "expected"),
    [
        ("TASS", "https://tass.example/1", "tass"),
        ("  New\u00a0Wire\tService ", None, "new wire service"),
        ("STRASSE Straße", None, "strasse strasse"),
        (None, "https://www.post.example/a/b?c", "post.example"),
        ("", "https://post.example/a", "post.example"),
        (None, None, ""),
    ],
)
def test_outlets_are_told_apart_by_name_else_by_domain_else_not_at_all(
    outlet: str | None, url: str | None, expected: str
) -> None:
    assert outlet_key(outlet, url) == expected
