"""Rules alone, model alone and both on coded articles.

usage: python -m training.evaluate [--sweep] GOLD.yaml FOLDER [GOLD.yaml FOLDER ...]
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from services.core.domain.dossier import Dossier, load_dossier
from services.core.domain.reading import ArticleText
from training import scoring
from workers.extraction.findings import Finding
from workers.extraction.learned.model import Model, load
from workers.extraction.learned.second_look import second_look
from workers.extraction.political_events import find_events
from workers.extraction.positions import find_positions
from workers.extraction.reader import Reader
from workers.extraction.scene import Scene
from workers.extraction.statements import find_statements


@dataclass(frozen=True)
class Case:
    """A coded article; `scene` is None where the reader does not look for records."""

    gold: dict[str, Any]
    scene: Scene | None
    rules: list[Finding]


class Looking(Reader):
    """A reader that keeps the scene of the article that it read last."""

    kept: Scene | None = None

    def scene(self, *arguments: Any, **named: Any) -> Scene:
        self.kept = super().scene(*arguments, **named)
        return self.kept


def cases(gold: Path, folder: Path, dossier: Dossier) -> Iterator[Case]:
    """The articles of a coded file, read once."""
    for record in yaml.safe_load(gold.read_text("utf-8")):
        reader = Looking(dossier)
        fields = json.loads((folder / record["article"]).read_text("utf-8"))
        known = {k: fields.get(k) for k in ("title", "published_at", "outlet", "language", "url")}
        reader.read(ArticleText(text=fields["text"], **known))
        yield Case(record, reader.kept, find_statements(reader.kept) if reader.kept else [])


def compare(
    coded: list[Case], dossier: Dossier, model: Model, *, rules: bool, learned: bool
) -> tuple[scoring.Count, scoring.Count]:
    """Scores of positions and of events."""
    positions, events = scoring.Count(), scoring.Count()
    for case in coded:
        found = list(case.rules) if rules else []
        day = case.scene.article_date if case.scene else None
        if learned and case.scene is not None:
            found += second_look(case.scene, found, model)
        positions.add(*scoring.positions(case.gold["positions"], find_positions(found, day)))
        events.add(*scoring.events(case.gold["events"], find_events(found, dossier)))
    return positions, events


def main() -> None:
    """Print the table."""
    sweep = "--sweep" in sys.argv
    names = [Path(a) for a in sys.argv[1:] if a != "--sweep"]
    dossier = load_dossier("inf")
    model = load(dossier.id)
    if model is None:
        raise SystemExit("there is no model yet: python -m training.train")
    for gold, folder in zip(names[::2], names[1::2], strict=True):
        coded = list(cases(gold, folder, dossier))
        for name, rules, learned in (("rules", True, False), ("model", False, True), ("both", True, True)):
            positions, events = compare(coded, dossier, model, rules=rules, learned=learned)
            sys.stdout.write(
                f"{gold.parent.name}/{gold.stem:14} {name:6} positions {positions}   events {events}\n"
            )
        chosen = model.thresholds
        for limit in (0.4, 0.5, 0.6, 0.7, 0.8) if sweep else ():
            model.thresholds = dict.fromkeys(model.labels, limit)
            positions, events = compare(coded, dossier, model, rules=True, learned=True)
            sys.stdout.write(
                f"{gold.parent.name}/{gold.stem:14} {limit:6} positions {positions}   events {events}\n"
            )
        model.thresholds = chosen


if __name__ == "__main__":
    main()
