"""The table of work that is not finished, and every statement on it.

A row is there from the event that asks for the work to the one that is its outcome. The relay makes and sends
it, a worker starts it, and either may end it: both only repeat what the log says. Attempts that failed are
counted here, outside the worker that may not survive them.

Every statement that waits for rows locks them in the order of their key, and no transaction has two such statements:
so none can wait for another that waits for it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

log = logging.getLogger(__name__)

STAGES = DEDUPLICATE, EXTRACT = "deduplicate", "extract"
"""Each is also the name of its task and of its queue."""

ERROR, TIMEOUT, LOST = "error", "timeout", "lost"
UNFIT_SECONDS = 5.0  # before the next try where the database is there and is not what is needed
TOGETHER = "Together"
"""Stands for the class of an error in what was taken with others: if the worker dies, it may be of any of them, so that it
counts for none, and each is then looked at alone."""
LONGEST_SECONDS = 300.0  # before the next try of what this code cannot read
ATTEMPTS = {ERROR: 3, TIMEOUT: 2, LOST: 5}
"""How often an attempt may end so before the work is given up: lost workers are seldom the article's fault."""

ASK = """
INSERT INTO dispatches (article_id, stage, dossier, revision, cause_id, cause_position, state, available_at)
SELECT article_id, stage, dossier, revision, cause_id, cause_position, 'waiting', now() + delay * interval '1 second'
  FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::integer[], %s::uuid[], %s::bigint[], %s::float8[])
       AS u (article_id, stage, dossier, revision, cause_id, cause_position, delay)
 -- A row on conflict is locked even where nothing is changed in it, and whoever judged may be reading it by now.
 WHERE NOT EXISTS (
    SELECT FROM dispatches d WHERE (d.article_id, d.stage, d.dossier) = (u.article_id, u.stage, u.dossier)
       AND d.cause_position >= u.cause_position)
 ORDER BY article_id, stage, dossier
ON CONFLICT (article_id, stage, dossier) DO UPDATE
   SET revision = excluded.revision, cause_id = excluded.cause_id, cause_position = excluded.cause_position,
       state = 'waiting', sends = 0, attempts = 0, available_at = excluded.available_at, sent_at = NULL, started_at = NULL,
       worker = NULL, error_class = NULL, error_code = NULL
 WHERE dispatches.cause_position < excluded.cause_position
"""
_IN_ORDER = "ORDER BY d.article_id, d.stage, d.dossier FOR UPDATE OF d"
_THESE = "(d.article_id, d.stage, d.dossier) = (these.article_id, these.stage, these.dossier)"
ENDED = f"""
WITH these AS MATERIALIZED (
    SELECT d.article_id, d.stage, d.dossier
      FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::uuid[]) AS e (article_id, stage, dossier, cause_id)
      JOIN dispatches d USING (article_id, stage, dossier, cause_id) {_IN_ORDER})
DELETE FROM dispatches d USING these WHERE {_THESE}
"""  # noqa: S608 - constants
SETTLED = f"""
WITH these AS MATERIALIZED (
    SELECT d.article_id, d.stage, d.dossier
      FROM unnest(%s::uuid[], %s::bigint[]) AS s (article_id, position) JOIN dispatches d USING (article_id)
     WHERE d.stage = %s AND d.dossier = %s AND d.cause_position <= s.position {_IN_ORDER})
DELETE FROM dispatches d USING these WHERE {_THESE}
"""  # noqa: S608 - constants
FORGOTTEN = f"""
WITH these AS MATERIALIZED (
    SELECT d.article_id, d.stage, d.dossier FROM dispatches d WHERE d.article_id = ANY (%s::uuid[]) {_IN_ORDER})
DELETE FROM dispatches d USING these WHERE {_THESE}
"""  # noqa: S608 - constants

