"""The search for the article that a text is a copy of, over any index of known articles."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from workers.dedup.near_duplicates import Fingerprint, compare

EXACT, NEAR = "exact", "near"
CANDIDATES = 6  # compared at most
TELLING = 0.5  # sum over shared keys of 1 / stories with that key, below which nothing is compared
CERTAIN = 0.9  # similarity at which the search ends
CROWDED = 32  # rows of one key: what stands in so many stories says nothing about any
NEW_WORDS = 0.25  # a copy with more of its own than this is indexed for it


@dataclass(frozen=True, slots=True)
class Known:
    """An article that was judged before. `ref` grows in the order of judging."""

    ref: int
    article_id: str
    story_id: UUID


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which known article a text is a copy of, and how. `keys`: what of it the index should hold."""

    of: Known | None
    method: str | None
    similarity: float
    keys: tuple[int, ...]


class CopyIndex(Protocol):
    """Known articles by their texts. Neither method returns the article `besides`."""

    def equal_to(self, text_sha256: bytes, besides: str) -> Known | None:
        """The first known article with the very same text."""

    def sharing(self, query: Sequence[int], besides: str) -> list[Known]:
        """Known articles that share keys with `query`, most shared first, at most CANDIDATES."""

    def fingerprint_of(self, known: Known) -> Fingerprint | None:
        """Its fingerprint, or None where its text is gone."""


def find_original(index: CopyIndex, article_id: str, text_sha256: bytes, own: Fingerprint) -> Verdict:
    """What the text is a copy of: an equal text, else the known text that holds (or is held) most of all."""
    equal = index.equal_to(text_sha256, article_id)
    if equal is not None:
        return Verdict(equal, EXACT, 1.0, ())
    best: Known | None = None
    similarity, new = 0.0, 1.0
    for known in index.sharing(own.query, article_id):
        other = index.fingerprint_of(known)
        if other is None:
            continue
        match = compare(own, other)
        if not match.is_copy:
            continue
        if best is None or match.similarity > similarity:
            best, similarity = known, match.similarity
        new = min(new, match.new)
        if similarity >= CERTAIN:
            break
    if best is None:
        return Verdict(None, None, 0.0, own.keys)
    return Verdict(best, NEAR, round(similarity, 4), own.keys if new > NEW_WORDS else ())


def most_shared(rows: Iterable[tuple[int, int]]) -> list[int]:
    """The refs worth comparing among rows (key, ref), at most CANDIDATES, the most telling first.

    A key counts the more the fewer stories it stands in: what an article shares with its copies stands
    nowhere else, stock phrases stand in many.
    """
    rows = list(rows)
    crowd = Counter(key for key, _ in rows)
    told: dict[int, float] = defaultdict(float)
    for key, ref in rows:
        if crowd[key] < CROWDED:
            told[ref] += 1.0 / crowd[key]
    ranked = sorted(told.items(), key=lambda item: (-item[1], item[0]))
    return [ref for ref, weight in ranked[:CANDIDATES] if weight >= TELLING]


@dataclass(slots=True)
class MemoryIndex:
    """An index for one run over a file of articles."""

    _known: list[tuple[Known, Fingerprint]] = field(default_factory=list)
    _texts: dict[bytes, int] = field(default_factory=dict)
    keys: dict[int, list[int]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._known)

    def equal_to(self, text_sha256: bytes, besides: str) -> Known | None:
        ref = self._texts.get(text_sha256)
        return None if ref is None or self._known[ref][0].article_id == besides else self._known[ref][0]

    def sharing(self, query: Sequence[int], besides: str) -> list[Known]:
        rows = ((key, ref) for key in query for ref in self.keys.get(key, ()))
        return [self._known[ref][0] for ref in most_shared(rows) if self._known[ref][0].article_id != besides]

    def fingerprint_of(self, known: Known) -> Fingerprint | None:
        return self._known[known.ref][1]

    def add(
        self, article_id: str, story_id: UUID, text_sha256: bytes, own: Fingerprint, keys: Sequence[int]
    ) -> Known:
        """Remember an article; `keys` as the verdict on it says."""
        known = Known(len(self._known), article_id, story_id)
        self._known.append((known, own))
        self._texts.setdefault(text_sha256, known.ref)
        for key in keys:
            refs = self.keys.setdefault(key, [])
            if len(refs) < CROWDED and all(self._known[ref][0].story_id != story_id for ref in refs):
                refs.append(known.ref)
        return known
