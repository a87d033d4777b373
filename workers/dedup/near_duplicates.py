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

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from workers.dedup.hashes import Flags, Hashes, Places, mix, running_sums, stretches, stretches_between
from workers.dedup.words import cut

SHINGLE = 5  # words
RUN = 8  # words in sequence that count as taken over; treaty names and titles are shorter
LEAD = 60  # own words that make up a lead
MIN_WORDS = 20  # shorter texts are copies only if all of their words are equal

COPIED, LEAD_COPIED = 0.2, 0.2  # shares of the shorter text's own words, and of a lead
FEW_WORDS, COPIED_OF_FEW = 30, 0.5  # two briefs may share who said it where and when in so many words
# Without the lead it may be the background that an agency appends to all of its stories, which can be more than
# half of a short one, but is no more than so many words.
COPIED_WITHOUT_LEAD, BACKGROUND_WORDS = 0.5, 250
COPIED_SHORT_WITHOUT_LEAD = 0.75
# A text that is nearly all quotation is compared whole, and more strictly.
MIN_OWN_WORDS, MIN_OWN_SHARE, COPIED_QUOTATION = 20, 0.25, 0.5

STORED_RATE, STORED_LEAST = 24, 24  # one shingle in 24 is indexed, at least 24 of them
QUERY_RATE, QUERY_LEAST = 16, 48  # looked up more densely: the other may be shorter, so sampled more densely

