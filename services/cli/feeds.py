"""`treatyline feed`: feeds are added, listed, removed and polled on the database itself, by whoever operates it."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import UUID

import orjson
import psycopg
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.core.errors import DatabaseUnreachable, TreatylineError
from services.core.logging import configure_logging
from services.core.settings import Settings, load_settings

group = typer.Typer(no_args_is_help=True, help="Have RSS, Atom and JSON feeds polled.")

out = Console()
err = Console(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Print data only: JSON, one object a line for lists.")]

_EVERY = re.compile(r"([1-9]\d{0,5})([smhd])", re.ASCII)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
SHORTEST, LONGEST = dt.timedelta(minutes=1), dt.timedelta(days=7)


class FeedsFailed(TreatylineError):  # noqa: N818 - named by what happened
    """Not every feed could be read."""


def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where the feed is: RSS, Atom or JSON Feed.")],
    every: Annotated[str, typer.Option(help="How often it is asked: 10m, 2h, 1d.")] = "30m",
    outlet: Annotated[
        str | None, typer.Option(help="Who publishes it. \\[default: what the feed calls itself]")
    ] = None,
    json: Json = False,
) -> None:
    """Add a feed; it is polled at once, and then as often as said.

    Examples:
      treatyline feed add https://news.example/feed.xml --every 15m
    """
    from services.cli.backends import backends  # noqa: PLC0415
    from services.core.domain.submission import MAX_LINE, checked_line  # noqa: PLC0415
    from services.core.feeds import store  # noqa: PLC0415
    from services.core.feeds.addresses import FeedAddressRefused, checked_address  # noqa: PLC0415
    from services.core.webhooks.addresses import Reach  # noqa: PLC0415

    settings = _settings()
    try:
        address = str(checked_address(url, Reach(settings.feed_networks)))
    except FeedAddressRefused as error:
        raise typer.BadParameter(f"URL {error}") from None
    try:
        called = checked_line(outlet, MAX_LINE["outlet"])
    except ValueError as error:
        raise typer.BadParameter(f"--outlet {error}") from None
    pause = pause_of(every)

    async def work(found: Settings) -> UUID:
        async with _connection(found) as conn:
            return await store.add(conn, address, pause, called)

    with backends(settings, broker=False, migrating=False) as found:
        feed_id = asyncio.run(work(found))
    if json:
        _line({"id": feed_id})
        return
    print(feed_id)
    if settings.feed_contact is None:
        err.print("set TREATYLINE_FEED_CONTACT, so that who is asked knows whom to write to", highlight=False)


def list_(json: Json = False) -> None:
    """List the feeds, what came of the last poll, and when the next is due.

    Examples:
      treatyline feed list
    """
    found = _on_database(_every)
    if json:
        for feed in found:
            _line(feed)
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("id", "url", "outlet", "every", "state", "last poll", "outcome", "next"):
        table.add_column(heading, overflow="fold")
    for feed in found:
        times = [
            moment.strftime("%Y-%m-%d %H:%M") if moment else "-"
            for moment in (feed["polled_at"], feed["due_at"])
        ]
        state = (
            feed["state"]
            if feed["disabled_reason"] is None
            else f"{feed['state']}: {feed['disabled_reason']}"
        )
        row = (
            str(feed["id"]), feed["url"], feed["outlet"] or feed["title"] or "-", f"{feed['every_seconds'] // 60} min",
            state, times[0], feed["outcome"] or "-", times[1] if feed["state"] == "active" else "-",
        )  # fmt: skip
        table.add_row(*(Text(value) for value in row))
    if found:
        out.print(table)
    else:
        err.print("none", highlight=False)


async def _every(conn: Any, _settings: Settings) -> list[dict[str, Any]]:
    from services.core.feeds import store  # noqa: PLC0415

    names = ("id", "url", "title", "outlet", "every_seconds", "state", "disabled_reason", "failures", "polled_at",
             "outcome", "due_at", "created_at")  # fmt: skip
    return [{name: getattr(feed, name) for name in names} for feed in await store.list_all(conn)]


def remove(feed: Annotated[str, typer.Argument(metavar="ID", help="As `feed list` shows it.")]) -> None:
    """Remove a feed. What was taken in from it stays.

    Examples:
      treatyline feed remove ID
    """
    from services.core.feeds import store  # noqa: PLC0415

    chosen = _id(feed)

    async def work(conn: Any, _settings: Settings) -> None:
        await store.remove(conn, chosen)

    _on_database(work)
    err.print("removed", highlight=False)


def poll(
    feed: Annotated[
        str | None, typer.Argument(metavar="ID", help="Only this one. \\[default: all that are not disabled]")
    ] = None,
    json: Json = False,
) -> None:
    """Poll feeds here and now, due or not, and say what came. Exit code 1 if one could not be read.

    Sites that asked to be left alone for a while (Retry-After) are.

    Examples:
      treatyline feed poll
    """
    from services.core.feeds import store  # noqa: PLC0415
    from services.ingest.feed_items import FeedIntake  # noqa: PLC0415
    from workers.feeds import Polled  # noqa: PLC0415
    from workers.feeds import poll as poll_feed  # noqa: PLC0415

    chosen = None if feed is None else _id(feed)

    async def work(conn: Any, found: Settings) -> list[Polled]:
        feeds = await store.list_all(conn) if chosen is None else [await store.find(conn, chosen)]
        intake = FeedIntake(found)
        return [
            await poll_feed(found, intake, one.id, due_only=False)
            for one in feeds
            if chosen is not None or one.state == "active"
        ]

    polled = _on_database(work)
    for one in polled:
        if json:
            _line({"id": one.feed_id, "outcome": one.outcome, "items": one.items})
        else:
            items = ", ".join(f"{count} {outcome}" for outcome, count in one.items.items())
            out.print(Text(f"{one.feed_id}  {one.outcome}" + (f": {items}" if items else "")))
    if any(not one.good for one in polled):
        raise FeedsFailed


def register(command: Callable[..., Any]) -> None:
    """Add the commands to the group, by the function that tells their errors plainly."""
    for function in (add, remove, poll):
        command(function, group, function.__name__)
    command(list_, group, "list")


def pause_of(words: str) -> dt.timedelta:
    """`30m` as a time. Raises typer.BadParameter."""
    match = _EVERY.fullmatch(words.strip())
    pause = dt.timedelta(seconds=int(match[1]) * _UNITS[match[2]]) if match else None
    if pause is None or not SHORTEST <= pause <= LONGEST:
        raise typer.BadParameter("--every wants a time between 1m and 7d, such as 10m, 2h or 1d")
    return pause


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise typer.BadParameter("a feed's id is a UUID, as `treatyline feed list` shows it") from None


def _settings() -> Settings:
    settings = load_settings()
    configure_logging(level="warning", json=settings.json_logs)
    return settings


def _on_database(work: Callable[[Any, Settings], Any]) -> Any:
    from services.cli.backends import stored  # noqa: PLC0415

    async def connected(found: Settings) -> Any:
        async with _connection(found) as conn:
            return await work(conn, found)

    with stored(_settings()) as found:
        return asyncio.run(connected(found))


@asynccontextmanager
async def _connection(settings: Settings) -> AsyncIterator[Any]:
    try:
        conn = await psycopg.AsyncConnection.connect(settings.database_url or "", autocommit=True)
    except psycopg.OperationalError as error:
        raise DatabaseUnreachable.because(error) from None
    async with conn:
        yield conn


def _line(value: Any) -> None:
    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()
