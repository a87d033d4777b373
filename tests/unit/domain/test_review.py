"""Where rulings put tellings, and what they make of an entry: the rules by themselves."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.domain.events import RecordCorrected, data_of, ruling_of
from services.core.domain.ids import derived_id
from services.core.domain.review import Ruling, Verdict, place, ruled

A, B, C, D, P, Q = (derived_id("entry", name) for name in "abcdpq")
AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def corrected(record: UUID, verdict: str, **more: Any) -> RecordCorrected:
    return RecordCorrected(
        record_type="entry", record_id=str(record), dossier="inf", verdict=verdict, reason="r", by=None,
        key_id=None, kind="statement", **more,
    )  # fmt: skip


def in_force(*events: RecordCorrected) -> dict[UUID, Ruling]:
    rulings: dict[UUID, Ruling] = {}
    for number, event in enumerate(events, start=1):
        id_ = UUID(event.record_id)
        rulings[id_] = ruled(rulings.get(id_), event, position=number, number=number, at=AT)
    return rulings


def merged(record: UUID, into: UUID) -> RecordCorrected:
    return corrected(record, "merge", into=str(into), into_kind="statement")


def split(record: UUID, part: UUID, *articles: str, stories: tuple[str, ...] = ()) -> RecordCorrected:
    return corrected(record, "split", part=str(part), articles=articles, stories=stories)


def placed(
    rulings: dict[UUID, Ruling], start: UUID, article: str = "x", story: UUID | None = None, **joined: UUID
) -> UUID:
    aliases = {derived_id("entry", name): id_ for name, id_ in joined.items()}
    return place(start, article, story, rulings.get, lambda id_, _kind: aliases.get(id_, id_))


def test_mergers_lead_on_and_on() -> None:
    rulings = in_force(merged(A, B), merged(B, C))
    assert [placed(rulings, start) for start in (A, B, C, D)] == [C, C, C, D]


def test_a_merger_into_a_coarse_telling_leads_to_the_finer_one() -> None:
    assert placed(in_force(merged(A, B)), A, b=C) == C


def test_a_split_takes_its_articles_and_their_copies_from_all_that_lies_there() -> None:
    story = derived_id("story")
    rulings = in_force(merged(A, B), split(B, P, "one", stories=(str(story),)), split(B, Q, "two"))
    found = [placed(rulings, A, "one"), placed(rulings, A, "copy", story), placed(rulings, B, "two")]
    assert found == [P, P, Q]
    assert placed(rulings, A, "three") == B


def test_a_part_that_is_merged_back_stays_and_can_be_split_off_anew() -> None:
    rulings = in_force(split(A, P, "one"), merged(P, A))
    assert placed(rulings, A, "one") == A
    rulings = in_force(split(A, P, "one"), merged(P, A), split(A, Q, "one"))
    assert placed(rulings, A, "one") == Q


def test_the_last_verdict_holds_whole_and_splits_stay() -> None:
    amended = corrected(A, "amend", changes={"date": "2019"})
    found = in_force(split(A, P, "one"), amended, corrected(A, "amend", changes={"kind": "denial"}))[A]
    assert (found.changes, len(found.splits), found.number) == ({"kind": "denial"}, 1, 3)
    found = in_force(amended, split(A, P, "one"))[A]
    assert (found.verdict, found.changes, found.number) == (Verdict.AMEND, {"date": "2019"}, 2)
    assert in_force(amended, corrected(A, "confirm"))[A].changes == {}
    assert placed(in_force(merged(A, B), corrected(A, "undo")), A) == A


events_ = st.lists(
    st.one_of(
        st.builds(merged, st.sampled_from([A, B, C, P, Q]), st.sampled_from([A, B, C, P, Q])),
        st.builds(split, st.sampled_from([A, B, C]), st.sampled_from([P, Q]), st.sampled_from(["x", "y"])),
        st.builds(corrected, st.sampled_from([A, B, C]), st.sampled_from(["undo", "reject"])),
    ),
    max_size=12,
)


@given(events=events_, alias=st.sampled_from([None, (A, B), (B, C)]))
def test_every_way_ends_and_what_is_in_a_circle_ends_together(
    events: list[RecordCorrected], alias: tuple[UUID, UUID] | None
) -> None:
    rulings = in_force(*events)

    def settled(id_: UUID, _kind: str | None) -> UUID:
        return alias[1] if alias and id_ == alias[0] else id_

    for start in (A, B, C, P, Q):
        end = place(start, "none", None, rulings.get, settled)
        found = rulings.get(end)
        if found is not None and found.verdict is Verdict.MERGE and found.into is not None:
            assert place(settled(found.into, None), "none", None, rulings.get, settled) == end


@pytest.mark.parametrize("event", [split(A, P, "one"), corrected(A, "amend", changes={"actors": ["usa"]})])
def test_the_log_gives_back_what_it_took(event: RecordCorrected) -> None:
    assert ruling_of(data_of(event)) == event
