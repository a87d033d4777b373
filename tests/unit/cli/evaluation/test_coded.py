"""Files of coded articles and their texts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from services.cli.evaluation.coded import UnusableGold, article_key, read_gold

GOLD = """
- article: a.txt
  given_date: 2019-09-25
  date: 2019-09-25
  positions:
    - {actor: nato, proposition: moratorium, stance: opposes, date: 2019-09-25, evidence: "not credible"}
  events:
    - {date: 1987, kind: agreement-signed, actors: [russia, usa], recipients: [], status: actual, also_dates: [1988-06]}
"""


def write(folder: Path, gold: str = GOLD) -> Path:
    path = folder / "gold.yaml"
    path.write_text(gold, encoding="utf-8")
    return path


def test_yaml_dates_and_bare_years_become_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("NATO said it was not credible.", encoding="utf-8")
    (item,) = read_gold(write(tmp_path))
    assert item.gold.date == item.gold.positions[0].date == "2019-09-25"
    assert (item.gold.events[0].date, item.gold.events[0].also) == ("1987", ("1988-06",))
    assert not item.gold.date_scored


def test_texts_lie_beside_gold_or_in_the_folder_named(tmp_path: Path) -> None:
    elsewhere = tmp_path / "texts"
    elsewhere.mkdir()
    gold = write(tmp_path)
    with pytest.raises(UnusableGold, match="--texts"):
        list(read_gold(gold))
    (elsewhere / "a.txt").write_text("NATO.", encoding="utf-8")
    (item,) = read_gold(gold, elsewhere)
    assert item.source.body == {"text": "NATO.", "published_at": "2019-09-25"}


def test_an_article_that_brings_its_own_day_keeps_it(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"text": "NATO.", "published_at": "2020-01-01"}))
    (item,) = read_gold(write(tmp_path, GOLD.replace("a.txt", "a.json")))
    assert item.source.body["published_at"] == "2020-01-01"


def test_an_article_may_bring_its_text_and_code_the_same_twice(tmp_path: Path) -> None:
    gold = write(
        tmp_path,
        """
- article: w-1
  outlet: Hanse Kurier
  date: 2019-02-01
  text: "Moscow denied it. Moscow denied it again."
  positions:
    - {actor: russia, proposition: russia-complied, stance: supports, date: 2019-02-01, optional: true}
    - {actor: russia, proposition: russia-complied, stance: supports, date: 2019-02-01}
  events:
    - {date: 2019-02-01, kind: denial, actors: [russia], recipients: []}
    - {date: 2019-02-01, kind: denial, actors: [russia], recipients: [usa]}
""",
    )
    (item,) = read_gold(gold)
    assert item.source.body == {"text": "Moscow denied it. Moscow denied it again.", "outlet": "Hanse Kurier"}
    assert [p.optional for p in item.gold.positions] == [False]
    assert len(item.gold.events) == 1
    assert item.gold.date_scored


@pytest.mark.parametrize(
    "wrong", ["a: 1", "- 5", "- {article: a.txt, positions: [{actor: x}]}", "- [", "- {date: 1}"]
)
def test_what_is_no_gold_is_told(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "a.txt").write_text("NATO.", encoding="utf-8")
    with pytest.raises(UnusableGold):
        list(read_gold(write(tmp_path, wrong)))


def test_articles_join_on_the_last_part_of_their_path() -> None:
    assert {article_key(n) for n in ("x/a.txt", "a.json", "a", "/y/z/a.txt")} == {"a"}
