"""Copies are found however desks edit them; own accounts of the same news are not taken for copies."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.dedup.accounts import BACKGROUND, STATEMENTS
from tests.unit.dedup.edits import edited
from workers.dedup.near_duplicates import Fingerprint, compare, fingerprint

SAMPLES = {path.name[:2]: json.loads(path.read_text()) for path in sorted(Path("samples").glob("*.json"))}
COPIES = {("14", "15"), ("14", "16"), ("15", "16"), ("23", "24"), ("26", "27"), ("37", "38"), ("40", "41")}
ORIGINALS = [
    item["text"] for name, item in SAMPLES.items() if name not in {"15", "16", "24", "27", "38", "41"}
]
LONG = [text for text in ORIGINALS if len(text.split()) >= 120]
VOCABULARY = " ".join(ORIGINALS).split()


def share(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether either would find the other in an index."""
    return bool(set(one.query) & set(other.keys)) and bool(set(other.query) & set(one.keys))


def test_the_samples_copies_are_found_and_nothing_else() -> None:
    known = {name: fingerprint(item["text"]) for name, item in SAMPLES.items()}
    found = {(a, b) for a, b in itertools.combinations(known, 2) if compare(known[a], known[b]).is_copy}
    assert found == COPIES
    assert all(share(known[a], known[b]) for a, b in COPIES)


@pytest.mark.parametrize(
    ("keep", "change", "recall"), [(1.0, 0.1, 0.98), (0.9, 0.05, 0.98), (0.5, 0.05, 0.98), (0.3, 0.05, 0.85)]
)
def test_edited_copies_are_found(keep: float, change: float, recall: float) -> None:
    rng = random.Random(1987)
    found = total = 0
    for text in LONG:
        own = fingerprint(text)
        for _ in range(4):
            kinds = {kind: rng.random() < 0.5 for kind in ("headline", "reorder", "restyle")}
            copy = fingerprint(edited(text, rng, keep=keep, change=change, vocabulary=VOCABULARY, **kinds))
            total += 1
            found += compare(copy, own).is_copy and share(copy, own)
    assert total > 100
    assert found / total >= recall


@pytest.mark.parametrize("edit", ["furniture", "headline", "reorder", "restyle"])
def test_each_kind_of_edit_alone_hides_nothing(edit: str) -> None:
    rng = random.Random(2)
    for text in LONG:
        assert compare(fingerprint(edited(text, rng, **{edit: True})), fingerprint(text)).is_copy


def test_a_paragraph_of_another_story_does_not_make_a_copy_of_it() -> None:
    host, guest = SAMPLES["43"]["text"], SAMPLES["09"]["text"]
    paragraph = max(guest.split("\n"), key=len)
    mixed = fingerprint(edited(host, random.Random(3), append=paragraph))
    assert compare(mixed, fingerprint(host)).is_copy
    assert not compare(mixed, fingerprint(guest)).is_copy


def test_a_brief_is_a_copy_of_the_long_story_around_it() -> None:
    long = SAMPLES["43"]["text"]
    words = long.split()
    assert len(words) > 700
    brief = fingerprint(" ".join(words[300:380]))
    match = compare(brief, fingerprint(long))
    assert match.is_copy
    assert match.similarity == 1.0
    assert share(brief, fingerprint(long))


def test_own_accounts_of_one_statement_are_not_copies() -> None:
    for accounts in STATEMENTS:
        for one, other in itertools.combinations(map(fingerprint, accounts), 2):
            assert set(one.shingles.tolist()) & set(other.shingles.tolist())  # they do share its quotations
            match = compare(one, other)
            assert not match.is_copy
            assert match.similarity < 0.15


def test_briefs_that_share_who_said_it_where_and_when_are_not_copies() -> None:
    said = "U.S. Secretary of State Mike Pompeo said on Friday in Washington that the United States "
    leaves = (
        f"{said} would leave the INF treaty in six months. Russia had sixty days to come back into compliance, and "
        "let them pass. Europe's capitals were told beforehand; some had hoped for more talks until the summer."
    )
    waits = (
        f"{said} sees no use in another meeting of experts. The last one, at Geneva, ended without a date for the "
        "next. A Russian diplomat called that the behaviour of somebody who has made up his mind already."
    )
    match = compare(fingerprint(leaves), fingerprint(waits))
    assert match.lead > 0.2
    assert match.similarity > 0.2
    assert not match.is_copy


def test_an_agencys_background_does_not_make_copies_of_its_stories() -> None:
    stories = [fingerprint(f"{account}\n\n{BACKGROUND}") for account in itertools.chain(*STATEMENTS)]
    for one, other in itertools.combinations(stories, 2):
        assert not compare(one, other).is_copy


def test_the_same_speech_is_a_copy_although_all_of_it_is_quoted() -> None:
    speech = "\n".join(f"“{paragraph}" for paragraph in SAMPLES["21"]["text"].split("\n") if paragraph)
    other = edited(speech, random.Random(4), change=0.02, vocabulary=VOCABULARY, restyle=True)
    assert compare(fingerprint(speech), fingerprint(other)).is_copy


def test_a_flash_of_a_few_words_is_a_copy_if_all_of_its_words_are_the_same() -> None:
    flash = fingerprint("Washington: “The treaty is over,” says the secretary of state")
    restyled = fingerprint("WASHINGTON —\n'The treaty is over', says  the Secretary of State.")
    changed = fingerprint("Washington: “The treaty is alive,” says the secretary of state")
    assert (compare(flash, restyled).is_copy, compare(flash, changed).is_copy) == (True, False)
    assert set(flash.query) == set(restyled.keys)
    assert not compare(fingerprint("Nothing new"), fingerprint("Nothing new.")).is_copy


@settings(deadline=None)
@given(st.text(), st.text())
def test_any_two_texts_can_be_compared(one: str, other: str) -> None:
    a, b = fingerprint(one), fingerprint(other)
    forth, back = compare(a, b), compare(b, a)
    assert (forth.is_copy, forth.similarity, forth.lead) == (back.is_copy, back.similarity, back.lead)
    assert 0.0 <= forth.similarity <= 1.0
    assert set(a.keys) <= set(a.query)


@settings(deadline=None)
@given(st.lists(st.sampled_from(VOCABULARY), min_size=40, max_size=400))
def test_a_text_is_a_copy_of_itself(words: list[str]) -> None:
    own = fingerprint(" ".join(words))
    assert compare(own, own).is_copy
