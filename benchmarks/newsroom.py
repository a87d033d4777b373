"""Generated articles: words by a law like Zipf's, stock phrases, outlets' furniture."""

from __future__ import annotations

import numpy as np

from workers.dedup.hashes import Flags, Places
from workers.dedup.near_duplicates import Fingerprint
from workers.dedup.words import cut

OUTLETS = 300
_WORDS, _STOCK = 60_000, 3_000
_SHIFT = 2.7
_LINE = 45  # words


class Newsroom:
    """Writes articles; each by its number alone, so that none has to be kept.

    Some 150 to 1,500 words, a stock phrase for every fifty, and in the end the line that all of the outlet's
    articles end with.
    """

    def __init__(self) -> None:
        rng = np.random.default_rng(1)
        letters = np.array(list("etaoinshrdlucmfwypvbgk"))
        self._vocabulary = ["".join(rng.choice(letters, size)) for size in rng.integers(2, 11, _WORDS)]
        self._hashes = cut(" ".join(self._vocabulary)).hashes
        self._stock = [self._words(rng, int(size)) for size in rng.integers(5, 14, _STOCK)]
        self._furniture = [self._words(rng, 25) for _ in range(OUTLETS)]

    def outlet(self, number: int) -> int:
        """Which outlet printed the article of this number."""
        return number * 7919 % 1_000_003 % OUTLETS

    def article(self, number: int) -> str:
        """The text."""
        words = self._numbers(number).tolist()
        lines = [*(words[start : start + _LINE] for start in range(0, len(words), _LINE)),
                 self._furniture[self.outlet(number)].tolist()]  # fmt: skip
        return "\n\n".join(" ".join(self._vocabulary[word] for word in line) for line in lines)

    def fingerprint(self, number: int) -> Fingerprint:
        """That of the text without the outlet's line, as `fingerprint` makes it but without the detour over a text."""
        hashes = self._hashes[self._numbers(number)]
        own: Flags = np.ones(len(hashes), np.bool_)
        starts: Places = np.arange(0, len(hashes), _LINE)
        return Fingerprint(hashes, own, starts)

    def furniture(self, outlet: int) -> frozenset[int]:
        """The outlet's line, hashed."""
        hashes = self._hashes[self._furniture[outlet]]
        return frozenset(Fingerprint(hashes, np.ones(len(hashes), np.bool_), np.zeros(1, np.intp)).lines)

    def _numbers(self, number: int) -> Places:
        rng = np.random.default_rng(number + 1_000)
        size = int(np.clip(rng.lognormal(6.2, 0.5), 150, 1_500))
        words = self._words(rng, size)
        parts, start = [], 0
        places = np.sort(rng.integers(0, size, size // 50)).tolist()
        for place, which in zip(places, rng.random(size // 50).tolist(), strict=True):
            parts += (words[start:place], self._stock[int(_STOCK * which**3)])
            start = place
        return np.concatenate((*parts, words[start:]))

    def _words(self, rng: np.random.Generator, size: int) -> Places:
        """The word of rank k has the chance 1 / (k + 2.7), Zipf's law as Mandelbrot has it."""
        ranks = _SHIFT * ((_WORDS + _SHIFT) / _SHIFT) ** rng.random(size) - _SHIFT
        return ranks.astype(np.intp)
