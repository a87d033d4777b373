"""The sentence around a piece of evidence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.domain.sentences import MOST, sentence_around


@pytest.mark.parametrize(
    ("text", "evidence", "sentence"),
    [
        ("One came. Two went to Geneva. Three stayed.", "went", "Two went to Geneva."),
        ("Mr. A. Smith of the U.S. Senate spoke on Aug. 2. Then he left.", "spoke", "Mr. A. Smith of the U.S. Senate spoke on Aug. 2."),
        ('He said: "It ends." "We go on," she replied.', "go on", '"We go on," she replied.'),
        ("A heading\n\nThe talks ended without result\n\nMore.", "talks", "The talks ended without result"),
        ("A line that was\nwrapped by hand went on. The next.", "hand", "A line that was\nwrapped by hand went on."),
        ("First. Second one. Third.", "First. Second", "First. Second one."),
        ("The range is 5.5 thousand km. So they said.", "range", "The range is 5.5 thousand km."),
        ("Only this", "this", "Only this"),
        ("What was said\n- that the talks ended\n • that they go on", "ended", "- that the talks ended"),
        ("It is over\n \t\nSo they said\nof the talks.\n\n", "said", "So they said\nof the talks."),
        ("“They left…”\n(Nobody knew why!)] Then it ended.", "Nobody", "(Nobody knew why!)]"),
        ("“Is it over?” he asked. Nobody knew.", "over", "“Is it over?” he asked."),
    ],
)  # fmt: skip
def test_it_is_the_whole_sentence_and_no_more(text: str, evidence: str, sentence: str) -> None:
    start = text.index(evidence)
    first, last = sentence_around(text, start, start + len(evidence))
    assert text[first:last] == sentence


def test_a_text_without_ends_is_cut_at_a_word() -> None:
    text = "word " * 1000
    first, last = sentence_around(text, 2500, 2504)
    assert text[first:last].startswith("word")
    assert text[first:last].endswith("word")
    assert last - first <= 2 * MOST + 4


@given(st.text(max_size=2000), st.data())
def test_it_always_holds_the_evidence(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    first, last = sentence_around(text, start, end)
    assert 0 <= first <= start <= end <= last <= len(text)
