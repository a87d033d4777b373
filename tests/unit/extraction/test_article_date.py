"""The article's own day, on beginnings of our own (`article_heads.yaml`) and on coded articles."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.core.domain.dossier import load_dossier
from services.core.domain.reading import ArticleDate, ArticleText
from services.core.domain.vocabulary import DateBasis
from workers.extraction.article_date import work_out_date
from workers.extraction.dates import find_dates

SHARED = Path(__file__).resolve().parents[4] / "shared"
TODAY = dt.date(2026, 11, 22)
HEADS: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "article_heads.yaml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("head", HEADS, ids=[f"{n}-{h['date']}" for n, h in enumerate(HEADS)])
def test_the_day_of_a_beginning(head: dict[str, Any]) -> None:
    article = ArticleText(head["text"], published_at=head.get("published_at"), url=head.get("url"))

    expected = ArticleDate(head["date"].isoformat() if head["date"] else None, DateBasis(head["basis"]))
    assert work_out_date(article, today=TODAY) == expected


def test_a_dossier_knows_who_was_in_office_and_when_the_treaty_ended() -> None:
    dossier = load_dossier("inf")
    text = (
        "BRUSSELS, October 31 — Jens Stoltenberg regretted on Thursday that the INF Treaty is gone.\n\n"
        "On August 2, the treaty was terminated."
    )  # a Thursday in 2019 and in 2024; by then he had left

    assert work_out_date(ArticleText(text), dossier, today=TODAY).value == "2019-10-31"
    assert work_out_date(ArticleText(text), today=TODAY).value == "2024-10-31"


def test_the_last_year_of_the_treaty_gives_the_year() -> None:
    dossier = load_dossier("inf")
    text = "Minsk, Oct 20 : He criticised on Monday the withdrawal from the INF Treaty last year, signed in 1987.\n"

    assert work_out_date(ArticleText(text), dossier, today=TODAY).value == "2020-10-20"


@pytest.mark.parametrize(
    ("text", "day"),
    [  # the weekday fits several years; who and what is named tells which
        (("BEIJING, Aug. 6 (Agency) -- China on Tuesday warned its neighbours against American missiles. Mark Esper had"
         " said that he would like to see them in Asia within months, days after the INF Treaty lapsed."), "2019-08-06"),
        (("MINSK, Dec 19 — Alexander Lukashenko said on Thursday that the Oreshnik had been promised to him, a month"
         " after it struck Dnipro. The INF Treaty banned such weapons until 2019."), "2024-12-19"),
        (("MANILA, April 16 — General Charles Flynn's command brought its Typhon launcher to Luzon for the Balikatan drills,"
         " it said on Tuesday, the first time that one went abroad since the INF Treaty ended."), "2024-04-16"),
        ("MOSCOW/WASHINGTON, Aug 2 — Both remembered on Friday that five years have passed since the INF Treaty ended.",
         "2024-08-02"),
        (("MOSCOW, Oct 21 (Agency) — Russia will not yield to blackmail over the INF Treaty, a diplomat said on Sunday, a"
         " day after Donald Trump announced in Nevada that he would leave it."), "2018-10-21"),
    ],
)  # fmt: skip
def test_the_words_of_a_dossier_tell_the_year(text: str, day: str) -> None:
    assert work_out_date(ArticleText(text), load_dossier("inf"), today=TODAY).value == day


def test_nobody_writes_after_the_day_of_receipt() -> None:
    text = (
        "MOSCOW, October 28. The ministry said on Wednesday that it waits. The treaty ended in August 2019.\n"
    )

    assert work_out_date(ArticleText(text), today=dt.date(2020, 10, 28)).value == "2020-10-28"
    assert work_out_date(ArticleText(text), today=dt.date(2020, 10, 20)).value != "2020-10-28"


def test_what_lies_ahead_is_not_the_day_of_the_article() -> None:
    report = "Russia said on Friday that it would keep the INF Treaty, and NATO agreed with it at once."
    text = f"Register now | Summit 12 December 2020 | Geneva\n\n{report}"
    assert work_out_date(ArticleText(text), today=dt.date(2020, 10, 28)).value is None
    assert work_out_date(ArticleText(text), today=dt.date(2020, 12, 12)).value == "2020-12-12"
    text = f"Published: 12 December 2020\n\nMOSCOW, October 27, 2020 - {report}"
    assert work_out_date(ArticleText(text), today=dt.date(2020, 10, 28)).value == "2020-10-27"


@pytest.mark.parametrize(
    "told", ["{} years ago", "in {} months", "{} weeks later", "{} years after it was signed"]
)
def test_a_number_of_hundreds_of_figures_is_no_obstacle(told: str) -> None:
    text = f"MOSCOW, August 2. Russia left the treaty on Friday, {told.format('9' * 400)}. It was signed in 1987."
    assert work_out_date(ArticleText(text), load_dossier("inf")).value is not None
    assert find_dates(text, dt.date(2019, 8, 2))


@pytest.mark.shared
def test_the_coded_seed_articles_get_their_days() -> None:
    if not SHARED.exists() and "CI" not in os.environ:
        pytest.skip("the shared examples are not beside this checkout")
    coded = yaml.safe_load((SHARED / "gold/dev/seeds.yaml").read_text(encoding="utf-8"))
    dossier = load_dossier("inf")

    found = {
        record["article"]: work_out_date(
            ArticleText((SHARED / "seeds" / record["article"]).read_text(encoding="utf-8")),
            dossier,
            today=TODAY,
        )
        for record in coded
    }

    assert {name: date.value for name, date in found.items()} == {
        r["article"]: r["date"].isoformat() for r in coded
    }
    assert {date.basis for date in found.values()} == {DateBasis.DATELINE}
