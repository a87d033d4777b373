"""Events made of what the log holds are those that were written, whatever is missing or too many."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from services.core.domain.events import (
    ArticleReceived,
    ExtractionCompleted,
    RecordCorrected,
    data_of,
    event_of,
    ruling_of,
)

RECEIVED: dict[str, Any] = {
    "article_id": "a",
    "revision": 1,
    "url": None,
    "outlet": "Tribune",
    "published_at": "2019-08-02",
    "language": "en",
    "tags": ["arms", "treaties"],
    "body_sha256": "0",
    "text_sha256": "1",
    "characters": 9,
    "received_as": "json",
    "key_id": None,
}
READ: dict[str, Any] = {
    "article_id": "a",
    "revision": 1,
    "dossier": "inf",
    "dossier_version": "1",
    "extractor_version": "1",
    "language": "en",
    "article_date": None,
    "article_date_basis": "received",
    "political_events": [{"kind": "talks-held"}],
    "positions": [],
    "quotations": [],
    "dropped": 0,
}
RULED: dict[str, Any] = {
    "record_type": "entry",
    "record_id": "e",
    "dossier": "inf",
    "verdict": "split",
    "reason": "two of them",
    "by": None,
    "key_id": None,
}


def test_an_event_is_what_its_data_says_and_frozen_and_leaves_the_data_alone() -> None:
    before = {**RECEIVED, "tags": list(RECEIVED["tags"])}
    event = event_of("ArticleReceived", RECEIVED)
    assert event == ArticleReceived(**{**RECEIVED, "tags": ("arms", "treaties")})
    assert before == RECEIVED
    assert data_of(event) == RECEIVED
    assert hash(event) == hash(event_of("ArticleReceived", dict(reversed(RECEIVED.items()))))
    with pytest.raises(FrozenInstanceError):
        event.article_id = "b"  # type: ignore[misc]


def test_what_the_data_leaves_out_is_what_is_left_out_of_the_event() -> None:
    event = event_of("ExtractionCompleted", READ)
    assert isinstance(event, ExtractionCompleted)
    assert (event.refused, event.second_reader, event.political_events) == (
        {},
        None,
        ({"kind": "talks-held"},),
    )
    whole = {**READ, "refused": {"no-date": 2}, "second_reader": None}
    assert data_of(event_of("ExtractionCompleted", whole)) == whole
    ruling = ruling_of({**RULED, "articles": ["a", "b"]})
    assert ruling == RecordCorrected(**RULED, articles=("a", "b"))
    assert ruling.changes is not ruling_of(RULED).changes


def test_data_that_is_not_the_type_s_is_refused() -> None:
    missing = {name: value for name, value in RECEIVED.items() if name != "outlet"}
    for data in (missing, {**missing, "publisher": "Tribune"}, {**RECEIVED, "publisher": "Tribune"}):
        with pytest.raises(TypeError):
            event_of("ArticleReceived", data)
    with pytest.raises(KeyError):
        event_of("ArticleBurnt", RECEIVED)
