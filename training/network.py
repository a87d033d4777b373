"""The encoder with its two heads, in PyTorch: for training alone (the service runs the exported one).

Holders' positions are asked at the mark of the holder, acts at each pair of a holder's and a date's mark. Of a
holder that is marked more than once in a sentence the surest mark counts (a maximum, as in multiple-instance
learning). Markers as in Baldini Soares et al., "Matching the Blanks" (ACL 2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from training.examples import ANY, DEFAULT, Example

MARKS = 100  # pieces below this number are marks: theirs are the only word vectors that are learned
HIDDEN = 256


class Network(nn.Module):
    """`encoder` is a BERT model of the transformers library."""

    def __init__(self, encoder: Any, stances: int, kinds: int) -> None:
        super().__init__()
        width = encoder.config.hidden_size
        self.encoder = encoder
        words = encoder.embeddings.word_embeddings
        words.weight.requires_grad_(False)
        self.marks = nn.Embedding(MARKS, width)
        self.marks.weight.data.normal_(0.0, float(words.weight.std()))
        self.positions = nn.Sequential(
            nn.Dropout(0.1),
            nn.Linear(2 * width, HIDDEN),
            nn.GELU(),
            nn.Dropout(0.1),
            nn.Linear(HIDDEN, stances),
        )
        self.acts = nn.Sequential(
            nn.Dropout(0.1),
            nn.Linear(3 * width, HIDDEN),
            nn.GELU(),
            nn.Dropout(0.1),
            nn.Linear(HIDDEN, kinds),
        )

    def forward(self, pieces: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Vectors (batch, pieces, width) of pieces (batch, pieces)."""
        vectors = self.encoder.embeddings.word_embeddings(pieces)
        marks = self.marks(pieces.clamp(max=MARKS - 1))
        vectors = torch.where((pieces < MARKS).logical_and(pieces > 0).unsqueeze(-1), marks, vectors)
        return self.encoder(inputs_embeds=vectors, attention_mask=mask).last_hidden_state


@dataclass
class Batch:
    """Tensors of some examples. `held` and `done` tell whose logits a mark's or a pair's are merged into."""

    pieces: torch.Tensor
    mask: torch.Tensor
    mark: torch.Tensor  # (marks, 3): example, place, place of the target's separator
    held: torch.Tensor  # (marks,)
    pair: torch.Tensor  # (pairs, 4): example, place of the mark, place of the date, separator's
    done: torch.Tensor  # (pairs,)
    stances: torch.Tensor  # (holders, stances) of 0, 1 and -1 for what does not count
    kinds: torch.Tensor  # (holders and dates, kinds)
    holders: list[tuple[int, str]]
    acts: list[tuple[int, str, str]]  # the date's value, DEFAULT or ANY


def batch_of(examples: Sequence[Example], stances: Sequence[str], kinds: Sequence[str]) -> Batch:
    """The tensors of some examples."""
    longest = max(len(e.rendered.pieces) for e in examples)
    pieces = torch.zeros(len(examples), longest, dtype=torch.long)
    mask = torch.zeros(len(examples), longest, dtype=torch.long)
    mark, held, pair, done = [], [], [], []
    stance_rows, kind_rows = [], []
    holders: list[tuple[int, str]] = []
    acts: list[tuple[int, str, str]] = []
    for n, example in enumerate(examples):
        rendered = example.rendered
        pieces[n, : len(rendered.pieces)] = torch.tensor(rendered.pieces)
        mask[n, : len(rendered.pieces)] = 1
        undated = any(when == ANY for _, when, _ in example.acts) or (
            not example.acts and "/" in example.group
        )
        times = [(rendered.target, DEFAULT), *rendered.times]
        for actor, places in rendered.holders.items():
            mine = example.positions.get(actor, set())
            stance_rows.append(
                [-1.0 if (actor, s) in example.unsure_positions else float(s in mine) for s in stances]
            )
            for place in places:
                mark.append((n, place, rendered.target))
                held.append(len(holders))
            holders.append((n, actor))
            groups: dict[str, int] = {}
            for place, when in times:
                name = ANY if undated else when
                if name not in groups:
                    groups[name] = len(acts)
                    acts.append((n, actor, name))
                    kind_rows.append(
                        [
                            1.0
                            if (actor, name, k) in example.acts
                            else -1.0
                            if (actor, k) in example.unsure_acts
                            else 0.0
                            for k in kinds
                        ]
                    )
                for own in places:
                    pair.append((n, own, place, rendered.target))
                    done.append(groups[name])
    return Batch(
        pieces,
        mask,
        torch.tensor(mark).reshape(-1, 3),
        torch.tensor(held, dtype=torch.long),
        torch.tensor(pair).reshape(-1, 4),
        torch.tensor(done, dtype=torch.long),
        torch.tensor(stance_rows).reshape(-1, len(stances)),
        torch.tensor(kind_rows).reshape(-1, len(kinds)),
        holders,
        acts,
    )


def logits(network: Network, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """(holders, stances) and (holders and dates, kinds)."""
    vectors = network(batch.pieces, batch.mask)
    n, place, sep = batch.mark.unbind(1)
    one = network.positions(torch.cat([vectors[n, place], vectors[n, sep]], 1))
    n, place, time, sep = batch.pair.unbind(1)
    two = network.acts(torch.cat([vectors[n, place], vectors[n, time], vectors[n, sep]], 1))
    return _merged(one, batch.held, len(batch.holders)), _merged(two, batch.done, len(batch.acts))


def _merged(rows: torch.Tensor, groups: torch.Tensor, count: int) -> torch.Tensor:
    index = groups.unsqueeze(1).expand_as(rows)
    return torch.full((count, rows.shape[1]), -30.0).scatter_reduce(0, index, rows, "amax")
