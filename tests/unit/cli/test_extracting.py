"""`treatyline extract` on files: what it takes, what it refuses, and that one bad article stops no other."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from services.cli.extracting import article_text, extract_files
from services.cli.files import ArticleFile, Unreadable
from services.cli.main import app
from services.core.settings import Settings

TEXT = "MOSCOW, May 4.\r\n\r\nRussia kept to the INF Treaty, the Foreign Ministry said on Saturday. 𝕏\r\n"


def extract(
    tmp_path: Path, content: bytes, published_at: str | None = None
) -> tuple[list[dict[str, Any]], str, int]:
    path = tmp_path / "articles.ndjson"
    path.write_bytes(content)
    records: list[dict[str, Any]] = []
    err = Console(record=True, width=200, file=io.StringIO())
    failed = extract_files(Settings(), [path], published_at, records.append, err)
    return records, err.export_text(), failed


def test_evidence_is_found_in_the_text_as_it_was_given(tmp_path: Path) -> None:
    line = json.dumps({"article": "a", "text": TEXT, "published_at": "2019-05-04"}).encode()
    (record,), _, failed = extract(tmp_path, line)
    assert failed == 0
    assert record["article"] == "a"
    assert record["positions"]
    for told in record["positions"] + record["events"]:
        span = told["evidence"]
        assert TEXT[span["start"] : span["end"]] == span["text"]


def test_a_bad_article_stops_no_other(tmp_path: Path) -> None:
    good = json.dumps({"text": TEXT, "article": "good"}).encode()
    records, told, failed = extract(
        tmp_path, b'{"title": 1}\nnonsense\n{"text": 5}\n{"html": "<p>x"}\n' + good
    )
    assert [r["article"] for r in records] == ["good"]
    assert failed == 4
    assert "has neither text nor html" in told
    assert "text: not a string" in told
    assert "is HTML" in told


def test_a_date_given_on_the_command_line_is_for_articles_that_bring_none(tmp_path: Path) -> None:
    lines = [
        {"text": TEXT, "article": "with", "published_at": "2015-05-04"},
        {"text": TEXT, "article": "without"},
    ]
    records, _, _ = extract(tmp_path, "\n".join(map(json.dumps, lines)).encode(), "2019-05-04")
    assert [r["date"] for r in records] == [
        {"value": "2015-05-04", "basis": "given"},
        {"value": "2019-05-04", "basis": "given"},
    ]


@pytest.mark.parametrize("published_at", ["2019-13-01", "yesterday", "", "2019"])
def test_what_is_no_date_is_refused(published_at: str) -> None:
    item = ArticleFile("a.json", "a.json", {"text": TEXT, "published_at": published_at})
    found = article_text(item)
    if published_at:
        assert found == Unreadable("a.json", "published_at is neither a date nor a time")
    else:
        assert not isinstance(found, Unreadable), "an empty date is none given"


def explain(tmp_path: Path, text: str, *options: str) -> str:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"text": text, "published_at": "2019-05-04"}), encoding="utf-8")
    done = CliRunner().invoke(app, ["extract", "--explain", *options, str(path)])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_explained_in_words(tmp_path: Path) -> None:
    told = explain(tmp_path, TEXT)
    assert re.search(r"^position \d+: russia supports russia-complied$", told, re.MULTILINE)
    assert '"Foreign Ministry" → ministry → russia  (say by "said")' in told
    assert "made by:    rule compliance/" in told
    assert "sentence:   Russia kept to the INF Treaty, the Foreign Ministry said on Saturday." in told


def test_explained_as_data_is_what_extract_prints_and_more(tmp_path: Path) -> None:
    record = json.loads(explain(tmp_path, TEXT, "--json"))
    plain = json.loads(CliRunner().invoke(app, ["extract", str(tmp_path / "a.json")]).stdout)
    for entry in (*record["positions"], *record["events"]):
        made = entry.pop("explanation")
        assert TEXT[made["sentence"]["start"] : made["sentence"]["end"]] == made["sentence"]["text"]
        assert {"chain", "rule", "made_by", "score", "date_basis"} <= set(made)
    assert (record.pop("refused"), record.pop("second_reader")) == ({}, None)
    assert record == plain


def test_what_is_off_topic_is_explained_too(tmp_path: Path) -> None:
    assert "it is not on the subject" in explain(
        tmp_path, "The weather in Rome was fine and dry on Saturday."
    )
