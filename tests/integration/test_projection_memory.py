"""What a projection remembers between batches changes nothing, whoever else folds and whatever is rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.core.eventstore.store import read_all
from services.core.eventstore.subscription import save_checkpoint
from services.core.projections.memory import Memory
from services.core.projections.read_models import ReadModels
from services.core.projections.rebuild import rebuild
from services.core.projections.registry import read_models
from tests.integration.log_writer import LogWriter
from tests.integration.read_tables import ENDED, clear, everything, project, steps, write

TEXT = "On Friday Washington left the treaty."


def fold(
    conn: psycopg.Connection[Any], models: ReadModels, after: int, size: int, *, fails: bool = False
) -> int:
    """Fold the next batch as the projector does, or as one that is cut off before it commits."""
    batch = read_all(conn, after, size)
    if not batch:
        return after
    with conn.transaction(force_rollback=fails):
        models.apply(conn, batch)
        save_checkpoint(conn, ReadModels.name, batch[-1].global_position)
    return after if fails else batch[-1].global_position


@contextmanager
def counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Whether each batch began with what the one before left."""
    kept: list[bool] = []
    begin = Memory.begin

    def counted(memory: Memory, conn: psycopg.Connection[Any]) -> Any:
        before = memory._work
        work = begin(memory, conn)
        kept.append(work is before)
        return work

    with monkeypatch.context() as patch:
        patch.setattr(Memory, "begin", counted)
        yield kept


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    happened=steps,
    batches=st.lists(
        st.tuples(st.integers(1, 5), st.sampled_from((0, 0, 1)), st.booleans()), min_size=1, max_size=9
    ),
)
def test_two_projectors_that_remember_fold_what_one_without_memory_folds(
    superuser_url: str, happened: list[tuple[Any, ...]], batches: list[tuple[int, int, bool]]
) -> None:
    with (
        psycopg.connect(superuser_url, autocommit=True) as conn,
        psycopg.connect(superuser_url, autocommit=True) as other,
    ):
        start = conn.execute("SELECT coalesce(max(global_position), 0) FROM events").fetchone()
        assert start is not None
        clear(conn)
        conn.execute("DELETE FROM checkpoints")
        prefix = str(start[0])
        write(LogWriter(conn), [(w, prefix + a, t, p, prefix + s) for w, a, t, p, s in happened])
        end = project(conn, after=start[0])
        fresh = everything(conn)
        clear(conn)
        projectors = ((conn, read_models()), (other, read_models()))
        after, turn = start[0], 0
        while after < end:
            size, who, fails = batches[turn % len(batches)]
            after = fold(*projectors[who], after, size, fails=fails and turn < 2 * len(batches))
            turn += 1
        assert everything(conn) == fresh


def test_it_is_kept_from_batch_to_batch_and_not_beyond_a_takedown_or_a_rebuild(
    owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(owner_url, autocommit=True) as conn, counting(monkeypatch) as kept:
        log, models, after = LogWriter(conn), read_models(), 0
        log.article("a", TEXT, [ENDED])
        after = fold(conn, models, after, 100)
        log.article("b", TEXT + " So they did.", [ENDED])
        after = fold(conn, models, after, 100)
        assert kept == [False, True]
        log.withdraw("b")
        after = fold(conn, models, after, 100)  # remembers up to here
        log.article("c", TEXT + " And so on.", [ENDED])
        after = fold(conn, models, after, 100)
        assert kept[2:] == [True, False]
        conn.execute("UPDATE read.entries SET mention_count = 77")
        rebuild(conn)
        del kept[:]
        log.article("d", TEXT + " The end.", [ENDED])
        fold(conn, models, after, 100)
        assert kept == [False]
        now = everything(conn)
        clear(conn)
        project(conn)
        assert everything(conn) == now


def test_words_taken_down_are_not_written_again_from_memory(owner_url: str) -> None:
    with psycopg.connect(owner_url, autocommit=True) as conn:
        log, models, after = LogWriter(conn), read_models(), 0
        log.article("a", TEXT, [ENDED])
        log.article("b", TEXT + " So they did.", [ENDED])
        after = fold(conn, models, after, 100)
        log.withdraw("a")
        after = fold(conn, models, after, 100)
        log.article("c", TEXT + " And so on.", [ENDED])
        fold(conn, models, after, 100)
        words = conn.execute(
            "SELECT count(*) FROM read.mentions WHERE article_id = 'a' AND sentence IS NOT NULL"
        )
        assert words.fetchone() == (0,)
        versions = conn.execute("SELECT mention_count FROM read.entries ORDER BY from_position").fetchall()
        assert versions == [(1,), (2,), (1,), (2,)]


def test_what_is_too_much_to_keep_is_forgotten(owner_url: str) -> None:
    with psycopg.connect(owner_url, autocommit=True) as conn:
        log, models, after = LogWriter(conn), read_models(), 0
        models._memory = Memory(ReadModels.name, "read", rows=1)
        for name in "abc":
            log.article(name, TEXT + name, [ENDED])
            after = fold(conn, models, after, 100)
            assert models._memory._work is not None
            assert models._memory._work.size <= 1
        assert conn.execute("SELECT max(mention_count) FROM read.entries").fetchone() == (3,)
