"""Source, cue and content by the conventions of PARC3 and PolNeAR; speaker and actor from the dossier."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.core.domain.dossier import load_dossier
from services.core.domain.reading import ArticleText, Quotation, Span
from workers.extraction.document import parse
from workers.extraction.mentions import find_mentions
from workers.extraction.quotations import find_quotations
from workers.extraction.quote_marks import find_quoted

DAY = date(2019, 6, 5)


def read(text: str, *, nested: bool = False) -> list[Quotation]:
    document, dossier = parse(ArticleText(text)), load_dossier("inf")
    return find_quotations(document, find_mentions(document, dossier, DAY), dossier, nested=nested)


def words(text: str, *, nested: bool = False) -> list[tuple[str | None, str | None, str]]:
    def of(span: Span | None) -> str | None:
        return span.of(text) if span else None

    return [(of(q.source), of(q.cue), q.content.of(text)) for q in read(text, nested=nested)]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        (
            "The minister said that the talks had failed.",
            [("The minister", "said", "that the talks had failed")],
        ),
        ("The talks had failed, the minister said.", [("the minister", "said", "The talks had failed")]),
        (
            "According to the ministry, the talks had failed.",
            [("the ministry", "According to", "the talks had failed")],
        ),
        (
            "The talks had failed, according to the ministry.",
            [("the ministry", "according to", "The talks had failed")],
        ),
        (
            "The talks, the minister said, had failed.",
            [("the minister", "said", "The talks"), ("the minister", "said", "had failed")],
        ),
        ("Norway rejected the proposal.", [("Norway", "rejected", "the proposal")]),
        ("Norway has not endorsed the proposal.", [("Norway", "has not endorsed", "the proposal")]),
        ("The envoy called for a new treaty.", [("The envoy", "called for", "a new treaty")]),
        (
            "The envoy called on both sides to return.",
            [("The envoy", "called on", "both sides to return")],
        ),
        ("The envoy described the offer as a trick.", [("The envoy", "described", "the offer as a trick")]),
        (
            "The offer was described as a trick by the envoy.",
            [("the envoy", "was described", "The offer"), ("the envoy", "was described", "as a trick")],
        ),
        ("Finland wants to join the talks.", [("Finland", "wants", "to join the talks")]),
        ("The envoy is confident that it will work.", [("The envoy", "is confident", "that it will work")]),
        (
            "The report rests on Norway’s claim that the missile flew.",
            [("Norway’s", "claim", "that the missile flew")],
        ),
    ],
)
def test_indirect(sentence: str, expected: list[tuple[str, str, str]]) -> None:
    assert words(sentence) == expected


@pytest.mark.parametrize(
    ("opening", "closing"), [("“", "”"), ('"', '"'), ("''", "''"), ("«", "»"), ("„", "“"), ("‘", "’")]
)
def test_every_style_of_quotation_marks(opening: str, closing: str) -> None:
    text = f"{opening}We shall not be the first to do it,{closing} the envoy told reporters."
    quotations = read(text)
    assert [(q.content.of(text), q.direct) for q in quotations] == [
        (f"{opening}We shall not be the first to do it,{closing}", True)
    ]
    assert quotations[0].source is not None
    assert quotations[0].source.of(text) == "the envoy"


def test_a_quotation_split_by_its_cue_is_two() -> None:
    text = "“We have kept to the treaty,” the envoy said, “and we will go on keeping to it.”"
    assert words(text) == [
        ("the envoy", "said", "“We have kept to the treaty,”"),
        ("the envoy", "said", "“and we will go on keeping to it.”"),
    ]


def test_a_quotation_over_paragraphs_that_opens_again() -> None:
    text = (
        "Russian Foreign Minister Sergey Lavrov was blunt.\n\n“We have shown the missile to everybody who wanted to see "
        "it,” Lavrov said. “Nobody came.\n\n“That is all I can say about this matter today.”\n\nRain fell."
    )
    quotations = read(text)
    assert [q.content.of(text) for q in quotations] == [
        "“We have shown the missile to everybody who wanted to see it,”",
        "“Nobody came.",
        "“That is all I can say about this matter today.”",
    ]
    assert {q.actor for q in quotations} == {"russia"}
    assert all(q.speaker and q.speaker.person == "sergey-lavrov" for q in quotations)


def test_several_sentences_in_one_quotation() -> None:
    text = "“It failed. Nobody won. We are sorry,” Rep. Anna Miller (D-Ohio), a veteran, said on Monday."
    assert words(text) == [
        ("Rep. Anna Miller (D-Ohio), a veteran", "said", "“It failed. Nobody won. We are sorry,”")
    ]


def test_mixed_quotations_are_not_direct() -> None:
    text = "The envoy said the offer was “not serious” and would be refused."
    (quotation,) = read(text)
    assert quotation.content.of(text) == "the offer was “not serious” and would be refused"
    assert not quotation.direct


def test_turns_of_a_transcript_are_quotations() -> None:
    text = (
        "QUESTION: Is the treaty dead?\n\nMIKE POMPEO: It is not.\n\nRussia said it would return.\n\n"
        "QUESTION: When?\n\nMIKE POMPEO: (Laughter.)"
    )
    assert [(q.actor, q.content.of(text)) for q in read(text)] == [
        (None, "Is the treaty dead?"),
        ("usa", "It is not."),
        ("usa", "Russia said it would return."),
        (None, "When?"),
    ]


def test_a_heading_with_its_speaker() -> None:
    text = "Lavrov: Talks will go on\n\nThe minister spoke for an hour."
    assert words(text)[0] == ("Lavrov", ":", "Talks will go on")


def test_nested_quotations_on_request() -> None:
    text = "Mike Pompeo said that Russia denies that the missile exists."
    assert [q.actor for q in read(text)] == ["usa"]
    assert [q.actor for q in read(text, nested=True)] == ["usa", "russia"]


def test_relative_clause_with_its_own_source() -> None:
    text = "Norway said it had seen the missile, which, according to Washington, breaks the treaty."
    assert ("Washington", "according to", "breaks the treaty") in words(text, nested=True)
    assert words(text)[0][0] == "Norway"


@pytest.mark.parametrize(
    ("sentence", "actor", "person"),
    [
        ("The Russian president said the talks would go on.", "russia", "vladimir-putin"),
        ("A US official said the talks would go on.", "usa", None),
        ("A US lawmaker said the talks would go on.", None, None),
        ("Poland's opposition said the talks would go on.", None, None),
        ("Ivan Sokol, head of the State Duma's defence committee, said the talks would go on.", None, None),
        ("Sergey Lavrov came, and his Polish counterpart said the talks would go on.", "poland", None),
        ("A US official, who asked for a delay, left.", "usa", None),
        ("Analysts in Moscow said the talks would go on.", None, None),
        ("NATO Secretary General Jens Stoltenberg said the talks would go on.", "nato", "jens-stoltenberg"),
    ],
)
def test_whose_words_they_are(sentence: str, actor: str | None, person: str | None) -> None:
    (quotation,) = read(sentence)
    assert quotation.actor == actor
    assert quotation.speaker is not None
    assert quotation.speaker.person == person


@pytest.mark.parametrize(
    "text",
    [
        "The missile flew two thousand kilometres.",
        "The treaty was signed in May and ratified in June.",
        "The “hot line” was installed in the cellar.",
        "It rained. There was nobody in the street.",
    ],
)
def test_no_quotation(text: str) -> None:
    assert read(text) == []


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "“",
                "”",
                '"',
                "''",
                "‘",
                "’",
                "said",
                "Putin",
                "the ministry",
                "that",
                ",",
                ".",
                "\n\n",
                "it rained",
                ":",
            ]
        ),
        max_size=25,
    )
)
def test_any_text_gives_spans_within_it(pieces: list[str]) -> None:
    text = " ".join(pieces)
    for quotation in read(text, nested=True):
        for span in (quotation.content, quotation.source, quotation.cue):
            assert span is None or 0 <= span.start < span.end <= len(text)


def test_marks_within_marks_and_apostrophes() -> None:
    text = "He said: “They’re ‘ready’, aren’t they?” The '90s and the envoys’ cars “never end"
    document = parse(ArticleText(text))
    assert [q.span.of(text) for q in find_quoted(text, document.paragraphs)] == [
        "“They’re ‘ready’, aren’t they?”",
        "“never end",
    ]
