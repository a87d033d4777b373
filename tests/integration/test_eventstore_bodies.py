"""Articles' words beside the log: stored once, with the event that brings them, and gone with their last use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.core.errors import WrongExpectedVersion
from services.core.eventstore.bodies import Body, BodyWrite, get_bodies, get_body, release_bodies
from services.core.eventstore.store import EventStore, append, open_pool
from tests.integration.noted import with_body, write

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def store(database_url: str) -> Iterator[EventStore]:
    with open_pool(database_url) as pool:
        yield EventStore(pool)


def test_equal_bodies_are_stored_once_and_go_with_the_last_use(store: EventStore) -> None:
    body, other = Body("Title", None, "Words “quoted”."), Body(None, "A. Writer", "Other words.")
    for article in ("x", "y"):
        store.append(*with_body(article, body))
    store.append(*with_body("z", other))
    with store.pool.connection() as conn:
        assert conn.execute("SELECT count(*) FROM article_bodies").fetchone() == (2,)
        assert get_bodies(conn, [body.sha256, other.sha256, bytes(32)]) == {
            body.sha256: body,
            other.sha256: other,
        }
        assert release_bodies(conn, "x") == []
        assert get_body(conn, body.sha256) == body
        assert release_bodies(conn, "x") == []
        assert release_bodies(conn, "y") == [body.sha256]
        assert get_body(conn, body.sha256) is None
        assert get_body(conn, other.sha256) == other


def test_sending_an_article_again_does_not_bring_back_its_words(store: EventStore) -> None:
    writes, bodies = with_body("x", Body(None, None, "Words."))
    store.append(writes, bodies)
    with store.transaction() as conn:
        append(conn, [write("article-x", "x withdrawn", expected=0)])
        release_bodies(conn, "x")
    assert not store.append(writes, bodies).new
    with store.pool.connection() as conn:
        assert conn.execute("SELECT count(*) FROM article_bodies").fetchone() == (0,)
        assert conn.execute("SELECT count(*) FROM body_uses").fetchone() == (0,)


def test_an_article_that_is_sent_again_among_others_does_not_bring_back_its_words(store: EventStore) -> None:
    gone, new = (with_body(name, Body(name, None, f"Words of {name}.")) for name in ("x", "y"))
    store.append(*gone)
    with store.transaction() as conn:
        append(conn, [write("article-x", "x withdrawn", expected=0)])
        release_bodies(conn, "x")
    assert store.append([*gone[0], *new[0]], [*gone[1], *new[1]]).new
    with store.pool.connection() as conn:
        assert conn.execute("SELECT title FROM article_bodies").fetchall() == [("y",)]
        assert conn.execute("SELECT article_id FROM body_uses").fetchall() == [("y",)]


def test_a_refused_append_stores_no_words(store: EventStore) -> None:
    store.append([write("article-x", "x0")])
    with pytest.raises(WrongExpectedVersion):
        store.append(*with_body("x", Body(None, None, "Words.")))
    with pytest.raises(ValueError, match="body"):
        store.append([write("a", "a0")], [BodyWrite("b", "b", Body(None, None, "Words."))])
    with store.pool.connection() as conn:
        assert conn.execute("SELECT count(*) FROM article_bodies").fetchone() == (0,)


def test_bodies_differ_by_title_author_and_text() -> None:
    bodies = [
        Body(None, None, "a"),
        Body("", None, "a"),
        Body(None, "", "a"),
        Body("a", None, ""),
        Body(None, "a", ""),
    ]
    assert len({body.sha256 for body in bodies}) == len(bodies)
