"""The search for the article that a text is a copy of, over any index of known articles."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Protocol
from uuid import UUID

from workers.dedup.furniture import Printed, furniture_in
from workers.dedup.near_duplicates import Fingerprint, compare

EXACT, NEAR = "exact", "near"
_FIRST = itemgetter(0)
CANDIDATES = 6  # compared at most
OF_ONE_STORY = 2  # of them
LOOKED_UP = 24  # from which they are chosen
TELLING = 0.5  # sum over shared keys of 1 / stories with that key, below which nothing is compared
CERTAIN = 0.9  # similarity at which the search ends
CROWDED = 32  # rows of one key: what stands in so many stories says nothing about any
NEW_WORDS = 0.25  # a copy with more of its own than this is indexed for it


@dataclass(frozen=True, slots=True)
class Known:
    """An article that was judged before. `ref` grows in the order of judging.

    `furniture`: those of its lines that are its outlet's; `body`: where its text is, if not in memory.
    """

    ref: int
    article_id: str
    story_id: UUID
    furniture: frozenset[int] = frozenset()
    body: bytes = b""


class MovedError(Exception):
    """There is more in the article's stream than was known when it was to be judged."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text to be judged. `outlet` is a number for whoever printed it.

    `version`: where the article's stream must stand, or nothing is searched; None where that does not matter.
    """

    article_id: str
    sha256: bytes
    outlet: int
    fingerprint: Fingerprint
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which known article a text is a copy of, and how.

    `keys`: what of it the index should hold; `furniture`: its lines that are its outlet's.
    """

    of: Known | None
    method: str | None
    similarity: float
    keys: tuple[int, ...]
    furniture: frozenset[int]


@dataclass(frozen=True, slots=True)
class Sharing:
    """What shares keys with a text: articles worth looking at, and those of its keys that stand in too many."""

    articles: list[Known]
    crowded: frozenset[int]


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known before a text is looked into: the first known article with the very same text, and what its
    outlet printed lately (at most `furniture.LATELY` articles; none where nobody knows the outlet)."""

    equal: Known | None
    lately: Sequence[Printed]


class CopyIndex(Protocol):
    """Known articles by their texts. No method returns the article that is asked about."""

    def beside(self, text: Text) -> Beside:
        """What stands beside the text. May raise MovedError."""

    def sharing(self, query: Sequence[int], besides: str) -> Sharing:
        """Known articles that share keys with `query`, as `most_shared` picks them, the most telling first."""

    def fetch(self, known: Sequence[Known]) -> None:
        """Has at hand what `fingerprint_of` needs for these, all at once."""

    def fingerprint_of(self, known: Known) -> Fingerprint | None:
        """Its fingerprint, furniture and all, or None where its text is gone."""


def find_original(index: CopyIndex, text: Text) -> Verdict:
    """What the text is a copy of: an equal text, else the known text that holds (or is held) most of all.

    Furniture of either text's outlet is taken out of both first. Of one story few articles are compared, however
    many there are. Raises MovedError before anything else.
    """
    beside = index.beside(text)
    furniture = furniture_in(text.fingerprint, beside.lately)
    if beside.equal is not None:
        return Verdict(beside.equal, EXACT, 1.0, (), furniture)
    own = text.fingerprint.without(furniture)
    best: Known | None = None
    similarity, new = 0.0, 1.0
    settled: set[UUID] = set()
    sharing = index.sharing(own.query, text.article_id)
    candidates = few_of_each_story(sharing.articles)
    index.fetch(candidates)
    for known in candidates:
        if known.story_id in settled:
            continue
        other = index.fingerprint_of(known)
        if other is None:
            continue
        match = compare(own.without(known.furniture), other.without(furniture | known.furniture))
        if not match.is_copy:
            continue
        settled.add(known.story_id)
        if best is None or match.similarity > similarity:
            best, similarity = known, match.similarity
        new = min(new, match.new)
        if similarity >= CERTAIN:
            break
    keys = _telling(own, sharing) if new > NEW_WORDS else ()
    if best is None:
        return Verdict(None, None, 0.0, keys, furniture)
    return Verdict(best, NEAR, round(similarity, 4), keys, furniture)


def as_original(index: CopyIndex, text: Text) -> Verdict:
    """The verdict on a text of which is known that it is no copy: nothing is compared."""
    furniture = furniture_in(text.fingerprint, index.beside(text).lately)
    own = text.fingerprint.without(furniture)
    keys = _telling(own, index.sharing(own.query, text.article_id))
    return Verdict(None, None, 0.0, keys, furniture)


def most_shared(rows: Iterable[tuple[int, int]]) -> tuple[list[int], frozenset[int]]:
    """Of rows (key, ref) the refs worth looking at, at most LOOKED_UP, the most telling first; and crowded keys.

    A key counts the more the fewer stories it stands in: what an article shares with its copies stands
    nowhere else, stock phrases stand in many.
    """
    rows = list(rows)
    crowd = Counter(map(_FIRST, rows))
    told: dict[int, float] = defaultdict(float)
    for key, ref in rows:
        if crowd[key] < CROWDED:
            told[ref] += 1.0 / crowd[key]
    ranked = sorted(told.items(), key=lambda item: (-item[1], item[0]))
    worth = [ref for ref, weight in ranked[:LOOKED_UP] if weight >= TELLING]
    return worth, frozenset(key for key, count in crowd.items() if count >= CROWDED)


def _telling(own: Fingerprint, sharing: Sharing) -> tuple[int, ...]:
    """Those of its keys that do not stand in too many stories."""
    return tuple(key for key in own.keys if key not in sharing.crowded)


def few_of_each_story(candidates: Iterable[Known]) -> list[Known]:
    """The first CANDIDATES of which no more than OF_ONE_STORY are of one story."""
    seen: Counter[UUID] = Counter()
    chosen = []
    for known in candidates:
        seen[known.story_id] += 1
        if seen[known.story_id] <= OF_ONE_STORY:
            chosen.append(known)
    return chosen[:CANDIDATES]
