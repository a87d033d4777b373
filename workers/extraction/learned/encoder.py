"""The encoder: what a fine-tuned MiniLM makes of rendered sentences, by ONNX Runtime on the processor.

`<dossier>/` beside this file holds `encoder.onnx` (int8; pieces in, a vector for each out), `heads.npz` (the three
small networks asked at the marks, and the labels) and `pieces.txt` (the word pieces). training/finetune.py
writes them. The base is all-MiniLM-L6-v2 (Apache-2.0).
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from tokenizers import BertWordPieceTokenizer

from workers.extraction.learned.rendering import Pieces, Rendered

BATCH = 16


@dataclass(frozen=True, slots=True)
class Belief:
    """What an actor holds and does in a sentence: probabilities by label; of acts by date."""

    positions: dict[str, float]
    acts: dict[str, dict[str, float]]


def tokenizer(vocabulary: Path) -> Pieces:
    """What turns a text into the ids of its word pieces, by a file of pieces, one a line."""
    pieces = BertWordPieceTokenizer(str(vocabulary), lowercase=True)

    def ids(text: str) -> list[int]:
        return list(pieces.encode(text, add_special_tokens=False).ids) if text.strip() else []

    return ids


class Encoder:
    """Loads in about 0.2 s and takes about 60 MB."""

    def __init__(self, folder: Any) -> None:
        weights = folder.joinpath("encoder.onnx").read_bytes()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(os.environ.get("TREATYLINE_READER_THREADS", "1"))
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
        with resources.as_file(folder.joinpath("heads.npz")) as path, np.load(path) as heads:
            self._heads = {name: heads[name] for name in heads.files}
        self.stances = tuple(str(name) for name in self._heads["stances"])
        self.kinds = tuple(str(name) for name in self._heads["kinds"])
        self.version = hashlib.sha256(weights).hexdigest()[:12]
        with resources.as_file(folder.joinpath("pieces.txt")) as path:
            self.pieces = tokenizer(path)

    def beliefs(self, sentences: Sequence[Rendered]) -> list[dict[str, Belief]]:
        """By sentence, what each of its actors holds and does.

        Sentences are asked in batches by length; the int8 network's scale is a batch's, so that a belief moves a
        little with what else is asked. The same article always gives the same beliefs.
        """
        found: list[dict[str, Belief]] = [{} for _ in sentences]
        order = sorted(range(len(sentences)), key=lambda n: len(sentences[n].pieces))
        for at in range(0, len(order), BATCH):
            numbers = order[at : at + BATCH]
            vectors = self._vectors([sentences[n].pieces for n in numbers])
            for number, rows in zip(numbers, vectors, strict=True):
                found[number] = dict(self._asked(sentences[number], rows))
        return found

    def _vectors(self, rows: Sequence[Sequence[int]]) -> Any:
        longest = max(map(len, rows))
        pieces = np.zeros((len(rows), longest), dtype=np.int64)
        mask = np.zeros_like(pieces)
        for n, row in enumerate(rows):
            pieces[n, : len(row)] = row
            mask[n, : len(row)] = 1
        return self._session.run(None, {"pieces": pieces, "mask": mask})[0]

    def _asked(self, rendered: Rendered, vectors: Any) -> Iterator[tuple[str, Belief]]:
        if not rendered.holders:
            return
        about = vectors[rendered.target]
        places = [p for mine in rendered.holders.values() for p in mine]
        # All of a sentence at once: many small products cost more than the encoder itself on a busy machine.
        own = np.stack([np.concatenate([vectors[p], about]) for p in places])
        stances = _chance(self._head("positions", own))
        kinds = _chance(self._head("kinds", own))
        days = self._days(rendered, vectors, places)
        at = 0
        for actor, mine in rendered.holders.items():
            rows = slice(at, at + len(mine))
            at += len(mine)
            done = kinds[rows].max(axis=0)
            yield (
                actor,
                Belief(
                    dict(zip(self.stances, stances[rows].max(axis=0).tolist(), strict=True)),
                    {
                        value: dict(zip(self.kinds, (done * share).tolist(), strict=True))
                        for value, share in _shares(days, rows)
                    },
                ),
            )

    def _days(self, rendered: Rendered, vectors: Any, places: Sequence[int]) -> dict[str, Any]:
        """By date, a row for each of the places: how well the date fits what is done, by kind."""
        if not rendered.times:
            return {}
        about = vectors[rendered.target]
        pairs = [np.concatenate([vectors[p], vectors[t], about]) for p in places for t, _ in rendered.times]
        fits = self._head("days", np.stack(pairs)).reshape(len(places), len(rendered.times), -1)
        best: dict[str, Any] = {}
        for n, (_, value) in enumerate(rendered.times):
            best[value] = np.maximum(fits[:, n], best[value]) if value in best else fits[:, n]
        return best

    def _head(self, name: str, rows: Any) -> Any:
        heads = self._heads
        hidden = rows @ heads[f"{name}.1.weight"].T + heads[f"{name}.1.bias"]
        hidden = _gelu(hidden)
        return hidden @ heads[f"{name}.4.weight"].T + heads[f"{name}.4.bias"]


def _chance(raw: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-raw))


def _shares(days: dict[str, Any], rows: slice) -> Iterator[tuple[str, Any]]:
    """By date, its share by kind among all dates (softmax over the best fit of an actor's marks)."""
    if not days:
        return
    fits = np.stack([fit[rows].max(axis=0) for fit in days.values()])
    raised = np.exp(fits - fits.max(axis=0))
    yield from zip(days, raised / raised.sum(axis=0), strict=True)


def _gelu(x: Any) -> Any:
    """The exact GELU, with the error function of Abramowitz and Stegun 7.1.26 (error below 1.5e-7)."""
    z = np.abs(x) / math.sqrt(2.0)
    t = 1.0 / (1.0 + 0.3275911 * z)
    tail = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return 0.5 * x * (1.0 + np.sign(x) * (1.0 - tail * np.exp(-z * z)))


@cache
def load(dossier_id: str) -> Encoder | None:
    """The encoder of a packaged dossier, None where none was trained. Loaded once in a process."""
    folder = resources.files("workers.extraction.learned").joinpath(dossier_id)
    return Encoder(folder) if folder.joinpath("encoder.onnx").is_file() else None
