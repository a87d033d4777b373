"""What an outlet prints around all of its stories is taken out before anything is compared."""

from __future__ import annotations

import random

from tests.unit.dedup.accounts import OFFER, PLEDGE, STATEMENTS
from tests.unit.dedup.edits import edited
from tests.unit.dedup.test_search import judge, text_of
from workers.dedup.furniture import furniture_in, printed
from workers.dedup.memory import MemoryIndex
from workers.dedup.near_duplicates import compare, fingerprint
from workers.dedup.search import find_original
from workers.dedup.words import words_of

ABOVE = (
    "Kontinent Agency brings you news from the region around the clock, in nine languages and on every device"
)
BELOW = (
    "Subscribe to our morning briefing and never miss a story. Written by the Kontinent newsroom. All rights "
    "reserved; no part of this page may be published, broadcast or rewritten without the agency's permission."
)
OUTLET = 7
WORDS = words_of(" ".join(text for accounts in STATEMENTS for text in accounts)).words


def brief(rng: random.Random, size: int = 30) -> str:
    """A few words of its own between the outlet's lines."""
    return f"{ABOVE}\n{' '.join(rng.choices(WORDS, k=size))}\n{BELOW}"


def test_short_stories_in_the_same_furniture_are_not_copies() -> None:
    rng = random.Random(9)
    assert compare(fingerprint(brief(rng)), fingerprint(brief(rng))).is_copy  # if nobody knew the outlet
    index = MemoryIndex()
    for number, accounts in enumerate(STATEMENTS):
        judge(index, f"known {number}", f"{ABOVE}\n{accounts[0]}\n{BELOW}", OUTLET)
    verdicts = [judge(index, f"brief {number}", brief(rng), OUTLET) for number in range(12)]
    assert [verdict.of for verdict in verdicts] == [None] * 12
    assert {verdict.furniture for verdict in verdicts} == {frozenset(fingerprint(f"{ABOVE}\n{BELOW}").lines)}


def test_a_copy_is_found_through_the_furniture_of_both_outlets() -> None:
    rng = random.Random(10)
    index = MemoryIndex()
    for outlet in (1, 2):
        for number in range(3):
            judge(index, f"{outlet} {number}", f"{brief(rng, 100)}\nOutlet {outlet} for you", outlet)
    first = judge(index, "first", f"{ABOVE}\n{PLEDGE[0]}\n{BELOW}\nOutlet 1 for you", 1)
    second = judge(index, "second", f"{BELOW}\n{PLEDGE[0]}\nOutlet 2 for you", 2)
    assert first.of is None
    assert second.of is not None
    assert (second.of.article_id, second.similarity) == ("first", 1.0)
    assert len(first.furniture) == 3


def test_a_story_printed_again_and_again_stays_a_story() -> None:
    index = MemoryIndex()
    verdicts = [judge(index, str(n), f"{PLEDGE[0]}\nUpdate {n}", OUTLET) for n in range(6)]
    assert [verdict.of is None for verdict in verdicts] == [True] + [False] * 5
    assert not any(verdict.furniture for verdict in verdicts)


def test_a_part_of_an_article_is_not_its_furniture() -> None:
    whole = fingerprint(f"{PLEDGE[0]}\n{OFFER[0]}")
    shorter = "\n".join(PLEDGE[0].splitlines()[1:])
    parts = [printed(fingerprint(text)) for text in (PLEDGE[0], OFFER[0], shorter)]
    assert furniture_in(whole, parts) == frozenset()


def test_a_copy_that_is_cut_and_has_a_headline_is_not_furniture() -> None:
    cut_short = edited(PLEDGE[0], random.Random(1), keep=0.8, headline=True)
    copies = [printed(fingerprint(f"{PLEDGE[0]}{more}")) for more in ("", "\n\nFollow us.", "\n\nRead more.")]
    assert furniture_in(fingerprint(cut_short), copies) == frozenset()
    assert furniture_in(fingerprint(PLEDGE[0]), [printed(fingerprint(cut_short)), *copies]) == frozenset()


def test_an_article_says_nothing_about_its_own_furniture() -> None:
    index = MemoryIndex()
    judge(index, "a", PLEDGE[0], OUTLET)
    judge(index, "b", f"{PLEDGE[0].splitlines()[0]}\n{OFFER[0]}", OUTLET)
    assert find_original(index, text_of("a", PLEDGE[0], OUTLET)).furniture == frozenset()


def test_lines_are_known_whatever_their_style() -> None:
    own = fingerprint("“It’s over”, he said.\r\n\r\n  FOLLOW us!\nEnd")
    other = fingerprint("follow us...")
    assert set(other.lines) < set(own.lines)
    left = own.without(frozenset(other.lines))
    assert left.words == own.words - 2
    assert left.lines == (own.lines[0], own.lines[2])
    assert left.hashes.tolist() == fingerprint("It’s over, he said.\nEnd").hashes.tolist()
    assert own.without(frozenset(own.lines)).words == 0
