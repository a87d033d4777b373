"""Logistic regressions (liblinear, L2) over the bank's rows; scikit-learn learns, numpy alone applies.

A position is learned in two steps, which share what little there is to learn from: is the actor's word on the
question at all, and, of those that are, for, against or on a condition. Their probabilities multiply.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from training.bank import Row
from workers.extraction.learned.model import Model, scale_of

FEWEST = 4  # texts of a label below which it is not learned
_SURE = 6.0


def learn(rows: Sequence[Row], *, strength: float = 60.0, rarest: int = 3, smallest: float = 0.03) -> Model:
    """The model of the rows, without thresholds. Features in fewer than `rarest` rows are left out, as are weights
    under `smallest`; `strength` is the inverse of the regularisation."""
    counts = Counter(name for row in rows for name in row.features)
    vocabulary = sorted(name for name, count in counts.items() if count >= rarest)
    index = {name: n for n, name in enumerate(vocabulary)}
    table = _table(rows, index)
    labels = Counter(label for row in rows for label in row.labels)
    known = sorted(label for label, count in labels.items() if count >= FEWEST)
    stances = [label for label in known if " " in label]
    questions = sorted({label.split()[0] for label in stances})
    everything, dated = np.arange(len(rows)), np.array([n for n, row in enumerate(rows) if row.dated])
    weights, bias, names = [], [], []
    for question in questions:
        about = np.array([any(label.startswith(f"{question} ") for label in row.labels) for row in rows])
        for name, truth, chosen in (
            (question, about, everything),
            *((s, _has(rows, s), np.flatnonzero(about)) for s in stances if s.startswith(f"{question} ")),
        ):
            _add(names, weights, bias, name, _fit(table[chosen], truth[chosen], strength))
    for kind in (label for label in known if " " not in label):
        _add(names, weights, bias, kind, _fit(table[dated], _has(rows, kind)[dated], strength))
    return _packed(vocabulary, names, np.array(weights).T, np.array(bias), smallest)


def _has(rows: Sequence[Row], label: str) -> Any:
    return np.array([label in row.labels for row in rows])


def _table(rows: Sequence[Row], index: dict[str, int]) -> Any:
    columns = [sorted(index[f] for f in row.features if f in index) for row in rows]
    values = [np.full(len(mine), scale_of(max(1, len(mine)))) for mine in columns]
    starts = np.cumsum([0, *(len(mine) for mine in columns)])
    flat = np.concatenate([np.array(mine, dtype=np.int64) for mine in columns])
    return csr_matrix((np.concatenate(values), flat, starts), shape=(len(rows), len(index)))


def _fit(table: Any, truth: Any, strength: float) -> tuple[Any, float]:
    if truth.all() or not truth.any():
        return np.zeros(table.shape[1]), _SURE if truth.all() else -_SURE
    model = LogisticRegression(C=strength, solver="liblinear", random_state=0, max_iter=300).fit(table, truth)
    return model.coef_[0], float(model.intercept_[0])


def _add(
    names: list[str], weights: list[Any], bias: list[float], name: str, fitted: tuple[Any, float]
) -> None:
    names.append(name)
    weights.append(fitted[0])
    bias.append(fitted[1])


def _packed(
    vocabulary: Sequence[str], names: Sequence[str], weights: Any, bias: Any, smallest: float
) -> Model:
    weights = np.where(np.abs(weights) < smallest, 0.0, weights)
    used = np.flatnonzero(np.abs(weights).sum(axis=1))
    filled = [np.flatnonzero(weights[row]) for row in used]
    return Model(
        [vocabulary[row] for row in used],
        names,
        np.cumsum([0, *(len(mine) for mine in filled)]),
        np.concatenate(filled),
        np.concatenate([weights[row, mine] for row, mine in zip(used, filled, strict=True)]),
        bias,
        {},
    )
