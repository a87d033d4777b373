"""The read tables built anew: the same, mended, unnoticed by who reads meanwhile."""

from __future__ import annotations

import threading
import time
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from services.cli.upkeep import NotTheOwner, rebuild_tables
from services.core.projections.read_models import ReadModels
from services.core.projections.rebuild import rebuild
from services.core.projections.rows import ArticleState, RevisionState, StoryState
from services.core.settings import Settings
from tests.integration.log_writer import LogWriter, Telling
from tests.integration.read_tables import (
    ENDED,
    clear,
    everything,
    project,
    rows,
    set_checkpoint,
    steps,
    write,
)

DAMAGES = (
    "SELECT",
    "DELETE FROM read.articles",
    "UPDATE read.stories SET articles = articles + 1",
    "UPDATE read.article_revisions SET tags = '{none}', language = NULL",
    "DELETE FROM read.mentions WHERE to_position IS NULL",
    "UPDATE read.entries SET id = gen_random_uuid()",
)


def test_a_rebuild_gives_the_same_tables_under_the_same_names(
    conn: psycopg.Connection[Any], log: LogWriter
) -> None:
    text = "On Friday Washington left the treaty, Moscow kept to it."
    kept = Telling("Moscow kept to it", "2019-08-02", proposition="russia-complied")
    log.article("a", text, [ENDED, kept])
    log.article("b", text, [ENDED, kept], story="a", of="a", published_at="2019-08-04")
    log.article(
        "c", "Then the treaty was ended.", [Telling("the treaty was ended", "2019", "agreement-ended", ())]
    )
    log.withdraw("a")
    set_checkpoint(conn, project(conn))
    before, indexes = everything(conn), index_names(conn)
    progress: list[tuple[int, int]] = []
    assert rebuild(conn, lambda done, of: progress.append((done, of))) == progress[-1][0]
    assert everything(conn) == before
    assert index_names(conn) == indexes
    assert rows(conn, "SELECT nspname FROM pg_namespace WHERE nspname ~ '^read'") == [{"nspname": "read"}]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    happened=steps, size=st.integers(1, 40), damages=st.sets(st.sampled_from(DAMAGES)), empty=st.booleans()
)
def test_a_rebuild_gives_what_folding_gives_however_the_log_is_cut_and_whatever_was_there(
    superuser_url: str,
    monkeypatch: pytest.MonkeyPatch,
    happened: list[tuple[Any, ...]],
    size: int,
    damages: set[str],
    empty: bool,
) -> None:
    with psycopg.connect(superuser_url, autocommit=True) as conn, monkeypatch.context() as patch:
        patch.setattr("services.core.projections.rebuild.BATCH", size)
        ((prefix,),) = conn.execute("SELECT coalesce(max(global_position), 0)::text FROM events")
        write(LogWriter(conn), [(w, prefix + a, t, p, prefix + s) for w, a, t, p, s in happened])
        clear(conn)
        conn.execute("DELETE FROM checkpoints")
        set_checkpoint(conn, project(conn))
        folded = everything(conn)
        for damage in damages:
            conn.execute(damage)
        if empty:
            clear(conn)
        if folded["articles"]:
            rebuild(conn)
            assert everything(conn) == folded


