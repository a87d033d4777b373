"""Articles under embargo: held until their time has come, then taken in as if they had just been posted.

Until then the log knows nothing of them (`docs/decisions`, "Embargo"). An article leaves its table in the transaction
that appends it to the log: it is let out once, whatever is killed and however many let out at once.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import asdict, fields, replace
from typing import Any

import orjson
import psycopg

from services.core.domain.article import Outcome, decide, published_before
from services.core.domain.commands import HoldArticle, SubmitArticle
from services.core.domain.events import article_stream
from services.core.embargo import store
from services.core.eventstore.bodies import body_sha256, text_sha256
from services.core.eventstore.outages import DATABASE_AWAY
from services.core.eventstore.store import flush_async
from services.core.eventstore.wakeups import pauses
from services.core.logging import get_logger
from services.core.settings import Settings
from services.core.web.database import Connection
from services.core.web.problems import Problem
from services.ingest.submit import Taken, identity_of, read_article, submit_on, submit_released

log = get_logger(__name__)

LOOK_SECONDS = 1.0  # between two looks at whose time has come
AT_ONCE = 200  # let out between two looks
MOST_HELD = 10_000
MOST_BYTES_HELD = 1024**3  # about: those who post at once do not wait for each other's sum
_KNOWN = frozenset(field.name for field in fields(SubmitArticle))


async def hold_on(conn: Connection, command: HoldArticle) -> Taken:
    """Keeps the article until its time, or takes it in where that has come. The caller flushes. Raises Problem 503.

    A version that waits already is replaced, unless the posted one is older.
    """
    article, identity = command.article, identity_of(command.article)
    async with conn.transaction():
        await conn.execute("SET LOCAL synchronous_commit = off")
        row = await (await conn.execute(store.IS_AHEAD, [command.until])).fetchone()
        if not (row and row[0]):
            return await submit_on(conn, article)
        await conn.execute(store.ALONE, [identity])  # a withdrawal that is under way is seen whole
        if (taken := await _known(conn, article, identity)) is not None:
            return taken
        kept = orjson.dumps(asdict(article)).decode()
        held = Taken(Outcome.EMBARGOED, identity, "embargoed", None, command.until)
        there = await (await conn.execute(store.LOCK, [identity])).fetchone()
        if there is None:
            await _check_room(conn, 1, len(kept))
            new = await conn.execute(store.HOLD, [identity, command.until, kept, len(kept)])
            if await new.fetchone() is None:  # another request with it was faster by a moment
                raise Problem(
                    503, "The article has just changed: send it again", headers={"Retry-After": "1"}
                )
            return held
        until, withdrawn, waiting = there
        if withdrawn is not None:
            return Taken(Outcome.WITHDRAWN, identity, "withdrawn", None)
        before = _command(waiting)
        same = until == command.until and _said(before) == _said(article)
        if same or published_before(article.published_at, before.published_at):
            return Taken(Outcome.SAME, identity, "embargoed", None, until)
        await _check_room(conn, 0, len(kept) - len(orjson.dumps(waiting)))
        await conn.execute(store.REPLACE, [command.until, kept, len(kept), identity])
        return held


async def _known(conn: Connection, article: SubmitArticle, identity: str) -> Taken | None:
    """What the log says, where that settles it: the very version is published, or the article was withdrawn."""
    state = await read_article(conn, article_stream(identity))
    sha256 = body_sha256(article.title, article.author, article.text).hex()
    made = decide(state, article, body_sha256=sha256, text_sha256=text_sha256(article.text).hex())
    if made.outcome is Outcome.WITHDRAWN:
        return Taken(Outcome.WITHDRAWN, identity, "withdrawn", state.withdrawn_at)
    if made.outcome is Outcome.SAME and made.version is not None:
        return Taken(Outcome.SAME, identity, state.state, made.version.global_position)
    return None


async def _check_room(conn: Connection, articles: int, size: int) -> None:
    """Whether there is room for so much more. Raises Problem 503."""
    row = await (await conn.execute(store.HELD)).fetchone()
    count, held = row or (0, 0)
    if (articles and count + articles > MOST_HELD) or (size > 0 and held + size > MOST_BYTES_HELD):
        detail = (
            "As many articles as are kept wait under embargo already: send it again when its time has come"
        )
        raise Problem(503, detail, headers={"Retry-After": "3600"})


def _command(kept: dict[str, Any]) -> SubmitArticle:
    """As it was kept, perhaps by another release."""
    given = {name: value for name, value in kept.items() if name in _KNOWN}
    return SubmitArticle(**given | {"tags": tuple(given.get("tags", ()))})


def _said(article: SubmitArticle) -> SubmitArticle:
    """What it says, however it came."""
    return replace(article, key_id=None, received_as="")


# -- when the time has come ---------------------------------------------------------------------------------------


async def release_due(conn: Connection) -> int:
    """Lets out those whose time has come, the first ones first. Gives how many; on disk when it returns.

    One that cannot be taken in stays, is told in the log of the process, and does not hold up the others. Raises
    what the database raises when it is away.
    """
    due = await (await conn.execute(store.DUE, [AT_ONCE])).fetchall()
    released = 0
    for (article_id,) in due:
        try:
            taken = await _release(conn, article_id)
        except DATABASE_AWAY:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the others' time has come too
            log.error("an article is not let out", article_id=str(article_id), error=type(error).__name__)  # noqa: TRY400 - what it says may hold words
            continue
        if taken is not None:
            released += 1
            log.info(
                "embargo ended",
                article_id=taken.article_id,
                outcome=taken.outcome,
                position=taken.global_position,
            )
    if released:
        await flush_async(conn)
    return released


async def _release(conn: Connection, article_id: object) -> Taken | None:
    """None: somebody else does, or it is no longer due."""
    async with conn.transaction():
        await conn.execute("SET LOCAL synchronous_commit = off")
        row = await (await conn.execute(store.TAKE, [article_id])).fetchone()
        return None if row is None else await submit_released(conn, _command(row[0]))


def main(settings: Settings, stop: threading.Event) -> None:
    """Lets articles out until `stop` is set. Any number may at once."""
    pause = pauses()
    while not stop.is_set():
        try:
            asyncio.run(_release_until(settings, stop))
        except DATABASE_AWAY as error:
            log.warning("embargoes wait for the database", error=type(error).__name__)
        except Exception:  # beside the relay: a fault here must neither end it nor end in silence
            log.exception("embargoes are not ended")
        stop.wait(pause())


async def _release_until(settings: Settings, stop: threading.Event) -> None:
    async with await psycopg.AsyncConnection.connect(
        settings.database_url or "", autocommit=True, connect_timeout=5, application_name="treatyline-embargo"
    ) as conn:
        while not stop.is_set():
            if not await release_due(conn):
                await asyncio.sleep(LOOK_SECONDS)