_BOUNDS = {rate: np.uint64(2**64 // rate) for rate in (STORED_RATE, QUERY_RATE)}
_LOWER_HALF = np.uint64(0xFFFFFFFF)


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """What is kept of a text to compare it: a hash of each word, and whether it is the text's own or quoted.

    `line_starts`: at which of them lines begin. No word can be read out of it.
    """

    hashes: Hashes
    own: Flags
    line_starts: Places

    @property
    def words(self) -> int:
        """How many there are."""
        return len(self.hashes)

    @cached_property
    def shingles(self) -> Hashes:
        """At i the hash of words i to i+4."""
        return mix(stretches(self._sums, SHINGLE))

    @cached_property
    def ordered(self) -> Hashes:
        """The shingles in order, each once."""
        ordered = np.sort(self.shingles)
        again = ordered[1:] == ordered[:-1]
        return np.concatenate((ordered[:1], ordered[1:][~again])) if again.any() else ordered

    @cached_property
    def lines(self) -> tuple[int, ...]:
        """A hash of each line, signed as PostgreSQL has them."""
        return tuple(
            mix(stretches_between(self._sums, self.line_starts, self._line_ends)).view(np.int64).tolist()
        )

    @cached_property
    def query(self) -> tuple[int, ...]:
        """What to look up in an index: signed 32-bit integers, each at most once. Holds `keys`."""
        # Sampled by the upper half of the hash; the key is the lower half.
        sampled = self.ordered[: self._sampled(QUERY_RATE, QUERY_LEAST)] & _LOWER_HALF
        return tuple(dict.fromkeys(sampled.astype(np.uint32).view(np.int32).tolist()))

    @cached_property
    def keys(self) -> tuple[int, ...]:
        """What an index should hold of it."""
        return self.query[: self._sampled(STORED_RATE, STORED_LEAST)]

    def without(self, lines: frozenset[int]) -> Fingerprint:
        """The fingerprint of the text without these lines."""
        gone = lines.intersection(self.lines) if lines else lines
        if not gone:
            return self
        if gone not in self._shorter:
            stays = np.array([line not in gone for line in self.lines], np.bool_)
            sizes = self._line_ends - self.line_starts
            left, sizes = stays.repeat(sizes), sizes[stays]
            shorter = Fingerprint(self.hashes[left], self.own[left], sizes.cumsum() - sizes)
            shorter.__dict__["lines"] = tuple(line for line in self.lines if line not in gone)
            self._shorter[gone] = shorter
        return self._shorter[gone]

    @cached_property
    def _shorter(self) -> dict[frozenset[int], Fingerprint]:
        """What was asked of `without`: furniture is looked for and then left out."""
        return {}

    @cached_property
    def _line_ends(self) -> Places:
        return np.concatenate((self.line_starts[1:], [self.words]))

    @cached_property
    def _sums(self) -> Hashes:
        return running_sums(self.hashes)

    def _sampled(self, rate: int, least: int) -> int:
        """How many make up the MOD sketch at 1/`rate`, topped up to a MIN sketch of `least`."""
        return max(int(self.ordered.searchsorted(_BOUNDS[rate])), least)


@dataclass(frozen=True, slots=True)
class Match:
    """How one text stands to another, all 0..1.

    `similarity`: share of the shorter one's own words that stand in the other; `lead`: the larger share of
    a lead; `new`: share of the first text's words that the second does not have; `asked`: what `similarity`
    had to be.
    """

    is_copy: bool
    similarity: float
    lead: float
    new: float
    asked: float


def fingerprint(text: str) -> Fingerprint:
    """The fingerprint of a text, without its title: desks rewrite headlines first of all. Any text will do."""
    made = cut(text)
    return Fingerprint(made.hashes, ~made.quoted, made.line_starts)


def compare(a: Fingerprint, b: Fingerprint) -> Match:
    """Whether one is a copy of the other: symmetric but for `new`. Containment counts: a part is a copy."""
    if min(a.words, b.words) < MIN_WORDS:
        equal = a.words >= SHINGLE and np.array_equal(a.hashes, b.hashes)
        return Match(equal, float(equal), float(equal), float(not equal), 1.0)
    shared = _shared(a, b)
    taken_a, taken_b = _taken_over(a, shared), _taken_over(b, shared)
    own_a, own_b = taken_a[a.own], taken_b[b.own]
    new = 1.0 - _share(taken_a)
    if _nearly_all_quotation(a) or _nearly_all_quotation(b):
        whole = _share(taken_a if a.words <= b.words else taken_b)
        return Match(whole >= COPIED_QUOTATION, whole, whole, new, COPIED_QUOTATION)
    shorter = own_a if len(own_a) <= len(own_b) else own_b
    similarity = _share(shorter)
    lead = max(_share(own_a[:LEAD]), _share(own_b[:LEAD]))
    taken = int(np.count_nonzero(shorter))
    if lead >= LEAD_COPIED:
        enough = COPIED if taken >= FEW_WORDS else COPIED_OF_FEW
    else:
        enough = COPIED_WITHOUT_LEAD if taken > BACKGROUND_WORDS else COPIED_SHORT_WITHOUT_LEAD
    return Match(similarity >= enough, similarity, lead, new, enough)


def _nearly_all_quotation(text: Fingerprint) -> bool:
    return int(np.count_nonzero(text.own)) < max(MIN_OWN_WORDS, MIN_OWN_SHARE * text.words)


def _share(flags: Flags) -> float:
    """How many of them are set, 0..1."""
    return int(np.count_nonzero(flags)) / len(flags)


def _shared(a: Fingerprint, b: Fingerprint) -> Hashes:
    """The shingles that stand in both, in order: few as a rule, and looked for among those of the other in order, too."""
    few, many = (a.ordered, b.ordered) if len(a.ordered) <= len(b.ordered) else (b.ordered, a.ordered)
    return few[_stand_in(few, many)]


def _taken_over(a: Fingerprint, shared: Hashes) -> Flags:
    """For each word of `a`: whether it lies in a run of at least RUN words whose shingles all stand in the other text."""
    if len(shared) == 0:
        return np.zeros(a.words, np.bool_)
    hit = _stand_in(a.shingles, shared)
    padded = np.zeros(len(hit) + 2, np.bool_)
    padded[1:-1] = hit
    edges = (padded[1:] != padded[:-1]).nonzero()[0]
    starts, ends = edges[::2], edges[1::2]  # a run of n shingles covers n + SHINGLE - 1 words
    long_enough = ends - starts >= RUN - SHINGLE + 1
    if not long_enough.any():
        return np.zeros(a.words, np.bool_)
    steps = np.zeros(a.words + 1, np.int32)
    steps[starts[long_enough]] += 1  # no two runs start, or end, at one place
    steps[ends[long_enough] + (SHINGLE - 1)] -= 1
    return np.asarray(steps.cumsum()[: a.words] > 0)


def _stand_in(values: Hashes, ordered: Hashes) -> Flags:
    """Which of the values are among the others, which are in order."""
    if not len(ordered):
        return np.zeros(len(values), np.bool_)
    return np.asarray(ordered.take(ordered.searchsorted(values), mode="clip") == values)
