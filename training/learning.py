"""Logistic regressions by gradient descent on numpy alone: the same rows give the same weights.

Adam (Kingma and Ba, 2015) with decoupled weight decay (Loshchilov and Hutter, 2019), a step that falls to
zero, and batches in an order drawn from a fixed seed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from training.bank import Row
from workers.extraction.learned.model import Model, scale_of

BATCH = 128
SEED = 1987


def learn(
    rows: Sequence[Row],
    labels: Sequence[str],
    *,
    epochs: int = 12,
    step: float = 0.02,
    decay: float = 0.002,
    rarest: int = 2,
    smallest: float = 0.02,
) -> Model:
    """The model of the rows. Features in fewer than `rarest` texts are left out, as are weights under `smallest`."""
    vocabulary = _vocabulary(rows, rarest)
    index = {name: n for n, name in enumerate(vocabulary)}
    columns = [np.array(sorted(index[f] for f in row.features if f in index), dtype=np.int64) for row in rows]
    truth = np.array([[label in row.labels for label in labels] for row in rows], dtype=np.float32)
    mask = np.array([[row.dated or " " in label for label in labels] for row in rows], dtype=np.float32)
    weights, bias = _descend(columns, truth, mask, len(vocabulary), epochs, step, decay)
    shared = _credit(rows, columns, truth, mask, weights, bias)
    if shared.any():
        mask = mask * ~shared
        weights, bias = _descend(columns, truth, mask, len(vocabulary), epochs, step, decay)
    weights[np.abs(weights) < smallest] = 0.0
    return _packed(vocabulary, labels, weights, bias)


def _vocabulary(rows: Sequence[Row], rarest: int) -> list[str]:
    seen: Counter[str] = Counter()
    for text in _by_text(rows):
        seen.update(text)
    return sorted(name for name, count in seen.items() if count >= rarest)


def _by_text(rows: Sequence[Row]) -> list[set[str]]:
    texts: dict[tuple[str, int], set[str]] = {}
    for row in rows:
        texts.setdefault(row.group[:2], set()).update(row.features)
    return list(texts.values())


def _dense(columns: Sequence[Any], size: int) -> Any:
    batch = np.zeros((len(columns), size), dtype=np.float32)
    for n, mine in enumerate(columns):
        if len(mine):
            batch[n, mine] = scale_of(len(mine))
    return batch


def _descend(
    columns: Sequence[Any], truth: Any, mask: Any, size: int, epochs: int, step: float, decay: float
) -> tuple[Any, Any]:
    random = np.random.default_rng(SEED)
    count = truth.shape[1]
    weights, bias = np.zeros((size, count), np.float32), np.full(count, -4.0, np.float32)
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    first_bias, second_bias = np.zeros_like(bias), np.zeros_like(bias)
    batches = -(-len(columns) // BATCH)
    total, done = epochs * batches, 0
    for _ in range(epochs):
        order = random.permutation(len(columns))
        for n in range(batches):
            chosen = order[n * BATCH : (n + 1) * BATCH]
            batch = _dense([columns[c] for c in chosen], size)
            guess = 1.0 / (1.0 + np.exp(-(batch @ weights + bias)))
            error = (guess - truth[chosen]) * mask[chosen] / len(chosen)
            done += 1
            rate = step * (1.0 - (done - 1) / total)
            _move(weights, first, second, batch.T @ error, rate, done)
            _move(bias, first_bias, second_bias, error.sum(axis=0), rate, done)
            weights *= 1.0 - rate * decay * 10
    return weights, bias


def _move(value: Any, first: Any, second: Any, slope: Any, rate: float, count: int) -> None:
    first *= 0.9
    first += 0.1 * slope
    second *= 0.999
    second += 0.001 * slope * slope
    value -= rate * (first / (1 - 0.9**count)) / (np.sqrt(second / (1 - 0.999**count)) + 1e-8)


def _credit(rows: Sequence[Row], columns: Sequence[Any], truth: Any, mask: Any, weights: Any, bias: Any) -> Any:
    """Of an actor's sentences in one text those that a label is hardly about: they are not to learn it from."""
    groups: dict[tuple[str, int, str], list[int]] = {}
    for n, row in enumerate(rows):
        groups.setdefault(row.group, []).append(n)
    out = np.zeros(truth.shape, dtype=bool)
    for members in groups.values():
        if len(members) < 2:
            continue
        scores = _dense([columns[n] for n in members], weights.shape[0]) @ weights + bias
        best = scores.max(axis=0)
        for n, score in zip(members, scores, strict=True):
            out[n] = (truth[n] > 0) & (mask[n] > 0) & (score < best - 0.7)
    return out


def _packed(vocabulary: Sequence[str], labels: Sequence[str], weights: Any, bias: Any) -> Model:
    used = np.flatnonzero(np.abs(weights).sum(axis=1))
    starts, columns, values = [0], [], []
    for row in used:
        filled = np.flatnonzero(weights[row])
        columns.append(filled)
        values.append(weights[row, filled])
        starts.append(starts[-1] + len(filled))
    return Model(
        [vocabulary[n] for n in used],
        labels,
        np.array(starts, dtype=np.int32),
        np.concatenate(columns) if columns else np.zeros(0, np.int64),
        np.concatenate(values) if values else np.zeros(0, np.float32),
        bias,
        {},
    )
