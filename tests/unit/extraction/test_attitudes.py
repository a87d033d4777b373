"""The words for and against a thing that the dossier lists."""

from __future__ import annotations

from services.core.domain.dossier import load_dossier
from workers.extraction.attitudes import attitude_words
from workers.extraction.patterns import load_rules


def test_each_word_has_its_side_and_the_act_that_it_makes() -> None:
    words = attitude_words("inf", "moratorium").words
    assert words["propose"] == (1, "proposal")
    assert words["adhere"] == (1, "pledge")
    assert words["brush aside"] == (-1, "rejection")
    assert words["lift"] == (-1, "end")
    assert "ready" in attitude_words("inf", "verification").words


def test_a_thing_that_the_dossier_does_not_list_has_no_words() -> None:
    assert attitude_words("inf", "a-parade").words == {}


def test_no_word_is_both_for_and_against_and_every_act_is_known() -> None:
    acts = {*load_dossier("inf").kinds, "end"}
    for thing, sides in load_rules("inf", "attitudes").items():
        assert sides.keys() == {"for", "against"}
        assert {kind for groups in sides.values() for kind in groups} <= acts, thing
        listed = [{w for group in sides[side].values() for w in group} for side in ("for", "against")]
        assert not listed[0] & listed[1], thing
