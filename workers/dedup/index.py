"""The index of known articles in PostgreSQL, and every statement on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg

from workers.dedup.near_duplicates import Fingerprint, fingerprint
from workers.dedup.search import CROWDED, Known, most_shared

EQUAL = """
SELECT ref, article_id, story_id FROM fingerprints WHERE text_sha256 = %b AND article_id <> %b
 ORDER BY ref LIMIT 1
"""
# The keys of one text are few hundred at most and each has at most CROWDED rows: index-only look-ups.
SHARING = "SELECT key, ref FROM shingle_keys WHERE key = ANY (%b::integer[])"
KNOWN = "SELECT ref, article_id, story_id FROM fingerprints WHERE ref = ANY (%b::integer[])"
TEXT = "SELECT b.text FROM fingerprints f JOIN article_bodies b ON b.sha256 = f.body_sha256 WHERE f.ref = %b"
ADD = """
INSERT INTO fingerprints (revision, article_id, story_id, text_sha256, body_sha256, keys)
VALUES (%b, %b, %b, %b, %b, %b::integer[]) RETURNING ref
"""
# A story has one row for a key, and a key as many rows as there are few stories with it.
ADD_KEYS = f"""
INSERT INTO shingle_keys (key, ref)
SELECT k.key, %(ref)s FROM unnest(%(keys)s::integer[]) AS k (key)
 WHERE (SELECT count(*) FILTER (WHERE f.story_id = %(story)s) = 0 AND count(*) < {CROWDED}
          FROM shingle_keys s JOIN fingerprints f ON f.ref = s.ref WHERE s.key = k.key)
ON CONFLICT DO NOTHING
"""  # noqa: S608 - a constant
OTHERS = "SELECT EXISTS (SELECT FROM fingerprints WHERE story_id = %b AND article_id <> %b)"
FORGET = "DELETE FROM fingerprints WHERE article_id = %b RETURNING ref, story_id, keys"
FORGET_KEYS = "DELETE FROM shingle_keys WHERE key = ANY (%b::integer[]) AND ref = %b RETURNING key"
# What stood for its story is replaced by the first of the story's articles that has the key, too.
HAND_OVER = """
INSERT INTO shingle_keys (key, ref)
SELECT k.key, min(f.ref) FROM fingerprints f CROSS JOIN LATERAL unnest(f.keys) AS k (key)
 WHERE f.story_id = %b AND k.key = ANY (%b::integer[]) GROUP BY k.key
ON CONFLICT DO NOTHING
"""


class PostgresIndex:
    """`CopyIndex` on a connection, inside whatever transaction the caller has open.

    Compared texts are remembered as long as the object lives: an article's text cannot change under its ref.
    """

    def __init__(
        self, conn: psycopg.Connection[Any], seen: dict[int, Fingerprint | None] | None = None
    ) -> None:
        self._conn = conn
        self.seen = {} if seen is None else seen

    def equal_to(self, text_sha256: bytes, besides: str) -> Known | None:
        row = self._conn.execute(EQUAL, [text_sha256, UUID(besides)]).fetchone()
        return Known(row[0], str(row[1]), row[2]) if row else None

    def sharing(self, query: Sequence[int], besides: str) -> list[Known]:
        with self._conn.cursor(binary=True) as cursor:
            refs = most_shared(cursor.execute(SHARING, [list(query)]).fetchall())
            if not refs:
                return []
            rows = {row[0]: Known(row[0], str(row[1]), row[2]) for row in cursor.execute(KNOWN, [refs])}
        return [rows[ref] for ref in refs if ref in rows and rows[ref].article_id != besides]

    def fingerprint_of(self, known: Known) -> Fingerprint | None:
        if known.ref not in self.seen:
            row = self._conn.execute(TEXT, [known.ref]).fetchone()
            self.seen[known.ref] = fingerprint(row[0]) if row else None
        return self.seen[known.ref]

    def story_has_others(self, story_id: UUID, besides: str) -> bool:
        """Whether the story has an article other than `besides`."""
        row = self._conn.execute(OTHERS, [story_id, UUID(besides)]).fetchone()
        return bool(row and row[0])

    def add(
        self,
        article_id: str,
        revision: int,
        story_id: UUID,
        text_sha256: bytes,
        body_sha256: bytes,
        own: Fingerprint,
        keys: Sequence[int],
    ) -> None:
        """Remember an article; of its keys, the index gets `keys`, as the verdict on it says."""
        row = self._conn.execute(
            ADD, [revision, UUID(article_id), story_id, text_sha256, body_sha256, list(own.keys)]
        ).fetchone()
        if row and keys:
            self._conn.execute(ADD_KEYS, {"ref": row[0], "keys": list(keys), "story": story_id})

    def forget(self, article_id: str) -> None:
        """Remove an article; where it stood for its story, others of the story take its place."""
        row = self._conn.execute(FORGET, [UUID(article_id)]).fetchone()
        if row is None:
            return
        ref, story_id, keys = row
        gone = [key for (key,) in self._conn.execute(FORGET_KEYS, [keys, ref])]
        if gone:
            self._conn.execute(HAND_OVER, [story_id, gone])
