"""The words that a pattern cannot do without."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.domain.dossier import load_dossier
from workers.extraction.relevance import score
from workers.extraction.required_words import Sought, Words, lowered, required


@pytest.mark.parametrize(
    ("pattern", "clauses"),
    [
        (r"\b INF \s+ (?i: treat(?:y|ies) ) \b", [{"inf"}, {"treat"}]),
        (r"missiles?", [{"missile"}]),
        (r"(?:pact|accord) .* missile", [{"missile"}, {"pact", "accord"}]),
        (r"(?:pact)? missile", [{"missile"}]),
        (r"(?= .* nuclear) (?! .* start) .", [{"nuclear"}]),
        (r"(?:pact|\d+)", []),
        (r"9 [\s-]? [MМ] [\s-]? 729", [{"729"}]),
        (r"(?:ab){2,3}", [{"ab"}]),
        (r"[xyz]+", []),
    ],
)
def test_what_a_pattern_requires(pattern: str, clauses: list[set[str]]) -> None:
    assert set(required(re.compile(pattern, re.VERBOSE))) == {frozenset(clause) for clause in clauses}


def test_letters_that_match_in_spite_of_their_case_are_no_reason_against() -> None:
    """Where case is ignored `s` matches ſ and `i` matches İ and ı, which lower case does not tell."""
    pattern = re.compile("(?i:missiles)")

    assert pattern.search("mıſſileſ")
    assert Words("mıſſileſ").may_match(pattern)
    assert Sought.of(pattern).may_be_in(lowered("mıſſileſ"))


_RELEVANCE = load_dossier("inf").relevance
_TERMS = _RELEVANCE.core + _RELEVANCE.context
_PIECES = (
    "the INF Treaty", "a treaty", "pact", "accord", "moratorium", "medium-range", "intermediate-range", "nuclear",
    "missiles", "of 1987", "December", "Reagan", "Gorbachev", "SSC-8", "9M729", "9М729", "Russia", "Soviet", "the US",
    "deploy", "banned", "class of", "500 to 5,500 km", "talks", "Typhon", "violated", "Pershing II", "double-zero",
    "euromissiles", "in Europe", "ceasefire", "forces", "arms", "İnf", "ſ", ". ", " ", "; ", "\\n", "(", ")", "of the",
)  # fmt: skip


@given(st.lists(st.sampled_from(_PIECES), max_size=14), st.sampled_from([str, str.lower, str.upper]))
def test_no_match_is_missed(pieces: list[str], cased: object) -> None:
    """Of texts that are full of what the dossier's patterns look for."""
    text = " ".join(pieces)
    text = cased(text) if callable(cased) else text
    words = Words(text)

    for term in _TERMS:
        for pattern in (term.pattern, *term.needs, *term.without):
            if pattern.search(text):
                assert words.may_match(pattern), term.id
                assert Sought.of(pattern).may_be_in(lowered(text)), term.id
    found = [
        term
        for term in _RELEVANCE.core
        if all(pattern.search(text) for pattern in (term.pattern, *term.needs))
        and not any(pattern.search(text) for pattern in term.without)
    ]
    assert (score(text, None, load_dossier("inf")) > 0) == bool(found)
