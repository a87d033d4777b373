"""`treatyline extract` on files: what it takes, what it refuses, and that one bad article stops no other."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from services.cli.extracting import article_text, extract_files
from services.cli.files import ArticleFile, Unreadable
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
