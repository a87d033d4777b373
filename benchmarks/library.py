"""The `eventsourcing` library on the same PostgreSQL, in the mode in which its readers lose nothing (its default)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from eventsourcing.application import Application
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import StoredEvent, Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from eventsourcing.utils import get_topic
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

DATA = {"article_id": "0" * 36, "body_sha256": "0" * 64, "filler": "x" * 400}  # about 560 bytes, as ours
WAIT_SECONDS = 300.0


class Dispatch(Aggregate):
    """Something that events happen to."""

    @event("Noted")
    def note(self, data: dict[str, str]) -> None:
        """One event with what an event of ours carries."""
        self.data = data


class CountView(PostgresTrackingRecorder):
    """How many events there were, in a table beside how far it got."""

    def __init__(self, datastore: Any, **kwargs: Any) -> None:
        super().__init__(datastore, **kwargs)
        table = Identifier(self.datastore.schema, "counted_by_library")
        self.sql_create_statements.append(
            SQL("CREATE TABLE IF NOT EXISTS {} (name text PRIMARY KEY, n bigint NOT NULL)").format(table)
        )
        self._count = SQL(
            "INSERT INTO {} AS c VALUES (%s, 1) ON CONFLICT (name) DO UPDATE SET n = c.n + 1"
        ).format(table)

    def count(self, name: str, tracking: Tracking) -> None:
        """Counts one event and moves on, in one transaction."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(self._count, [name], prepare=True)


class Counting(Projection[CountView]):
    """Counts events by type."""

    name = "counting"

    @singledispatchmethod
    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        """Each event in a transaction of its own: the library knows no other way."""
        self.view.count(type(domain_event).__name__, tracking)


def environment(url: str) -> dict[str, str]:
    """Where the library finds the server."""
    parts = conninfo_to_dict(url)
    names = {"DBNAME": "dbname", "HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password"}
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_POOL_SIZE": "10",
        **{f"POSTGRES_{name}": str(parts[key]) for name, key in names.items()},
    }


@contextmanager
def application(url: str) -> Iterator[Application[Any]]:
    """An application with its tables."""
    made: Application[Any] = Application(environment(url))
    try:
        yield made
    finally:
        made.close()


def noted(size: int) -> list[Any]:
    """Events of a new aggregate as its users have them: what to note, of which aggregate and which in its order."""
    stream = uuid4()
    return [
        Dispatch.Noted(
            originator_id=stream,
            originator_version=version,
            timestamp=Dispatch.Noted.create_timestamp(),
            data=DATA,
        )
        for version in range(1, size + 1)
    ]


def stored(size: int) -> list[StoredEvent]:
    """The same number of rows that nobody has to make: what its recorder alone, below its mapper, costs."""
    topic, state, stream = get_topic(Dispatch.Noted), b"x" * 650, uuid4()
    return [StoredEvent(stream, version, topic, state) for version in range(1, size + 1)]


def fill(app: Application[Any], events: int) -> int:
    """Events that the library's projections can read back; the last one's number."""
    last = 0
    for _ in range(0, events, 100):
        dispatch = Dispatch()
        for _ in range(99):
            dispatch.note(DATA)
        last = app.save(dispatch)[-1].notification.id
    return last


def catch_up(url: str, upto: int) -> None:
    """Runs a projection from the first event to the one of this number."""
    with ProjectionRunner(
        application_class=Application,
        projection_class=Counting,
        view_class=CountView,
        env=environment(url),
    ) as runner:
        runner.wait(upto, timeout=WAIT_SECONDS)
