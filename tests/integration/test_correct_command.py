"""`treatyline correct`, against the services."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli.correcting import group
from services.cli.gateway import create_app
from services.core.settings import Settings
from tests.conftest import Database
from tests.integration.api_client import World, world_of
from tests.integration.test_openapi_fuzz import listening
from tests.integration.test_ruling_over_http import (
    COMPLIED,
    KEPT,
    REFUSAL,
    REFUSED,
    SPOKE,
    STATEMENT,
    WORDS,
    A,
    B,
)


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    with world_of(database.owner_url) as world:
        world.article(A, WORDS, [REFUSED, SPOKE, KEPT], outlet="Wire")
        world.article(B, WORDS + " Yes.", [SPOKE, KEPT], outlet="Courier")
        world.project()
        yield world


def test_each_verdict_is_taken_down_and_what_is_refused_is_told(world: World, database: Database) -> None:
    with listening(create_app(Settings(database_url=database.services_url))) as address:

        def correct(*words: Any, code: int = 0) -> str:
            told = ["--reason", "looked it up", "--by", "M. K.", "--url", address]
            result = CliRunner().invoke(group, [*map(str, words), *told])
            assert result.exit_code == code, result.output
            world.project()
            return result.output

        correct("confirm", STATEMENT)
        correct("amend", REFUSAL, "--set", "date=2019-02-01", "--set", "recipients=usa, nato")
        part = json.loads(correct("split", STATEMENT, "--article", B, "--json"))["part"]
        correct("merge", part, "--into", STATEMENT)
        correct("undo", part)
        correct("reject", REFUSAL)
        correct("amend", COMPLIED, "--stated", "supports@2019-02-02", "--set", "stance=conditional")
        assert "no such id" in correct("amend", STATEMENT, "--set", "actors=narnia", code=1)
        assert "no such entry" in correct("merge", STATEMENT, "--into", A, code=1)
        correct("amend", STATEMENT, "--set", "date", code=2)
        twice = ("--set", "actors=usa", "--set", "actors=nato")
        assert "actors=usa,nato" in correct("amend", STATEMENT, *twice, code=2)
    ruled = [
        (row[0], row[1])
        for row in world.conn.execute(
            "SELECT data ->> 'verdict', data ->> 'changes' FROM events WHERE type = 'RecordCorrected'"
            " ORDER BY global_position"
        )
    ]
    assert [verdict for verdict, _ in ruled] == [
        "confirm", "amend", "split", "merge", "undo", "reject", "amend",
    ]  # fmt: skip
    assert json.loads(ruled[1][1]) == {"date": "2019-02-01", "recipients": ["nato", "usa"]}
