"""Learn which times the words of an article speak for, and write it into the package.

usage: python -m training.years [--check]

A linear model over tf-idf of words and pairs of words (`workers/extraction/learned/years.py`), learned from the coded
articles: of all years in which an article's day and month come by, its own shall score best (a softmax over them, with
a penalty on large weights). `--check` prints how often that is so on articles left out, five parts in turn, and writes
nothing. Needs torch beside the project's own environment; a minute or two.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from training.articles import coded_articles
from workers.extraction.dates.values import make_day
from workers.extraction.learned.years import YearModel, moment, terms

DOSSIER = "inf"
OUTPUT = Path(__file__).parents[1] / "workers" / "extraction" / "learned" / DOSSIER / "years.npz"
FIRST, LAST = 1977, dt.date(2026, 11, 22)
# Close together where the dispute moved fast.
KNOTS = np.concatenate([np.arange(1977, 2018, 1.0), np.arange(2018, 2021, 1 / 6), np.arange(2021, 2028, 0.5)])
LEAST_ARTICLES, MOST_SHARE, TERMS = 3, 0.6, 3000
STEPS, RATE, DECAY, DROPPED = 80, 0.05, 1e-5, 0.3
PARTS = 5
SEED = 0


@dataclass(frozen=True)
class Dated:
    """An article's terms, the days that share its month and day, and which of these is its own."""

    name: str
    terms: frozenset[str]
    days: tuple[dt.date, ...]
    own: int


def articles() -> list[Dated]:
    """The coded articles whose day is known."""
    found = []
    for article in coded_articles():
        if len(article.day) == len("2019-08-02"):
            own = dt.date.fromisoformat(article.day)
            years = range(FIRST, LAST.year + 1)
            days = tuple(d for y in years if (d := make_day(y, own.month, own.day)) and d <= LAST)
            words = terms(f"{article.text.title or ''}\n{article.text.text}")
            found.append(Dated(article.name, frozenset(words), days, days.index(own)))
    return found


def vocabulary(learn: Sequence[Dated]) -> list[str]:
    """The terms that tell most about the year."""
    held = Counter(term for article in learn for term in article.terms)
    years = Counter(article.days[article.own].year for article in learn)
    by_year: dict[str, Counter[int]] = defaultdict(Counter)
    for article in learn:
        for term in article.terms:
            by_year[term][article.days[article.own].year] += 1

    def told(term: str) -> float:
        return sum(
            count * math.log((count + 0.5) * len(learn) / ((held[term] + 2) * years[year]))
            for year, count in by_year[term].items()
        )

    usable = (t for t, count in held.items() if LEAST_ARTICLES <= count <= MOST_SHARE * len(learn))
    return sorted(usable, key=lambda term: (-told(term), term))[:TERMS]


def hats(days: Sequence[dt.date]) -> np.ndarray:
    """The share of each knot in each day."""
    shares = np.zeros((len(days), len(KNOTS)), np.float32)
    for row, day in enumerate(days):
        before = int(np.searchsorted(KNOTS, moment(day), side="right")) - 1
        part = (moment(day) - KNOTS[before]) / (KNOTS[before + 1] - KNOTS[before])
        shares[row, before], shares[row, before + 1] = 1 - part, part
    return shares


def fit(learn: Sequence[Dated]) -> YearModel:
    """Learn from articles."""
    torch.manual_seed(SEED)
    rows = {term: row for row, term in enumerate(vocabulary(learn))}
    there = torch.zeros(len(learn), len(rows))
    for number, article in enumerate(learn):
        there[number, [rows[term] for term in article.terms if term in rows]] = 1
    rarity = torch.log(len(learn) / (1 + there.sum(0)))
    shares = functional.normalize(there * rarity, dim=1)
    most = max(len(article.days) for article in learn)
    times = torch.zeros(len(learn), most, len(KNOTS))
    never = torch.zeros(len(learn), most)
    for number, article in enumerate(learn):
        times[number, : len(article.days)] = torch.from_numpy(hats(article.days))
        never[number, len(article.days) :] = -1e9
    own = torch.tensor([article.own for article in learn])
    weights = torch.zeros(len(rows), len(KNOTS), requires_grad=True)
    bias = torch.zeros(len(KNOTS), requires_grad=True)
    optimizer = torch.optim.Adam([weights, bias], lr=RATE)
    for _ in range(STEPS):
        shown = functional.dropout(shares, DROPPED)
        scores = torch.einsum("nk,nmk->nm", shown @ weights + bias, times) + never
        loss = functional.cross_entropy(scores, own) + DECAY * weights.square().sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return YearModel(
        rows, rarity.numpy(), weights.detach().numpy(), bias.detach().numpy(), KNOTS.astype("f4")
    )


def best(model: YearModel, article: Dated) -> int:
    """Which of an article's days scores best."""
    rows = sorted(model.rows[term] for term in article.terms if term in model.rows)
    share = model.rarity[rows] / (np.linalg.norm(model.rarity[rows]) or 1.0)
    scores = share @ model.weights[rows] + model.bias
    return int(np.argmax([model.score(scores, day) for day in article.days]))


def check(every: Sequence[Dated]) -> str:
    """How often the year is right on articles that were left out."""
    part = [int(hashlib.md5(a.name.encode(), usedforsecurity=False).hexdigest(), 16) % PARTS for a in every]
    right = 0
    for number in range(PARTS):
        model = fit([a for a, p in zip(every, part, strict=True) if p != number])
        right += sum(best(model, a) == a.own for a, p in zip(every, part, strict=True) if p == number)
    return f"{right} of {len(every)}"


def write(model: YearModel, file: Path) -> None:
    """Keep it, the weights in a byte each."""
    scale = float(np.abs(model.weights).max()) / 127
    np.savez_compressed(
        file,
        terms=np.frombuffer("\n".join(model.rows).encode(), np.uint8),
        rarity=model.rarity.astype(np.float16),
        weights=np.round(model.weights / scale).astype(np.int8),
        scale=np.float32(scale),
        bias=model.bias,
        knots=model.knots,
    )


def main() -> None:
    """Learn and write, or check."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true")
    every = articles()
    if parser.parse_args().check:
        sys.stdout.write(f"the year is right in {check(every)} articles left out\n")
    else:
        write(fit(every), OUTPUT)
        sys.stdout.write(f"learned from {len(every)} articles; wrote {OUTPUT}\n")


if __name__ == "__main__":
    main()
