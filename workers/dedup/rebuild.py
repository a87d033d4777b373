"""The index of copies made again from the log and the bodies, in tables beside those in use.

The judgements are the log's, in its order; worked out again is only what each of them put into the index. Articles
are judged as before meanwhile: they wait only for the last events and for the new tables to take the place of the
old ones, which need not be there any more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.errors import LockNotAvailable
from sqlalchemy import MetaData
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from services.core.domain.events import ArticleJudgedDuplicate, ArticleWithdrawn
from services.core.eventstore import locks
from services.core.eventstore.bodies import get_bodies
from services.core.eventstore.migrate import SERVICES_ROLE
from services.core.eventstore.store import Recorded, last_position, read_all, read_streams
from workers.articles import JUDGED, TAKEN_IN
from workers.dedup.furniture import outlet_number
from workers.dedup.index import PostgresIndex
from workers.dedup.near_duplicates import Fingerprint, fingerprint
from workers.dedup.search import Known, Text, Verdict, as_original, find_original
from workers.tables import FingerprintRow, PrintedLately, ShingleKey

TABLES = FingerprintRow, ShingleKey, PrintedLately
NEXT = "copies_next"
BATCH = 500  # events
ROUNDS = 5  # to an end that was fixed when each began, before judging has to wait for what is left
TRIES, PAUSE_SECONDS, LOCK_SECONDS = 120, 5.0, 3  # to take the old tables' place; judging waits for the last

OnProgress = Callable[[int, int], None]  # (global position reached, the one to reach)


def rebuild_index(conn: psycopg.Connection[Any], on_progress: OnProgress = lambda _done, _of: None) -> int:
    """Make the index again and put it in the place of what is there. Gives how many articles it knows.

    `conn` is the owner's, in autocommit. Judging goes on as if the index had never been lost; what withdrawn
    articles had taught it about their outlets' furniture is forgotten with them.
    """
    conn.execute("SELECT pg_advisory_lock(%s)", (locks.REBUILD,))
    try:
        _prepare(conn)
        done = 0
        for left in reversed(range(TRIES)):
            done = _catch_up(conn, done, on_progress)
            try:
                return _finish(conn, done, on_progress)
            except (
                LockNotAvailable
            ):  # somebody reads the old tables for long, a dump say: judging goes on meanwhile
                if not left:
                    raise
                time.sleep(PAUSE_SECONDS)
        raise AssertionError("unreachable")
    finally:
        conn.execute("SELECT pg_advisory_unlock(%s)", (locks.REBUILD,))


def _catch_up(conn: psycopg.Connection[Any], done: int, on_progress: OnProgress) -> int:
    """Folds all but the last batch, which is left for when nobody judges. Gives where it ends.

    It does end, however fast articles come in: from the second round on judging takes turns with it.
    """
    for number in range(ROUNDS):
        upto = last_position(conn)
        if upto - done <= BATCH:
            break
        while done < upto:
            with conn.transaction():
                if number:
                    conn.execute("SELECT pg_advisory_xact_lock(%s)", [locks.JUDGE])
                done = _fold(conn, done, upto)
            on_progress(done, upto)
    return done


def _finish(conn: psycopg.Connection[Any], done: int, on_progress: OnProgress) -> int:
    """The last events and the change of tables, in one transaction. Raises LockNotAvailable, and nothing is done."""
    with conn.transaction():
        conn.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(f"{LOCK_SECONDS}s")))
        # Judgements and withdrawals change the index under this lock: from here on they wait.
        conn.execute("SELECT pg_advisory_xact_lock(%s)", (locks.JUDGE,))
        upto = last_position(conn)
        while done < upto:
            done = _fold(conn, done, upto)
        count = _take_place(conn)
    on_progress(upto, upto)
    return count


def _prepare(conn: psycopg.Connection[Any]) -> None:
    """Empty tables, as the migrations make them; what a broken-off rebuild left is dropped."""
    conn.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(NEXT)))
    conn.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(NEXT)))
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    for model in TABLES:
        table = model.metadata.tables[str(model.__tablename__)].to_metadata(MetaData(), schema=NEXT)
        statements = [CreateTable(table).compile(dialect=dialect)]
        statements += [CreateIndex(index).compile(dialect=dialect) for index in table.indexes]
        for statement in statements:
            conn.execute(str(statement).encode())


def _take_place(conn: psycopg.Connection[Any]) -> int:
    """The new tables under the old names, with what the services may do with them."""
    names = [str(model.__tablename__) for model in TABLES]
    role = sql.Identifier(SERVICES_ROLE)
    conn.execute("SET LOCAL search_path TO public, pg_temp")
    for name in names:
        conn.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(name)))
        conn.execute(sql.SQL("ALTER TABLE {} SET SCHEMA public").format(sql.Identifier(NEXT, name)))
        conn.execute(
            sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON {} TO {}").format(
                sql.Identifier(name), role
            )
        )
    conn.execute(sql.SQL("GRANT USAGE, SELECT, UPDATE ON SEQUENCE fingerprints_ref_seq TO {}").format(role))
    conn.execute(sql.SQL("DROP SCHEMA {}").format(sql.Identifier(NEXT)))
    row = conn.execute("SELECT count(*) FROM fingerprints").fetchone()
    return row[0] if row else 0


def _fold(conn: psycopg.Connection[Any], after: int, upto: int) -> int:
    """Does again what a batch of events did to the index, in the caller's transaction. Gives where it ends."""
    conn.execute(sql.SQL("SET LOCAL search_path TO {}, public, pg_temp").format(sql.Identifier(NEXT)))
    batch = read_all(conn, after, min(BATCH, upto - after))
    index = PostgresIndex(conn)
    texts = _texts(conn, [event for event in batch if event.type in JUDGED])
    for event in batch:
        if event.type == ArticleWithdrawn.type:
            index.forget(event.data["article_id"])
        elif event.type in JUDGED and event.id in texts:
            if event.data["revision"] > 1:
                index.forget(event.data["article_id"])
            text, body_sha256 = texts[event.id]
            verdict = _verdict(index, text, event)
            index.add(text, event.data["revision"], UUID(event.data["story_id"]), body_sha256, verdict)
    return batch[-1].global_position


