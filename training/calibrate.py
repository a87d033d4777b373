"""Measure what raw confidences are worth on coded articles and write it into the package.

usage: python -m training.calibrate [--output FILE] GOLD.yaml [TEXTS] [GOLD.yaml [TEXTS] ...]

The texts of a coded file lie beside it or in the folder named after it. Fit it anew when rules or the model
changed, on articles that they were not tuned on as far as there are any: tuned on, they are surer than they
ought to be. Prints the calibration error before and after, the latter on articles left out of the fit; of weigh.py's
weights they were not left out, so that the error is honest on sets alone that are only scored (docs/evaluation.md).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.cli.evaluation.calibration import calibration
from services.cli.evaluation.command import readings
from services.cli.evaluation.scoring import score
from services.core.domain.dossier import load_dossier
from training.articles import not_learned
from workers.extraction.confidence import EVENTS, EVERY, POSITIONS, Steps, family
from workers.extraction.reader import Reader

DOSSIER = "inf"
OUTPUT = Path(__file__).parents[1] / "workers" / "extraction" / "confidence.json"

FEWEST = 25  # records of a family below which it shares the table of all
MOST_STEPS = 4
PRIOR = 6.0  # records' worth of belief that a family is as right as all are
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Sample:
    """A record that was made of an article: its raw score, its rule, and whether gold has it."""

    raw: float
    rule: str
    right: bool


#: Of each article: positions or events -> samples.
Article = Mapping[str, Sequence[Sample]]


def samples(gold: Path, texts: Path | None, reader: Reader) -> Iterable[Article]:
    """The records made of each article of a coded file; those that gold marks optional are left out.

    Of the training articles only those count that the encoder did not learn from.
    """
    for pair in readings(reader, gold, texts, not_learned(gold)):
        found = score([pair]).judged
        yield {of: [Sample(j.confidence, j.rule, j.right) for j in found[of]] for of in (POSITIONS, EVENTS)}


def fit(articles: Sequence[Article]) -> dict[str, dict[str, Steps]]:
    """What raw scores are worth, by kind of record and family of rules."""
    made: dict[str, dict[str, Steps]] = {}
    for of in (POSITIONS, EVENTS):
        every = [sample for article in articles for sample in article[of]]
        if not every:
            continue
        families: defaultdict[str, list[Sample]] = defaultdict(list)
        for sample in every:
            families[family(sample.rule)].append(sample)
        belief = (sum(s.right for s in every) + 1) / (len(every) + 2)
        made[of] = {EVERY: steps(every, belief)}
        for name in sorted(families):
            if len(families[name]) >= FEWEST:
                made[of][name] = steps(families[name], belief)
    return made


def steps(mine: Sequence[Sample], belief: float) -> Steps:
    """A rising step function with few steps: isotonic, each step drawn towards `belief` by a few records."""
    ordered = sorted(mine, key=lambda s: s.raw)
    size = max(FEWEST // 2, -(-len(ordered) // MOST_STEPS))
    blocks: list[_Block] = []
    for sample in ordered:
        last = blocks[-1] if blocks else None
        if last is not None and (last.upto == sample.raw or last.count < size):
            blocks[-1] = _Block(sample.raw, last.right + sample.right, last.count + 1)
        else:
            blocks.append(_Block(sample.raw, int(sample.right), 1))
    if len(blocks) > 1 and blocks[-1].count < size // 2:
        last = blocks.pop()
        blocks[-1] = _Block(last.upto, blocks[-1].right + last.right, blocks[-1].count + last.count)
    rising: list[_Block] = []
    for block in blocks:
        rising.append(block)
        while len(rising) > 1 and rising[-2].worth(belief) >= rising[-1].worth(belief):
            after, before = rising.pop(), rising.pop()
            rising.append(_Block(after.upto, before.right + after.right, before.count + after.count))
    return Steps(
        (*(round(b.upto, 3) for b in rising[:-1]), 1.0),
        tuple(round(b.worth(belief), 3) for b in rising),
    )


@dataclass(frozen=True, slots=True)
class _Block:
    upto: float
    right: int
    count: int

    def worth(self, belief: float) -> float:
        return (self.right + PRIOR * belief) / (self.count + PRIOR)


def error(articles: Iterable[Article], tables: Mapping[str, Mapping[str, Steps]] | None) -> float:
    """The expected calibration error over all records, with the tables or of the raw scores."""
    pairs = []
    for article in articles:
        for of, mine in article.items():
            for sample in mine:
                known = (tables or {}).get(of, {})
                table = known.get(family(sample.rule)) or known.get(EVERY)
                pairs.append((table.of(sample.raw) if table else sample.raw, sample.right))
    return calibration(pairs).error


def left_out_error(articles: Sequence[Article]) -> float:
    """The calibration error where each fifth of the articles is judged by the tables of the other four."""
    pairs: list[tuple[float, bool]] = []
    for fold in range(FOLDS):
        tables = fit([a for n, a in enumerate(articles) if n % FOLDS != fold])
        for article in articles[fold::FOLDS]:
            for of, mine in article.items():
                known = tables.get(of, {})
                for sample in mine:
                    table = known.get(family(sample.rule)) or known.get(EVERY)
                    pairs.append((table.of(sample.raw) if table else sample.raw, sample.right))
    return calibration(pairs).error


def as_json(tables: Mapping[str, Mapping[str, Steps]], fitted_on: Mapping[str, Any]) -> str:
    """The file: the same tables give the same bytes."""
    data: dict[str, Any] = {
        "fitted_on": dict(fitted_on),
        "dossiers": {
            DOSSIER: {
                of: {name: list(map(list, zip(s.upto, s.worth, strict=True))) for name, s in known.items()}
                for of, known in tables.items()
            }
        },
    }
    return json.dumps(data, indent=1) + "\n"


def sets_of(arguments: Sequence[Path]) -> list[tuple[Path, Path | None]]:
    """The coded files with the folder that follows each, if one does."""
    found: list[tuple[Path, Path | None]] = []
    for path in arguments:
        if path.is_dir() and found and found[-1][1] is None:
            found[-1] = (found[-1][0], path)
        else:
            found.append((path, None))
    return found


def main() -> None:
    """Read, fit, write."""
    parser = argparse.ArgumentParser(description="Measure what confidences are worth.")
    parser.add_argument("sets", nargs="+", type=Path, metavar="GOLD [TEXTS]")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    asked = parser.parse_args()
    reader = Reader(load_dossier(DOSSIER), calibrate=False)
    chosen = sets_of(asked.sets)
    articles = [a for gold, texts in chosen for a in samples(gold, texts, reader)]
    tables = fit(articles)
    count = sum(len(mine) for article in articles for mine in article.values())
    about = {
        "sets": sorted({gold.parent.name for gold, _ in chosen}),
        "articles": len(articles),
        "records": count,
    }
    asked.output.write_text(as_json(tables, about), "utf-8")
    sys.stdout.write(
        f"{len(articles)} articles, {count} records; calibration error: raw {error(articles, None):.3f}, "
        f"fitted {error(articles, tables):.3f}, on articles left out {left_out_error(articles):.3f} "
        f"-> {asked.output.name}\n"
    )


if __name__ == "__main__":
    main()
