"""Fit how much each sign weighs where rules and encoder are put together, and write it into the package.

usage: python -m training.weigh [--output FILE] GOLD.yaml [TEXTS] [GOLD.yaml [TEXTS] ...]

Fit on articles that the encoder did not learn from: of the training articles only those held out count, and those
that came later. A logistic regression with a penalty on large weights, by Newton's method. Prints the best F1 over thresholds from 0.2 to 0.8
on articles left out of the fit, case by case: what neither reader sees is not missed there.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from services.cli.evaluation.coded import CodedArticle, read_gold
from services.cli.evaluation.scoring import same_date
from services.cli.extracting import article_text
from services.cli.files import Unreadable
from services.core.domain.dossier import load_dossier
from training.articles import not_learned
from training.calibrate import sets_of
from workers.extraction.confidence import EVENTS, POSITIONS
from workers.extraction.findings import Finding
from workers.extraction.learned.encoder import load
from workers.extraction.learned.second_look import look
from workers.extraction.learned.weighing import Case, cases, chance_of, signs
from workers.extraction.reader import Reader
from workers.extraction.scene import Scene
from workers.extraction.statements import find_statements

DOSSIER = "inf"
OUTPUT = Path(__file__).parents[1] / "workers" / "extraction" / "learned" / DOSSIER / "weights.json"
PENALTY = 1.0
FOLDS = 5
ROUNDS = 30


@dataclass(frozen=True, slots=True)
class Row:
    """A case of an article by its signs, and whether gold has it."""

    article: str
    signs: Mapping[str, float]
    right: bool


class _Weighing(Reader):
    """Keeps the cases of the article that it read last."""

    kept: tuple[tuple[Case, Mapping[str, float]], ...] = ()

    def findings(self, scene: Scene) -> list[Finding]:
        encoder = load(DOSSIER)
        if encoder is None:
            raise SystemExit("there is no encoder to weigh")
        found = find_statements(scene)
        among = cases(found, look(scene, encoder))
        self.kept = tuple((case, signs(scene, case, among)) for case in among.values())
        return found


def rows(gold: Path, texts: Path | None) -> Iterator[tuple[str, Row]]:
    """The cases of the articles of a coded file, each with `positions` or `events`; optional ones are left out."""
    reader = _Weighing(load_dossier(DOSSIER), calibrate=False)
    wanted = not_learned(gold)
    for item in read_gold(gold, texts):
        if not wanted(item.gold.name):
            continue
        article = article_text(item.source)
        if isinstance(article, Unreadable):
            raise SystemExit(f"{article.source} {article.why}")
        reader.kept = ()
        reader.read(article)
        for case, found in reader.kept:
            right = judged(case, item.gold)
            if right is not None:
                yield case.of, Row(item.gold.name, found, right)


def judged(case: Case, gold: CodedArticle) -> bool | None:
    """Whether gold has a case; None where it leaves it open."""
    if case.of == POSITIONS:
        coded = [
            p.optional
            for p in gold.positions
            if (p.actor, f"{p.proposition} {p.stance}") == (case.actor, case.label)
        ]
    else:
        coded = [
            e.optional
            for e in gold.events
            if e.kind == case.label
            and (case.actor in e.actors or not e.actors)
            and any(same_date(day, case.day) for day in (e.date, *e.also))
        ]
    return None if coded and all(coded) else bool(coded)


def fit(some: Sequence[Row]) -> dict[str, float]:
    """The weight of each sign that was met. Raises ValueError where there is nothing to fit or no end to it."""
    if not some:
        raise ValueError("there are no cases to fit weights on")
    names = sorted({name for row in some for name in row.signs})
    place = {name: n for n, name in enumerate(names)}
    table = np.zeros((len(some), len(names)))
    for n, row in enumerate(some):
        for name, value in row.signs.items():
            table[n, place[name]] = value
    wanted = np.array([float(row.right) for row in some])
    weights = np.zeros(len(names))
    penalty = np.full(len(names), PENALTY)
    penalty[place["always"]] = 1e-3
    for _ in range(ROUNDS):
        chance = 1.0 / (1.0 + np.exp(-table @ weights))
        slope = table.T @ (chance - wanted) + penalty * weights
        bend = (table * (chance * (1.0 - chance))[:, None]).T @ table + np.diag(penalty)
        step = np.linalg.solve(bend, slope)
        weights -= step
        if np.abs(step).max() < 1e-6:  # it stands still
            break
    else:
        raise ValueError(f"the weights do not settle in {ROUNDS} rounds")
    return {name: round(float(weight), 4) for name, weight in zip(names, weights, strict=True)}


def left_out(some: Sequence[Row]) -> str:
    """How good the cases are told where each fifth of the articles is judged by weights of the other four."""
    names = sorted({row.article for row in some})
    if len(names) < FOLDS:
        return f"{len(some)} cases in {len(names)} articles, too few to leave any out"
    fold = {name: n % FOLDS for n, name in enumerate(names)}
    told: list[tuple[float, bool]] = []
    for n in range(FOLDS):
        weights = fit([row for row in some if fold[row.article] != n])
        told += [(chance_of(row.signs, weights), row.right) for row in some if fold[row.article] == n]
    right = sum(is_right for _, is_right in told)
    best = (0.0, 0.0)
    for percent in range(20, 81, 5):
        said = [is_right for chance, is_right in told if chance >= percent / 100]
        best = max(best, (2 * sum(said) / max(1, len(said) + right), percent / 100))
    return f"{len(told)} cases, {right} right, best F1 {best[0]:.3f} from {best[1]:.2f} on"


def main() -> None:
    """Read, fit, write."""
    parser = argparse.ArgumentParser(description="Fit the weights of rules and encoder.")
    parser.add_argument("sets", nargs="+", type=Path, metavar="GOLD [TEXTS]")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    asked = parser.parse_args()
    known: dict[str, list[Row]] = {POSITIONS: [], EVENTS: []}
    for gold, texts in sets_of(asked.sets):
        for of, row in rows(gold, texts):
            known[of].append(row)
    told = [f"{of}: {left_out(some)}" for of, some in known.items()]
    weights = {of: fit(some) for of, some in known.items()}
    about: dict[str, Any] = {of: len(some) for of, some in known.items()}
    about["articles with cases"] = len({row.article for some in known.values() for row in some})
    asked.output.write_text(json.dumps({"fitted_on": about, "weights": weights}, indent=1) + "\n", "utf-8")
    sys.stdout.write("\n".join(told) + "\n")


if __name__ == "__main__":
    main()
