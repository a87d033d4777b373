"""A local server that speaks the OpenAI-compatible protocol, well or badly, as a test asks."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

#: Answers a request: writes whatever it likes to the handler.
Behaviour = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class EndpointServer:
    """What it does next, and what it was asked."""

    port: int
    behaviour: Behaviour
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"


def send(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    """An answer of these bytes."""
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def completion(content: Any, **message: Any) -> bytes:
    """A chat completion whose message holds the content."""
    ended = message.pop("finish_reason", "stop")
    text = content if isinstance(content, str) or content is None else json.dumps(content)
    answer = {"role": "assistant", "content": text, **message}
    return json.dumps(
        {"object": "chat.completion", "choices": [{"index": 0, "message": answer, "finish_reason": ended}]}
    ).encode()


def answers(content: Any, **message: Any) -> Behaviour:
    """Says this whatever it is asked."""
    return lambda handler: send(handler, completion(content, **message))


def bytes_of(body: bytes, status: int = 200, **headers: str) -> Behaviour:
    """Sends these bytes."""
    return lambda handler: send(handler, body, status, **headers)


@contextmanager
def endpoint_server() -> Iterator[EndpointServer]:
    """A server on a free port of the loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            made.asked.append(json.loads(self.rfile.read(length)))
            made.headers.append({name.lower(): value for name, value in self.headers.items()})
            made.paths.append(self.path)
            self.close_connection = True
            with suppress(OSError):  # the client has gone
                made.behaviour(self)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        made = EndpointServer(server.server_address[1], bytes_of(b"", 500))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            made.over.set()
            server.shutdown()
            thread.join()
