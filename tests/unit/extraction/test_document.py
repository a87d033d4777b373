"""Paragraphs, sentences, tokens and turns agree with the posted text, whatever it looks like."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.core.domain.reading import ArticleText, Span
from workers.extraction.document import MAX_CHARACTERS, Document, parse


def read(text: str) -> Document:
    return parse(ArticleText(text))


def sentences(text: str) -> list[str]:
    return [s.of(text) for s in read(text).sentences]


def turns(text: str) -> list[tuple[str, str]]:
    return [(t.speaker.of(text), t.content.of(text)) for t in read(text).turns]


def test_a_line_wrap_does_not_end_a_sentence() -> None:
    text = "The minister came\nto the\xa0capital to talk\nabout the missiles. He left\nsoon after.\n\nThe end\ncame late."
    assert sentences(text) == [
        "The minister came\nto the\xa0capital to talk\nabout the missiles.",
        "He left\nsoon after.",
        "The end\ncame late.",
    ]


def test_headings_and_blank_lines_end_a_paragraph() -> None:
    text = "Talks fail again\n\nGENEVA — The talks failed.\nNobody was surprised by it.\r\n\r\nMore to come"
    document = read(text)
    assert [p.of(text) for p in document.paragraphs] == [
        "Talks fail again",
        "GENEVA — The talks failed.",
        "Nobody was surprised by it.",
        "More to come",
    ]


@pytest.mark.parametrize(
    "sentence",
    [
        "“Why now?” Smith asked.",
        "Rep. Jane Miller, R-Tenn., disagreed.",
        "The U.S. Army said “no.”",
        "Gen. Brown and Sen. Green met Mr. White at 5 p.m. on Friday.",
    ],
)
def test_abbreviations_and_quoted_questions_do_not_split(sentence: str) -> None:
    assert sentences(f"First it rained. {sentence} Then it snowed.") == [
        "First it rained.",
        sentence,
        "Then it snowed.",
    ]


def test_the_parser_keeps_to_the_sentences() -> None:
    text = "Moscow’s envoy spoke first. The others didn’t. " * 300
    document = read(text)
    assert [t.idx for t in document.doc if t.is_sent_start] == [s.start for s in document.sentences]
    assert document.sentence_at(text.index("others")) == document.sentences[1]
    assert document.sentence_at(27) is None
    assert [t.text for t in document.tokens_in(document.sentences[1])] == ["The", "others", "did", "n't", "."]
    assert document.sentences_in(Span(20, 30)) == document.sentences[:2]


def test_labels_make_turns() -> None:
    text = (
        "Transcript of the meeting\n\nQUESTION: Will you sign?\n\nMR. STONE: We will.\n\nI said so before.\n\n"
        "QUESTION: When?\n\nMR. STONE (off mic): Soon.\n\nDirect link: somewhere"
    )
    assert turns(text) == [
        ("QUESTION", "Will you sign?"),
        ("MR. STONE", "We will.\n\nI said so before."),
        ("QUESTION", "When?"),
        ("MR. STONE", "Soon."),
    ]


def test_a_label_may_be_broken_over_lines() -> None:
    speech = "We met before\nthe talks and I told our partners that we want peace.\nWe meant it.\n" * 5
    text = f"The President chaired a\nmeeting with heads of agencies\nPresident of Ruritania\nJan Novak: {speech}"
    assert [name for name, _ in turns(text)] == ["President of Ruritania\nJan Novak"]


@pytest.mark.parametrize(
    "text",
    [
        "Poll: Most voters want peace\n\n"
        + "The poll asked two thousand people in May about the talks. " * 8,
        "Novak: We will sign\n\n" + "The president spoke after the meeting and left for home. " * 8,
        "He listed them.\nNote: none was signed.\nExample: the pact of May.",
    ],
)
def test_a_heading_with_a_colon_is_no_turn(text: str) -> None:
    assert read(text).turns == ()


@pytest.mark.parametrize(
    "text", ["", " ", "\n\r\n", "\ud83d half", "((((" * 50, "\x00\u200b\ufeff", "…" * 99]
)
def test_odd_texts_are_accepted(text: str) -> None:
    document = read(text)
    assert all(s.of(text).strip() for s in document.sentences)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="aB .,\n\r\t“”’'\"?!:-\xa0\u2028é1(", max_size=200))
def test_spans_lie_in_order_within_the_text(text: str) -> None:
    document = read(text)
    for spans in (document.sentences, document.paragraphs):
        assert all(0 <= s.start < s.end <= len(text) for s in spans)
        assert all(a.end <= b.start for a, b in pairwise(spans))
    for token in document.doc:
        assert token.idx + len(token) <= len(text)
    covered = {i for s in document.sentences for i in range(s.start, s.end)}
    assert all(i in covered for i, c in enumerate(text) if c.isalnum())


def test_a_huge_line_is_bounded() -> None:
    began = time.process_time()
    document = read("x" * (2 * MAX_CHARACTERS))
    assert document.sentences[-1].end <= MAX_CHARACTERS
    assert time.process_time() - began < 20
