"""The encoder: what a fine-tuned MiniLM makes of rendered sentences, by ONNX Runtime on the processor.

`<dossier>/` beside this file holds `encoder.onnx` (int8; pieces and places in, a vector for each place out),
`heads.npz` (the three small networks asked at the marks, and the labels) and `pieces.txt` (the word pieces).
training/finetune.py writes them. The base is all-MiniLM-L6-v2 (Apache-2.0).
"""

from __future__ import annotations

import hashlib
import math
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
from workers.extraction.learned.side_by_side import side_by_side

CHUNK = 32  # sentences whose heads are asked at once: bounds the memory that a long article takes


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
        options.intra_op_num_threads = 1  # sentences are encoded side by side instead: it takes less in all
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
        with resources.as_file(folder.joinpath("heads.npz")) as path, np.load(path) as heads:
            self._heads = _Heads({name: heads[name] for name in heads.files})
            self.stances = tuple(str(name) for name in heads["stances"])
            self.kinds = tuple(str(name) for name in heads["kinds"])
        self.version = hashlib.sha256(weights).hexdigest()[:12]
        with resources.as_file(folder.joinpath("pieces.txt")) as path:
            self.pieces = tokenizer(path)

    def beliefs(self, sentences: Sequence[Rendered]) -> list[dict[str, Belief]]:
        """By sentence, what each of its actors holds and does; what is believed of one depends on no other.

        Each sentence is encoded by itself: nothing is padded, and the int8 network's scale is the sentence's own.
        """
        found: list[dict[str, Belief]] = [{} for _ in sentences]
        asked = [n for n, sentence in enumerate(sentences) if sentence.holders]
        asked.sort(key=lambda n: -len(sentences[n].pieces))  # so that no thread waits long for the last
        for at in range(0, len(asked), CHUNK):
            numbers = asked[at : at + CHUNK]
            some = [sentences[n] for n in numbers]
            for number, believed in zip(numbers, self._asked(some), strict=True):
                found[number] = dict(believed)
        return found

    def _asked(self, sentences: Sequence[Rendered]) -> Iterator[Iterator[tuple[str, Belief]]]:
        """What is believed of the actors of each sentence. The heads are asked once for all of them: many small
        products cost more than the encoder itself on a busy machine."""
        actors: list[Any] = []
        times: list[Any] = []
        abouts: list[Any] = []
        pairs: list[tuple[int, int]] = []  # of rows of actors and times
        lines: list[int] = []  # of each row of actors
        vectors = side_by_side(self._vectors, sentences)
        for line, (sentence, vector) in enumerate(zip(sentences, vectors, strict=True)):
            abouts.append(vector[sentence.target])
            first = len(times)
            times += [vector[place] for place, _ in sentence.times]
            for place in (p for mine in sentence.holders.values() for p in mine):
                pairs += [(len(actors), time) for time in range(first, len(times))]
                actors.append(vector[place])
                lines.append(line)
        stances, kinds, days = self._heads.asked(actors, times, abouts, lines, pairs)
        row = pair = 0
        for sentence in sentences:
            count = sum(map(len, sentence.holders.values()))
            here, fits = slice(row, row + count), slice(pair, pair + count * len(sentence.times))
            row, pair = here.stop, fits.stop
            yield self._believed(sentence, stances[here], kinds[here], days[fits])

    def _vectors(self, sentence: Rendered) -> dict[int, Any]:
        """The vectors at a sentence's marks and at the separator before it, by place."""
        marks = {place for mine in sentence.holders.values() for place in mine}
        places = sorted(marks | {place for place, _ in sentence.times} | {sentence.target})
        pieces, asked = np.array(sentence.pieces, dtype=np.int64), np.array(places, dtype=np.int64)
        return dict(zip(places, self._session.run(None, {"pieces": pieces, "asked": asked})[0], strict=True))

    def _believed(
        self, sentence: Rendered, stances: Any, kinds: Any, days: Any
    ) -> Iterator[tuple[str, Belief]]:
        """Of an actor that is marked more than once the surest mark counts."""
        fits = _by_date(sentence, days)
        at = 0
        for actor, mine in sentence.holders.items():
            rows = slice(at, at + len(mine))
            at += len(mine)
            done = kinds[rows].max(axis=0)
            yield (
                actor,
                Belief(
                    dict(zip(self.stances, stances[rows].max(axis=0).tolist(), strict=True)),
                    {
                        value: dict(zip(self.kinds, (done * share).tolist(), strict=True))
                        for value, share in _shares(fits, rows)
                    },
                ),
            )


class _Heads:
    """What is asked of the encoder's vectors: stances and kinds at an actor's mark, kinds at one and a date's.

    The first layer of each is a product with the vectors side by side (actor, date, line): it is the sum of the
    vectors' own products, each of which is worked out once.
    """

    def __init__(self, kept: dict[str, Any]) -> None:
        first = {name: kept[f"{name}.1.weight"].T for name in ("positions", "kinds", "days")}
        width = len(first["kinds"]) // 2
        names = ("positions", "kinds", "days")
        self._actor = np.hstack([first[name][:width] for name in names])
        self._time = np.ascontiguousarray(first["days"][width : 2 * width])
        self._about = np.hstack([first[name][-width:] for name in names])
        self._bias = np.hstack([kept[f"{name}.1.bias"] for name in names])
        self._last = {
            name: (np.ascontiguousarray(kept[f"{name}.4.weight"].T), kept[f"{name}.4.bias"]) for name in names
        }
        self._hidden = len(kept["kinds.1.bias"])

    def asked(
        self,
        actors: Sequence[Any],
        times: Sequence[Any],
        abouts: Sequence[Any],
        lines: Sequence[int],
        pairs: Sequence[tuple[int, int]],
    ) -> tuple[Any, Any, Any]:
        """For each actor's vector the chances of stances and of kinds; for each pair how well the date fits, by kind."""
        hidden = self._hidden
        own = np.stack(actors) @ self._actor + (np.stack(abouts) @ self._about + self._bias)[list(lines)]
        told = _gelu(own[:, : 2 * hidden])
        stances = _chance(self._end("positions", told[:, :hidden]))
        kinds = _chance(self._end("kinds", told[:, hidden:]))
        if not pairs:
            return stances, kinds, np.empty((0, kinds.shape[1]), dtype=kinds.dtype)
        rows, dates = np.array(pairs).T
        fits = own[rows, 2 * hidden :] + (np.stack(times) @ self._time)[dates]
        return stances, kinds, self._end("days", _gelu(fits))

    def _end(self, name: str, rows: Any) -> Any:
        weight, bias = self._last[name]
        return rows @ weight + bias


def _by_date(sentence: Rendered, days: Any) -> dict[str, Any]:
    """By date, a row for each of the actors' marks: how well it fits what is done, by kind."""
    if not sentence.times:
        return {}
    fits = days.reshape(-1, len(sentence.times), days.shape[1])
    best: dict[str, Any] = {}
    for n, (_, value) in enumerate(sentence.times):
        best[value] = np.maximum(fits[:, n], best[value]) if value in best else fits[:, n]
    return best


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
