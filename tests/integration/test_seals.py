"""The sealer's chain, and a verification that names what was tampered with, by whoever could."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from services.core.domain.events import ArticleReceived, ArticleWithdrawn, article_stream
from services.core.errors import LogError
from services.core.eventstore.bodies import Body, BodyWrite, release_bodies
from services.core.eventstore.seals import newest_seal, seal_next, verify
from services.core.eventstore.store import EventStore, StreamWrite, append, make_event, open_pool

pytestmark = pytest.mark.timeout(300)

Connection = psycopg.Connection[Any]


def received(article: str, text: str) -> tuple[list[StreamWrite], list[BodyWrite]]:
    body = Body(f"Title of {article}", None, text)
    event = ArticleReceived(
        article_id=article,
        revision=1,
        url=None,
        outlet=None,
        published_at=None,
        language=None,
        tags=(),
        body_sha256=body.sha256.hex(),
        text_sha256="",
        characters=len(text),
        received_as="json",
        key_id=None,
    )
    new = make_event(event, id=uuid.uuid4(), correlation_id="c", causation_id=None)
    stream = article_stream(article)
    return [StreamWrite(stream, [new], -1)], [BodyWrite(stream, article, body)]


def withdraw(store: EventStore, article: str) -> None:
    event = ArticleWithdrawn(article_id=article, reason="asked to", key_id=None)
    new = make_event(event, id=uuid.uuid4(), correlation_id="c", causation_id=None)
    with store.transaction() as conn:
        append(conn, [StreamWrite(article_stream(article), [new])])
        release_bodies(conn, article)


@pytest.fixture
def store(database_url: str) -> Iterator[EventStore]:
    """Ten articles in three seals (positions 1-4, 5-8, 9), one event (10) not sealed yet."""
    with open_pool(database_url) as pool:
        store = EventStore(pool)
        for number in range(1, 10):
            store.append(*received(f"a{number}", f"Words “{number}”."))
        with pool.connection() as conn:
            while seal_next(conn, 4):
                pass
        store.append(*received("a10", "Words 10."))
        yield store


@pytest.fixture
def tamperer(superuser_url: str) -> Iterator[Connection]:
    """A superuser who has put the triggers out of action."""
    with psycopg.connect(superuser_url, autocommit=True) as conn:
        for table in ("events", "seals"):
            conn.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER ALL").format(sql.Identifier(table)))
        yield conn


def found(store: EventStore, known: str | None = None) -> str:
    with store.pool.connection() as conn:
        return str(verify(conn, known).broken)


def test_a_sound_log(store: EventStore) -> None:
    with store.pool.connection() as conn:
        report = verify(conn)
        seal = newest_seal(conn)
    assert (report.ok, report.broken) == (True, None)
    assert (report.events, report.sealed, report.seals, report.bodies) == (10, 9, 3, 10)
    assert seal is not None
    assert report.newest_seal == seal.printed == f"3:{seal.digest.hex()}"
    assert (seal.first_position, seal.last_position) == (9, 9)
    assert found(store, seal.printed) == "None"


def test_an_empty_log(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as conn:
        assert (seal_next(conn), newest_seal(conn)) == (None, None)
        report = verify(conn)
    assert (report.ok, report.events, report.newest_seal) == (True, 0, None)


def test_the_chain_goes_on(store: EventStore) -> None:
    with store.pool.connection() as conn:
        before = newest_seal(conn)
        seal = seal_next(conn)
        assert before is not None
        assert seal is not None
        assert (seal.number, seal.first_position, seal.last_position) == (4, 10, 10)
        assert seal.previous == before.digest
        assert seal_next(conn) is None
        assert verify(conn, before.printed).sealed == 10


@pytest.mark.parametrize(
    ("tampering", "broken"),
    [
        ("UPDATE events SET data = '{}' WHERE global_position = 6", "event 6: is not what seal 2"),
        # one space more: the same JSON, other bytes
        ("UPDATE events SET data = (' ' || data::text)::json WHERE global_position = 3", "event 3: is not"),
        ("UPDATE events SET metadata = '{}' WHERE global_position = 1", "event 1: is not"),
        ("UPDATE events SET type = 'ArticleRevised' WHERE global_position = 2", "event 2: is not"),
        ("UPDATE events SET id = gen_random_uuid() WHERE global_position = 9", "event 9: is not"),
        ("UPDATE events SET stream_name = 'article-b' WHERE global_position = 5", "event 5: is not"),
        ("UPDATE events SET position = 1 WHERE global_position = 7", "event 7: is not"),
        (
            "UPDATE events SET recorded_at = recorded_at - interval '1 day' WHERE global_position = 4",
            "event 4: was recorded before",
        ),
        (
            "UPDATE events SET recorded_at = recorded_at + interval '1 microsecond' WHERE global_position = 1",
            "event 1: is not",
        ),
        ("DELETE FROM events WHERE global_position = 5", "event 5: is missing"),
        ("DELETE FROM events WHERE global_position >= 9", "event 9: is missing, though it was sealed"),
        ("UPDATE events SET global_position = 11 WHERE global_position = 10", "event 10: is missing"),
        ("UPDATE events SET position = 3 WHERE global_position = 10", "event 10: is out of order in its stream"),
        ("UPDATE events SET data = '{}' WHERE global_position IN (8, 3)", "event 3: is not what seal 1"),
        ("UPDATE events SET data = '{}' WHERE global_position = 10", "body None: is missing, though event 10"),
        ("DELETE FROM seals WHERE number = 2", "seal 2: is missing"),
        ("DELETE FROM seals WHERE number = 1", "seal 1: is missing"),
        ("UPDATE seals SET digest = sha256('x') WHERE number = 2", "seal 2: is not what its digest says"),
        (
            "UPDATE seals SET event_digests = sha256('x') || substr(event_digests, 33) WHERE number = 1",
            "seal 1: is not what its digest says",
        ),
        ("UPDATE article_bodies SET text = 'Other words.' WHERE text = 'Words “3”.'", "is not what its SHA-256"),
        ("UPDATE article_bodies SET title = NULL WHERE text = 'Words “3”.'", "is not what its SHA-256"),
        ("DELETE FROM article_bodies WHERE text = 'Words “3”.'", "is missing, though event 3 of a live"),
        ("DELETE FROM body_uses WHERE article_id = 'a4'", "is missing, though event 4 of a live"),
        (
            "INSERT INTO article_bodies SELECT sha256(convert_to('[null,null,\"left\"]', 'UTF8')), NULL, NULL, 'left'",
            "is kept, though no live article uses it",
        ),
    ],
)  # fmt: skip
def test_tampering_is_named(store: EventStore, tamperer: Connection, tampering: str, broken: str) -> None:
    assert found(store) == "None"
    tamperer.execute(tampering)
    assert broken in found(store)


def test_a_forged_event_with_a_forged_seal_breaks_the_chain(store: EventStore, tamperer: Connection) -> None:
    """The forger seals the changed event anew; the seal behind it still says what was there before."""
    tamperer.execute("UPDATE events SET data = '{}' WHERE global_position = 2")
    tamperer.execute("CREATE TABLE later AS SELECT * FROM seals WHERE number > 1")
    tamperer.execute("DELETE FROM seals")
    seal_next(tamperer, 4)
    tamperer.execute("INSERT INTO seals SELECT * FROM later")
    assert found(store) == "seal 2: does not follow from the seal before it"


def test_only_a_seal_kept_elsewhere_shows_a_chain_forged_to_its_end(
    store: EventStore, tamperer: Connection
) -> None:
    with store.pool.connection() as conn:
        seal = newest_seal(conn)
    assert seal is not None
    tamperer.execute("UPDATE events SET data = (' ' || data::text)::json WHERE global_position = 2")
    tamperer.execute("DELETE FROM seals")
    while seal_next(tamperer, 4):
        pass
    assert found(store) == "None"
    assert found(store, seal.printed) == "seal 3: is not the seal that was kept elsewhere"


def test_a_log_cut_off_behind_a_kept_seal(store: EventStore, tamperer: Connection) -> None:
    with store.pool.connection() as conn:
        seal = newest_seal(conn)
    assert seal is not None
    tamperer.execute("DELETE FROM events WHERE global_position > 8")
    tamperer.execute("DELETE FROM seals WHERE number > 2")
    tamperer.execute("DELETE FROM body_uses WHERE article_id IN ('a9', 'a10')")
    tamperer.execute("DELETE FROM article_bodies WHERE text IN ('Words “9”.', 'Words 10.')")
    assert found(store) == "None"
    assert found(store, seal.printed) == "seal 3: is missing: seal 3 was kept elsewhere"


@pytest.mark.parametrize("printed", ["", "3", "x:00", "1:abcd", "-1:" + "0" * 64])
def test_what_is_no_printed_seal(database_url: str, printed: str) -> None:
    with (
        psycopg.connect(database_url, autocommit=True) as conn,
        pytest.raises(LogError, match="printed seal"),
    ):
        verify(conn, printed)


def test_a_takedown_leaves_a_sound_log(store: EventStore, tamperer: Connection) -> None:
    withdraw(store, "a3")
    with store.pool.connection() as conn:
        report = verify(conn)
        assert (report.ok, report.bodies) == (True, 9)
    # ... and one that left the words behind is found
    tamperer.execute(
        "INSERT INTO article_bodies SELECT decode(data->>'body_sha256', 'hex'), 'Title of a3', NULL, 'Words “3”.' "
        "FROM events WHERE global_position = 3"
    )
    assert "is kept, though no live article uses it" in found(store)


@pytest.mark.parametrize("table", ["events", "seals"])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {} SET number = number", "DELETE FROM {} WHERE false", "TRUNCATE {}"],
)
def test_the_owner_and_a_superuser_are_refused_too(
    store: EventStore, owner_url: str, superuser_url: str, table: str, statement: str
) -> None:
    if table == "events":
        statement = statement.replace("number", "type")
    for url in (owner_url, superuser_url):
        with psycopg.connect(url) as conn:
            if url == superuser_url:
                conn.execute("SET session_replication_role = replica")  # most triggers sleep then
            with pytest.raises(psycopg.DatabaseError, match="the log only grows") as refused:
                conn.execute(sql.SQL(statement).format(sql.Identifier(table)))  # type: ignore[arg-type]
            assert refused.value.sqlstate == "TL003"


@pytest.mark.parametrize("table", ["events", "seals"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET {column} = {column}",
        "DELETE FROM {}",
        "TRUNCATE {}",
        "INSERT INTO {} SELECT * FROM {}",
        "ALTER TABLE {} DISABLE TRIGGER ALL",
        "DROP TABLE {}",
        "CREATE TRIGGER t BEFORE INSERT ON {} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    ],
)
def test_the_services_have_no_right_to_try(database_url: str, table: str, statement: str) -> None:
    statement = statement.replace("{column}", "number" if table == "seals" else "type").replace("{}", table)
    with psycopg.connect(database_url) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(statement)  # type: ignore[call-overload]


def test_the_services_cannot_replace_the_functions(database_url: str) -> None:
    with psycopg.connect(database_url) as conn:
        for statement in (
            "DROP FUNCTION append_events",
            "ALTER FUNCTION seal_events RESET ALL",
            "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "CREATE OR REPLACE FUNCTION public.refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), conn.transaction():
                conn.execute(statement)  # type: ignore[call-overload]


def test_functions_run_with_the_owners_rights_look_nothing_up_in_the_callers_schemas(
    store: EventStore, database_url: str
) -> None:
    """A caller's own `events` in front of the search path is not what the functions write to."""
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute("CREATE TEMP TABLE events (LIKE public.events)")
        conn.execute("CREATE TEMP TABLE seals (LIKE public.seals)")
        append(conn, received("b1", "Words.")[0])
        seal_next(conn)
        assert conn.execute("SELECT count(*) FROM pg_temp.events").fetchone() == (0,)
        assert conn.execute("SELECT count(*) FROM public.events").fetchone() == (11,)
        assert conn.execute("SELECT max(last_position) FROM public.seals").fetchone() == (11,)