# A worker is alive as long as the connection is that it took the work on; numbers of server processes come again.
_ALIVE = "EXISTS (SELECT FROM pg_stat_activity a WHERE a.pid = d.worker AND a.backend_start <= d.started_at)"
# A worker that was lost with the whole server did not die of what it read.
_COUNTS = "(d.state = 'started' AND pg_postmaster_start_time() <= d.started_at)"
# What is locked is being dealt with at this moment.
LOSE = f"""
WITH these AS MATERIALIZED (
    SELECT article_id, stage, dossier FROM dispatches d
     WHERE state IN ('held', 'started') AND NOT {_ALIVE} FOR UPDATE OF d SKIP LOCKED)
UPDATE dispatches d
   SET state = 'waiting', available_at = now(), worker = NULL,
       attempts = attempts + {_COUNTS}::integer,
       error_class = CASE WHEN {_COUNTS} THEN 'WorkerLost' ELSE error_class END,
       error_code = CASE WHEN NOT {_COUNTS} THEN error_code
                         WHEN now() - started_at >= %(limit)s * interval '1 second' THEN 'timeout'
                         ELSE 'lost' END
  FROM these WHERE {_THESE}
"""  # noqa: S608 - constants
HOLD = f"""
INSERT INTO dispatches AS d
       (article_id, stage, dossier, revision, cause_id, cause_position, state, started_at, worker, error_class)
SELECT u.article_id, %(stage)s, %(dossier)s, u.revision, u.cause_id, u.cause_position, 'held',
       clock_timestamp(), pg_backend_pid(), %(mark)s
  FROM unnest(%(ids)s::uuid[], %(revisions)s::integer[], %(causes)s::uuid[], %(positions)s::bigint[])
       AS u (article_id, revision, cause_id, cause_position)
 ORDER BY u.article_id
ON CONFLICT (article_id, stage, dossier) DO UPDATE
   SET state = 'held', started_at = excluded.started_at, worker = excluded.worker,
       revision = excluded.revision, cause_id = excluded.cause_id, cause_position = excluded.cause_position,
       attempts = CASE WHEN d.cause_id <> excluded.cause_id THEN 0
                       ELSE d.attempts + {_COUNTS}::integer END,
       error_class = CASE WHEN d.cause_id <> excluded.cause_id THEN excluded.error_class
                          WHEN {_COUNTS} OR d.error_class = '{TOGETHER}' THEN 'WorkerLost'
                          ELSE coalesce(d.error_class, excluded.error_class) END,
       error_code = CASE WHEN d.cause_id <> excluded.cause_id THEN NULL
                         WHEN NOT {_COUNTS} THEN d.error_code
                         WHEN now() - d.started_at >= %(limit)s * interval '1 second' THEN 'timeout'
                         ELSE 'lost' END
 WHERE d.cause_position <= excluded.cause_position
   AND NOT (d.state IN ('held', 'started') AND d.worker <> pg_backend_pid() AND {_ALIVE})
RETURNING article_id, cause_id, worker, attempts, error_class, error_code
"""  # noqa: S608 - constants
# What was sent waits in the broker's queue; a batch in work is held by its worker.
UNDER_WAY = """
SELECT count(*) FILTER (WHERE state <> 'waiting'), count(*) FILTER (WHERE state = 'waiting')
  FROM (SELECT state FROM dispatches WHERE stage = %(stage)s AND state IN ('sent', 'held', 'started')
        UNION ALL
        (SELECT state FROM dispatches WHERE stage = %(stage)s AND state = 'waiting' AND available_at <= now()
          LIMIT %(most)s)) AS d
"""
SEND = """
WITH due AS (
    SELECT article_id, stage, dossier FROM dispatches
     WHERE stage = %s AND state = 'waiting' AND available_at <= now()
     ORDER BY cause_position LIMIT %s FOR UPDATE SKIP LOCKED)
UPDATE dispatches d SET state = 'sent', sent_at = clock_timestamp(), sends = sends + 1
  FROM due WHERE (d.article_id, d.stage, d.dossier) = (due.article_id, due.stage, due.dossier)
RETURNING d.article_id, d.dossier, d.cause_position, d.attempts > 0 OR d.error_class IS NOT NULL
"""
# What is locked is being taken up at this moment: waiting for it, each could wait for the other.
UNSEND = """
WITH unheard AS (
    SELECT article_id, stage, dossier FROM dispatches
     WHERE state = 'sent' AND sent_at <= now() - %s * interval '1 second' FOR UPDATE SKIP LOCKED)
UPDATE dispatches d SET state = 'waiting'
  FROM unheard u WHERE (d.article_id, d.stage, d.dossier) = (u.article_id, u.stage, u.dossier)
"""
_HELD_HERE = f"""
WITH these AS MATERIALIZED (
    SELECT d.article_id, d.stage, d.dossier FROM dispatches d
     WHERE d.article_id = ANY (%s::uuid[]) AND d.stage = %s AND d.dossier = %s AND d.worker = pg_backend_pid()
     {_IN_ORDER})
UPDATE dispatches d"""  # noqa: S608 - constants
BEGIN = f"{_HELD_HERE} SET state = 'started', started_at = clock_timestamp() FROM these WHERE {_THESE}"
PUT_OFF = f"{_HELD_HERE} SET error_class = NULL FROM these WHERE {_THESE} AND error_class = '{TOGETHER}'"
# The relay may have counted the attempt as lost, where it saw its connection gone: once is enough. Whoever has the work
# since then keeps it.
FAILED = """
UPDATE dispatches
   SET state = 'waiting', attempts = greatest(attempts, %(had)s + 1), error_class = %(error_class)s, error_code = %(code)s,
       worker = NULL, available_at = now() + %(delay)s * power(4, attempts) * interval '1 second'
 WHERE article_id = %(id)s AND stage = %(stage)s AND dossier = %(dossier)s AND cause_id = %(cause)s
   AND (worker IS NULL OR worker = %(worker)s)
RETURNING attempts
"""
# How often it was sent says how long it waits: no attempt is counted, and none can be made.
DEFER = """
UPDATE dispatches
   SET state = 'waiting', worker = NULL, error_class = %(error_class)s,
       available_at = now() + least(%(longest)s, power(2, least(sends, 30))) * interval '1 second'
 WHERE article_id = %(id)s AND stage = %(stage)s AND dossier = %(dossier)s
   AND (state IN ('sent', 'waiting') OR worker = %(worker)s)
"""
HAND_BACK = f"""
WITH these AS MATERIALIZED (
    SELECT d.article_id, d.stage, d.dossier
      FROM unnest(%(ids)s::uuid[], %(workers)s::integer[]) AS h (article_id, worker) JOIN dispatches d USING (article_id)
     WHERE d.stage = %(stage)s AND d.dossier = %(dossier)s AND (d.state = 'sent' OR d.worker = h.worker) {_IN_ORDER})
UPDATE dispatches d
   SET state = 'waiting', worker = NULL, available_at = now() + %(delay)s * interval '1 second',
       error_class = nullif(error_class, '{TOGETHER}')
  FROM these WHERE {_THESE}
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Held:
    """One piece of work that this worker now holds. `attempts` are those that failed before."""

    article_id: str
    cause_id: UUID
    worker: int  # the server process of the connection that took it: another may be in use by now
    attempts: int
    error_class: str | None
    error_code: str | None

    @property
    def went_wrong(self) -> bool:
        """Whether an attempt on it failed, or was lost with others that it was taken with."""
        return self.attempts > 0 or self.error_class not in {None, TOGETHER}

    @property
    def given_up(self) -> bool:
        """Whether it failed often enough."""
        return self.error_code is not None and self.attempts >= ATTEMPTS[self.error_code]


def hold(
    conn: psycopg.Connection[Any],
    stage: str,
    dossier: str,
    work: Sequence[tuple[str, int, UUID, int]],
    time_limit: float,
) -> list[Held]:
    """Takes work (article, revision, cause, its position) for this connection; returns what was taken, in order.

    Left out is what another living worker holds, or what newer work has taken the place of. Work that was
    begun and lost longer than `time_limit` seconds ago counts as having taken too long. What is taken with others may be
    looked at with them, if nothing went wrong with it before.
    """
    if not work:
        return []
    rows = conn.execute(
        HOLD,
        {
            "stage": stage,
            "dossier": dossier,
            "limit": time_limit,
            "mark": TOGETHER if len(work) > 1 else None,
            "ids": [item[0] for item in work],
            "revisions": [item[1] for item in work],
            "causes": [item[2] for item in work],
            "positions": [item[3] for item in work],
        },
    ).fetchall()
    taken = {str(row[0]): Held(str(row[0]), *row[1:]) for row in rows}
    return [taken[item[0]] for item in work if item[0] in taken]


def begin(conn: psycopg.Connection[Any], stage: str, dossier: str, article_id: str) -> None:
    """Says that the work held is being done alone: from here on, losing the worker counts as an attempt."""
    conn.execute(BEGIN, [[article_id], stage, dossier])


def put_off(conn: psycopg.Connection[Any], stage: str, dossier: str, ids: Sequence[str]) -> None:
    """Takes back that the work held is looked at together: nobody died of it."""
    if ids:
        conn.execute(PUT_OFF, [list(ids), stage, dossier])


def fail(
    conn: psycopg.Connection[Any],
    stage: str,
    dossier: str,
    work: Held,
    *,
    error_class: str,
    code: str,
    delay: float,
) -> int:
    """Counts a failed attempt and lets the work wait, each time four times as long. Returns the count."""
    row = conn.execute(
        FAILED,
        {
            "stage": stage,
            "dossier": dossier,
            "id": work.article_id,
            "cause": work.cause_id,
            "error_class": error_class,
            "code": code,
            "delay": delay,
            "had": work.attempts,
            "worker": work.worker,
        },
    ).fetchone()
    return int(row[0]) if row else 1


def hand_back(
    conn: psycopg.Connection[Any], stage: str, dossier: str, work: Sequence[Held], delay: float = 0.0
) -> None:
    """Lets somebody else do it, in `delay` seconds; nothing is counted."""
    conn.execute(
        HAND_BACK,
        {
            "stage": stage,
            "dossier": dossier,
            "ids": [item.article_id for item in work],
            "workers": [item.worker for item in work],
            "delay": delay,
        },
    )


def defer(
    conn: psycopg.Connection[Any],
    stage: str,
    dossier: str,
    article_id: str,
    error: Exception,
    held: Held | None = None,
) -> None:
    """Lets work wait that cannot even be begun, each time twice as long, at last `LONGEST_SECONDS`.

    The log says of the article what this code cannot read. Another release can: it is neither tried all the
    time nor given up.
    """
    conn.execute(
        DEFER,
        {
            "id": article_id,
            "stage": stage,
            "dossier": dossier,
            "worker": held.worker if held else None,
            "error_class": type(error).__name__,
            "longest": LONGEST_SECONDS,
        },
    )
    log.error("article %s cannot be taken up: %s", article_id, type(error).__name__)


def settle(conn: psycopg.Connection[Any], stage: str, dossier: str, done: Sequence[tuple[str, int]]) -> None:
    """Removes work on articles that was asked for up to the global position given with each."""
    if done:
        conn.execute(SETTLED, [[item[0] for item in done], [item[1] for item in done], stage, dossier])
