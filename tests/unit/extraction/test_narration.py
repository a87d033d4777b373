"""On which day a telling goes on that gives none of its own."""

from __future__ import annotations

import datetime as dt

from services.core.domain.dossier import load_dossier
from services.core.domain.reading import ArticleText
from workers.extraction.dates import find_dates
from workers.extraction.document import parse
from workers.extraction.mentions import find_mentions
from workers.extraction.quotations import find_quotations
from workers.extraction.scene import Scene

DOSSIER = load_dossier("inf")
DAY = "2019-02-28"  # a Thursday


def said(text: str, day: str = DAY, *, backwards: bool = False) -> dict[str, str | None]:
    """When what a verb of speech tells was said, by the verb."""
    anchor = dt.date.fromisoformat(day)
    document = parse(ArticleText(text=text))
    mentions = find_mentions(document, DOSSIER, anchor)
    quotations = find_quotations(document, mentions, DOSSIER, nested=True)
    scene = Scene(document, DOSSIER, mentions, quotations, find_dates(text, anchor), day)
    frames = scene.spoken[::-1] if backwards else scene.spoken
    return {frame.cue.lower_: scene.said(frame).value for frame in frames}


FILLER = "\n\n".join(["Nobody was surprised.", "The weather held.", "It was cold."])


def test_a_paragraph_goes_on_on_the_day_told_in_it() -> None:
    text = f"{FILLER}\n\nSergei Lavrov wrote to the allies on Tuesday. Washington replied that the INF Treaty was dead."
    assert said(text)["replied"] == "2019-02-26"
    apart = text.replace(". Washington", ".\n\nWashington")
    assert said(apart)["replied"] == DAY


def test_a_day_in_somebodys_quoted_words_is_not_that_of_the_paragraph() -> None:
    text = f'{FILLER}\n\n"Sunday was a disgrace," Sergei Lavrov said. Washington replied that the treaty was dead.'
    assert said(text)["replied"] == DAY


def test_whoever_goes_on_speaking_does_so_on_the_same_day() -> None:
    text = (
        f"{FILLER}\n\nSergei Lavrov said on Tuesday that Russia keeps the INF Treaty."
        "\n\nNATO ministers meet in Brussels again.\n\nLavrov warned that Russia would respond."
        "\n\nBerlin urged both to talk."
    )
    found = said(text)
    assert (found["warned"], found["urged"]) == ("2019-02-26", DAY)


def test_it_does_not_hang_on_the_order_in_which_it_is_asked() -> None:
    text = (
        f'{FILLER}\n\nSergei Lavrov said on Tuesday that Russia keeps the INF Treaty.\n\n"We claimed nothing," he added.'
        '\n\n"The Americans accused us of everything," Lavrov complained. "They insisted on it."'
    )
    assert said(text) == said(text, backwards=True)
    assert said(text)["complained"] == "2019-02-26"


def test_the_first_paragraphs_go_on_on_the_day_of_the_news() -> None:
    text = (
        "Russia suspended the INF Treaty on Wednesday, a decree showed.\n\nBerlin regretted that Russia had done so."
        "\n\nParis urged Moscow to think again.\n\nRome demanded that both talk."
    )
    found = said(text)
    assert (found["regretted"], found["urged"], found["demanded"]) == ("2019-02-27", "2019-02-27", DAY)
    two = text.replace("Berlin regretted", "On Tuesday it had waited. On Thursday Berlin regretted")
    assert said(two)["urged"] == DAY


def test_whoever_led_a_side_of_an_older_meeting_spoke_there() -> None:
    text = (
        f"{FILLER}\n\nOn January 15 Moscow and Washington held consultations in Geneva on the INF Treaty."
        "\n\nAndrea Thompson, who led the US delegation, accused Russia of violating the treaty."
    )
    assert said(text)["accused"] == "2019-01-15"
    assert said(text.replace(", who led the US delegation,", ""))["accused"] == DAY


def test_a_day_by_which_something_is_asked_for_is_not_that_of_asking() -> None:
    text = (
        f"{FILLER}\n\nAllies urged Russia to save the INF Treaty by returning to compliance before 2 August."
    )
    assert said(text, "2022-01-13")["urged"] == "2022-01-13"
    assert said(text.replace("before", "on"), "2022-01-13")["urged"] == "2021-08-02"


def test_a_long_row_of_tellings_is_dated_whichever_is_asked_for_first() -> None:
    text = "\n\n".join(
        ["Sergei Lavrov said on Tuesday that it is over."] + ["Lavrov warned Washington."] * 400
    )
    assert said(text, backwards=True)["warned"] == "2019-02-26"


def test_whoever_goes_on_does_so_on_his_own_day_not_on_one_that_he_was_not_heard_on() -> None:
    text = (
        "Lavrov said on Tuesday that the treaty was dead. The United States left it on August 2. Washington made "
        "a mistake, he added."
    )
    assert said(text, "2019-08-15")["added"] == "2019-08-13"


def test_an_old_day_does_not_run_through_all_that_follows() -> None:
    text = "Putin announced on 1 March 2018 that Russia had new weapons.\n\n" + "\n\n".join(
        f"Putin {word} Washington of what might come." for word in ("warned", "reminded", "told", "informed")
    )
    days = said(text, "2019-02-28")
    assert days["announced"] == "2018-03-01"
    assert days["informed"] == "2019-02-28"


def test_what_is_told_of_long_ago_dates_no_news() -> None:
    signed = f"{FILLER}\n\nThe INF Treaty was signed on December 8, 1987. Russia accused Washington of violating it."
    assert said(signed)["accused"] == DAY
    story = f"{FILLER}\n\nMoscow said on May 4, 2009 that it was ready to talk. Washington replied that it would think about it."
    assert said(story)["replied"] == "2009-05-04"
