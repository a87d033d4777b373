"""Which times an article's words speak for: who is named, which weapons, what has already happened.

A linear model (`training/years.py`) over the words and pairs of words that an article holds, their weights falling
with the number of articles that have them (tf-idf), and a hat function for each knot in time: a score for every day,
linear between the knots. Scores of two days of one article may be compared, nothing else.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

_MODELS = Path(__file__).parent
_FILE = "years.npz"
_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]+|\d[\d,.]*\d|\d")
_MONTHS = "january february march april may june july august september october november december"
_DAYS = "monday tuesday wednesday thursday friday saturday sunday"
_SHORT = "jan feb mar apr jun jul aug sept sep oct nov dec mon tue wed thu fri sat sun"
_CALENDAR = frozenset(f"{_MONTHS} {_DAYS} {_SHORT}".split())


def terms(text: str) -> set[str]:
    """The words and neighbouring pairs that count: in lower case, without days, months, weekdays and 's."""
    words = [found.lower().replace("’", "'").rstrip(".,").removesuffix("'s") for found in _WORD.findall(text)]
    kept = [not (word in _CALENDAR or (word.isdigit() and len(word) < 3)) for word in words]
    single = {word for word, keep in zip(words, kept, strict=True) if keep}
    pairs = zip(words, words[1:], kept, kept[1:], strict=False)
    return single | {f"{one} {other}" for one, other, keep, also in pairs if keep and also}


def moment(day: dt.date) -> float:
    """A day as a year with its fraction: 2019-07-02 is 2019.496."""
    return day.year + (day.timetuple().tm_yday - 1) / 365.25


@dataclass(frozen=True, slots=True)
class YearModel:
    """`weights`: a row of scores at the `knots` for each term; `rarity` is its inverse document frequency."""

    rows: dict[str, int]
    rarity: npt.NDArray[np.float32]
    weights: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]
    knots: npt.NDArray[np.float32]

    def scores(self, text: str) -> npt.NDArray[np.float32]:
        """What a text's words say for the time of each knot."""
        rows = sorted(self.rows[term] for term in terms(text) if term in self.rows)
        share = self.rarity[rows]
        length = float(np.linalg.norm(share)) or 1.0
        found: npt.NDArray[np.float32] = share @ self.weights[rows] / length + self.bias
        return found

    def score(self, scores: npt.NDArray[np.float32], day: dt.date) -> float:
        """What they say for a day, in nats beside other days."""
        return float(np.interp(moment(day), self.knots, scores))


@cache
def year_model(dossier: str) -> YearModel | None:
    """The model of a dossier, None where none was trained."""
    file = _MODELS / dossier / _FILE
    if not file.is_file():
        return None
    with np.load(file) as held:
        vocabulary = bytes(held["terms"]).decode().split("\n")
        return YearModel(
            rows={term: row for row, term in enumerate(vocabulary)},
            rarity=held["rarity"].astype(np.float32),
            weights=held["weights"].astype(np.float32) * held["scale"],
            bias=held["bias"].astype(np.float32),
            knots=held["knots"].astype(np.float32),
        )
