"""The pattern language of the rules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import workers.extraction
from workers.extraction.patterns import PatternError, compile_pattern, lexicon, load_rules
from workers.extraction.required_words import lowered

MACROS = {"treaty": "#treaty|#newtreaty", "leave": "quit*|pull out"}


def found(pattern: str, line: str) -> str | None:
    match = compile_pattern(pattern, MACROS).search(f" {line} ")
    return match[0].strip() if match else None


def test_signs_in_a_row_with_gaps_that_stop_at_commas() -> None:
    assert found("deny ~ #moratorium", "@russia deny this very #moratorium .") == "deny this very #moratorium"
    assert found("deny ~2 #moratorium", "deny this very old #moratorium") is None
    assert found("deny ~ #moratorium", "deny it , #moratorium") is None
    assert found("deny %3 #moratorium", "deny it , #moratorium") == "deny it , #moratorium"


def test_alternatives_endings_and_macros() -> None:
    assert found("@ ({leave}) {treaty}", "@usa quitting #treaty") == "@usa quitting #treaty"
    assert found("@ ({leave}) {treaty}", "@usa pull out #newtreaty") == "@usa pull out #newtreaty"
    assert found("@usa {leave}", "@russia quit") is None
    assert found("break (it|(all|every) rule)", "break every rule") == "break every rule"


def test_what_may_be_missing_and_what_must_not_follow() -> None:
    assert found("in? breach of", "breach of") == "breach of"
    assert found("leave !(room|office)", "leave #treaty") == "leave"
    assert found("leave !(room|office)", "leave room") is None


def test_names_may_stand_in_several_alternatives() -> None:
    match = compile_pattern("by v=@|v=@ do", MACROS).search(" @china do ")
    assert match is not None
    assert match["v"] is None
    assert match["v__2"] == "@china "


@pytest.mark.parametrize("wrong", ["(a|b", "a|", "{nothing}", "a )", "!"])
def test_a_wrong_pattern_is_named(wrong: str) -> None:
    with pytest.raises(PatternError):
        compile_pattern(wrong, MACROS)


def test_the_packaged_word_groups_compile_and_a_missing_file_is_named() -> None:
    words = lexicon("inf")
    for group in load_rules("inf", "position_patterns")["words"]:
        assert words(f"{{{group}}}").pattern
    with pytest.raises(PatternError, match="nothing"):
        load_rules("inf", "nothing")


def test_the_rules_patterns_are_in_the_dossier_and_compile_and_none_is_left_over() -> None:
    code = "".join(file.read_text("utf-8") for file in Path(workers.extraction.__path__[0]).rglob("*.py"))
    words = lexicon("inf")
    named = {
        f"{rule}/{name}"
        for rule, groups in load_rules("inf", "position_patterns")["patterns"].items()
        for name in groups
    }
    assert named == set(re.findall(r'words\.patterns?\("([^"]+)"\)', code))
    for name in named:
        assert words.patterns(name)
        assert all(words(source).pattern for source in words.patterns(name))


def test_a_dossier_without_a_rules_patterns_finds_nothing_by_it() -> None:
    words = lexicon("inf")
    assert words.patterns("no/such") == ()
    assert words(words.pattern("no/such")).search(" never ever ") is None


_GROUPS = load_rules("inf", "position_patterns")["patterns"].values()
_SOURCES = [source for named in _GROUPS for sources in named.values() for source in sources]
_WORDS = sorted({word for source in _SOURCES for word in re.findall(r"[@#]?[a-z][\w-]*", source)})


@given(st.lists(st.sampled_from(_WORDS), max_size=20))
def test_looking_for_a_patterns_words_first_hides_no_match(codes: list[str]) -> None:
    """In lines that are full of what the patterns look for."""
    code = " " + "".join(f"{word} " for word in codes)
    words = lexicon("inf")
    for source in _SOURCES:
        sought = words.sought(source)
        assert sought.may_be_in(lowered(code)) or sought.pattern.search(code) is None, source


def test_a_pattern_whose_words_are_not_there_is_not_searched_for() -> None:
    sought = lexicon("inf").sought("deny ~ #moratorium|@usa (quit*|leave) it")
    assert not sought.may_be_in(" @russia deny it . ")
    assert sought.may_be_in(" @usa deny #moratorium ")
    assert sought.may_be_in(" @usa quitting it ")
