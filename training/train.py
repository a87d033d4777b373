"""Train the second look on the bank of coded sentences and write it into the package.

usage: python -m training.train [OUTPUT.npz]

Needs scikit-learn beside the project's own environment (`pip install scikit-learn`). Only sentences marked
`split: train` are learned from. The same bank and the same rules give the same weights.
"""

from __future__ import annotations

import sys
from pathlib import Path

from services.core.domain.dossier import load_dossier
from training.bank import entries, rows
from training.learning import learn

DOSSIER = "inf"
OUTPUT = Path(__file__).parents[1] / "workers" / "extraction" / "learned" / f"{DOSSIER}.npz"

#: Chosen on the development articles (training/evaluate.py): the sum of both sets' F1 is best. Political events
#: are left to the rules: what the model adds was right there and wrong on every set that nobody tuned on.
POSITIONS, EVENTS = 0.7, 1.0


def main() -> None:
    """Read, learn, write."""
    dossier = load_dossier(DOSSIER)
    learned = [row for entry in entries() if not entry.test for row in rows(entry, dossier)]
    model = learn(learned)
    model.thresholds = {name: POSITIONS if " " in name else EVENTS for name in model.labels}
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else OUTPUT
    model.save(output)
    sys.stdout.write(
        f"{len(learned)} rows, {len(model.rows)} features, {len(model.labels)} labels -> {output.name}\n"
    )


if __name__ == "__main__":
    main()
