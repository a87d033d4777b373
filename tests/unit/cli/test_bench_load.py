"""Load on services that answer in all sorts of ways, and what the command says of it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.bench_load import LoadFailed, run
from services.cli.main import app

Answering = Callable[[str, str], tuple[int, object]]
EMPTY = {"data": [], "next": None}


@contextmanager
def service(answering: Answering) -> Iterator[str]:
    """Answers by method and path."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._answer("POST")

        def do_GET(self) -> None:
            self._answer("GET")

        def _answer(self, method: str) -> None:
            status, value = answering(method, self.path)
            body = value if isinstance(value, bytes) else json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("body", [b"<h1>It works!</h1>", b"[]", b"{}"])
def test_another_program_is_told_as_such(body: bytes) -> None:
    with service(lambda *_: (200, body)) as url, pytest.raises(LoadFailed, match="not Treatyline"):
        asyncio.run(run(url, [b"{}"], connections=1))


def test_what_waits_for_its_embargo_is_not_waited_for() -> None:
    held = {"id": "a", "state": "embargoed", "global_position": None}
    with service(lambda method, _: (202, held) if method == "POST" else (200, EMPTY)) as url:
        load = asyncio.run(run(url, [b"{}"], connections=1))
    assert (load.accepted, load.first, load.finished_after is None) == (1, None, False)


def test_an_article_that_takes_long_counts_among_those_followed() -> None:
    asked: list[str] = []

    def answering(method: str, path: str) -> tuple[int, object]:
        if method == "POST":
            return 202, {"id": "a", "state": "received", "global_position": 3}
        if path == "/v1/articles/a":
            asked.append(path)
            return 200, {"state": "received" if len(asked) < 3 else "extracted"}
        waits = "state=received" in path and len(asked) < 3
        return 200, {
            "data": [{"id": "a", "state": "extracted", "global_position": 3}] if waits else [],
            "next": None,
        }

    with service(answering) as url:
        load = asyncio.run(run(url, [b"{}"], connections=1))
    assert (len(load.finished), len(asked)) == (1, 3)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., str]:
    monkeypatch.setenv("TREATYLINE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*arguments: str) -> str:
        result = CliRunner().invoke(app, ["bench", "firehose", *arguments])
        assert (result.exit_code, type(result.exception)) == (1, SystemExit), result.output
        return result.output

    return invoke


def test_articles_that_are_refused_are_no_success(bench: Callable[..., str]) -> None:
    with service(lambda *_: (401, {})) as url:
        said = bench("--count", "3", "--url", url)
    assert "3 of 3 articles were not taken in (TREATYLINE_API_KEY" in said


def test_what_cannot_be_begun_is_told(bench: Callable[..., str], tmp_path: Path) -> None:
    assert "wants the form" in bench("--count", "1", "--url", "http://x:port")
    (tmp_path / "none.ndjson").write_text("\n")
    assert "no article" in bench("--articles", str(tmp_path / "none.ndjson"))
