"""Who is meant by words that name nobody: pronouns, unnamed spokespersons, ministries without a state."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest

from services.core.domain.dossier import load_dossier
from services.core.domain.reading import ArticleText
from workers.extraction.dates import find_dates
from workers.extraction.document import parse
from workers.extraction.event_dates import Dating
from workers.extraction.mention import Mention
from workers.extraction.mentions import find_mentions
from workers.extraction.settled_mentions import settle

DAY = dt.date(2019, 6, 5)


def mentions(text: str, on: dt.date = DAY) -> list[tuple[str, Mention]]:
    dossier = load_dossier("inf")
    document = parse(ArticleText(text))
    dating = Dating(document, find_dates(text, on), on.isoformat())
    found = settle(find_mentions(document, dossier, on), document, dossier, dating)
    return [(m.span.of(text), m) for m in found]


def actor_of(words: str, text: str, on: dt.date = DAY) -> str | None:
    """The actor of the last mention of these words; fails where they are none."""
    return [m.actor for said, m in mentions(text, on) if said == words][-1]


@pytest.mark.parametrize(
    "text",
    [
        "US Secretary of State Mike Pompeo was angry. Peter Harlan, who teaches in Bonn, said it was a show. He laughed.",
        "US Secretary of State Mike Pompeo came. Peter Harlan, an analyst, said it was a show. Harlan smiled. He laughed.",
    ],
)  # fmt: skip
def test_he_after_a_stranger_is_the_stranger(text: str) -> None:
    assert actor_of("He", text) is None


def test_a_stranger_who_is_a_man_is_not_she() -> None:
    text = (
        "NATO spokeswoman Oana Lungescu read a letter. John Harlan, an analyst, said it was thin. She left."
    )
    assert actor_of("She", text) == "nato"


def test_an_organisation_that_speaks_is_nobody_to_be_called_he() -> None:
    text = "Sergey Lavrov spoke. Helsinki Peace Institute said it was a show. He laughed."
    assert actor_of("He", text) == "russia"


@pytest.mark.parametrize(
    ("text", "words", "actor"),
    [
        ("Poland denied it on Monday. A spokesman said the charge was absurd.", "A spokesman", "poland"),
        ("The Japanese embassy protested. An official called it rude.", "An official", "japan"),
        (
            "The German government was silent for a week. Nobody knew why. A government spokesman was asked.",
            "A government spokesman",
            "germany",
        ),
        (
            "The Italian foreign ministry was silent. A spokesman for the foreign ministry was asked.",
            "A spokesman for the foreign ministry",
            "italy",
        ),
    ],
)
def test_an_unnamed_spokesman_speaks_for_whoever_was_spoken_of(text: str, words: str, actor: str) -> None:
    assert actor_of(words, text) == actor


@pytest.mark.parametrize(
    "sentence",
    [
        "A spokesman for the company said no.",
        "An official at a bank said no.",
        "A party spokesman said no.",
        "A congressional official said no.",
        "A former official said no.",
    ],
)
def test_who_speaks_for_somebody_else(sentence: str) -> None:
    said = {words for words, m in mentions(f"Poland denied it. {sentence}") if m.actor}
    assert said == {"Poland"}


ABOUT_RUSSIA = "Russia broke it. Russia denied it. Russia left. Russia was asked. "


@pytest.mark.parametrize(
    ("text", "words", "actor"),
    [
        (
            "MADRID — Spain wants it kept. Spain says so. " + ABOUT_RUSSIA + "A Foreign Ministry spokesman agreed.",
            "A Foreign Ministry spokesman",
            "spain",
        ),
        (
            "The Polish Foreign Ministry spoke. " + ABOUT_RUSSIA + "Later the Foreign Ministry said no.",
            "Foreign Ministry",
            "poland",
        ),
        ("MOSCOW — " + ABOUT_RUSSIA + "The Foreign Ministry said no.", "Foreign Ministry", "russia"),
    ],
)  # fmt: skip
def test_a_ministry_is_that_of_the_home_state(text: str, words: str, actor: str) -> None:
    assert actor_of(words, text) == actor


def test_no_mention_within_another() -> None:
    found = [m.span for _, m in mentions("The Polish Foreign Ministry spoke. The Defence Ministry did not.")]
    assert all(one.end <= other.start for one, other in pairwise(found))


@pytest.mark.parametrize(
    ("text", "words", "actor"),
    [
        (
            "Lt. Gen. Mikhail Matveyevsky came. The range, the general said, is short.",
            "the general",
            "russia",
        ),
        (
            "Kay Bailey Hutchison, the US envoy, came. It was late, the ambassador said.",
            "the ambassador",
            "usa",
        ),
        (
            "White House Press Secretary Sarah Sanders came. No, the spokeswoman said.",
            "the spokeswoman",
            "usa",
        ),
    ],
)
def test_other_words_for_an_office(text: str, words: str, actor: str) -> None:
    assert actor_of(words, text) == actor


def test_in_office_on_the_day_that_the_paragraph_tells_of() -> None:
    text = "It was ready on December 8, 1987. Ronald Reagan and Mikhail Gorbachev signed it in the East Room."
    assert actor_of("Ronald Reagan", text) == "usa"
    assert actor_of("Mikhail Gorbachev", text) == "russia"


@pytest.mark.parametrize(
    "text",
    [
        "Mikhail Gorbachev, who signed the treaty in 1987, said on Tuesday, 4 June 2019, that it was lost.",
        "The treaty was signed in 1987. Mikhail Gorbachev said it was lost.",
        "The treaty was signed in 1987. Mikhail Gorbachev lives in a suburb.",
        "The treaty was signed in 1987.\n\nMikhail Gorbachev was asked about it.",
    ],
)
def test_who_speaks_today_is_out_of_office(text: str) -> None:
    assert actor_of("Mikhail Gorbachev", text) is None


@pytest.mark.parametrize(
    ("name", "on", "actor"),
    [
        ("Leonid Brezhnev", dt.date(1981, 11, 23), "russia"),
        ("Helmut Schmidt", dt.date(1979, 12, 12), "germany"),
        ("Alexander Haig", dt.date(1979, 1, 8), "nato"),
        ("Alexander Haig", dt.date(1981, 11, 18), "usa"),
        ("Miro Cerar", dt.date(2019, 8, 9), "slovenia"),
        ("Ekaterina Zaharieva", dt.date(2019, 4, 18), "bulgaria"),
        ("Helmut Schmidt", dt.date(1987, 12, 8), None),
    ],
)
def test_people_of_the_years_before_and_of_smaller_states(name: str, on: dt.date, actor: str | None) -> None:
    assert actor_of(name, f"{name} came.", on) == actor
