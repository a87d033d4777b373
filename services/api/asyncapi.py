"""`GET /asyncapi.json`: what the stream and webhooks send, as an AsyncAPI 3 document (https://www.asyncapi.com/docs).

It is made from the OpenAPI document of the same service: the filters of the stream's address, and the schemas of
what its events carry.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response

from services.core.web.responses import JSONAnswer

ASYNCAPI = "3.0.0"
STREAM = "/v1/timeline/stream"
JSON = "application/json"
CLOUD_EVENT = "application/cloudevents+json"
TEST = "webhook.test"

# Name of a server-sent event, what it says, and the schemas of its data.
STREAMED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "entry.added": ("A political event is on the timeline from now on", ("EntryChange",)),
    "entry.changed": ("What is told of it has changed; this is the entry as it is now", ("EntryChange",)),
    "entry.merged": ("It is part of the entry that `merged_into` names", ("EntryGone",)),
    "entry.removed": ("No article tells it any longer, or an analyst rejected it", ("EntryGone",)),
    "position.changed": (
        "An actor's stance on a proposition, as it is now; `stance` null: nothing is left that states one",
        ("PositionChange", "PositionGone"),
    ),
}

router = APIRouter(include_in_schema=False)


@router.api_route("/asyncapi.json", methods=["GET", "HEAD"])
async def get_asyncapi(request: Request) -> Response:
    """Open to all, as `/openapi.json` is."""
    return JSONAnswer(document(request.app, request.url.scheme, request.url.netloc))


def document(app: FastAPI, scheme: str, host: str) -> dict[str, Any]:
    """The document of a service at an address."""
    described = app.openapi()
    messages = {name: _message(name, text, schemas) for name, (text, schemas) in STREAMED.items()}
    pushed = {f"webhook.{name}": _pushed(name, text, schemas) for name, (text, schemas) in STREAMED.items()}
    pushed[TEST] = _pushed(TEST, "Says nothing: a test that a receiver asked for", ())
    query = _query(described)
    needed = [*_references(query), *sorted({name for _, names in STREAMED.values() for name in names})]
    components: dict[str, Any] = {
        "messages": messages | pushed,
        "schemas": _with_parts(described["components"]["schemas"], needed),
        "securitySchemes": {
            "key": {
                "type": "http",
                "scheme": "bearer",
                "description": "A key with the scope timeline:read; wanted once there is a key",
            }
        },
    }
    return {
        "asyncapi": ASYNCAPI,
        "info": {
            "title": described["info"]["title"],
            "version": described["info"]["version"],
            "description": "What changes on the timeline and in positions, as it changes: streamed to those who"
            " ask, pushed to webhooks. `/openapi.json` describes the rest.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": JSON,
        "servers": {
            "here": {
                "host": host,
                "protocol": scheme,
                "security": [{"$ref": "#/components/securitySchemes/key"}],
            },
            "receiver": {
                "host": "receiver.example",
                "protocol": "https",
                "description": "Who registered a webhook",
            },
        },
        "channels": {"stream": _stream(messages), "webhook": _webhook(pushed)},
        "operations": {
            "tellChanges": {
                "action": "send",
                "channel": {"$ref": "#/channels/stream"},
                "title": "Tell what changes",
                "summary": "Server-sent events, in order, each once; `Last-Event-ID` resumes after any of them",
                "messages": [{"$ref": f"#/channels/stream/messages/{name}"} for name in messages],
                "bindings": {"http": {"method": "GET", "query": query, "bindingVersion": "0.3.0"}},
            },
            "pushChanges": {
                "action": "send",
                "channel": {"$ref": "#/channels/webhook"},
                "title": "Push what changes",
                "summary": "Signed and sent again until answered with 2xx; the same `webhook-id` is the same message",
                "messages": [{"$ref": f"#/channels/webhook/messages/{name}"} for name in pushed],
                "bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}},
            },
        },
        "components": components,
    }


def _stream(messages: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "address": STREAM,
        "title": "The live timeline",
        "description": "`text/event-stream` (WHATWG HTML). A message's headers are the fields of its block:"
        " `event` names it, `id` is what `Last-Event-ID` (or `last_event_id` in the address) resumes after, its"
        " payload is `data`. A block with an `id` alone moves the place to resume from; comments (`: waiting`)"
        " keep the connection. `retry` says how soon to come back.",
        "servers": [{"$ref": "#/servers/here"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
    }


def _webhook(messages: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "address": None,  # each receiver's own
        "title": "Webhooks",
        "description": "`POST /v1/webhooks` registers an address and a filter. Bodies are CloudEvents 1.0 in structured"
        " mode, signed by Standard Webhooks.",
        "servers": [{"$ref": "#/servers/receiver"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
    }


def _pushed(name: str, text: str, schemas: tuple[str, ...]) -> dict[str, Any]:
    words = {"type": "string", "minLength": 1}
    headers = ("webhook-id", "webhook-timestamp", "webhook-signature")
    return {
        "name": name,
        "title": name,
        "summary": text,
        "contentType": CLOUD_EVENT,
        "headers": {"type": "object", "required": list(headers), "properties": dict.fromkeys(headers, words)},
        "payload": {
            "type": "object",
            "required": ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data"],
            "properties": {
                "specversion": {"const": "1.0"},
                "id": words,
                "source": words,
                "type": {"const": name},
                "subject": words,
                "time": {"type": "string", "format": "date-time"},
                "sequence": words,
                "datacontenttype": {"const": JSON},
                "data": _data(schemas) if schemas else {"type": "object"},
            },
            "additionalProperties": False,
        },
    }


def _data(schemas: tuple[str, ...]) -> dict[str, Any]:
    references = [{"$ref": f"#/components/schemas/{schema}"} for schema in schemas]
    return references[0] if len(references) == 1 else {"anyOf": references}


def _message(name: str, text: str, schemas: tuple[str, ...]) -> dict[str, Any]:
    return {
        "name": name,
        "title": name,
        "summary": text,
        "contentType": JSON,
        "headers": {
            "type": "object",
            "required": ["event", "id"],
            "properties": {
                "event": {"const": name},
                "id": {"type": "string", "pattern": r"^\d+\.\d+$", "description": "<global_position>.<n>"},
            },
        },
        "payload": _data(schemas),
    }


def _query(described: Mapping[str, Any]) -> dict[str, Any]:
    """The filters of the stream's address as one schema."""
    parameters = described["paths"][STREAM]["get"]["parameters"]
    return {
        "type": "object",
        "properties": {
            p["name"]: p["schema"] | ({"description": p["description"]} if "description" in p else {})
            for p in parameters
            if p["in"] == "query"
        },
        "additionalProperties": False,
    }


def _with_parts(schemas: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    """These schemas and those that they refer to."""
    found: dict[str, Any] = {}
    open_ = list(names)
    while open_:
        name = open_.pop()
        if name not in found:
            found[name] = schemas[name]
            open_ += _references(schemas[name])
    return dict(sorted(found.items()))


def _references(schema: object) -> list[str]:
    return re.findall(r"#/components/schemas/(\w+)", str(schema))
