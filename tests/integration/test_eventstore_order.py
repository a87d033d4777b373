"""One integer cursor misses nothing, whatever commits when, and nothing acted on is taken back by a crash."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest

from services.cli.embedded import EmbeddedPostgres
from services.core.errors import UnknownEventVersion
from services.core.eventstore import subscription
from services.core.eventstore.migrate import migrate
from services.core.eventstore.store import (
    EventStore,
    NewEvent,
    Recorded,
    StreamWrite,
    append,
    append_async,
    commit_lazily,
    end_of_wal,
    flush_up_to,
    open_async_pool,
    open_pool,
    read_all,
)
from services.core.eventstore.subscription import (
    AsyncSubscription,
    Subscription,
    load_checkpoint,
    save_checkpoint,
)
from services.core.eventstore.wakeups import Notifier
from services.core.settings import Settings
from workers.projector import project_next
from workers.relay import Relay

pytestmark = pytest.mark.timeout(300)

WRITERS = 8
EACH = 60

Connection = psycopg.Connection[Any]
Key = tuple[int, int]
Write = Callable[[Connection, int, int], None]
Read = Callable[[Connection, int], list[tuple[int, Key]]]


def note(writer: int, number: int) -> StreamWrite:
    event = NewEvent(uuid.uuid4(), "Noted", {"writer": writer, "number": number}, {"schema_version": 1})
    return StreamWrite(f"writer-{writer}", [event], number - 1)


def race(url: str, write: Write, read: Read) -> tuple[list[Key], list[tuple[int, Key]]]:
    """Eight writers, each transaction open for a moment after its write, against a reader with one integer."""
    barrier = threading.Barrier(WRITERS + 1)

    def writer(which: int) -> None:
        random_ = random.Random(which)
        with psycopg.connect(url) as conn:
            barrier.wait()
            for number in range(EACH):
                with conn.transaction():
                    write(conn, which, number)
                    time.sleep(random_.uniform(0, 0.002))

    threads = [threading.Thread(target=writer, args=[which]) for which in range(WRITERS)]
    for thread in threads:
        thread.start()
    seen: list[tuple[int, Key]] = []
    with psycopg.connect(url, autocommit=True) as conn:
        barrier.wait()
        last_look = False
        while True:
            found = read(conn, seen[-1][0] if seen else 0)
            seen += found
            if not found:
                if last_look:
                    break
                last_look = not any(thread.is_alive() for thread in threads)
    for thread in threads:
        thread.join()
    return [(which, number) for which in range(WRITERS) for number in range(EACH)], seen


def test_a_reader_of_the_log_misses_nothing(database_url: str) -> None:
    def write(conn: Connection, writer: int, number: int) -> None:
        append(conn, [note(writer, number)])

    def read(conn: Connection, after: int) -> list[tuple[int, Key]]:
        records = read_all(conn, after, 50)
        return [(r.global_position, (r.data["writer"], r.data["number"])) for r in records]

    written, seen = race(database_url, write, read)
    assert sorted(key for _, key in seen) == written
    assert [position for position, _ in seen] == list(range(1, len(written) + 1))


def test_a_reader_of_a_plain_sequence_loses_events(owner_url: str) -> None:
    """The same race on a `bigserial`: if this one lost nothing, the test above would prove nothing."""
    with psycopg.connect(owner_url) as conn:
        conn.execute("CREATE TABLE naive (position bigserial PRIMARY KEY, writer int, number int)")

    def write(conn: Connection, writer: int, number: int) -> None:
        conn.execute("INSERT INTO naive (writer, number) VALUES (%s, %s)", [writer, number])

    def read(conn: Connection, after: int) -> list[tuple[int, Key]]:
        rows = conn.execute("SELECT * FROM naive WHERE position > %s ORDER BY position LIMIT 50", [after])
        return [(position, (writer, number)) for position, writer, number in rows]

    written, seen = race(owner_url, write, read)
    with psycopg.connect(owner_url) as conn:
        assert conn.execute("SELECT count(*) FROM naive").fetchone() == (len(written),)
    assert len(seen) < len(written)


def test_subscriptions_follow_eight_writers(database_url: str) -> None:
    """Both kinds of subscriber, woken while eight writers append, get every event once and in order."""
    total = WRITERS * EACH
    with open_pool(database_url, max_size=WRITERS) as pool:
        store = EventStore(pool)

        def writer(which: int) -> None:
            for number in range(EACH):
                store.append([note(which, number)])

        threads = [threading.Thread(target=writer, args=[which]) for which in range(WRITERS)]
        subscription = Subscription(database_url, batch=37)
        seen: list[int] = []

        def reader() -> None:
            for batch in subscription.batches():
                seen.extend(record.global_position for record in batch)
                if len(seen) >= total:
                    return

        async def async_reader() -> list[int]:
            async with (
                open_async_pool(database_url) as async_pool,
                Notifier(database_url, "treatyline_events") as n,
            ):
                positions: list[int] = []
                async for batch in AsyncSubscription(async_pool, n, batch=41).batches():
                    positions += [record.global_position for record in batch]
                    if len(positions) >= total:
                        return positions
            raise AssertionError("the subscription ended")

        threads.append(threading.Thread(target=reader))
        for thread in threads:
            thread.start()
        seen_async = asyncio.run(asyncio.wait_for(async_reader(), 60))
        for thread in threads:
            thread.join(60)
        assert seen == seen_async == list(range(1, total + 1))
        streams = [store.read_stream(f"writer-{which}") for which in range(WRITERS)]
        assert all([r.position for r in stream] == list(range(EACH)) for stream in streams)


def test_a_waiting_subscription_is_woken_not_polled(database_url: str) -> None:
    with open_pool(database_url) as pool:
        store = EventStore(pool)
        subscription = Subscription(database_url, poll=3600)
        batches = subscription.batches()
        store.append([note(0, 0)])
        assert [r.global_position for r in next(batches)] == [1]
        timer = threading.Timer(0.3, lambda: store.append([note(0, 1)]))
        timer.start()
        assert [r.global_position for r in next(batches)] == [2]
        timer.join()


def test_a_stopped_subscription_ends_and_the_next_goes_on(database_url: str) -> None:
    with open_pool(database_url) as pool:
        EventStore(pool).append([note(0, 0)])
        EventStore(pool).append([note(0, 1)])
    subscription = Subscription(database_url, batch=1)
    batches = subscription.batches()
    next(batches)
    subscription.stop.set()
    assert list(batches) == []
    following = Subscription(database_url, after=subscription.after)
    assert [record.global_position for record in next(following.batches())] == [2]


def test_a_lost_connection_is_renewed_and_nothing_is_missed(database_url: str, superuser_url: str) -> None:
    def hang_up() -> None:
        with psycopg.connect(superuser_url, autocommit=True) as conn:
            conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    with open_pool(database_url) as pool:
        EventStore(pool).append([note(0, 0)])
    batches = Subscription(database_url).batches()
    assert [r.global_position for r in next(batches)] == [1]
    hang_up()
    with psycopg.connect(database_url) as conn:
        append(conn, [note(0, 1)])
    assert [r.global_position for r in next(batches)] == [2]


def test_a_reader_with_a_way_to_go_is_stopped_cut_off_and_goes_on(
    database_url: str, superuser_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of a statement that reads many batches, and from one such statement to the next."""
    monkeypatch.setattr(subscription, "STRETCH", 3)
    with psycopg.connect(database_url) as conn:
        for number in range(20):
            append(conn, [note(0, number)])
    reader = Subscription(database_url, batch=2)
    batches = reader.batches()
    taken = [[record.global_position for record in next(batches)] for _ in range(4)]
    assert taken == [[1, 2], [3, 4], [5], [6, 7]]
    reader.stop.set()
    assert list(batches) == []
    assert reader.after == 7

    reader = Subscription(database_url, after=7, batch=2)
    batches = reader.batches()
    seen = [record.global_position for _ in range(2) for record in next(batches)]
    with psycopg.connect(superuser_url, autocommit=True) as conn:
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    while seen[-1] < 20:
        seen += [record.global_position for record in next(batches)]
    assert seen == list(range(8, 21))


