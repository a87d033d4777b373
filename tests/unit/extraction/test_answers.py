"""Demands without a verb of asking, refusals and denials in a speaker's own words."""

from __future__ import annotations

import pytest

from tests.unit.extraction.test_performed import acts

SPOKEN = "2019-02-05"  # "on Tuesday"


@pytest.mark.parametrize(
    ("text", "actor"),
    [
        ("Norway said on Tuesday that Russia has to come back into the INF Treaty.", "norway"),
        ("Russia must open its books on the 9M729, Denmark said on Tuesday.", "denmark"),
        ("Spain said on Tuesday that Moscow needed to scrap the missile the INF Treaty bans.", "spain"),
        ("Canada hoped on Tuesday that Washington would stay in the INF Treaty.", "canada"),
        ("On Tuesday Japan wanted the United States to keep the INF Treaty.", "japan"),
        ("France called on Tuesday for the INF Treaty to be preserved.", "france"),
    ],
)
def test_what_others_have_to_do_is_a_demand(text: str, actor: str) -> None:
    assert ("demand", SPOKEN, (actor,)) in acts(text)


@pytest.mark.parametrize(
    "text",
    [
        "Norway said on Tuesday that Norway has to think about the INF Treaty.",
        "Should Russia deploy the 9M729, Denmark said on Tuesday, the INF Treaty would end.",
        "Spain said on Tuesday that Russia must have known of the INF Treaty's end.",
        "Canada said on Tuesday that Russia did not have to leave the INF Treaty.",
        "Japan hoped on Tuesday that the weather would hold for the INF Treaty's parties.",
        "Italy said on Tuesday that the INF Treaty, which Russia must be glad of, is dying.",
    ],
)
def test_what_is_no_call_upon_anybody_is_none(text: str) -> None:
    assert "demand" not in {kind for kind, _, _ in acts(text)}


@pytest.mark.parametrize(
    ("text", "actor"),
    [
        ("Beijing said on Tuesday that it would not join talks on the INF Treaty.", "china"),
        ("China said on Tuesday that it had no interest in joining the INF Treaty.", "china"),
        ("Washington was not interested in a new INF Treaty, Pompeo said on Tuesday.", "usa"),
        ("Poland on Tuesday called the Russian offer on the INF Treaty a trick.", "poland"),
        ("The Russian proposal on the INF Treaty was hardly serious, Norway said on Tuesday.", "norway"),
        ("There was nothing to discuss about the 9M729, Russia said on Tuesday.", "russia"),
        ("Russia's proposal to save the INF Treaty was a stunt, Canada said on Tuesday.", "canada"),
        ("Spain said on Tuesday that it could not sign an INF Treaty of this kind.", "spain"),
    ],
)
def test_who_will_not_turns_it_down(text: str, actor: str) -> None:
    assert ("rejection", SPOKEN, (actor,)) in acts(text)


@pytest.mark.parametrize(
    "text",
    [
        "Norway said on Tuesday that Russia would not join talks on the INF Treaty.",
        "Norway said on Tuesday that it would not deploy missiles which the INF Treaty bans.",
        "Denmark asked on Tuesday whether the offer on the INF Treaty was serious.",
        "Norway said on Tuesday it would leave the INF Treaty if it could not join talks.",
        "The Russian offer on the INF Treaty was not unacceptable, Italy said on Tuesday.",
        "Spain said on Tuesday that the American plan for the INF Treaty was never a trap.",
        "Its offer on the INF Treaty was no ploy, Russia said on Tuesday.",
        "Its own proposal on the INF Treaty had been called a farce, Russia said on Tuesday.",
        "Canada said on Tuesday that it could not agree more with the INF Treaty's friends.",
        "Japan said on Tuesday that it would not hesitate to sign the INF Treaty.",
        "Denmark said on Tuesday that it would never refuse to join talks on the INF Treaty.",
        "Italy said on Tuesday that nobody claimed that it would not join talks on the INF Treaty.",
        "China denied on Tuesday that it would not join talks on the INF Treaty.",
        "The offer on the INF Treaty was not only serious but generous, Norway said on Tuesday.",
    ],
)
def test_what_others_will_not_or_nobody_asked_for_is_no_refusal(text: str) -> None:
    assert "rejection" not in {kind for kind, _, _ in acts(text)}


@pytest.mark.parametrize(
    ("text", "actor"),
    [
        ("The American accusations about the 9M729 were groundless, Russia said on Tuesday.", "russia"),
        ("Moscow on Tuesday called the claims about the 9M729 a fabrication.", "russia"),
        ("Japan on Tuesday dismissed the remarks about the INF Treaty as unfounded.", "japan"),
        ("Denmark rejected on Tuesday the suggestion that it was breaking the INF Treaty.", "denmark"),
        ("Russia said on Tuesday that there were only groundless accusations about the 9M729.", "russia"),
    ],
)
def test_who_calls_a_charge_false_denies_it(text: str, actor: str) -> None:
    assert ("denial", SPOKEN, (actor,)) in acts(text)


@pytest.mark.parametrize(
    "text",
    [
        "Denmark rejected on Tuesday the suggestion that it should leave the INF Treaty.",
        "A former minister of Norway called the claims about the 9M729 baseless on Tuesday.",
        "Washington said on Tuesday that Russia spread false claims about the INF Treaty.",
        "Poland said on Tuesday that Moscow kept repeating invented stories and false reports of the INF Treaty.",
        "The American claims about the 9M729 were not baseless, Norway said on Tuesday.",
    ],
)
def test_what_is_no_denial(text: str) -> None:
    assert "denial" not in {kind for kind, _, _ in acts(text)}
