"""Articles go through relay and workers, whatever happens to them on the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.pipeline import TYPES_READ, Pipeline, eventually, of_type, pipeline, take_in


@pytest.fixture
def pipe(database_url: str, valkey_url: str, tmp_path: Path) -> Iterator[Pipeline]:
    made = pipeline(database_url, valkey_url, tmp_path)
    yield made
    made.stop()


def test_an_article_is_judged_and_read(pipe: Pipeline) -> None:
    article = take_in(pipe.store, "NATO rejects the proposal of a moratorium, a spokeswoman said.")
    pipe.start_worker()
    with pipe.relay():
        eventually(lambda: len(of_type(pipe.store, *TYPES_READ)) == 1, "the article is read")
        eventually(lambda: not pipe.dispatches(), "no work is left")
    received, judged, read = of_type(
        pipe.store, "ArticleReceived", "ArticleJudgedOriginal", "ExtractionCompleted"
    )
    assert [event.data["article_id"] for event in (received, judged, read)] == [article] * 3
    assert judged.metadata["causation_id"] == str(received.id)
    assert read.metadata["causation_id"] == str(judged.id)
    assert {event.metadata["correlation_id"] for event in (judged, read)} == {str(received.id)}
    assert read.data["positions"][0]["evidence"] == [0, 4]
    assert read.metadata["extractor_version"] == "test"
