"""Tamper evidence: a chain of seals behind the log, and the walk that checks log, seals and bodies.

An event's digest is SHA-256 over, integers big-endian: global_position (8 bytes), position (8), id (16),
recorded_at (8, microseconds since 2000-01-01T00:00Z), then stream_name, type, data and metadata, each as its
length in bytes (4) and its UTF-8 text as stored. A seal's digest is SHA-256 over number (8), first_position
(8), last_position (8), the digest of the seal before (32; zeros for the first) and the digests of its events
(32 each). The database computes both when it seals; `verify` computes them again here, from the rows.

Whoever can rewrite all later seals can still forge; the newest seal, printed and kept elsewhere, shows that.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg.rows import args_row

from services.core.errors import LogError
from services.core.eventstore.bodies import body_sha256

SEAL_EVENTS = 1000
"""Most events in one seal."""

NO_DIGEST = bytes(32)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_FETCH = 1000

SELECT_SEALS = """
SELECT number, first_position, last_position, event_digests, previous, digest, sealed_at
  FROM seals ORDER BY number"""
SELECT_EVENTS = """
SELECT global_position, stream_name, position, id, type, convert_to(data::text, 'UTF8'),
       convert_to(metadata::text, 'UTF8'), recorded_at
  FROM events ORDER BY global_position"""
# Walks the index (stream_name, position): no sort, nothing kept in memory.
SELECT_STREAM_BREAK = """
SELECT global_position, stream_name, position FROM (
    SELECT global_position, stream_name, position,
           lag(position, 1, -1::bigint) OVER stream AS position_before,
           lag(global_position, 1, 0::bigint) OVER stream AS global_before
      FROM events WINDOW stream AS (PARTITION BY stream_name ORDER BY position)) e
 WHERE position <> position_before + 1 OR global_position <= global_before
 ORDER BY global_position LIMIT 1"""
SELECT_BODIES = "SELECT sha256, title, author, text FROM article_bodies ORDER BY sha256"
# Articles that live are those without ArticleWithdrawn in their stream; each of their revisions has a body.
SELECT_MISSING_BODY = """
SELECT e.data->>'body_sha256', e.global_position
  FROM events e
 WHERE e.type IN ('ArticleReceived', 'ArticleRevised')
   AND NOT EXISTS (SELECT FROM events w WHERE w.stream_name = e.stream_name AND w.type = 'ArticleWithdrawn')
   AND NOT EXISTS (SELECT FROM article_bodies b JOIN body_uses u USING (sha256)
                    WHERE encode(b.sha256, 'hex') = e.data->>'body_sha256'
                      AND u.article_id = e.data->>'article_id')
 ORDER BY e.global_position LIMIT 1"""
# What a takedown should have removed: words that no live article's event names.
SELECT_LEFT_BODY = """
SELECT b.sha256 FROM article_bodies b
 WHERE NOT EXISTS (
    SELECT FROM body_uses u
     WHERE u.sha256 = b.sha256
       AND NOT EXISTS (SELECT FROM events w WHERE w.stream_name = 'article-' || u.article_id
                                              AND w.type = 'ArticleWithdrawn'))
 ORDER BY b.sha256 LIMIT 1"""


class SealRow(NamedTuple):
    """A row of `seals`."""

    number: int
    first_position: int
    last_position: int
    event_digests: bytes
    previous: bytes
    digest: bytes
    sealed_at: datetime

    @property
    def printed(self) -> str:
        """What to keep elsewhere: `<number>:<digest in hex>`."""
        return f"{self.number}:{self.digest.hex()}"


class _EventRow(NamedTuple):
    global_position: int
    stream_name: str
    position: int
    id: UUID
    type: str
    data: bytes
    metadata: bytes
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Broken:
    """The first thing that is not as it was written. `kind` is "event", "seal" or "body"."""

    kind: str
    name: str  # the global position, the seal's number, the body's SHA-256 in hex
    reason: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.reason}"


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What `verify` walked (up to the break, where there is one) and what it found."""

    events: int
    sealed: int
    seals: int
    bodies: int
    newest_seal: str | None
    broken: Broken | None

    @property
    def ok(self) -> bool:
        """Nothing is broken."""
        return self.broken is None


class _BreakError(Exception):
    def __init__(self, kind: str, name: object, reason: str) -> None:
        super().__init__(reason)
        self.broken = Broken(kind, str(name), reason)


def seal_next(conn: psycopg.Connection[Any], limit: int = SEAL_EVENTS) -> SealRow | None:
    """Seals the next events, at most `limit`; None where all are sealed. Serial over all callers."""
    with conn.cursor(binary=True, row_factory=args_row(SealRow)) as cursor:
        return cursor.execute("SELECT * FROM seal_events(%s)", [limit]).fetchone()


def newest_seal(conn: psycopg.Connection[Any]) -> SealRow | None:
    """The newest seal."""
    with conn.cursor(binary=True, row_factory=args_row(SealRow)) as cursor:
        return cursor.execute(SELECT_SEALS + " DESC LIMIT 1").fetchone()


def verify(conn: psycopg.Connection[Any], known_seal: str | None = None) -> VerifyReport:
    """Walks events, seals and bodies as of one moment and names the first broken one.

    `known_seal` is a printed seal from elsewhere; it must be in the chain. Memory does not grow with the log.
    `conn` must be outside a transaction. Raises LogError for a `known_seal` that is none.
    """
    known = _parse_printed(known_seal)
    walk = _Walk(conn, known)
    broken = None
    if conn.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
        raise LogError("verify needs a connection outside a transaction")
    with conn.transaction():
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        try:
            walk.log()
            walk.streams(None)
            walk.stored_bodies()
        except _BreakError as error:
            broken = error.broken
    return VerifyReport(walk.events, walk.sealed, walk.seals, walk.bodies, walk.newest, broken)


