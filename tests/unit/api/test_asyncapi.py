"""The AsyncAPI document describes the bodies that webhooks get."""

from __future__ import annotations

import datetime as dt
import re

import jsonschema
import orjson

from services.api.app import create_app
from services.api.asyncapi import STREAMED, document
from services.core.settings import Settings
from services.core.webhooks.messages import CHANGES, MEDIA_TYPE, change_message, trial_message

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
GONE = {
    "id": "x",
    "dossier": "inf",
    "kind": "denial",
    "date": "2019",
    "actors": [],
    "version": 2,
    "cause": "news",
}


def test_bodies_of_webhooks_are_described() -> None:
    described = document(
        create_app(Settings(database_url="postgresql://nobody@localhost/nothing")), "http", "h"
    )
    messages = described["components"]["messages"]
    assert set(CHANGES) == set(STREAMED)
    assert described["channels"]["webhook"]["messages"].keys() == {
        *(f"webhook.{n}" for n in CHANGES),
        "webhook.test",
    }
    removed = change_message(
        "entry.removed", position=7, number=1, subject="x", recorded_at=NOW, data=orjson.dumps(GONE)
    )
    for name, body in (("webhook.entry.removed", removed), ("webhook.test", trial_message("d", "w", NOW))):
        assert MEDIA_TYPE.startswith(messages[name]["contentType"])
        schema = messages[name]["payload"] | {"components": described["components"]}
        jsonschema.Draft202012Validator(schema).validate(orjson.loads(body))
    for pointer in re.findall(r"'#/([^']+)'", str(described)):
        found = described
        for name in pointer.split("/"):
            found = found[name]  # every reference leads somewhere
