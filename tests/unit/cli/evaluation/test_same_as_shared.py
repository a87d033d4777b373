"""The scores are those of the codebook's own scorers, on real sets and on random ones."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.cli.evaluation.coded import coded
from services.cli.evaluation.public_sets import score_attributions, score_timex
from services.cli.evaluation.scoring import score
from services.cli.extracting import article_text
from services.cli.files import ArticleFile, expand, read_articles
from services.core.domain.dossier import load_dossier
from services.core.domain.reading import ArticleText, to_record
from workers.extraction.reader import Reader

SHARED = Path(__file__).parents[5] / "shared"
pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def shared() -> Path:
    if not (SHARED / "gold" / "score.py").is_file():
        if os.environ.get("CI"):
            pytest.fail(f"{SHARED} is missing")
        pytest.skip(f"the coded examples are not at {SHARED}")
    return SHARED


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(load_dossier("inf"))


def run(script: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True)


def records(reader: Reader, folder: Path) -> list[dict[str, Any]]:
    found = []
    for path in expand([folder]):
        for item in read_articles(path):
            assert isinstance(item, ArticleFile)
            article = article_text(item)
            assert isinstance(article, ArticleText)
            found.append(to_record(reader.read(article), path.name, article.text))
    return found


def compare(shared: Path, gold: Path, found: list[dict[str, Any]], folder: Path) -> None:
    lines = folder / "found.ndjson"
    lines.write_text("".join(json.dumps(record) + "\n" for record in found), encoding="utf-8")
    done = run(shared / "gold" / "score.py", gold, lines, "--json", "--errors")
    theirs = json.loads(done.stdout)
    by_name = {a.name: a for a in map(coded, found)}
    pairs = [(a, by_name.get(a.name)) for a in map(coded, yaml.safe_load(gold.read_text("utf-8")))]
    mine = score(pairs)
    assert {key: mine.as_json()[key] for key in theirs} == theirs
    assert sorted(line.split(" | ")[0] for line in mine.errors) == sorted(done.stderr.splitlines())


@pytest.mark.parametrize(("gold", "texts"), [("seeds.yaml", "seeds"), ("kremlin.yaml", "corpus/kremlin")])
def test_on_coded_articles(shared: Path, reader: Reader, tmp_path: Path, gold: str, texts: str) -> None:
    compare(shared, shared / "gold" / "dev" / gold, records(reader, shared / texts), tmp_path)


def test_on_random_records(shared: Path, tmp_path: Path) -> None:
    """Ties, repeats, missing dates, coarse dates, optional records: whatever may be written down."""
    dice = random.Random(1987)
    gold = [_article(dice, n, gold=True) for n in range(150)]
    found = [_article(dice, n, gold=False) for n in range(10, 160)]
    path = tmp_path / "gold.yaml"
    path.write_text(yaml.safe_dump(gold), encoding="utf-8")
    compare(shared, path, found, tmp_path)


def _article(dice: random.Random, number: int, *, gold: bool) -> dict[str, Any]:
    days = [None, "2019", "2019-08", "2019-08-02", "2019-08-03", "1987"]
    actors, kinds = ["russia", "usa", "nato"], ["denial", "demand", "pledge"]

    def some(of: list[str]) -> list[str]:
        return dice.sample(of, dice.randrange(len(of)))

    def maybe(name: str, value: Any) -> dict[str, Any]:
        return {name: value} if gold and dice.random() < 0.3 else {}

    keys = dice.sample(
        [(a, p, s) for a in actors for p in ("moratorium", "deployment") for s in ("supports", "opposes")], 5
    )
    return {
        "article": f"{number:03}.txt",
        "date": dice.choice(days[3:]),
        **maybe("given_date", "2019-08-02"),
        **maybe("date_scored", False),
        "positions": [
            {"actor": a, "proposition": p, "stance": s, "date": dice.choice(days), **maybe("optional", True)}
            for a, p, s in keys[: dice.randrange(6)]
        ],
        "events": [
            {
                "kind": dice.choice(kinds),
                "date": dice.choice(days),
                "actors": some(actors),
                "recipients": some(actors),
                "status": dice.choice(["actual", "planned"]),
                **maybe("optional", True),
                **maybe("also_dates", [dice.choice(days[1:])]),
            }
            for _ in range(dice.randrange(7))
        ],
    }


def test_on_time_expressions(shared: Path, reader: Reader, tmp_path: Path) -> None:
    folder, script = shared / "eval" / "timex-dev", shared / "eval" / "timex_score.py"
    run(script, folder, "prepare", tmp_path / "in.ndjson")
    with (tmp_path / "out.ndjson").open("w", encoding="utf-8") as lines:
        for item in read_articles(tmp_path / "in.ndjson"):
            assert isinstance(item, ArticleFile)
            article = article_text(item)
            assert isinstance(article, ArticleText)
            lines.write(json.dumps(to_record(reader.read(article), item.name, article.text)) + "\n")
    theirs = run(script, folder, "score", tmp_path / "out.ndjson").stdout.strip()
    mine = score_timex(folder, reader)
    assert theirs == (
        f"strict f1 {mine.strict:.3f}  relaxed f1 {mine.relaxed:.3f}  value f1 {mine.value:.3f}  "
        f"(gold {mine.gold}, predicted {mine.found})"
    )


def test_on_attributions(shared: Path, reader: Reader, tmp_path: Path) -> None:
    whole = shared / "eval" / "polnear-dev"
    for kind in ("text", "attributions"):
        (tmp_path / kind).mkdir()
    for ann in sorted((whole / "attributions").glob("*.ann"))[::12]:
        shutil.copy(ann, tmp_path / "attributions")
        shutil.copy(whole / "text" / f"{ann.stem}.txt", tmp_path / "text")
    (tmp_path / "found.ndjson").write_text(
        "".join(json.dumps(record) + "\n" for record in records(reader, tmp_path / "text")), encoding="utf-8"
    )
    theirs = run(
        shared / "eval" / "attribution_score.py", tmp_path, tmp_path / "found.ndjson"
    ).stdout.splitlines()
    mine = score_attributions(tmp_path, reader)
    assert theirs == [
        f"{role:8} precision {made.precision:.3f} recall {made.recall:.3f} f1 {made.f1:.3f}"
        for role, made in mine.items()
    ]