def _texts(conn: psycopg.Connection[Any], judged: Sequence[Recorded]) -> dict[UUID, tuple[Text, bytes]]:
    """What was judged, with the key of its body, by judgement. Left out is what was withdrawn since."""
    taken_in: dict[tuple[str, int], dict[str, Any]] = {}
    for stream in read_streams(conn, sorted({event.stream_name for event in judged})).values():
        if not any(event.type == ArticleWithdrawn.type for event in stream):
            for event in stream:
                if event.type in TAKEN_IN:
                    taken_in[event.data["article_id"], event.data["revision"]] = event.data
    asked = {event.id: taken_in.get((event.data["article_id"], event.data["revision"])) for event in judged}
    bodies = get_bodies(conn, {bytes.fromhex(data["body_sha256"]) for data in asked.values() if data})
    found = {}
    for event_id, data in asked.items():
        body = bodies.get(bytes.fromhex(data["body_sha256"])) if data else None
        if data is not None and body is not None:
            outlet = outlet_number(data["outlet"], data["url"])
            sha256 = bytes.fromhex(data["text_sha256"])
            text = Text(data["article_id"], sha256, outlet, _fingerprint(body.text))
            found[event_id] = (text, body.sha256)
    return found


def _fingerprint(text: str) -> Fingerprint:
    """A text that could not be fingerprinted was judged without."""
    try:
        return fingerprint(text)
    except Exception:  # noqa: BLE001 - whatever it is, it did not keep the article from being judged either
        return fingerprint("")


def _verdict(index: PostgresIndex, text: Text, event: Recorded) -> Verdict:
    """What the index is to hold of the text, by the log's judgement on it."""
    if event.type != ArticleJudgedDuplicate.type:
        return as_original(index, text)
    of = Known(0, event.data["of"], UUID(event.data["story_id"]))
    return replace(find_original(index, text), of=of, method=event.data["method"])
