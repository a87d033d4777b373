"""Acts that a verb names by itself, days counted from the telling, and where something was said."""

from __future__ import annotations

import datetime as dt

import pytest

from services.core.domain.dossier import load_dossier
from services.core.domain.reading import ArticleText
from workers.extraction.article_date import work_out_date
from workers.extraction.dates import find_dates
from workers.extraction.document import parse
from workers.extraction.mentions import find_mentions
from workers.extraction.reader import Reader
from workers.extraction.scene import Scene
from workers.extraction.statements import find_statements

INF = load_dossier("inf")
DAY = "2019-02-06"  # a Wednesday


def scene(text: str, day: str = DAY) -> Scene:
    article = ArticleText(text=text, published_at=day)
    document = parse(article)
    anchor = dt.date.fromisoformat(day)
    mentions = find_mentions(document, INF, anchor)
    date = work_out_date(article, INF, today=None)
    return Reader(INF).scene(article, document, mentions, find_dates(text, anchor), date)


def acts(text: str, day: str = DAY) -> set[tuple[str | None, str | None, tuple[str, ...]]]:
    """What the rules make of a text: kind, day, actors."""
    return {(f.kind, f.when.value, f.holders) for f in find_statements(scene(text, day)) if f.kind}


@pytest.mark.parametrize(
    ("text", "kind", "actor"),
    [
        ("Warsaw rejected on Tuesday a Belarusian appeal about missiles under the INF Treaty.", "rejection", "poland"),
        ("Norway on Tuesday brushed aside a deadline that Moscow had set over the INF Treaty.", "rejection", "norway"),
        ("Moscow turned down a Dutch invitation to discuss the INF Treaty on Tuesday.", "rejection", "russia"),
        ("Canada rebuffed on Tuesday a request to host inspectors under the INF Treaty.", "rejection", "canada"),
        ("Seoul denied on Tuesday a claim that it would host missiles banned by the INF Treaty.", "denial", "south-korea"),
        ("Italy refuted on Tuesday the allegation that it had breached the INF Treaty.", "denial", "italy"),
        ("Tokyo on Tuesday dismissed the charge that it wanted missiles the INF Treaty bans.", "denial", "japan"),
        ("Denmark disputed on Tuesday the report that it had left the INF Treaty's parties alone.", "denial", "denmark"),
        ("On Tuesday Canada proposed a meeting of the parties to the INF Treaty.", "proposal", "canada"),
        ("Switzerland offered the parties to the INF Treaty a venue on Tuesday.", "proposal", "switzerland"),
        ("Austria put forward on Tuesday a plan to save the INF Treaty.", "proposal", "austria"),
        ("Spain floated on Tuesday the idea of a wider INF Treaty.", "proposal", "spain"),
        ("Japan promised on Tuesday not to station missiles that the INF Treaty bans.", "pledge", "japan"),
        ("Romania vowed on Tuesday to open the base to inspectors of the INF Treaty.", "pledge", "romania"),
        ("Norway pledged on Tuesday to keep missiles that the INF Treaty bans away.", "pledge", "norway"),
        ("Belarus undertook on Tuesday to abide by the INF Treaty.", "pledge", "belarus"),
        ("Denmark demanded on Tuesday that the 9M729 be destroyed.", "demand", "denmark"),
    ],
)  # fmt: skip
def test_a_verb_may_be_the_act_itself(text: str, kind: str, actor: str) -> None:
    assert (kind, "2019-02-05", (actor,)) in acts(text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Spain offered no evidence on Tuesday that it had left the INF Treaty alone.", "proposal"),
        ("Poland offered its condolences on Tuesday; the INF Treaty was not mentioned.", "proposal"),
        ("Russia vowed on Tuesday to retaliate if the INF Treaty ends.", "pledge"),
        ("The INF Treaty lives, just as Norway promised on Tuesday.", "pledge"),
        ("Norway did not reject on Tuesday an appeal to save the INF Treaty.", "rejection"),
        ("Norway has always rejected appeals to leave the INF Treaty's parties alone.", "rejection"),
        ("A former minister of Norway rejected on Tuesday an appeal about the INF Treaty.", "rejection"),
        ("Italy dismissed an officer on Tuesday over papers on the INF Treaty.", "rejection"),
        ("Tokyo disputed the islands on Tuesday; the INF Treaty came up too.", "denial"),
    ],
)
def test_a_verb_is_not_the_act_whatever_it_is_done_to(text: str, kind: str) -> None:
    assert kind not in {made for made, _, _ in acts(text)}


@pytest.mark.parametrize(
    ("text", "day", "words", "value"),
    [
        ("It announced on Friday that it would stop as of Saturday.", "2019-02-04", "Saturday", "2019-02-02"),
        ("On Monday she said the envoys would meet on Thursday.", "2019-02-08", "Thursday", "2019-02-07"),
        ("On Monday he said they were to vote on Tuesday.", "2019-02-06", "Tuesday", "2019-02-05"),
        ("He said on Thursday that they would meet on Monday.", "2019-02-08", "Monday", "2019-02-11"),
        ("They would meet on Saturday, he said.", "2019-02-04", "Saturday", "2019-02-09"),
        ("On Friday he said it would stop on Saturday. She replied the next day.", "2019-02-04", "the next day", "2019-02-02"),
        ("It is to meet next Friday, 5 July.", "2019-06-27", "next Friday", "2019-07-05"),
        ("They met last Monday (June 3) in Oslo.", "2019-06-14", "last Monday", "2019-06-03"),
        ("They will meet next Tuesday, Feb. 19.", "2019-02-11", "next Tuesday", "2019-02-19"),
        ("They met last Friday, 4 July being a holiday.", "2019-07-08", "last Friday", "2019-07-05"),
    ],
)  # fmt: skip
def test_a_weekday_is_seen_from_where_it_is_told(text: str, day: str, words: str, value: str) -> None:
    found = {text[t.start : t.end]: t.value for t in find_dates(text, dt.date.fromisoformat(day))}
    assert found[words] == value


@pytest.mark.parametrize(
    "text",
    [
        "Russia showed the 9M729 to attaches on Monday. General Gerasimov stated there that Russia keeps the INF Treaty.",
        "Envoys talked in Geneva on Monday about the INF Treaty. Sergei Ryabkov said there that Russia keeps the treaty.",
        "The INF Treaty was debated in Munich on Monday. Sergei Lavrov told journalists there that Russia keeps the treaty.",
        "A briefing on the INF Treaty was held on Monday. Igor Konashenkov declared there that Russia keeps the treaty.",
    ],
)
def test_what_was_said_there_was_said_then(text: str) -> None:
    assert {day for _, day, actors in acts(text) if actors == ("russia",)} == {"2019-02-04"}


def test_what_is_said_to_be_there_was_not_said_there() -> None:
    text = "Envoys talked about the INF Treaty on Monday. Russia said that no missiles were there under the INF Treaty."
    assert "2019-02-04" not in {day for kind, day, _ in acts(text) if kind != "consultation"}


def test_the_story_plays_on_the_day_of_nearly_all_that_was_said() -> None:
    said = (
        "London said on Tuesday that the INF Treaty must live. Paris said on Tuesday that it must live. "
        "Rome said on Tuesday that it must live. Madrid told envoys on Monday that it must live.\n\n"
        "More followed, from one capital after another.\n\nOttawa called on Russia to obey the INF Treaty."
    )
    assert ("demand", "2019-02-05", ("canada",)) in acts(said)
    even = said.replace("Rome said on Tuesday", "Rome said on Monday")
    assert ("demand", DAY, ("canada",)) in acts(even)
