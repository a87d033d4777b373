"""Scores of time expressions and attributions on small files of the public sets' formats."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.cli.evaluation.coded import UnusableGold
from services.cli.evaluation.public_sets import read_timeml, score_attributions, score_timex
from services.core.domain.dossier import load_dossier
from workers.extraction.reader import Reader

TIMEML = """<?xml version="1.0" ?>
<TimeML><DOCID>x</DOCID>
<DCT><TIMEX3 tid="t0" type="DATE" value="2019-09-25" functionInDocument="CREATION_TIME">2019-09-25</TIMEX3></DCT>
<TEXT>The council <EVENT eid="e1">met</EVENT> on <TIMEX3 tid="t1" type="DATE" value="2019-09-24">Tuesday</TIMEX3>
and will meet <TIMEX3 tid="t2" type="DATE" value="2030-01-01">tomorrow</TIMEX3>.</TEXT></TimeML>
"""


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(load_dossier("inf"))


def test_offsets_count_in_the_text_between_the_tags(tmp_path: Path) -> None:
    path = tmp_path / "a.tml"
    path.write_text(TIMEML, encoding="utf-8")
    article, found = read_timeml(path)
    assert article.published_at == "2019-09-25"
    assert [article.text[e.start : e.end] for e in found] == ["Tuesday", "tomorrow"]


def test_spans_and_values_are_scored_apart(tmp_path: Path, reader: Reader) -> None:
    (tmp_path / "a.tml").write_text(TIMEML, encoding="utf-8")
    made = score_timex(tmp_path, reader)
    assert (made.gold, made.found) == (2, 2)
    assert made.relaxed == 1.0
    assert made.value == 0.5


def test_attributions_are_scored_by_character(tmp_path: Path, reader: Reader) -> None:
    text = "Moscow said the treaty was dead."
    for folder in ("text", "attributions"):
        (tmp_path / folder).mkdir()
    (tmp_path / "text" / "a.txt").write_text(text, encoding="utf-8")
    (tmp_path / "attributions" / "a.ann").write_text(
        "T1\tSource 0 6\tMoscow\nT2\tCue 7 11\tsaid\nT3\tContent 12 22;23 31\tthe treaty was dead\nE1\tx\n"
    )
    made = score_attributions(tmp_path, reader)
    assert made["source"].f1 == made["cue"].f1 == 1.0
    assert made["content"].recall == 1.0
    assert 0.9 < made["content"].precision < 1.0  # the blank between the two pieces


def test_an_empty_folder_is_told(tmp_path: Path, reader: Reader) -> None:
    with pytest.raises(UnusableGold):
        score_timex(tmp_path, reader)
    with pytest.raises(UnusableGold):
        score_attributions(tmp_path, reader)


def test_a_document_type_with_entities_is_not_expanded(tmp_path: Path) -> None:
    path = tmp_path / "a.tml"
    path.write_text('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x><TEXT>&e;</TEXT></x>')
    with pytest.raises(UnusableGold):
        read_timeml(path)
