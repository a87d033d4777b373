"""The model: logistic regressions over the features of a candidate, one for each label; numpy alone.

`<dossier>.npz` is written by `training/train.py`. Its weights are a sparse matrix by feature (compressed rows),
in half precision. Labels are propositions, `proposition stance` and event kinds; the latter two have a
probability from which on they are believed.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from math import sqrt
from typing import Any

import numpy as np


class Model:
    """Weights by feature and label. Scoring a candidate takes about 0.1 ms."""

    def __init__(
        self,
        vocabulary: Iterable[str],
        labels: Iterable[str],
        starts: Any,
        columns: Any,
        weights: Any,
        bias: Any,
        thresholds: Mapping[str, float],
    ) -> None:
        self.rows = {name: row for row, name in enumerate(vocabulary)}
        self.labels = tuple(labels)
        self.thresholds = dict(thresholds)
        self._questions = {name.partition(" ")[0] for name in self.labels if " " in name}
        self._starts = starts
        self._columns = columns
        self._weights = np.asarray(weights, dtype=np.float32)
        self._bias = np.asarray(bias, dtype=np.float32)
        self._table = np.zeros((len(self.rows), len(self.labels)), dtype=np.float32)
        self._table[np.repeat(np.arange(len(self.rows)), np.diff(starts)), columns] = self._weights

    def probabilities(self, features: Iterable[str]) -> dict[str, float]:
        """The probability of each `proposition stance` and each event kind.

        A stance's is that of its question times its own share among those who speak to the question.
        """
        raw = dict(zip(self.labels, self._raw(features).tolist(), strict=True))
        return {
            name: p * raw[name.partition(" ")[0]] if " " in name else p
            for name, p in raw.items()
            if name not in self._questions
        }

    def _raw(self, features: Iterable[str]) -> Any:
        rows = [row for name in features if (row := self.rows.get(name)) is not None]
        total = self._bias
        if rows:
            total = total + self._table[rows].sum(axis=0) * np.float32(scale_of(len(rows)))
        return 1.0 / (1.0 + np.exp(-total))

    def believed(self, features: Iterable[str]) -> list[tuple[str, float]]:
        """The labels at or above their threshold, the surest first."""
        found = self.probabilities(features).items()
        return sorted(
            ((n, p) for n, p in found if p >= self.thresholds.get(n, 1.0)), key=lambda f: (-f[1], f[0])
        )

    def save(self, path: Any) -> None:
        """Write the file that `load` reads; the same model gives the same arrays."""
        np.savez_compressed(
            path,
            vocabulary=np.frombuffer("\n".join(self.rows).encode(), dtype=np.uint8),
            labels=np.frombuffer("\n".join(self.labels).encode(), dtype=np.uint8),
            starts=np.asarray(self._starts, dtype=np.int32),
            columns=np.asarray(self._columns, dtype=np.uint8),
            weights=self._weights.astype(np.float16),
            bias=self._bias,
            thresholds=np.asarray([self.thresholds.get(n, 1.0) for n in self.labels], dtype=np.float32),
        )


def scale_of(count: int) -> float:
    """Long sentences have more features: each weighs less, so that none is believed for its length."""
    return 1.0 / sqrt(count)


def read(data: bytes) -> Model:
    """The model of a file's bytes. Raises ValueError or KeyError where they are no such file."""
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        labels = bytes(file["labels"]).decode().split("\n")
        return Model(
            bytes(file["vocabulary"]).decode().split("\n"),
            labels,
            file["starts"],
            file["columns"],
            file["weights"],
            file["bias"],
            dict(zip(labels, file["thresholds"].tolist(), strict=True)),
        )


@cache
def load(dossier_id: str) -> Model | None:
    """The packaged model of a dossier, read once at first use; None where there is none."""
    file = resources.files("workers.extraction.learned").joinpath(f"{dossier_id}.npz")
    return read(file.read_bytes()) if file.is_file() else None