class _Walk:
    """One verification; the counters say how far it got."""

    def __init__(self, conn: psycopg.Connection[Any], known: tuple[int, bytes] | None) -> None:
        self.conn = conn
        self.known = known
        self.events = self.sealed = self.seals = self.bodies = 0
        self.newest: str | None = None

    def log(self) -> None:
        """Events in global order, each against the one before and against its seal."""
        events = self._event_walk()
        try:
            for seal in self._seal_walk():
                self._sealed_events(seal, events)
            for _ in events:  # those not sealed yet
                pass
        except _BreakError as error:
            # A stream may be broken further ahead, by the same tampering: the first is named.
            if error.broken.kind == "event":
                self.streams(int(error.broken.name))
            raise

    def _sealed_events(self, seal: SealRow, events: Iterator[_EventRow]) -> None:
        for offset, position in enumerate(range(seal.first_position, seal.last_position + 1)):
            event = next(events, None)
            if event is None:
                raise _BreakError("event", position, "is missing, though it was sealed")
            if event_digest(event) != seal.event_digests[32 * offset : 32 * offset + 32]:
                raise _BreakError("event", position, f"is not what seal {seal.number} says was written")
            self.sealed += 1

    def _event_walk(self) -> Iterator[_EventRow]:
        before: _EventRow | None = None
        with self.conn.cursor("verify_events", binary=True, row_factory=args_row(_EventRow)) as cursor:
            cursor.itersize = _FETCH
            for event in cursor.execute(SELECT_EVENTS):
                wanted = before.global_position + 1 if before else 1
                if event.global_position != wanted:
                    raise _BreakError("event", wanted, "is missing")
                if before and event.recorded_at < before.recorded_at:
                    raise _BreakError("event", wanted, "was recorded before the event ahead of it")
                self.events += 1
                before = event
                yield event

    def _seal_walk(self) -> Iterator[SealRow]:
        number, position, previous = 0, 0, NO_DIGEST
        with self.conn.cursor("verify_seals", binary=True, row_factory=args_row(SealRow)) as cursor:
            cursor.itersize = 20
            for seal in cursor.execute(SELECT_SEALS):
                number += 1
                if seal.number != number:
                    raise _BreakError("seal", number, "is missing")
                if seal.digest != seal_digest(seal):
                    raise _BreakError("seal", number, "is not what its digest says")
                if seal.previous != previous:
                    raise _BreakError("seal", number, "does not follow from the seal before it")
                if seal.first_position != position + 1 or len(seal.event_digests) != 32 * (
                    seal.last_position - position
                ):
                    raise _BreakError("seal", number, "does not begin where the seal before it ends")
                if self.known and self.known[0] == number and self.known[1] != seal.digest:
                    raise _BreakError("seal", number, "is not the seal that was kept elsewhere")
                yield seal
                self.seals = number
                self.newest = seal.printed
                position, previous = seal.last_position, seal.digest
        if self.known and self.known[0] > number:
            raise _BreakError("seal", number + 1, f"is missing: seal {self.known[0]} was kept elsewhere")

    def streams(self, before: int | None) -> None:
        """Each stream's positions run from 0 without gaps, in global order; only breaks ahead of `before`."""
        row = self.conn.execute(SELECT_STREAM_BREAK).fetchone()
        if row is not None and (before is None or row[0] < before):
            raise _BreakError("event", row[0], f"is out of order in its stream {row[1]} (position {row[2]})")

    def stored_bodies(self) -> None:
        """Each body is what its key says, each live article has its own, and no other is kept."""
        with self.conn.cursor("verify_bodies", binary=True) as cursor:
            cursor.itersize = 100
            for sha256, title, author, text in cursor.execute(SELECT_BODIES):
                if body_sha256(title, author, text) != sha256:
                    raise _BreakError("body", sha256.hex(), "is not what its SHA-256 says")
                self.bodies += 1
        row = self.conn.execute(SELECT_MISSING_BODY).fetchone()
        if row is not None:
            raise _BreakError("body", row[0], f"is missing, though event {row[1]} of a live article names it")
        row = self.conn.execute(SELECT_LEFT_BODY).fetchone()
        if row is not None:
            raise _BreakError("body", row[0].hex(), "is kept, though no live article uses it")


def event_digest(event: _EventRow) -> bytes:
    """The event's digest, as the head of this module says."""
    since = event.recorded_at - _EPOCH
    microseconds = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    digest = hashlib.sha256(
        struct.pack(">qq16sq", event.global_position, event.position, event.id.bytes, microseconds)
    )
    for part in (event.stream_name.encode(), event.type.encode(), event.data, event.metadata):
        digest.update(struct.pack(">i", len(part)))
        digest.update(part)
    return digest.digest()


def seal_digest(seal: SealRow) -> bytes:
    """The seal's digest, as the head of this module says."""
    head = struct.pack(">qqq", seal.number, seal.first_position, seal.last_position)
    return hashlib.sha256(head + seal.previous + seal.event_digests).digest()


def _parse_printed(printed: str | None) -> tuple[int, bytes] | None:
    if printed is None:
        return None
    number, _, digest = printed.strip().partition(":")
    try:
        parsed = int(number), bytes.fromhex(digest)
    except ValueError:
        parsed = 0, b""
    if parsed[0] < 1 or len(parsed[1]) != len(NO_DIGEST):
        raise LogError(f"not a printed seal (<number>:<64 hex digits>): {printed!r}")
    return parsed
