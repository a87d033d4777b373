"""The encoder with its three heads, in PyTorch: for training alone (the service runs the exported one).

Holders' positions and kinds of acts are asked at the mark of the holder; which date an act has, at each pair of the
holder's and a date's mark: the dates share out one chance (a softmax) for each kind. Of a holder that is marked more
than once in a sentence the surest mark counts (a maximum, as in multiple-instance learning). Markers as in Baldini Soares et al., "Matching the Blanks" (ACL 2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from training.examples import Example

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
        self.positions = _head(2 * width, stances)
        self.kinds = _head(2 * width, kinds)
        self.days = _head(3 * width, kinds)

    def forward(self, pieces: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Vectors (batch, pieces, width) of pieces (batch, pieces)."""
        vectors = self.encoder.embeddings.word_embeddings(pieces)
        marks = self.marks(pieces.clamp(max=MARKS - 1))
        vectors = torch.where((pieces < MARKS).logical_and(pieces > 0).unsqueeze(-1), marks, vectors)
        return self.encoder(inputs_embeds=vectors, attention_mask=mask).last_hidden_state


def _head(width: int, labels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Dropout(0.1), nn.Linear(width, HIDDEN), nn.GELU(), nn.Dropout(0.1), nn.Linear(HIDDEN, labels)
    )


@dataclass
class Batch:
    """Tensors of some examples. `held` and `done` tell whose logits a mark's or a pair's are merged into."""

    pieces: torch.Tensor
    mask: torch.Tensor
    mark: torch.Tensor  # (marks, 3): example, place, place of the target's separator
    held: torch.Tensor  # (marks,) of holders
    pair: torch.Tensor  # (pairs, 4): example, place of the mark, place of the date, separator's
    done: torch.Tensor  # (pairs,) of holders and dates
    whose: torch.Tensor  # (holders and dates,) of holders
    stances: torch.Tensor  # (holders, stances) of 0, 1 and -1 for what does not count
    kinds: torch.Tensor  # (holders, kinds), likewise
    days: torch.Tensor  # (holders and dates, kinds) of 0 and 1
    holders: list[tuple[int, str]]
    dated: list[tuple[int, str]]  # holder, the date's value


def batch_of(examples: Sequence[Example], stances: Sequence[str], kinds: Sequence[str]) -> Batch:
    """The tensors of some examples."""
    longest = max(len(e.rendered.pieces) for e in examples)
    pieces = torch.zeros(len(examples), longest, dtype=torch.long)
    mask = torch.zeros(len(examples), longest, dtype=torch.long)
    mark, held, pair, done = [], [], [], []
    stance_rows, kind_rows, day_rows = [], [], []
    holders: list[tuple[int, str]] = []
    dated: list[tuple[int, str]] = []
    for n, example in enumerate(examples):
        rendered = example.rendered
        pieces[n, : len(rendered.pieces)] = torch.tensor(rendered.pieces)
        mask[n, : len(rendered.pieces)] = 1
        for actor, places in rendered.holders.items():
            mine = example.positions.get(actor, set())
            does = {kind for who, _, kind in example.acts if who == actor}
            stance_rows.append([_wanted(s in mine, (actor, s) in example.unsure_positions) for s in stances])
            kind_rows.append([_wanted(k in does, (actor, k) in example.unsure_acts) for k in kinds])
            for place in places:
                mark.append((n, place, rendered.target))
                held.append(len(holders))
            rows: dict[str, int] = {}
            for place, day in rendered.times:
                if day not in rows:
                    rows[day] = len(dated)
                    dated.append((len(holders), day))
                    day_rows.append([float((actor, day, k) in example.acts) for k in kinds])
                for own in places:
                    pair.append((n, own, place, rendered.target))
                    done.append(rows[day])
            holders.append((n, actor))
    return Batch(
        pieces,
        mask,
        torch.tensor(mark).reshape(-1, 3),
        torch.tensor(held, dtype=torch.long),
        torch.tensor(pair, dtype=torch.long).reshape(-1, 4),
        torch.tensor(done, dtype=torch.long),
        torch.tensor([holder for holder, _ in dated], dtype=torch.long),
        torch.tensor(stance_rows).reshape(-1, len(stances)),
        torch.tensor(kind_rows).reshape(-1, len(kinds)),
        torch.tensor(day_rows).reshape(-1, len(kinds)),
        holders,
        dated,
    )


def _wanted(coded: bool, unsure: bool) -> float:
    return 1.0 if coded else -1.0 if unsure else 0.0


def logits(network: Network, batch: Batch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(holders, stances), (holders, kinds) and (holders and dates, kinds)."""
    vectors = network(batch.pieces, batch.mask)
    n, place, sep = batch.mark.unbind(1)
    own = torch.cat([vectors[n, place], vectors[n, sep]], 1)
    n, place, time, sep = batch.pair.unbind(1)
    pairs = torch.cat([vectors[n, place], vectors[n, time], vectors[n, sep]], 1)
    count = len(batch.holders)
    return (
        _merged(network.positions(own), batch.held, count),
        _merged(network.kinds(own), batch.held, count),
        _merged(network.days(pairs), batch.done, len(batch.dated)),
    )


def shares(days: torch.Tensor, batch: Batch) -> torch.Tensor:
    """The logarithm of each date's share among its holder's dates, (holders and dates, kinds)."""
    return days - _summed(days, batch)[batch.whose]


def day_loss(days: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Cross entropy, summed, of the dates of whatever has one among those marked."""
    right = _summed(days.masked_fill(batch.days == 0, -1e4), batch)
    told = torch.zeros_like(right).index_add(0, batch.whose, batch.days) > 0
    return ((_summed(days, batch) - right) * told).sum()


def _summed(days: torch.Tensor, batch: Batch) -> torch.Tensor:
    """(holders, kinds): the logarithm of the summed exponentials over each holder's dates."""
    index = batch.whose.unsqueeze(1).expand_as(days)
    count = len(batch.holders)
    best = torch.full((count, days.shape[1]), -1e4).scatter_reduce(0, index, days.detach(), "amax")
    return (
        best
        + torch.zeros_like(best)
        .index_add(0, batch.whose, (days - best[batch.whose]).exp())
        .clamp(min=1e-30)
        .log()
    )


def _merged(rows: torch.Tensor, groups: torch.Tensor, count: int) -> torch.Tensor:
    index = groups.unsqueeze(1).expand_as(rows)
    return torch.full((count, rows.shape[1]), -30.0).scatter_reduce(0, index, rows, "amax")
