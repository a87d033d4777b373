"""Old payloads are read as the current version, step by step."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from services.core.domain.events import EVENT_TYPES
from services.core.errors import UnknownEventVersion
from services.core.eventstore.events import Recorded
from services.core.eventstore.upcasters import FIRST_VERSION, UPCASTERS, Data, current_version, upcast
from services.core.eventstore.wire import current, to_fold


def rename(data: Data) -> Data:
    data["outlet"] = data.pop("source")
    return data


def add_tags(data: Data) -> Data:
    return {**data, "tags": []}


STEPS = {("Posted", 1): rename, ("Posted", 2): add_tags}


@pytest.mark.parametrize(
    ("version", "data"),
    [(1, {"source": "TASS"}), (2, {"outlet": "TASS"}), (3, {"outlet": "TASS", "tags": []})],
)
def test_every_version_becomes_the_current_one(version: int, data: dict[str, Any]) -> None:
    before = dict(data)
    assert upcast("Posted", data, version, STEPS) == {"outlet": "TASS", "tags": []}
    assert data == before


def test_the_current_version_counts_the_steps() -> None:
    assert (current_version("Posted", STEPS), current_version("Other", STEPS)) == (3, FIRST_VERSION)


def test_a_newer_version_stops_an_old_process() -> None:
    with pytest.raises(UnknownEventVersion, match="Posted version 4 is newer than this code, which knows 3"):
        upcast("Posted", {}, 4, STEPS)


def test_records_are_read_as_the_current_version() -> None:
    def record(event_type: str, metadata: dict[str, Any], data: Data) -> Recorded:
        return Recorded(1, "s", 0, uuid.uuid4(), event_type, data, metadata, datetime(2020, 1, 1, tzinfo=UTC))

    records = [
        record("Posted", {}, {"source": "TASS"}),
        record("Posted", {"schema_version": 2}, {"outlet": "TASS"}),
        record("Other", {"schema_version": 1}, {"source": "TASS"}),
    ]
    read = current(records, STEPS)
    assert [r.data for r in read] == [{"outlet": "TASS", "tags": []}] * 2 + [{"source": "TASS"}]
    assert [r._replace(data={}) for r in read] == [r._replace(data={}) for r in records]
    with pytest.raises(UnknownEventVersion, match="Other version 2"):
        current([record("Other", {"schema_version": 2}, {})], STEPS)


def test_what_is_read_to_be_folded_is_of_the_current_version() -> None:
    at = datetime(2020, 1, 1, tzinfo=UTC)

    def row(
        event_type: str, data: Data, version: int | None
    ) -> tuple[int, str, int, str, Data, int | None, datetime]:
        return 7, "s", 3, event_type, data, version, at

    rows = [
        row("Posted", {"source": "TASS"}, None),
        row("Posted", {"outlet": "TASS"}, 2),
        row("Other", {"source": "TASS"}, 1),
    ]
    read = to_fold(rows, STEPS)
    assert [r.data for r in read] == [{"outlet": "TASS", "tags": []}] * 2 + [{"source": "TASS"}]
    assert {(r.global_position, r.stream_name, r.position, r.recorded_at) for r in read} == {(7, "s", 3, at)}
    assert [r.type for r in read] == ["Posted", "Posted", "Other"]
    with pytest.raises(UnknownEventVersion, match="Other version 2"):
        to_fold([row("Other", {}, 2)], STEPS)


def test_upcasters_are_of_types_that_exist_and_have_no_gap() -> None:
    for event_type, version in UPCASTERS:
        assert event_type in EVENT_TYPES
        assert version < current_version(event_type)
