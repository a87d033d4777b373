"""Judging over an index, in memory: the same search that runs over PostgreSQL."""

from __future__ import annotations

import random
from uuid import UUID

from services.core.eventstore.bodies import text_sha256
from tests.unit.dedup.accounts import OFFER, PLEDGE
from tests.unit.dedup.edits import edited
from workers.dedup.memory import MemoryIndex
from workers.dedup.near_duplicates import fingerprint
from workers.dedup.search import CROWDED, LOOKED_UP, Text, Verdict, find_original, most_shared


def text_of(name: str, text: str, outlet: int | None = None) -> Text:
    """A text of an outlet of its own where none is named."""
    return Text(name, text_sha256(text), hash(name) if outlet is None else outlet, fingerprint(text))


def judge(index: MemoryIndex, name: str, text: str, outlet: int | None = None) -> Verdict:
    """Judges a text and remembers it."""
    made = text_of(name, text, outlet)
    verdict = find_original(index, made)
    index.add(made, verdict.of.story_id if verdict.of else UUID(int=len(index)), verdict)
    return verdict


def test_first_comes_the_original_then_its_copies() -> None:
    index = MemoryIndex()
    assert judge(index, "a", PLEDGE[0]).of is None
    assert judge(index, "b", OFFER[0]).of is None
    exact, near = judge(index, "c", PLEDGE[0]), judge(index, "d", f"{PLEDGE[0]} Follow us.")
    assert exact.of is not None
    assert near.of is not None
    assert (exact.of.article_id, exact.method, exact.similarity) == ("a", "exact", 1.0)
    assert (near.of.article_id, near.method) == ("a", "near")
    assert near.of.story_id == exact.of.story_id == UUID(int=0)


def test_an_article_is_no_copy_of_itself() -> None:
    index = MemoryIndex()
    judge(index, "a", PLEDGE[0])
    assert find_original(index, text_of("a", PLEDGE[0])).of is None


def test_what_a_copy_adds_is_found_again() -> None:
    index = MemoryIndex()
    judge(index, "brief", PLEDGE[0])
    longer = judge(index, "longer", f"{PLEDGE[0]}\n{OFFER[1]}")
    assert longer.of is not None
    part = judge(index, "part of what was added", OFFER[1])
    assert part.of is not None
    assert part.of.article_id == "longer"


def test_the_cost_does_not_grow_with_the_copies_of_a_story() -> None:
    index = MemoryIndex()
    rng = random.Random(5)
    rows = []
    for number in range(200):
        text = edited(PLEDGE[0], rng, change=0.05, vocabulary=("alpha", "beta", "gamma"), furniture=True)
        judge(index, str(number), f"{text} Site {number}")
        query = fingerprint(text).query
        rows.append(sum(len(index.keys.get(key, ())) for key in query))
    assert max(rows[100:]) <= max(rows[:100]) * 1.2 + 5
    assert max(rows) < 2 * len(fingerprint(PLEDGE[0]).query)


def test_keys_that_stand_everywhere_find_nobody() -> None:
    crowded = [(1, ref) for ref in range(CROWDED)]
    assert most_shared(crowded) == ([], {1})
    assert most_shared([*crowded, (2, 7), (3, 7), (2, 5)]) == ([7, 5], {1})
    assert most_shared([(4, ref) for ref in range(3)]) == ([], set())  # a third of a story each
    assert len(most_shared([(key, ref) for key in range(60) for ref in range(30)])[0]) == LOOKED_UP