def test_a_rebuild_that_fails_leaves_nothing_running_and_can_be_done_again(
    conn: psycopg.Connection[Any], log: LogWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.core.projections.rebuild.BATCH", 2)
    for name in "abc":
        log.article(name, "On Friday Washington left the treaty.", [ENDED])
    set_checkpoint(conn, project(conn))
    before, threads = everything(conn), threading.active_count()

    def fails(_self: ReadModels, _conn: object, batch: list[Any]) -> None:
        if batch[0].global_position > 2:
            raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(ReadModels, "apply", fails)
        with pytest.raises(ZeroDivisionError):
            rebuild(conn)
    assert threading.active_count() == threads
    others = (
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    )
    end = time.monotonic() + 10
    while rows(conn, others):  # a session ends a moment after its connection
        assert time.monotonic() < end
    assert everything(conn) == before
    rebuild(conn)
    assert everything(conn) == before


def test_a_rebuild_whose_rows_cannot_be_written_changes_nothing(
    conn: psycopg.Connection[Any], log: LogWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are written behind the fold: also those of the last batch have come to the end before anything is replaced."""
    log.article("a", "On Friday Washington left the treaty.", [ENDED])
    set_checkpoint(conn, project(conn))
    before, threads = everything(conn), threading.active_count()
    with monkeypatch.context() as patch:
        patch.setattr(
            "services.core.projections.article_rows._TABLES",
            dict.fromkeys((ArticleState, RevisionState, StoryState), "stories"),
        )
        with pytest.raises(psycopg.errors.UndefinedColumn):
            rebuild(conn)
    assert threading.active_count() == threads
    assert everything(conn) == before


@pytest.mark.parametrize("pace", [0.5, 1.0, 3.0])
def test_a_rebuild_ends_however_fast_the_log_grows(
    conn: psycopg.Connection[Any], log: LogWriter, monkeypatch: pytest.MonkeyPatch, pace: float
) -> None:
    """`pace`: how much comes in while so much is folded again."""
    monkeypatch.setattr("services.core.projections.rebuild.BATCH", 4)
    for n in range(12):
        log.receive(f"old-{n}", f"Dispatch {n}.")
    set_checkpoint(conn, project(conn))
    reached = new = 0

    def more(done: int, _of: int) -> None:
        nonlocal reached, new
        while new < pace * done and done > reached:
            assert new < 300, "it does not end"
            new += 1
            position = log.receive(f"new-{new}", f"Later dispatch {new}.")
            project(conn, after=position - 1)
            conn.execute("UPDATE checkpoints SET global_position = %s", (position,))
        reached = done

    assert rebuild(conn, more) >= 12
    after = everything(conn)
    assert len(after["articles"]) == 12 + new
    rebuild(conn)
    assert everything(conn) == after


def test_a_rebuild_mends_tables_that_were_damaged(conn: psycopg.Connection[Any], log: LogWriter) -> None:
    log.article("a", "On Friday Washington left the treaty.", [ENDED])
    set_checkpoint(conn, project(conn))
    before = everything(conn)
    conn.execute("UPDATE read.entries SET summary = 'nonsense'")
    conn.execute("DELETE FROM read.mentions")
    rebuild(conn)
    assert everything(conn) == before


def test_a_reader_in_the_middle_of_a_snapshot_does_not_notice_a_rebuild(
    conn: psycopg.Connection[Any], log: LogWriter, database_url: str
) -> None:
    log.article("a", "On Friday Washington left the treaty.", [ENDED])
    set_checkpoint(conn, project(conn))
    conn.execute("UPDATE read.entries SET summary = 'nonsense'")
    with psycopg.connect(database_url) as reader:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        reader.execute("SELECT global_position FROM checkpoints")
        rebuild(conn)
        assert reader.execute("SELECT summary FROM read.entries").fetchall() == [("nonsense",)]
        reader.commit()
        assert reader.execute("SELECT summary FROM read.entries").fetchall() == [
            ("On Friday Washington left the treaty.",)
        ]


def test_a_rebuild_leaves_rows_alone_that_are_right(conn: psycopg.Connection[Any], log: LogWriter) -> None:
    def versions() -> list[dict[str, Any]]:
        return rows(conn, "SELECT xmin::text, article_id FROM read.mentions ORDER BY article_id")

    text = "On Friday Washington left the treaty."
    log.article("a", text, [ENDED])
    log.article("b", text, [ENDED], story="a", of="a", published_at="2019-08-04")
    set_checkpoint(conn, project(conn))
    conn.execute("UPDATE read.mentions SET sentence = NULL WHERE article_id = 'b'")
    a, b = versions()
    rebuild(conn)
    assert versions()[0] == a
    assert versions()[1] != b


def test_the_services_can_read_and_write_the_rebuilt_tables(
    conn: psycopg.Connection[Any], log: LogWriter, database_url: str
) -> None:
    log.article("a", "On Friday Washington left the treaty.", [ENDED])
    set_checkpoint(conn, project(conn))
    rebuild(conn)
    with psycopg.connect(database_url) as services:
        assert services.execute("SELECT count(*) FROM read.entries").fetchone() == (1,)
        services.execute("DELETE FROM read.entries")


def test_a_role_that_does_not_own_the_tables_is_told_so(
    conn: psycopg.Connection[Any], log: LogWriter, database_url: str
) -> None:
    set_checkpoint(conn, log.article("a", "On Friday Washington left the treaty.", [ENDED]))
    with pytest.raises(NotTheOwner, match="TREATYLINE_MIGRATE_URL"):
        rebuild_tables(
            Settings(database_url=database_url, redis_url="redis://127.0.0.1:1/0"), Console(stderr=True)
        )


def index_names(conn: psycopg.Connection[Any]) -> list[dict[str, Any]]:
    return rows(conn, "SELECT tablename, indexname FROM pg_indexes WHERE schemaname = 'read' ORDER BY 1, 2")
