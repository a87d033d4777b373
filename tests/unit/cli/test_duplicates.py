"""`treatyline duplicates` on files: originals and copies, in whatever order the lines stand."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner

from services.cli.duplicates import judge_files
from services.cli.main import app
from tests.unit.dedup.accounts import BACKGROUND, OFFER, PLEDGE
from tests.unit.dedup.edits import edited

ARTICLES = [
    {"article": "wire", "text": PLEDGE[0], "published_at": "2019-10-24T10:00:00+02:00"},
    {"article": "paper", "text": f"{PLEDGE[0]}\n\nFollow us.", "published_at": "2019-10-24T12:00:00+02:00"},
    {"article": "site", "text": PLEDGE[0], "published_at": "2019-10-25"},
    {"article": "undated", "text": edited(PLEDGE[0], random.Random(1), keep=0.8, headline=True)},
    {"article": "own account", "text": PLEDGE[1], "published_at": "2019-10-24"},
    {"article": "offer", "text": OFFER[0], "url": "https://vestnik.example/1"},
]


def judge(path: Path, articles: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records of one file."""
    path.write_text("\n".join(json.dumps(article) for article in articles))
    records: list[dict[str, Any]] = []
    assert judge_files([path], records.append, Console(file=io.StringIO())) == 0
    return records


def test_each_line_says_whose_copy_it_is(tmp_path: Path) -> None:
    records = judge(tmp_path / "articles.ndjson", ARTICLES)
    assert [set(record) for record in records] == [
        {"article", "story", "judged", "of", "method", "similarity"}
    ] * len(ARTICLES)
    assert [(r["article"], r["judged"], r["of"], r["method"]) for r in records] == [
        ("wire", "original", None, None),
        ("paper", "duplicate", "wire", "near"),
        ("site", "duplicate", "wire", "exact"),
        ("undated", "duplicate", "wire", "near"),
        ("own account", "original", None, None),
        ("offer", "original", None, None),
    ]
    assert len({record["story"] for record in records}) == 3
    assert records[0]["story"] == records[3]["story"]
    assert records[2]["similarity"] == 1.0
    assert records[0]["similarity"] is None


@settings(max_examples=15, deadline=None)
@given(order=st.permutations(range(len(ARTICLES))))
def test_the_order_of_lines_changes_nothing(
    order: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("order") / "articles.ndjson"
    records = {r["article"]: r for r in judge(path, [ARTICLES[number] for number in order])}
    stories: dict[str, set[str]] = {}
    for name, record in records.items():
        stories.setdefault(record["story"], set()).add(name)
    assert {name for name, r in records.items() if r["judged"] == "original"} == {
        "wire",
        "own account",
        "offer",
    }
    assert sorted(map(sorted, stories.values())) == [
        ["offer"], ["own account"], ["paper", "site", "undated", "wire"],
    ]  # fmt: skip


def test_an_outlets_first_stories_are_known_by_those_after_them(tmp_path: Path) -> None:
    rng = random.Random(4)
    words = " ".join((*PLEDGE, *OFFER)).split()
    articles = [
        {"text": f"{' '.join(rng.choices(words, k=60))}\n{BACKGROUND}", "outlet": "Vestnik"} for _ in range(4)
    ]
    records = judge(tmp_path / "articles.ndjson", articles)
    assert {record["judged"] for record in records} == {"original"}
    assert [record["article"] for record in records] == [f"articles.ndjson:{n}" for n in (1, 2, 3, 4)]


def test_the_command_prints_lines_and_says_what_it_could_not_read(tmp_path: Path) -> None:
    path = tmp_path / "articles.ndjson"
    path.write_text("\n".join([json.dumps(ARTICLES[0]), "nonsense", json.dumps(ARTICLES[1])]))
    done = CliRunner().invoke(app, ["duplicates", str(path)])
    assert done.exit_code == 1
    assert [json.loads(line)["judged"] for line in done.stdout.splitlines()] == ["original", "duplicate"]
    assert "articles.ndjson:2" in done.stderr
