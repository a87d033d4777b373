"""Old payloads are read as the current version, step by step."""

from __future__ import annotations

from typing import Any

import pytest

from services.core.domain.events import EVENT_TYPES
from services.core.errors import UnknownEventVersion
from services.core.eventstore.upcasters import FIRST_VERSION, UPCASTERS, Data, current_version, upcast


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


def test_upcasters_are_of_types_that_exist_and_have_no_gap() -> None:
    for event_type, version in UPCASTERS:
        assert event_type in EVENT_TYPES
        assert version < current_version(event_type)
