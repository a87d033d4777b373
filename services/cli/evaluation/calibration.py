"""Whether confidences mean what they say: of the records at 0.8, eight in ten should be right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """The records with a confidence from `low` to `high`; the last bin holds its upper end too."""

    low: float
    high: float
    count: int
    confidence: float  # their mean
    right: float  # the share of them that is right


@dataclass(frozen=True, slots=True)
class Calibration:
    """`error`: how far, on average over the records, a bin's confidence is from the share that is right."""

    count: int
    error: float
    bins: tuple[Bin, ...]  # those that hold records

    def as_json(self) -> dict[str, Any]:
        """The figures to three places."""
        return {
            "records": self.count,
            "ece": round(self.error, 3),
            "bins": [
                {
                    "from": b.low,
                    "to": b.high,
                    "records": b.count,
                    "confidence": round(b.confidence, 3),
                    "right": round(b.right, 3),
                }
                for b in self.bins
            ],
        }


def calibration(records: Iterable[tuple[float, bool]], bins: int = BINS) -> Calibration:
    """The expected calibration error of (confidence, whether right), in bins of equal width."""
    filled: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for confidence, right in records:
        if not 0.0 <= confidence <= 1.0:
            raise ValueError(f"not a confidence: {confidence}")
        filled[min(bins - 1, int(confidence * bins + 1e-9))].append((confidence, right))
    made = tuple(
        Bin(
            low=number / bins,
            high=(number + 1) / bins,
            count=len(inside),
            confidence=sum(c for c, _ in inside) / len(inside),
            right=sum(r for _, r in inside) / len(inside),
        )
        for number, inside in enumerate(filled)
        if inside
    )
    count = sum(b.count for b in made)
    error = sum(b.count * abs(b.confidence - b.right) for b in made) / count if count else 0.0
    return Calibration(count, error, made)
