"""Lines that an outlet wraps its articles in: what stands in several of them that differ otherwise is no story's own.

"Follow us on Telegram", a newsletter's invitation, the paragraph that an agency ends all of its stories with. Known
by what the outlet printed lately, so that no list has to be kept and a new design is noticed by itself.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from services.core.domain.timeline import outlet_key
from workers.dedup.near_duplicates import Fingerprint

UNKNOWN = 0
LATELY = 8  # articles of the outlet that are looked at
RECURS = 2  # of them in which furniture stands, beside the article's own
REST = 10  # words that must be left of an article without the lines that it shares, or the other holds it
MOST = 0.75  # of the other article that may be shared lines, or it is the same story
ALIKE = 0.1  # share of sampled shingles from which what is left is one story
SAME = 0.7  # share of them from which two of the others are one story


@dataclass(frozen=True, slots=True)
class Printed:
    """What is remembered of an article to know its outlet's furniture by."""

    words: int
    lines: frozenset[int]
    sample: Collection[int]


def outlet_number(outlet: str | None, url: str | None) -> int:
    """The outlet as a number of 64 bits, signed as PostgreSQL has them; UNKNOWN where nothing says which it is."""
    if not outlet_key(outlet, url):
        return UNKNOWN
    digest = hashlib.sha256(outlet_key(outlet, url).encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def printed(own: Fingerprint) -> Printed:
    """What to remember of it."""
    return Printed(own.words, frozenset(own.lines), compact(own.query))


def compact(sample: Iterable[int]) -> Collection[int]:
    """Four bytes for each: thousands of samples are kept, and few are looked into."""
    return array("i", sample)


def furniture_in(own: Fingerprint, lately: Iterable[Printed]) -> frozenset[int]:
    """The lines of a text that are its outlet's furniture, by other articles that the outlet printed lately.

    Those that tell the same story in the rest of their lines say nothing, and those that tell one story have one
    voice: a story that an outlet prints again and again stays a story. Judgements are not asked, since furniture
    is what can lead them astray.
    """
    lines = frozenset(own.lines)
    found: Counter[int] = Counter()
    heard: list[frozenset[int]] = []
    rests: dict[frozenset[int], tuple[int, frozenset[int]]] = {}  # most of them share the same lines
    for other in lately:
        shared = lines & other.lines
        if not shared:
            continue
        theirs = frozenset(other.sample)
        if any(_overlap(theirs, before) >= SAME for before in heard):
            continue
        rest = rests.get(shared)
        if rest is None:
            left = own.without(shared)
            rest = rests[shared] = left.words, frozenset(left.query)
        words, sample = rest
        if words < REST or own.words - words > MOST * other.words:
            continue
        if _overlap(theirs, sample) < ALIKE:
            heard.append(theirs)
            found.update(shared)
    return frozenset(line for line, count in found.items() if count >= RECURS)


def _overlap(one: frozenset[int], other: frozenset[int]) -> float:
    smaller = min(len(one), len(other))
    return len(one & other) / smaller if smaller else 1.0
