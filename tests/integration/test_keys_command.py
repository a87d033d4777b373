"""`treatyline keys`, and the other commands with a key."""

from __future__ import annotations

import json

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from services.cli.http import ServiceError, service
from services.cli.main import app
from services.core.access.keys import parse_key
from services.core.settings import Settings
from services.ingest.app import create_app
from tests.conftest import Database
from tests.integration.ingest_client import events
from tests.integration.test_openapi_fuzz import listening


@pytest.fixture
def run(database: Database, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setenv("TREATYLINE_DATABASE_URL", database.services_url)
    monkeypatch.setenv("TREATYLINE_LOG_LEVEL", "error")

    def command(*arguments: str, exits: int = 0) -> Result:
        result = CliRunner().invoke(app, ["keys", *arguments])
        assert result.exit_code == exits, result.output
        return result

    return command


def test_keys_are_made_listed_and_revoked(run: object, database: Database) -> None:
    made = run("create", "--name", "wire feed", "--scope", "articles:write", "--scope", "timeline:read")  # type: ignore[operator]
    key = parse_key(made.stdout.strip())
    assert key is not None
    other = json.loads(run("create", "--name", "me", "--scope", "admin", "--json").stdout)  # type: ignore[operator]
    assert parse_key(other["key"]).id == other["id"]  # type: ignore[union-attr]
    listed = [json.loads(line) for line in run("list", "--json").stdout.splitlines()]  # type: ignore[operator]
    assert [(k["id"], k["name"], k["scopes"], k["revoked_at"]) for k in listed] == [
        (key.id, "wire feed", ["articles:write", "timeline:read"], None),
        (other["id"], "me", ["admin"], None),
    ]
    run("revoke", key.id)  # type: ignore[operator]
    run("revoke", key.id)  # type: ignore[operator]
    shown = run("list").stdout  # type: ignore[operator]
    assert key.id in shown
    assert key.secret.hex() not in shown + json.dumps(listed)
    assert [e["type"] for e in events(database.services_url)] == ["KeyCreated", "KeyCreated", "KeyRevoked"]


def test_a_name_is_shown_as_it_is(run: object) -> None:
    run("create", "--name", "wire [/x] [red]", "--scope", "admin")  # type: ignore[operator]
    assert "wire [/x] [red]" in run("list").stdout  # type: ignore[operator]


def test_what_cannot_be_is_said_plainly(run: object) -> None:
    run("create", "--name", "x", "--scope", "everything", exits=2)  # type: ignore[operator]
    run("create", "--name", " ", "--scope", "admin", exits=1)  # type: ignore[operator]
    assert "no such key" in run("revoke", "000000000000", exits=1).output  # type: ignore[operator]


def test_commands_send_the_key_that_they_are_given(run: object, database: Database) -> None:
    key = run("create", "--name", "feed", "--scope", "articles:write").stdout.strip()  # type: ignore[operator]
    settings = Settings(database_url=database.services_url, api_key=key)
    with listening(create_app(settings)) as address:
        with service(settings, address) as target:
            assert target.post({"text": "Two words."}).written
        keyless = settings.model_copy(update={"api_key": None})
        with pytest.raises(ServiceError, match="TREATYLINE_API_KEY"), service(keyless, address) as target:
            target.post({"text": "Two words."})
        other = settings.model_copy(update={"api_key": SecretStr("tl_" + "0" * 12 + "_" + "0" * 64)})
        with pytest.raises(ServiceError, match="is not a key of this"), service(other, address) as target:
            target.webhooks()
        with pytest.raises(ServiceError, match="with that scope"), service(settings, address) as target:
            target.webhooks()
