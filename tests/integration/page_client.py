"""The web page over HTTP, read by tests: a client of the read service, what a page shows, what the API says of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx2
from lxml import html

from services.api.app import create_app
from services.core.settings import Settings
from tests.integration.page_tree import css, parsed

Client = httpx2.AsyncClient


@asynccontextmanager
async def reading(database_url: str, **settings: Any) -> AsyncIterator[Client]:
    """A client of a read service of its own."""
    app = create_app(Settings(database_url=database_url, **settings))
    async with (
        app.router.lifespan_context(app),
        Client(transport=httpx2.ASGITransport(app), base_url="http://localhost") as client,
    ):
        yield client


async def get(client: Client, address: str, status: int = 200) -> html.HtmlElement:
    answer = await client.get(address)
    assert answer.status_code == status, answer.text[:500]
    return parsed(answer)


def entries(tree: html.HtmlElement) -> list[str]:
    """The ids of the entries on the timeline, in order."""
    return [li.get("id").removeprefix("e-") for li in css(tree, "li.entry")]


def cells(tree: html.HtmlElement) -> dict[tuple[str, str], html.HtmlElement]:
    """The positions shown, by actor and proposition: each cell links to the page of its own."""
    found = {}
    for cell in css(tree, ".matrix td > details"):
        (link,) = css(cell, ".panel > .more a")
        _, actor, proposition = urlsplit(link.get("href")).path.rsplit("/", 2)
        found[actor, proposition] = cell
    return found


async def api(client: Client, path: str) -> list[dict[str, Any]]:
    """All items of an API list."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        url = httpx2.URL(path).copy_merge_params({"limit": "500", **cursor})
        answer = (await client.get(url)).json()
        found += answer["data"]
        if answer["next"] is None:
            return found
        cursor = {"cursor": answer["next"]}
