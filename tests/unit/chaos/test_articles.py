"""The articles that chaos is made with, and the plan of its kills."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from itertools import combinations

import pytest

from tests.chaos.articles import articles
from tests.chaos.killer import Killer
from tests.chaos.system import VICTIMS
from workers.dedup.near_duplicates import RUN, compare, fingerprint


def test_copies_are_like_each_other_and_like_nothing_else() -> None:
    made = [
        (article, fingerprint(version["text"]))
        for article in articles(3, 120)
        for version in article.versions
    ]
    alike = Counter(
        (one.story == other.story, compare(a, b).is_copy)
        for (one, a), (other, b) in combinations(made, 2)
        if one.number != other.number
    )
    assert alike[True, True] > 20
    assert alike[False, False] > 5000
    assert alike[True, False] == alike[False, True] == 0


@pytest.mark.timeout(400)
def test_in_a_long_run_too_no_two_stories_are_like_each_other() -> None:
    """Compared are those with most running prose in common: five stretches of the length that counts, or more."""
    texts, told_by = [], defaultdict(set)
    for article in articles(1, 2000):
        text = article.versions[0]["text"]
        words = re.findall(r"\w+", text)
        for stretch in zip(*(words[start:] for start in range(RUN)), strict=False):
            told_by[stretch].add(len(texts))
        texts.append((article.story, text))
    shared = Counter(
        pair
        for numbers in told_by.values()
        if len(numbers) > 1
        for pair in combinations(sorted(numbers), 2)
        if texts[pair[0]][0] != texts[pair[1]][0]
    )
    closest = [pair for pair, count in shared.items() if count >= 5]
    assert len(closest) > 50
    for one, other in closest:
        a, b = texts[one][1], texts[other][1]
        assert not compare(fingerprint(a), fingerprint(b)).is_copy, f"{a}\n\n{b}"


def test_the_seed_says_what_is_posted() -> None:
    assert articles(1, 60, refused=3) == articles(1, 60, refused=3)
    assert articles(1, 60) != articles(2, 60)
    made = articles(1, 300, refused=3)
    assert len(made) == 303
    assert len({article.url for article in made}) == 303
    times = [article.versions[0]["published_at"] for article in made if not article.refused]
    assert len(set(times)) == 300, "one of each story is the first"
    assert sum(article.refused for article in made) == 3
    assert any(article.withdrawn for article in made)
    assert any(len(article.versions) == 2 for article in made)


def test_everything_is_killed_at_least_once_and_what_is_dead_is_waited_for() -> None:
    asked: list[str] = []

    def kill(victim: str, _rng: random.Random) -> int | None:
        asked.append(victim)
        return None if asked.count(victim) == 1 else 1

    killer = Killer(5, 30, 60.0, kill)
    for tenth in range(700):
        killer.act(tenth / 10)
    assert killer.finished
    assert sum(killer.killed.values()) == 30
    assert set(killer.killed) == set(VICTIMS)
    assert len(asked) == 30 + len(VICTIMS), "each was dead at the first attempt"
