"""Readings lie in the log as spans and ids; read back, they are what they were."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from services.core.domain.events import ExtractionCompleted, data_of, event_of
from services.core.domain.reading import (
    ArticleDate,
    PoliticalEvent,
    Position,
    Quotation,
    Reading,
    Span,
    Speaker,
)
from services.core.domain.vocabulary import DateBasis, Stance, Status, Voice
from workers.payload import outcome_of, reading_of

TEXT = "NATO will not mirror Russia, Jens Aaberg said in Brussels on Wednesday after talks that ran long."

spans = st.tuples(st.integers(0, 40), st.integers(1, 40)).map(lambda pair: Span(pair[0], pair[0] + pair[1]))
speakers = st.none() | st.just(Speaker(person="oana-lungescu")) | spans.map(lambda span: Speaker(span=span))
actors = st.sampled_from(["nato", "russia"])
confidences = st.integers(0, 1000).map(lambda n: n / 1000)
quotations = st.builds(
    Quotation,
    content=spans,
    source=st.none() | spans,
    cue=st.none() | spans,
    speaker=speakers,
    actor=st.none() | actors,
    direct=st.booleans(),
)
positions = st.builds(
    Position,
    actor=actors,
    proposition=st.just("moratorium"),
    stance=st.sampled_from(Stance),
    evidence=spans,
    date=st.sampled_from([None, "2019", "2019-09", "2019-09-25"]),
    condition=st.none() | spans,
    speaker=speakers,
    voice=st.sampled_from(Voice),
    confidence=confidences,
)
political_events = st.builds(
    PoliticalEvent,
    kind=st.just("rejection"),
    plover=st.sampled_from([None, "REJECT"]),
    plover_mode=st.sampled_from([None, "change"]),
    date=st.sampled_from(["2019", "2019-09", "2019-09-25"]),
    status=st.sampled_from(Status),
    actors=st.lists(actors, unique=True).map(tuple),
    recipients=st.lists(actors, unique=True).map(tuple),
    evidence=spans,
    speaker=speakers,
    confidence=confidences,
)
readings = st.builds(
    Reading,
    dossier=st.just("inf"),
    language=st.sampled_from([None, "en"]),
    relevant=st.just(True),
    date=st.sampled_from([ArticleDate(None, DateBasis.UNKNOWN), ArticleDate("2019-09-25", DateBasis.TEXT)]),
    quotations=st.lists(quotations, max_size=3).map(tuple),
    positions=st.lists(positions, max_size=3).map(tuple),
    events=st.lists(political_events, max_size=3).map(tuple),
)


def outcome(reading: Reading) -> Any:
    return outcome_of(reading, article_id="a", revision=1, dossier_version="1", extractor_version="2")


@given(readings)
def test_a_reading_comes_back_from_the_log(reading: Reading) -> None:
    data = orjson.loads(orjson.dumps(data_of(outcome(reading))))
    event = event_of("ExtractionCompleted", data)
    assert isinstance(event, ExtractionCompleted)
    assert reading_of(event) == reading


def test_the_log_gets_no_word_of_the_article() -> None:
    speaker = Speaker(name="Jens Aaberg", span=Span(29, 40))
    reading = Reading(
        "inf",
        "en",
        True,
        ArticleDate("2019-09-25", DateBasis.TEXT),
        quotations=(Quotation(Span(0, 27), Span(29, 40), Span(41, 45), speaker, "nato"),),
        positions=(Position("nato", "moratorium", Stance.OPPOSES, Span(0, 27), speaker=speaker, rule=TEXT),),
        events=(
            PoliticalEvent(
                "rejection", None, None, "2019-09-25", Status.ACTUAL, ("nato",), (), Span(0, 27), speaker
            ),
        ),
    )
    written = orjson.dumps(data_of(outcome(reading))).decode()
    assert not [word for word in ("mirror", "Jens", "Aaberg", "said", "Brussels") if word in written]
    assert outcome(reading).positions[0]["speaker"] == {"span": [29, 40]}


def test_what_is_not_relevant_is_skipped_with_its_reason() -> None:
    for language, reason in (
        ("en", "off-topic"),
        ("en-GB", "off-topic"),
        (None, "off-topic"),
        ("de", "unsupported-language"),
    ):
        skipped = outcome(Reading("inf", language, False, ArticleDate("2019-09-25", DateBasis.GIVEN)))
        assert (skipped.type, skipped.reason, skipped.language) == ("ExtractionSkipped", reason, language)
        assert (skipped.article_date, skipped.article_date_basis) == ("2019-09-25", "given")
