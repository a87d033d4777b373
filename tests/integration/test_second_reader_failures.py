"""A second reader that cannot be used: the built-in one reads alone, and the reason is told."""

from __future__ import annotations

import gzip
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from services.cli.embedded.server import free_port
from services.core.domain.dossier import load_dossier
from services.core.domain.reading import Reading, SecondReader
from tests.integration.endpoint_server import (
    EndpointServer,
    answers,
    bytes_of,
    completion,
    endpoint_server,
    send,
)
from tests.integration.second_reading import ARTICLE, HINT, TEARS, reader, told
from workers.extraction.endpoint.client import MOST_BYTES, REASONS, Endpoint
from workers.extraction.endpoint.reader import EndpointReader


def slow(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(1.5)


def trickling(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(60):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


def trickling_from_the_start(handler: BaseHTTPRequestHandler) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nX-Padding: " + b"x" * 60:
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        time.sleep(0.05)


def huge(handler: BaseHTTPRequestHandler) -> None:
    send(handler, completion("x" * (MOST_BYTES + 10)))


def broken_off(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [')


def gibberish(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"\x00\xff nothing of HTTP\r\n\r\n")


BOMB = gzip.compress(completion(" " * 5_000_000))


def bomb(handler: BaseHTTPRequestHandler) -> None:
    send(handler, BOMB, **{"Content-Encoding": "gzip"})


NOT_USED: list[tuple[str, Any]] = [
    ("timeout", slow),
    ("timeout", trickling),
    ("timeout", trickling_from_the_start),
    ("unreachable", broken_off),
    ("unreachable", gibberish),
    ("http-error", bytes_of(b'{"error": {"message": "overloaded"}}', 500)),
    ("http-error", bytes_of(b"", 401)),
    ("http-error", bytes_of(completion(told(TEARS)), 201)),
    ("too-large", huge),
    ("nonsense", bytes_of(b"<html>Bad gateway</html>")),
    ("nonsense", bytes_of(b"")),
    ("nonsense", bomb),
    ("nonsense", bytes_of(b"[" * 100_000)),
    ("nonsense", answers("Sure! Here are the records: none.")),
    ("nonsense", answers('{"positions": [')),
    ("nonsense", answers("```json\n{}\n```")),
    ("nonsense", answers("[" * 100_000)),
    ("wrong-schema", bytes_of(b"[]")),
    ("wrong-schema", bytes_of(b'{"choices": []}')),
    ("wrong-schema", bytes_of(b'{"choices": [{"message": "hello"}]}')),
    ("wrong-schema", answers(None)),
    ("wrong-schema", answers([])),
    ("wrong-schema", answers({"positions": []})),
    ("wrong-schema", answers({"positions": {}, "events": []})),
    ("wrong-schema", answers({"positions": [], "events": [], "note": "x"})),
    ("wrong-schema", answers(told({"actor": "germany"}))),
    ("wrong-schema", answers(told({**TEARS, "evidence": 5}))),
    ("wrong-schema", answers(told({**TEARS, "evidence": None}))),
    ("wrong-schema", answers(told({**TEARS, "more": "x"}))),
    ("wrong-schema", answers(told(events=[{**HINT, "actors": "germany"}]))),
    ("wrong-schema", answers(told(events=[{**HINT, "actors": [1]}]))),
    ("wrong-schema", answers(told(*[TEARS] * 500))),
    ("refusal", answers(None, refusal="I cannot help with that.")),
    ("refusal", answers(told(TEARS), finish_reason="content_filter")),
    ("cut-off", answers('{"positions": []', finish_reason="length")),
]


@pytest.mark.parametrize(("reason", "behaviour"), NOT_USED)
def test_what_cannot_be_used_falls_back_to_the_built_in_reader(
    server: EndpointServer, alone: Reading, reason: str, behaviour: Any
) -> None:
    server.behaviour = behaviour
    reading = reader(server, seconds=0.4 if reason == "timeout" else 60.0).read(ARTICLE)
    assert reading == replace(alone, second_reader=SecondReader("endpoint/small-model", reason))
    assert reason in REASONS


def test_nobody_there(alone: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    nobody = Endpoint(f"http://127.0.0.1:{free_port()}/v1", "small-model")
    reading = EndpointReader(load_dossier("inf"), nobody).read(ARTICLE)
    assert reading == replace(alone, second_reader=SecondReader("endpoint/small-model", "unreachable"))


def test_a_redirect_is_not_followed(server: EndpointServer) -> None:
    with endpoint_server() as elsewhere:
        elsewhere.behaviour = answers(told(TEARS))
        server.behaviour = bytes_of(b"", 307, Location=f"{elsewhere.url}/chat/completions")
        reading = reader(server).read(ARTICLE)
        assert elsewhere.asked == []
    assert reading.second_reader == SecondReader("endpoint/small-model", "http-error")
