"""Lines that an outlet wraps its articles in: what stands in several of them that differ otherwise is no story's own.

"Follow us on Telegram", a newsletter's invitation, the paragraph that an agency ends all of its stories with. Known
by what the outlet printed lately, so that no list has to be kept and a new design is noticed by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from workers.dedup.near_duplicates import Fingerprint

LATELY = 8  # articles of the outlet that are looked at
RECURS = 2  # of them in which furniture stands, beside the article's own
REST = 10  # words that must be left of each of two articles, or one holds the other
ALIKE = 0.1  # share of sampled shingles from which what is left is one story


@dataclass(frozen=True, slots=True)
class Printed:
    """What is remembered of an article to know its outlet's furniture by."""

    words: int
    lines: frozenset[int]
    sample: frozenset[int]


def printed(own: Fingerprint) -> Printed:
    """What to remember of it."""
    return Printed(own.words, frozenset(own.lines), frozenset(own.query))


def furniture_in(own: Fingerprint, lately: Iterable[Printed]) -> frozenset[int]:
    """The lines of a text that are its outlet's furniture, by other articles that the outlet printed lately.

    Those that tell the same story in the rest of their lines say nothing: a story that an outlet prints again and
    again stays a story. Judgements are not asked, since furniture is what can lead them astray.
    """
    lines = frozenset(own.lines)
    rests: dict[frozenset[int], Fingerprint] = {}
    found: Counter[int] = Counter()
    for other in lately:
        shared = lines & other.lines
        if not shared:
            continue
        if shared not in rests:
            rests[shared] = own.without(shared)
        rest = rests[shared]
        others_rest = other.words - (own.words - rest.words)
        if min(rest.words, others_rest) < REST:
            continue
        alike = len(other.sample.intersection(rest.query))
        if alike < ALIKE * min(len(rest.query), len(other.sample)):
            found.update(shared)
    return frozenset(line for line, count in found.items() if count >= RECURS)
