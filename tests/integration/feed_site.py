"""A site with feeds and pages on the loopback, which answers as it is told, and feeds to serve."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WORDS = "The treaty is dead, the minister said on Friday, and nobody in the room seemed surprised by it."


@dataclass(frozen=True)
class Answer:
    """What is answered on a path. `drip`: a byte of the body every so many seconds."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    drip: float | None = None


@dataclass(frozen=True)
class Asked:
    """A request that came."""

    path: str
    headers: Mapping[str, str]


@dataclass
class Site:
    """`answers` by path: an answer, or a function of the request; 404 for the rest."""

    url: str = ""
    answers: dict[str, Answer | Callable[[Asked], Answer]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def paths(self) -> list[str]:
        """What was asked for, but for robots.txt."""
        return [asked.path for asked in self.asked if asked.path != "/robots.txt"]


@contextmanager
def feed_site() -> Iterator[Site]:
    """A site on a port of its own."""
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = Asked(self.path, {name.lower(): value for name, value in self.headers.items()})
            site.asked.append(asked)
            found = site.answers.get(self.path, Answer(status=404))
            answer = found if isinstance(found, Answer) else found(asked)
            with contextlib.suppress(ConnectionError):
                self.send_response(answer.status)
                headers = {"Content-Length": str(len(answer.body)), **answer.headers}
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                for byte in answer.body if answer.drip else b"":
                    self.wfile.write(bytes([byte]))
                    if site.closing.wait(answer.drip):
                        return
                if not answer.drip:
                    self.wfile.write(answer.body)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield site
    finally:
        site.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
        time.sleep(0)


def rss(*items: str, title: str = "Example Wire", language: str = "en-GB") -> bytes:
    """An RSS 2.0 feed of these items."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>{title}</title><link>https://wire.example/</link><language>{language}</language>"
        f"<description>News</description>{''.join(items)}</channel></rss>"
    ).encode()


def item(
    number: int, text: str | None = None, *, date: str = "Fri, 02 Aug 2019 18:05:00 +0200", link: str = ""
) -> str:
    """An item of it; without `text` only a summary."""
    whole = f"<content:encoded><![CDATA[<p>{text}</p>]]></content:encoded>" if text else ""
    link = link or f"https://wire.example/{number}?utm_source=rss"
    return (
        f"<item><title>Report {number}</title><link>{link}</link>"
        f'<guid isPermaLink="false">wire-{number}</guid><pubDate>{date}</pubDate><dc:creator>A. Writer</dc:creator>'
        f"<category>arms</category><description>In short, {number}.</description>{whole}</item>"
    )


def whole_item(number: int, **more: Any) -> str:
    """An item with a text of its own."""
    return item(number, f"{WORDS} That was report {number}.", **more)
