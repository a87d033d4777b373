"""A person signs in on the page, in a real browser, and sees what comes in."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from services.cli.embedded.server import free_port
from tests.e2e.browser import Browser, binary, browser
from tests.e2e.system import environment, running_system
from tests.e2e.test_system import WIRE

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(binary() is None and "CI" not in os.environ, reason="no Chromium is installed"),
]


def make_key(data_dir: Path) -> str:
    """The first key, before the system runs."""
    made = subprocess.run(
        [
            sys.executable,
            "-m",
            "services.cli",
            "keys",
            "create",
            "--name",
            "the <b>reader</b>",
            "--scope",
            "admin",
        ],
        env=environment(data_dir, free_port()),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return made.stdout.strip()


@contextmanager
def another_site(form_action: str) -> Iterator[str]:
    """A page elsewhere that sends a form to us as soon as it is opened."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = f'<!doctype html><form method="post" action="{form_action}"></form><script>document.forms[0].submit()</script>'
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def sign_in(page: Browser, key: str) -> None:
    page.type("#key", key)
    page.click("form.sign-in button")


def test_a_person_signs_in_sees_what_comes_in_and_signs_out(tmp_path: Path) -> None:
    key = make_key(tmp_path / "var")
    with running_system(tmp_path / "var") as system, browser(tmp_path / "profile") as page:
        site = str(system.http.base_url).rstrip("/")
        page.go(f"{site}/positions?as_of=2019-08")
        assert (
            page.get("location.pathname + location.search") == "/sign-in?next=%2Fpositions%3Fas_of%3D2019-08"
        )

        sign_in(page, "tl_000000000000_" + "0" * 64)
        page.wait("document.querySelector('[role=alert]')", "a wrong key is told")
        assert page.get("document.querySelector('.who')") is None

        sign_in(page, key)
        page.wait("document.querySelector('.who')", "the person is in")
        assert page.get("location.pathname + location.search") == "/positions?as_of=2019-08", (
            "where they wanted to go"
        )
        assert page.get("document.querySelector('.who span').textContent") == "the <b>reader</b>"
        assert page.get("document.cookie") == "", "scripts do not see the session"
        cookies = page.call("Network.getCookies", urls=[site])["cookies"]
        (cookie,) = [cookie for cookie in cookies if cookie["name"] == "treatyline"]
        assert (cookie["httpOnly"], cookie["sameSite"], cookie["secure"]) == (True, "Lax", False)

        page.go(f"{site}/")
        page.wait(
            "document.querySelector('.live').dataset.state === 'on'", "the stream is open, by the cookie"
        )
        posted = system.http.post(
            "/v1/articles",
            json={
                "text": WIRE,
                "outlet": "Baltic Wire",
                "url": "https://wire.example/nato",
                "published_at": "2019-09-25",
            },
            headers={"Authorization": f"Bearer {key}"},
        )
        assert posted.status_code == 202
        page.wait("document.querySelector('.live').dataset.state === 'news'", "what came in is told", 120)
        page.click(".live button")
        page.wait("document.querySelector('.tag.fresh')", "and shown")
        assert "1987" in page.get("document.querySelector('#timeline').textContent")

        with another_site(f"{site}/sign-out") as elsewhere:
            page.go(elsewhere)
            page.wait("location.port === " + repr(str(system.port)), "the other site has sent its form")
        page.go(f"{site}/")
        assert page.get("document.querySelector('.who span').textContent") == "the <b>reader</b>", "still in"

        page.click(".who button")
        page.wait("!document.querySelector('.who')", "the person is out")
        page.go(f"{site}/positions")
        assert page.get("location.pathname") == "/sign-in"
        left = {cookie["name"] for cookie in page.call("Network.getCookies", urls=[site])["cookies"]}
        assert left == {"treatyline-form"}, "the next form's, and no session's"
        assert page.problems == []