def test_what_cannot_be_read_on_the_way_comes_to_the_reader_as_an_error(database_url: str) -> None:
    """The rows that follow are still held then: whoever ends the connection must not wait for them."""
    with psycopg.connect(database_url) as conn:
        for number in range(10):
            version = 99 if number == 6 else 1
            event = NewEvent(
                uuid.uuid4(), "Noted", {"writer": 0, "number": number}, {"schema_version": version}
            )
            append(conn, [StreamWrite("writer-0", [event], number - 1)])
    told: list[BaseException] = []

    def follow() -> None:
        try:
            for _ in Subscription(database_url, batch=2).batches():
                pass
        except UnknownEventVersion as error:
            told.append(error)

    reader = threading.Thread(target=follow, daemon=True)
    reader.start()
    reader.join(60)
    assert told


@pytest.mark.anyio
async def test_a_notifier_reconnects_and_wakes_its_waiters(database_url: str, superuser_url: str) -> None:
    async with Notifier(database_url, "treatyline_events", "other") as notifier:
        seen = await notifier.wait(0, 10)  # connected
        assert await notifier.wait(seen, 0.05) == seen  # nothing happened
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as conn:
            waiters = [asyncio.create_task(notifier.wait(seen, 10)) for _ in range(100)]
            await asyncio.sleep(0)
            await append_async(conn, [note(0, 0)])
            assert {await waiter > seen for waiter in waiters} == {True}
            assert notifier.latest == {"treatyline_events": "1"}
        seen = notifier.generation
        async with await psycopg.AsyncConnection.connect(superuser_url, autocommit=True) as conn:
            await conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            assert await notifier.wait(seen, 10) > seen  # the new connection
            seen = notifier.generation
            await conn.execute("SELECT pg_notify('other', 'x')")
            assert await notifier.wait(seen, 10) > seen
            assert notifier.latest["other"] == "x"


