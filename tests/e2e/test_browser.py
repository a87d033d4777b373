"""The page in a real browser: signing in, filters, news as they come, keyboard, accessibility, how it looks.

One system and one browser for all of it. What the page looked like is kept in `test-artifacts/page/`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest

from services.cli.embedded.server import free_port
from tests.e2e.browser import Browser, binary, browser
from tests.e2e.system import RunningSystem, environment, running_system
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

    # A browser opens connections that it may want later: one thread alone would wait for words on them.
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


SAMPLES = Path(__file__).parents[2] / "samples"
POSTED = ("13-us-gives-notice", "14-russia-mirrors", "15-russia-mirrors-copy", "20-treaty-ends", "28-putin-offers-checks",
          "40-moratorium-ends")  # fmt: skip
ARTIFACTS = Path("test-artifacts") / "page"
AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text("utf-8")
LOADED = "document.readyState === 'complete'"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@dataclass
class Site:
    """A system with some of the samples read, and a browser whose owner has a key to it."""

    system: RunningSystem
    page: Browser
    key: str

    @property
    def address(self) -> str:
        return str(self.system.http.base_url).rstrip("/")

    def go(self, path: str) -> Browser:
        """Opens a page as somebody who has signed in."""
        self.page.go(f"{self.address}{path}")
        if self.page.get("location.pathname") == "/sign-in":
            sign_in(self.page, self.key)
            self.page.wait("document.querySelector('.who')", "the person is in")
            self.page.go(f"{self.address}{path}")
        return self.page

    def ask(self, path: str) -> dict[str, Any]:
        answer = self.system.http.get(path, headers=self._headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def post(self, **article: Any) -> str:
        answer = self.system.http.post("/v1/articles", json=article, headers=self._headers)
        assert answer.status_code in {200, 202}, answer.text
        return str(answer.json()["id"])

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("page")
    key = make_key(folder / "var")
    with running_system(folder / "var") as system, browser(folder / "profile") as page:
        page.look()
        made = Site(system, page, key)
        ids = [made.post(**json.loads((SAMPLES / f"{name}.json").read_text("utf-8"))) for name in POSTED]
        deadline = time.monotonic() + 120
        for id_ in ids:
            while made.ask(f"/v1/articles/{id_}")["state"] == "received":
                assert time.monotonic() < deadline, f"{id_} is not read"
                time.sleep(0.1)
        yield made
        assert page.problems == []


def sign_in(page: Browser, key: str) -> None:
    page.type("#key", key)
    page.click("form.sign-in button")


def test_a_person_signs_in_sees_what_comes_in_and_signs_out(site: Site) -> None:
    page, address = site.page, site.address
    page.go(f"{address}/positions?as_of=2019-08")
    assert page.get("location.pathname + location.search") == "/sign-in?next=%2Fpositions%3Fas_of%3D2019-08"

    sign_in(page, "tl_000000000000_" + "0" * 64)
    page.wait("document.querySelector('[role=alert]')", "a wrong key is told")
    assert page.get("document.querySelector('.who')") is None

    sign_in(page, site.key)
    page.wait("document.querySelector('.who')", "the person is in")
    assert page.get("location.pathname + location.search") == "/positions?as_of=2019-08", (
        "where they wanted to go"
    )
    assert page.get("document.querySelector('.who span').textContent") == "the <b>reader</b>"
    assert page.get("document.cookie") == "", "scripts do not see the session"
    cookies = page.call("Network.getCookies", urls=[address])["cookies"]
    (cookie,) = [cookie for cookie in cookies if cookie["name"] == "treatyline"]
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["secure"]) == (True, "Lax", False)

    with another_site(f"{address}/sign-out") as elsewhere:
        page.go(elsewhere)
        page.wait("location.port === " + repr(str(site.system.port)), "the other site has sent its form")
    page.go(f"{address}/")
    assert page.get("document.querySelector('.who span').textContent") == "the <b>reader</b>", "still in"

    page.click(".who button")
    page.wait("!document.querySelector('.who')", "the person is out")
    page.go(f"{address}/positions")
    assert page.get("location.pathname") == "/sign-in"
    left = {cookie["name"] for cookie in page.call("Network.getCookies", urls=[address])["cookies"]}
    assert left == {"treatyline-form"}, "the next form's, and no session's"


def test_a_reader_filters_opens_an_entry_and_copies_a_citation(site: Site) -> None:
    page = site.go("/")
    page.type("#f-q", "missile")
    page.get("document.querySelector('#f-actor').value = 'russia'")
    page.click(".filters button")
    page.wait(f"location.search.includes('q=missile') && {LOADED}", "the filters are in the address")
    assert dict(parse_qsl(urlsplit(page.get("location.href")).query)) == {"q": "missile", "actor": "russia"}
    shown = page.get("[...document.querySelectorAll('.entry')].map(e => e.id.slice(2))")
    assert shown == [e["id"] for e in site.ask("/v1/timeline?q=missile&actor=russia")["data"]]
    assert shown

    page.click(".entry .what > details > summary")
    page.wait("document.querySelector('.entry .what > details').open", "it opens")
    words = page.get("document.querySelector('.entry mark').textContent")
    sentence = page.get("document.querySelector('.entry .tellings blockquote').textContent")
    assert words in sentence
    page.click(".entry .cite > summary")
    page.wait("document.querySelectorAll('.entry .cite button').length >= 3", "what can be copied")
    page.get("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    for n, part in ((1, "/entries/"), (2, "TY  - NEWS"), (3, '"type": "article-newspaper"')):
        page.get("window.copied = ''")
        page.get(f"document.querySelectorAll('.entry .cite button')[{n - 1}].click()")
        page.wait("window.copied", "it is copied")
        assert part in page.get("window.copied")
        assert f"/entries/{shown[0]}" in page.get("window.copied"), "with the permanent address"


def test_a_reader_jumps_along_the_months_and_to_a_day_in_the_past(site: Site) -> None:
    page = site.go("/?order=asc")
    months = page.get("[...document.querySelectorAll('.bar.here')].map(a => a.getAttribute('href'))")
    assert months
    page.click(f'.bar[href="{months[-1]}"]')
    page.wait(f"location.hash === {json.dumps(months[-1])}", "the month is in the address")
    page.wait(
        f"document.querySelector({json.dumps(months[-1])}).getBoundingClientRect().top < innerHeight",
        "and seen",
    )
    page = site.go("/positions")
    now = page.get("document.querySelectorAll('.matrix td details[name=cell]').length")
    page.get("document.querySelector('#as-of').value = '2019-02-15'")
    page.click(".as-of button")
    page.wait(f"location.search === '?as_of=2019-02-15' && {LOADED}", "the day is in the address")
    assert "by 15 February 2019" in page.get("document.querySelector('.notice').textContent")
    then = page.get("document.querySelectorAll('.matrix td details[name=cell]').length")
    assert 0 < then < now


def test_news_are_put_in_their_place_and_move_nothing_that_is_read(site: Site) -> None:
    page = site.go("/")
    page.wait("document.querySelector('.live').dataset.state === 'on'", "the stream is open, by the cookie")
    # Somebody reads an entry far down; what comes in belongs above it.
    page.get("[...document.querySelectorAll('.entry')].at(-2).scrollIntoView({behavior: 'instant'})")
    page.wait("scrollY > 200", "the page is scrolled")
    page.get(
        "window.read = [...document.querySelectorAll('.entry')].find(e => e.getBoundingClientRect().bottom > 0)"
    )
    before = page.get("window.read.getBoundingClientRect().top")
    counted = page.get("document.querySelectorAll('.strip .bar').length")
    site.post(text=WIRE, outlet="Baltic Wire", url="https://wire.example/nato", published_at="2019-09-25")
    page.wait(
        "document.querySelector('.entry.arrived .tag.fresh')", "what came in is on the page, marked", 120
    )
    assert abs(page.get("window.read.getBoundingClientRect().top") - before) < 2, "nothing moved"
    page.wait("document.querySelector('.live').dataset.state === 'news'", "and told")
    order = page.get("[...document.querySelectorAll('.entry')].map(e => e.dataset.key)")
    assert order == sorted(order, reverse=True)
    months = page.get(
        "[...document.querySelectorAll('.entry')].map(e => [e.dataset.key, e.closest('.month').dataset.month])"
    )
    assert all(key.startswith(month) for key, month in months)
    page.wait(f"document.querySelectorAll('.strip .bar').length > {counted}", "its month is on the strip")
    bar = "document.querySelector('.bar[data-month=\"2019-09\"]')"
    assert page.get(f"document.querySelector({bar}.getAttribute('href')).contains(window.read)") is False
    assert page.get(f"{bar}.classList.contains('here') && {bar}.matches('.strip .bar')")
    assert page.get("[...document.querySelectorAll('.strip .bar')].filter(b => b.tabIndex === 0).length") == 1
    page.click(".live button")
    page.wait("document.activeElement.closest('.entry.arrived')", "the reader is led to it")

    os.kill(site.system.told()["processes"]["web"], signal.SIGKILL)
    page.wait(
        "document.querySelector('.live').dataset.state === 'off'", "that the connection is lost is shown"
    )
    count = page.get("document.querySelectorAll('.entry').length")
    deadline = time.monotonic() + 120
    while not answers(site):
        assert time.monotonic() < deadline, "the service does not come back"
        time.sleep(0.2)
    site.post(
        text="MOSCOW, August 5, 2020. Russia accused the United States on Wednesday of breaking the INF Treaty.",
        outlet="Steppe Press",
        url="https://steppe.example/late",
        published_at="2020-08-05",
    )
    page.wait(f"document.querySelectorAll('.entry').length > {count}", "what came meanwhile is there", 120)


def answers(site: Site) -> bool:
    try:
        return site.system.http.get("/readyz").status_code == 200
    except httpx2.TransportError:
        return False


def test_the_page_works_by_keyboard_alone(site: Site) -> None:
    page = site.go("/")
    page.press("Tab")
    assert page.get("document.activeElement.className") == "skip"
    page.press("Tab")
    assert page.get("document.activeElement.getAttribute('href')") == "#timeline", "and past the positions"
    page.get("document.activeElement.previousElementSibling.focus()")
    page.press("Enter")
    page.wait("document.activeElement.id === 'content'", "past the head of the page")
    for _ in range(60):
        page.press("Tab")
        if page.get("document.activeElement.matches('.matrix summary')"):
            break
    assert page.get("document.activeElement.matches('.matrix summary')"), "the first position is reached"
    page.press("Enter")
    page.wait("document.activeElement.parentElement.open", "it opens")
    page.press("Tab")
    assert page.get("Boolean(document.activeElement.closest('.panel'))"), "what it opened comes next"
    page.press("Escape")
    page.wait("!document.querySelector('.matrix td > details[open]')", "it closes")
    assert page.get("document.activeElement.matches('.matrix summary')"), "and one is where one was"
    page.get("document.querySelector('.order a').focus()")
    page.press("Tab")
    assert page.get("document.activeElement.matches('.bar')"), "the strip of months is one stop"
    first = page.get("document.activeElement.getAttribute('href')")
    page.press("ArrowRight")
    assert (
        page.get("document.activeElement.matches('.bar') && document.activeElement.getAttribute('href')")
        != first
    )
    page.press("Tab")
    assert page.get("document.activeElement.id") == "f-q", "and behind it are the filters"
    for _ in range(30):
        page.press("Tab")
        if page.get("document.activeElement.matches('.entry .what > details > summary')"):
            break
    page.press("Enter")
    page.wait("document.activeElement.parentElement.open", "an entry opens")


def pages_of(site: Site) -> dict[str, str]:
    (entry, *_) = site.ask("/v1/timeline?limit=1")["data"]
    copy = next(a for a in site.ask("/v1/articles")["data"] if a["duplicate_of"])
    return {
        "front": "/",
        "positions": "/positions",
        "position": "/positions/russia/treaty-preserved",
        "actor": "/actors/russia",
        "entry": f"/entries/{entry['id']}",
        "article": f"/articles/{copy['id']}",
        "coverage": "/coverage",
        "past": "/?as_of=2019-03-01&actor=russia",
    }


def test_no_page_fails_the_rules_of_accessibility(site: Site) -> None:
    found = {}
    for name, path in pages_of(site).items():
        page = site.go(path)
        page.get("document.querySelectorAll('details:not([name])').forEach((d, n) => { d.open = n < 4; })")
        found[name] = broken(page)
    site.page.look(dark=True)
    found["front, dark"] = broken(site.go("/"))
    site.page.look(360, 780)
    for name, path in pages_of(site).items():
        page = site.go(path)
        assert page.get("document.documentElement.scrollWidth") <= 360, f"{name} does not fit"
        if name in {"front", "coverage"}:
            found[f"{name}, narrow"] = broken(page)
    site.page.look()
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def broken(page: Browser) -> list[Any]:
    """What axe-core finds wrong: rule, and where."""
    if not page.get("typeof axe === 'object'"):
        page.get(AXE + "; 0")
    asked = json.dumps({"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]})
    wrong = page.get(
        f"axe.run(document, {asked}).then(r => r.violations.map(v => [v.id, v.nodes.slice(0, 4)"
        ".map(n => n.target.join(' ') + ': ' + n.failureSummary.slice(0, 200))]))"
    )
    assert isinstance(wrong, list), "axe-core has run"
    return wrong


def test_how_the_pages_look_is_kept(site: Site) -> None:
    looks = {"light": (1280, 900, False), "dark": (1280, 900, True), "narrow": (390, 844, False)}
    pages = pages_of(site)
    for look, (width, height, dark) in looks.items():
        site.page.look(width, height, dark=dark)
        for name in ("front", "actor", "article", "coverage") if look == "light" else ("front", "actor"):
            page = site.go(pages[name])
            page.picture(ARTIFACTS / f"{name}-{look}.png")
            assert (ARTIFACTS / f"{name}-{look}.png").stat().st_size > 10_000
    site.page.look()
