"""The coded examples beside the project: the figures that issues ask for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.cli.extracting import article_text
from services.cli.files import ArticleFile, read_articles
from services.core.domain.dossier import load_dossier
from services.core.domain.reading import ArticleText, to_record
from workers.extraction.reader import Reader

SHARED = Path(__file__).parents[4] / "shared"
pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def shared() -> Path:
    if not (SHARED / "gold" / "score.py").is_file():
        if os.environ.get("CI"):
            pytest.fail(f"{SHARED} is missing")
        pytest.skip(f"the coded examples are not at {SHARED}")
    return SHARED


def measure(shared: Path, gold: str, folder: Path, pattern: str, out: Path) -> dict[str, dict[str, float]]:
    reader = Reader(load_dossier("inf"))
    with out.open("w", encoding="utf-8") as lines:
        for file in sorted(folder.glob(pattern)):
            for item in read_articles(file):
                assert isinstance(item, ArticleFile)
                article = article_text(item)
                assert isinstance(article, ArticleText)
                record = to_record(reader.read(article), file.name, article.text)
                for told in (*record["positions"], *record["events"]):
                    span = told["evidence"]
                    assert article.text[span["start"] : span["end"]] == span["text"]
                lines.write(json.dumps(record) + "\n")
    command = [
        sys.executable,
        str(shared / "gold" / "score.py"),
        str(shared / "gold" / "dev" / gold),
        str(out),
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    figures: dict[str, dict[str, float]] = json.loads(done.stdout)
    return figures


def test_seed_articles(shared: Path, tmp_path: Path) -> None:
    figures = measure(shared, "seeds.yaml", shared / "seeds", "*.txt", tmp_path / "seeds.ndjson")
    assert figures["article_dates"] == {"right": 5, "of": 5}
    assert figures["positions"]["f1"] >= 0.92
    assert figures["events"]["f1"] >= 0.90


def test_kremlin_statements(shared: Path, tmp_path: Path) -> None:
    figures = measure(
        shared, "kremlin.yaml", shared / "corpus" / "kremlin", "*.json", tmp_path / "kremlin.ndjson"
    )
    assert figures["positions"]["f1"] >= 0.82
    assert figures["events"]["f1"] >= 0.80
