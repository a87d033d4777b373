"""Articles on other treaties and other missiles (tests/corpus/elsewhere.yaml), and those that are on this one after all."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from services.core.domain.dossier import load_dossier
from services.core.domain.reading import ArticleText
from tests.unit.extraction.coded import CORPUS
from workers.extraction.reader import Reader

ELSEWHERE: list[dict[str, Any]] = yaml.safe_load((CORPUS / "elsewhere.yaml").read_text("utf-8"))
READER = Reader(load_dossier("inf"))


def article(entry: dict[str, Any], title: str | None, folded: bool = False) -> ArticleText:
    text = entry["text"]
    if folded:
        text = "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
    return ArticleText(text, title=title, published_at=str(entry["published"]))


@pytest.mark.parametrize("entry", ELSEWHERE, ids=lambda e: e.get("title") or e["text"][:40])
def test_articles_on_other_matters_give_not_one_record(entry: dict[str, Any]) -> None:
    for title in {entry.get("title"), None}:
        for folded in (False, True):
            reading = READER.read(article(entry, title, folded), gated=True)

            assert not reading.relevant
            assert not reading.positions
            assert not reading.events


@pytest.mark.parametrize(
    "sentence",
    [
        "The United States left the INF Treaty in 2019, and Russia called that a mistake.",
        "In 2019 Washington quit the Intermediate-Range Nuclear Forces Treaty.",
        "The 1987 missile treaty between Reagan and Gorbachev fell in 2019.",
        "Moscow said it no longer kept to its moratorium on deploying intermediate-range missiles.",
    ],
)
@pytest.mark.parametrize("entry", ELSEWHERE, ids=lambda e: e.get("title") or e["text"][:40])
def test_one_sentence_on_the_treaty_makes_any_of_them_an_article_on_it(
    entry: dict[str, Any], sentence: str
) -> None:
    whole = ArticleText(f"{entry['text']}\n\n{sentence}", published_at=str(entry["published"]))

    assert READER.passed_over(whole) is None


@pytest.mark.parametrize(
    "text",
    [
        "Russia broke the missile treaty, the United States said; the pact barred cruise missiles.",
        "NATO will station Pershing II missiles and cruise missiles against the Soviet SS-20.",
        "China wants the Typhon withdrawn from Luzon, as no treaty forbids it since the United States left it.",
    ],
)
def test_a_treaty_without_a_name_is_known_by_its_company(text: str) -> None:
    assert READER.passed_over(ArticleText(text, published_at="2019-03-06")) is None


@pytest.mark.parametrize(
    "text",
    [
        "INF stands for invasive neonatal fungaemia; Russia sent nuclear doctors, the treaty of doctors says.",
        "The mission shot a missile treaty film: Chile and Peru signed a missile pact.",
    ],
)
def test_and_without_it_is_another(text: str) -> None:
    assert READER.passed_over(ArticleText(text, published_at="2019-03-06")) is not None
