"""Fingerprints of texts, and the measure that says whether one text is a copy of another.

Sketch: Broder's MOD_m and MIN_s sketches over one min-wise hash of the word shingles (A. Broder, "On the
resemblance and containment of documents", 1997). Unlike banded MinHash signatures, which estimate the
resemblance |A∩B|/|A∪B|, it finds a brief inside a long story at a fixed rate, however long the story is.

Measure: how much of the shorter text's own words (those outside quotation marks) lies in runs that stand in
the other text too, and whether the lead of one of them does. Two newsrooms that report the same statement
share its quotations, names and stock phrases; copies share running prose from the lead on.
What was measured is in docs/decisions/0003-near-duplicates.md.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.dedup.words import words_of

SHINGLE = 5  # words
RUN = 8  # words in sequence that count as taken over; treaty names and titles are shorter
LEAD = 60  # own words that make up a lead
MIN_WORDS = 20  # shorter texts are copies only if they are equal

COPIED, LEAD_COPIED = 0.2, 0.2  # shares of the shorter text's own words, and of a lead
FEW_WORDS, COPIED_OF_FEW = 30, 0.5  # two briefs may share who said it where and when in so many words
# Without the lead it may be the background that an agency appends to all of its stories, which can be more than
# half of a short one, but is no more than so many words.
COPIED_WITHOUT_LEAD, BACKGROUND_WORDS = 0.5, 250
COPIED_SHORT_WITHOUT_LEAD = 0.75
# A text that is nearly all quotation is compared whole, and more strictly.
MIN_OWN_WORDS, MIN_OWN_SHARE, COPIED_QUOTATION = 20, 0.25, 0.5

VOCABULARY = 200_000  # words whose hashes are kept

STORED_RATE, STORED_LEAST = 24, 24  # one shingle in 24 is indexed, at least 24 of them
QUERY_RATE, QUERY_LEAST = 8, 64  # looked up more densely: the other may be shorter, so sampled more densely

_Hashes = NDArray[np.uint64]
_Flags = NDArray[np.bool_]
_COEFFICIENTS = tuple(
    np.uint64(c)
    for c in (
        0x9E3779B97F4A7C15,
        0xC2B2AE3D27D4EB4F,
        0x165667B19E3779F9,
        0xD6E8FEB86659FD93,
        0xA0761D6478BD642F,
    )
)


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """What is compared. `shingles[i]` is the hash of words i to i+4; `own[i]`: word i stands outside quotation marks.

    `keys` go into an index, `query` is what to look up there: signed 32-bit integers, each at most once.
    """

    words: int
    shingles: _Hashes
    own: _Flags
    keys: tuple[int, ...]
    query: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """How one text stands to another, all 0..1.

    `similarity`: share of the shorter one's own words that stand in the other; `lead`: the larger share of
    a lead; `new`: share of the first text's words that the second does not have.
    """

    is_copy: bool
    similarity: float
    lead: float
    new: float


def fingerprint(text: str) -> Fingerprint:
    """The fingerprint of a text, without its title: desks rewrite headlines first of all. Any text will do."""
    words, quoted = words_of(text)
    shingles = _shingles(words)
    unique = np.unique(shingles)
    order = np.sort(_swap(unique))  # by the rank, the upper half of the permuted hash
    return Fingerprint(
        words=len(words),
        shingles=shingles,
        own=~np.asarray(quoted, dtype=np.bool_),
        keys=_sample(order, STORED_RATE, STORED_LEAST),
        query=_sample(order, QUERY_RATE, QUERY_LEAST),
    )


def compare(a: Fingerprint, b: Fingerprint) -> Match:
    """Whether one is a copy of the other: symmetric but for `new`. Containment counts: a part is a copy."""
    if min(a.words, b.words) < MIN_WORDS:
        return Match(False, 0.0, 0.0, 1.0)
    taken_a, taken_b = _taken_over(a, b), _taken_over(b, a)
    own_a, own_b = taken_a[a.own], taken_b[b.own]
    new = 1.0 - float(taken_a.mean())
    if _nearly_all_quotation(a) or _nearly_all_quotation(b):
        whole = float((taken_a if a.words <= b.words else taken_b).mean())
        return Match(whole >= COPIED_QUOTATION, whole, whole, new)
    shorter = own_a if len(own_a) <= len(own_b) else own_b
    similarity = float(shorter.mean())
    lead = max(float(own_a[:LEAD].mean()), float(own_b[:LEAD].mean()))
    taken = int(shorter.sum())
    if lead >= LEAD_COPIED:
        enough = COPIED if taken >= FEW_WORDS else COPIED_OF_FEW
    else:
        enough = COPIED_WITHOUT_LEAD if taken > BACKGROUND_WORDS else COPIED_SHORT_WITHOUT_LEAD
    return Match(similarity >= enough, similarity, lead, new)


class _WordHashes(dict[str, int]):
    """CRC-32 of words, worked out once for each: a text repeats itself, and texts one another."""

    def __missing__(self, word: str) -> int:
        value = self[word] = zlib.crc32(word.encode("utf-8", "surrogatepass"))
        return value


_word_hashes = _WordHashes()


def _nearly_all_quotation(text: Fingerprint) -> bool:
    return int(text.own.sum()) < max(MIN_OWN_WORDS, MIN_OWN_SHARE * text.words)


def _shingles(words: list[str]) -> _Hashes:
    count = len(words) - SHINGLE + 1
    if count < 1:
        return np.empty(0, np.uint64)
    if len(_word_hashes) > VOCABULARY:
        _word_hashes.clear()
    hashed = _mix(np.fromiter(map(_word_hashes.__getitem__, words), np.uint64, len(words)))
    total = np.zeros(count, np.uint64)
    for offset, coefficient in enumerate(_COEFFICIENTS):
        total += hashed[offset : offset + count] * coefficient
    return _mix(total)


def _mix(x: _Hashes) -> _Hashes:
    """The finaliser of splitmix64 (S. Vigna): every bit of the input moves every bit of the output."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _swap(x: _Hashes) -> _Hashes:
    """Upper and lower half exchanged, so that the order of the result is independent of that of the input."""
    return (x << np.uint64(32)) | (x >> np.uint64(32))


def _sample(ordered: _Hashes, rate: int, least: int) -> tuple[int, ...]:
    """MOD sketch at 1/`rate`, topped up to a MIN sketch of `least`; a denser sample holds a sparser one."""
    count = max(int(np.searchsorted(ordered, np.uint64(2**64 // rate))), least)
    keys = (ordered[:count] & np.uint64(0xFFFFFFFF)).astype(np.uint32).view(np.int32)
    return tuple(dict.fromkeys(keys.tolist()))


def _taken_over(a: Fingerprint, b: Fingerprint) -> _Flags:
    """For each word of `a`: whether it lies in a run of at least RUN words that stands in `b`."""
    hit = np.isin(a.shingles, b.shingles)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], hit, [False])).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]  # a run of n shingles covers n + SHINGLE - 1 words
    long_enough = ends - starts >= RUN - SHINGLE + 1
    steps = np.zeros(a.words + 1, np.int32)
    np.add.at(steps, starts[long_enough], 1)
    np.add.at(steps, ends[long_enough] + SHINGLE - 1, -1)
    return np.asarray(np.cumsum(steps)[: a.words] > 0)