def test_checkpoints_move_with_their_transaction(database_url: str) -> None:
    with psycopg.connect(database_url) as conn:
        assert load_checkpoint(conn, "timeline") == (0, {})
        save_checkpoint(conn, "timeline", 5, {"version": 2})
        conn.rollback()
        assert load_checkpoint(conn, "timeline") == (0, {})
        save_checkpoint(conn, "timeline", 5, {"version": 2})
        save_checkpoint(conn, "timeline", 7)
        save_checkpoint(conn, "other", 1)
        assert load_checkpoint(conn, "timeline") == (7, {"version": 2})


def crash(server: EmbeddedPostgres) -> None:
    """As if the power went: what only memory holds is gone."""
    os.kill(server.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while server.alive and time.monotonic() < deadline:
        time.sleep(0.01)
    server.stop()
    server.start()


class Nothing:
    """A projection that keeps its checkpoint alone."""

    name = "nothing"

    def apply(self, conn: psycopg.Connection[Any], batch: Sequence[Recorded]) -> None:
        pass


def test_what_was_acted_on_survives_a_crash(tmp_path: Path) -> None:
    # The log writer sleeps, so that what nobody flushed is in memory alone when the server is killed.
    server = EmbeddedPostgres(tmp_path / "pg", options={"wal_writer_delay": "10s", "autovacuum": "off"})
    with server:
        migrate(server.url, server.services_password)

        def log() -> list[int]:
            with psycopg.connect(server.services_url) as conn:
                return [record.global_position for record in read_all(conn, 0, 100)]

        crash(server)
        with psycopg.connect(server.services_url, autocommit=True) as conn:
            append(conn, [note(0, 0)], flush_later=True)
        assert log() == [1]  # a plain reader sees it ...
        crash(server)
        assert log() == []  # ... and would have acted on what never happened

        with psycopg.connect(server.services_url, autocommit=True) as conn:
            append(conn, [note(0, 0)], flush_later=True)
        subscription = Subscription(server.services_url)
        batches = subscription.batches()
        assert [record.global_position for record in next(batches)] == [1]
        crash(server)
        assert log() == [1]

        with open_pool(server.services_url) as pool:
            EventStore(pool).append([note(0, 1)])
        crash(server)
        assert log() == [1, 2]

        with psycopg.connect(server.services_url, autocommit=True) as conn:
            append(conn, [note(0, 2)], flush_later=True)
            end = end_of_wal(conn)
            with conn.transaction():
                flush_up_to(conn, end)
            append(conn, [note(0, 3)], flush_later=True)
            flush_up_to(conn, end)  # is done: this one need not wait for the disk
        crash(server)
        assert log() == [1, 2, 3]

        with psycopg.connect(server.services_url, autocommit=True) as conn:
            append(conn, [note(0, 3)], flush_later=True)
            assert project_next(conn, [Nothing()]) == 4
        crash(server)
        assert log() == [1, 2, 3, 4]

        settings = Settings(database_url=server.services_url, redis_url="redis://127.0.0.1:1/0")
        with psycopg.connect(server.services_url, autocommit=True) as conn:
            commit_lazily(conn)  # as the relay does when it leads
            append(conn, [note(0, 4)], flush_later=True)
            Relay(settings, conn, threading.Event()).follow()
        crash(server)
        assert log() == [1, 2, 3, 4, 5]


def take(url: str, after: int, count: int, meanwhile: Callable[[], None]) -> list[int]:
    """Positions of the next events, one in a batch; something happens after the first."""
    positions: list[int] = []
    for (record,) in (reader := Subscription(url, after=after, batch=1)).batches():
        positions.append(record.global_position)
        if len(positions) == 1:
            meanwhile()
        if len(positions) == count:
            reader.stop.set()
    return positions


def take_async(url: str, after: int, count: int, meanwhile: Callable[[], None]) -> list[int]:
    """The same from the asynchronous reader."""

    async def read() -> list[int]:
        async with open_async_pool(url) as pool, Notifier(url, "treatyline_events") as notifier:
            positions: list[int] = []
            async for (record,) in AsyncSubscription(pool, notifier, after=after, batch=1).batches():
                positions.append(record.global_position)
                if len(positions) == 1:
                    meanwhile()
                if len(positions) == count:
                    return positions
        raise AssertionError("the subscription ended")

    return asyncio.run(asyncio.wait_for(read(), 60))


@pytest.mark.parametrize("taken", [take, take_async])
def test_one_flush_serves_all_that_was_in_the_log(
    tmp_path: Path, taken: Callable[[str, int, int, Callable[[], None]], list[int]]
) -> None:
    """What was in the log when the first batch was flushed needs no other flush; what came since has its own."""
    server = EmbeddedPostgres(tmp_path / "pg", options={"wal_writer_delay": "10s", "autovacuum": "off"})
    with server:
        migrate(server.url, server.services_password)

        def write(number: int) -> None:
            with psycopg.connect(server.services_url, autocommit=True) as conn:
                append(conn, [note(0, number)], flush_later=True)

        def log() -> list[int]:
            with psycopg.connect(server.services_url) as conn:
                return [record.global_position for record in read_all(conn, 0, 100)]

        for number in range(3):
            write(number)
        assert taken(server.services_url, 0, 3, lambda: write(3)) == [1, 2, 3]
        crash(server)
        assert log() == [1, 2, 3]  # the fourth is gone: nobody flushed after it was written

        write(3)
        assert taken(server.services_url, 2, 2, lambda: write(4)) == [3, 4]
        crash(server)
        assert log() == [1, 2, 3, 4]

        write(4)
        assert taken(server.services_url, 4, 2, lambda: write(5)) == [
            5,
            6,
        ]  # the sixth came after the first flush
        crash(server)
        assert log() == [1, 2, 3, 4, 5, 6]
