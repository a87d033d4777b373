"""Commands on databases that are not as they should be, and what the doctor says of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from services.cli.main import app
from tests.conftest import Database


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, valkey_url: str) -> Any:
    monkeypatch.setenv("TREATYLINE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TREATYLINE_REDIS_URL", valkey_url)
    monkeypatch.setenv("TREATYLINE_PORT", "0")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)

    def invoke(url: str, *arguments: str, exits: int = 1) -> str:
        monkeypatch.setenv("TREATYLINE_DATABASE_URL", url)
        result = CliRunner().invoke(app, arguments)
        assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
        assert result.exit_code == exits, result.output
        return result.output

    return invoke


def findings(output: str) -> dict[str, dict[str, str]]:
    return {finding["check"]: finding for finding in map(json.loads, output.splitlines())}


def test_a_database_that_was_never_migrated_is_told(run: Any, empty_database: Database) -> None:
    url = empty_database.owner_url
    for arguments in (
        ("verify",), ("rebuild",), ("rebuild", "--copies"), ("retry", "--failed"), ("export", "tables"), ("keys", "list"),
        ("keys", "create", "--name", "me", "--scope", "admin"), ("keys", "revoke", "000000000000"),
    ):  # fmt: skip
        assert "treatyline migrate" in run(url, *arguments), arguments
    found = findings(run(url, "doctor", "--quick", "--json"))
    assert found["schema"]["state"] == "fails"
    assert "treatyline migrate" in found["schema"]["do"]
    assert found["database"]["state"] == found["broker"]["state"] == "ok"


def test_a_database_that_is_as_it_should_be_is_well(
    run: Any, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TREATYLINE_MIGRATE_URL", database.owner_url)
    found = findings(run(database.services_url, "doctor", "--quick", "--json", exits=0))
    assert {f["state"] for f in found.values()} <= {"ok", "warning"}
    assert found["owner"]["said"] == "can migrate"
    assert found["schema"]["state"] == found["rights"]["state"] == "ok"


def test_who_may_do_too_much_or_too_little_is_told(run: Any, database: Database) -> None:
    for url in (database.superuser_url, database.owner_url):
        found = findings(run(url, "doctor", "--quick", "--json", exits=0))
        assert found["rights"]["state"] == "warning"
        assert "could alter the log" in found["rights"]["said"]
    with psycopg.connect(database.owner_url) as conn:
        conn.execute("REVOKE INSERT ON article_bodies FROM treatyline_services")
    found = findings(run(database.services_url, "doctor", "--quick", "--json"))
    assert found["rights"]["state"] == "fails"


def test_a_schema_of_another_release_is_told(run: Any, database: Database) -> None:
    with psycopg.connect(database.owner_url) as conn:
        conn.execute("UPDATE alembic_version SET version_num = '0001'")
    assert findings(run(database.services_url, "doctor", "--quick", "--json"))["schema"]["do"].startswith(
        "run `treat"
    )
    with psycopg.connect(database.owner_url) as conn:
        conn.execute("UPDATE alembic_version SET version_num = '9999'")
    found = findings(run(database.services_url, "doctor", "--quick", "--json"))
    assert "newer" in found["schema"]["said"]
