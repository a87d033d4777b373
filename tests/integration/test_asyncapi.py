"""`/asyncapi.json` keeps to AsyncAPI 3 and describes what the stream really sends; `/v1/events` is CloudEvents."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import httpx2
import jsonschema
import orjson
import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from tests.conftest import Database
from tests.integration.api_client import api_client, ok, world_of
from tests.integration.stream_client import LEFT, MET, STATED, TEXT, everything, served
from tests.integration.test_api_stream import write_history

pytestmark = pytest.mark.anyio

# Published by the AsyncAPI Initiative (Apache-2.0), without descriptions and the bindings' own schemas.
ASYNCAPI = orjson.loads((Path(__file__).parent / "asyncapi-3.0.0.json").read_bytes())


def resolve(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """What a node refers to, by however many steps."""
    while "$ref" in node:
        found: Any = document
        for name in node["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        node = found
    return node


async def blocks(response: httpx2.Response, count: int) -> list[dict[str, str]]:
    """The next server-sent events with data, by field."""
    found: list[dict[str, str]] = []
    block: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            block[name] = value
        elif not line:
            if "data" in block:
                found.append(block)
            if len(found) == count:
                break
            block = {}
    return found


async def test_what_the_stream_sends_is_what_the_document_says(database: Database) -> None:
    with world_of(database.owner_url) as world:
        write_history(world)
    whole = await everything(database)
    async with served(database) as server:
        answer = await server.client.get("/asyncapi.json")
        document = answer.json()
        jsonschema.Draft7Validator(ASYNCAPI).validate(document)
        channel, operation = document["channels"]["stream"], document["operations"]["tellChanges"]
        assert resolve(document, operation["channel"]) is channel
        assert document["servers"]["here"]["host"] == str(server.client.base_url.netloc, "ascii")
        messages = {name: resolve(document, reference) for name, reference in channel["messages"].items()}
        assert len(operation["messages"]) == len(messages)
        seen = set()
        path = channel["address"]
        async with server.client.stream("GET", path, params={"last_event_id": "0.0"}) as response:
            for block in await blocks(response, len(whole)):
                message = messages[block["event"]]
                headers = {"event": block["event"], "id": block["id"]}
                jsonschema.Draft202012Validator(message["headers"]).validate(headers)
                payload = message["payload"] | {"components": document["components"]}
                jsonschema.Draft202012Validator(payload).validate(orjson.loads(block["data"]))
                seen.add(block["event"])
        assert seen == messages.keys(), "everything that is described was sent"
        # The filters in the document are those that the address takes.
        query = operation["bindings"]["http"]["query"]["properties"]
        assert {"actor", "kind", "from", "q", "last_event_id"} <= query.keys()
        for filter_ in query:
            refused = await server.client.head(path, params={filter_: "2019"})
            assert refused.status_code in {200, 422}
            if refused.status_code == 422:
                told = (await server.client.get(path, params={filter_: "2019"})).json()["errors"]
                assert "no such filter" not in told[0]["detail"]


async def test_the_cloudevents_sdk_takes_every_event_of_the_log(database: Database) -> None:
    with world_of(database.owner_url) as world:
        world.article("a", TEXT, [LEFT, MET, STATED])
        world.skip("b")
        world.fail("c")
        world.withdraw("a")
    async with api_client(database.services_url) as client:
        sent = (await ok(client, "/v1/events", order="asc"))["data"]
        assert len({event["type"] for event in sent}) == 6
        for event in sent:
            read = JSONFormat().read(CloudEvent, orjson.dumps(event))
            assert isinstance(read, CloudEvent)
            assert (read.get_id(), read.get_source(), read.get_type()) == (
                event["id"], event["source"], event["type"],
            )  # fmt: skip
            assert read.get_specversion() == "1.0"
            assert read.get_subject() == event["subject"]
            assert read.get_time() == dt.datetime.fromisoformat(event["time"])
            assert read.get_data() == event["data"]
            assert read.get_extension("sequence") == event["sequence"]
            written = orjson.loads(JSONFormat().write(read))
            assert written["data"] == event["data"]
