"""What the rules make of single constructions: attribution, denial, voice, conditions, dates, one event per act."""

from __future__ import annotations

import pytest

from services.core.domain.dossier import load_dossier
from services.core.domain.reading import ArticleText, Position, Reading
from services.core.domain.vocabulary import Stance, Status, Voice
from workers.extraction.reader import Reader

READER = Reader(load_dossier("inf"))


def read(text: str, day: str = "2019-03-06", outlet: str | None = None) -> Reading:
    return READER.read(ArticleText(text=text, published_at=day, outlet=outlet))


def position(reading: Reading, actor: str, proposition: str) -> Position:
    found = [p for p in reading.positions if (p.actor, p.proposition) == (actor, proposition)]
    assert len(found) == 1, [(p.actor, p.proposition, p.stance.value) for p in reading.positions]
    return found[0]


def test_a_claim_counts_for_whoever_makes_it_and_a_denial_turns_it() -> None:
    reading = read("Moscow on Monday rejected NATO's charge that the 9M729 violates the INF Treaty.")
    assert position(reading, "nato", "russia-complied").stance is Stance.OPPOSES
    assert position(reading, "russia", "russia-complied").stance is Stance.SUPPORTS
    assert [(e.kind, e.actors, e.date) for e in reading.events] == [("denial", ("russia",), "2019-03-04")]


def test_what_nobody_is_said_to_claim_is_the_outlets_own() -> None:
    assert not read("Russia has been violating the INF Treaty for a decade with its 9M729 missile.").positions


def test_voices() -> None:
    own = read("“Russia is in breach of the INF Treaty,” Pompeo said.")
    assert position(own, "usa", "russia-complied").voice is Voice.OWN
    told = read("Lavrov dismissed Washington's claim that Russia violates the INF Treaty.")
    assert position(told, "usa", "russia-complied").voice is Voice.ADVERSARY
    reported = read("Pompeo said Russia was in breach of the INF Treaty.")
    assert position(reported, "usa", "russia-complied").voice is Voice.REPORTED


def test_a_condition_is_kept_in_the_articles_words() -> None:
    text = (
        "Russia will stick to its moratorium on INF-range missiles as long as the United States "
        "deploys none in Europe, Lavrov said on Tuesday."
    )
    found = position(read(text), "russia", "moratorium")
    assert found.stance is Stance.CONDITIONAL
    assert found.condition is not None
    assert found.condition.of(text).startswith("as long as the United States")
    assert found.date == "2019-03-05"


def test_a_ministry_speaks_in_the_first_person() -> None:
    reading = read(
        "We have strictly observed the INF Treaty. We regret the decision of the United States to leave the "
        "INF Treaty. We shall take countermeasures.",
        outlet="Ministry of Foreign Affairs of the Russian Federation",
    )
    assert position(reading, "russia", "russia-complied").stance is Stance.SUPPORTS
    assert position(reading, "russia", "us-withdrawal").stance is Stance.OPPOSES


def test_what_is_planned_and_what_happened() -> None:
    reading = read("The INF Treaty will expire on August 2. It was signed in December 1987.", "2019-07-10")
    assert {(e.kind, e.date, e.status) for e in reading.events} == {
        ("agreement-ended", "2019-08-02", Status.PLANNED),
        ("agreement-signed", "1987-12", Status.ACTUAL),
    }


def test_the_same_act_told_twice_is_one_event() -> None:
    reading = read(
        "The United States withdrew from the INF Treaty on August 2. Washington left the INF Treaty on August 2 "
        "after thirty years.",
        "2019-08-05",
    )
    assert [(e.kind, e.date) for e in reading.events] == [("agreement-ended", "2019-08-02")]


def test_habits_have_no_day() -> None:
    reading = read("Russia has repeatedly accused the United States of violating the INF Treaty.")
    assert position(reading, "russia", "us-complied").stance is Stance.OPPOSES
    assert not reading.events


def test_former_officials_and_experts_are_nobody() -> None:
    reading = read(
        "Former US secretary of state George Shultz said quitting the INF Treaty was a mistake. Analyst Jane Doe "
        "said Russia had violated the INF Treaty."
    )
    assert not reading.positions
    assert not reading.events


@pytest.mark.parametrize(
    "text",
    [
        "The United States pulled out of the Open Skies Treaty on Sunday, and Russia called that a mistake.",
        "Russia violated the CFE treaty, NATO said on Monday.",
        "",
        "\n\n",
        "“",
        "INF Treaty" * 300,
    ],
)
def test_other_treaties_and_odd_texts_give_nothing(text: str) -> None:
    reading = read(text)
    assert not reading.positions
    assert not reading.events


def test_spans_hold_in_a_text_with_wide_characters() -> None:
    text = "🚀 “Russia is in breach of the INF Treaty,” Pompeo said — on Tuesday…\r\n\r\nMoscow denied it."
    reading = read(text)
    assert reading.positions
    for told in (*reading.positions, *reading.events):
        assert told.evidence.of(text).strip()
        assert 0 <= told.evidence.start < told.evidence.end <= len(text)
