"""The projector: folds the log into the read tables. Rows and checkpoint commit together, so exactly once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Any

import psycopg

from services.core.domain.dossier_folders import DossierError
from services.core.eventstore import locks
from services.core.eventstore.outages import DATABASE_GONE, DATABASE_UNFIT
from services.core.eventstore.store import CHANNEL, END_OF_WAL, FLUSH_UP_TO, read_all
from services.core.eventstore.subscription import load_checkpoint, lock_checkpoint, save_checkpoint
from services.core.eventstore.wakeups import listen, pauses, wait_for_notification
from services.core.projections.base import PROJECTED, Projection
from services.core.projections.registry import projections as all_projections
from services.core.settings import Settings
from workers.dispatches import UNFIT_SECONDS
from workers.pacing import Pace

log = logging.getLogger(__name__)

BATCH = 500  # events in a transaction
POLL_SECONDS = 0.5
STAND_BY_SECONDS = 0.5

# Rows that a crash takes back are folded again, with their checkpoint: the commit need not wait for the disk.
_BEGIN = f"SELECT set_config('synchronous_commit', 'off', true), ({END_OF_WAL})"
# Readers act on what is projected: the events must be on disk. Mostly they are: who appended them flushed meanwhile.
_TELL = f"SELECT pg_notify(%s, %s), ({FLUSH_UP_TO})"


def project_next(
    conn: psycopg.Connection[Any], projections: Sequence[Projection], limit: int = BATCH
) -> int | None:
    """Folds the next batch into every projection that lacks it, in one transaction.

    Returns the position that all have reached, None where there was nothing to do. A crash at any point
    leaves rows and checkpoints as they were before or after. `conn` is outside a transaction.
    """
    reached = {p: load_checkpoint(conn, p.name).global_position for p in projections}
    after = min(reached.values(), default=0)
    batch = read_all(conn, after, limit) if projections else []
    if not batch:
        return None
    last = batch[-1].global_position
    with conn.transaction():
        _, end = conn.execute(_BEGIN, prepare=True).fetchone() or (None, "")
        # A rebuild that exchanges the tables waits for us, or we for it: what follows sees one or the other.
        if any(lock_checkpoint(conn, p.name) != position for p, position in reached.items()):
            return after
        for projection, position in reached.items():
            new = [event for event in batch if event.global_position > position]
            if new:
                projection.apply(conn, new)
                save_checkpoint(conn, projection.name, last)
        conn.execute(_TELL, [PROJECTED, str(last), end], prepare=True)
    return last


def catch_up(
    conn: psycopg.Connection[Any], projections: Sequence[Projection], until: int | None = None
) -> int:
    """Folds until the log's end, or until a batch reaches `until`. Returns the position reached."""
    reached = min((load_checkpoint(conn, p.name).global_position for p in projections), default=0)
    while until is None or reached < until:
        position = project_next(conn, projections)
        if position is None:
            break
        reached = position
    return reached


def main(settings: Settings, stop: threading.Event, projections: Sequence[Projection] | None = None) -> None:
    """Leads, or stands by until the leader is gone, until `stop` is set. A batch is finished first."""
    folds = all_projections() if projections is None else projections
    pause = pauses()
    while not stop.is_set():
        try:
            with psycopg.connect(settings.database_url or "", autocommit=True) as conn:
                while not stop.is_set():
                    row = conn.execute("SELECT pg_try_advisory_lock(%s)", [locks.PROJECT]).fetchone()
                    if row and row[0]:
                        log.info("this projector leads")
                        pause = pauses()
                        _lead(conn, folds, stop)
                        return
                    stop.wait(STAND_BY_SECONDS)
        except DATABASE_GONE as error:
            log.warning("the database does not answer: %s", type(error).__name__)
            stop.wait(pause())
        except DATABASE_UNFIT as error:
            # Waiting lets go of the lock: a process of a newer release can lead meanwhile.
            log.error("the database is not what this release needs: %s", error)  # noqa: TRY400 - it says it all
            stop.wait(UNFIT_SECONDS)
        except DossierError as error:
            log.error("the log has what was read for a dossier that is not here: %s", error)  # noqa: TRY400
            stop.wait(UNFIT_SECONDS)


def _lead(conn: psycopg.Connection[Any], projections: Sequence[Projection], stop: threading.Event) -> None:
    for statement in listen((CHANNEL,)):
        conn.execute(statement)
    pace = Pace()
    position = min((load_checkpoint(conn, p.name).global_position for p in projections), default=0)
    while not stop.is_set():
        reached = project_next(conn, projections)
        if reached is None:
            wait_for_notification(conn, POLL_SECONDS)
            continue
        if reached - position < BATCH:  # else there is more to catch up with
            stop.wait(pace.pause(reached - position))
        position = reached
