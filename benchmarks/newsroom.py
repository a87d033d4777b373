"""Generated articles: words by a law like Zipf's, stock phrases, outlets' furniture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

OUTLETS = 300
_WORDS, _STOCK = 60_000, 3_000


class Newsroom:
    """Writes articles; each by its number alone, so that none has to be kept."""

    def __init__(self) -> None:
        rng = np.random.default_rng(1)
        letters = np.array(list("etaoinshrdlucmfwypvbgk"))
        self._vocabulary = np.array(
            ["".join(rng.choice(letters, size)) for size in rng.integers(2, 11, _WORDS)], dtype=object
        )
        chances = 1.0 / (np.arange(1, _WORDS + 1) + 2.7)  # Zipf's law as Mandelbrot has it
        self._up_to = np.cumsum(chances / chances.sum())
        self._stock = [self._words(rng, int(size)) for size in rng.integers(5, 14, _STOCK)]
        self.furniture = [" ".join(self._words(rng, 25)) for _ in range(OUTLETS)]

    def _words(self, rng: np.random.Generator, size: int) -> NDArray[np.object_]:
        places = np.minimum(np.searchsorted(self._up_to, rng.random(size)), _WORDS - 1)
        return np.asarray(self._vocabulary[places])

    def outlet(self, number: int) -> int:
        """Which outlet printed the article of this number."""
        return number * 7919 % 1_000_003 % OUTLETS

    def article(self, number: int) -> str:
        """Some 150 to 1,500 words in paragraphs, a stock phrase every fifty, and the outlet's last line."""
        rng = np.random.default_rng(number + 1_000)
        size = int(np.clip(rng.lognormal(6.2, 0.5), 150, 1_500))
        words = list(self._words(rng, size))
        for at, which in zip(rng.integers(0, size, size // 50), rng.random(size // 50), strict=True):
            words[at:at] = self._stock[int(_STOCK * which**3)]
        paragraphs = [" ".join(words[start : start + 45]) for start in range(0, len(words), 45)]
        return "\n\n".join([*paragraphs, self.furniture[self.outlet(number)]])
