"""`Idempotency-Key` (IETF HTTPAPI draft): the same request sent again gets the answer of the first.

The answer is written in the transaction that writes the article, so there is never one without the other.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from services.core.web.database import Connection
from services.core.web.problems import Problem, ProblemType

MAX_CHARACTERS = 255
KEPT = "1 day"

# RFC 9651: a string of printable ASCII, with \" and \\ escaped; parameters after it are allowed and mean nothing.
_STRING = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"(?:;[ ]*[a-z*][a-z0-9_.*-]*(?:=[^;]*)?)*')

TRY_LOCK = "SELECT pg_try_advisory_xact_lock(%b)"
FIND = f"""
SELECT request_sha256, status, answer FROM idempotency_keys
 WHERE scope = %s AND key = %s AND created_at > now() - interval '{KEPT}'
"""  # noqa: S608 - our own constant
KEEP = """
INSERT INTO idempotency_keys (scope, key, request_sha256, status, answer) VALUES (%s, %s, %b, %s, %s)
ON CONFLICT (scope, key) DO UPDATE
   SET request_sha256 = excluded.request_sha256, status = excluded.status, answer = excluded.answer,
       created_at = excluded.created_at
"""
# A few at a time, by those who add some: the table stays as small as a day's keys.
FORGET = f"""
DELETE FROM idempotency_keys WHERE (scope, key) IN (
    SELECT scope, key FROM idempotency_keys WHERE created_at <= now() - interval '{KEPT}'
     ORDER BY created_at LIMIT 10 FOR UPDATE SKIP LOCKED)
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request with its key: `scope` keeps the keys of different API keys apart."""

    scope: str
    key: str
    sha256: bytes

    def of_line(self, number: int, sha256: bytes) -> KeyedRequest:
        """The same key for one line of many. No client's own key looks like it: a line end is not allowed in those."""
        return KeyedRequest(self.scope, f"{self.key}\n{number}", sha256)


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What was answered."""

    status: int
    answer: dict[str, Any]


def keyed_request(headers: Sequence[str], *, scope: str, parts: Sequence[bytes]) -> KeyedRequest | None:
    """The request's key, or None without the header. `parts` are what makes the request this one and no other.

    Raises Problem 400 where the header cannot be read.
    """
    if not headers:
        return None
    match = _STRING.fullmatch(headers[0].strip()) if len(headers) == 1 else None
    key = re.sub(r"\\(.)", r"\1", match[1]) if match else ""
    if not 0 < len(key) <= MAX_CHARACTERS:
        raise Problem(
            ProblemType.IDEMPOTENCY_KEY_INVALID,
            f"One string of 1 to {MAX_CHARACTERS} printable ASCII characters in double quotes is wanted",
        )
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return KeyedRequest(scope, key, digest.digest())


async def begin(conn: Connection, request: KeyedRequest) -> KeptAnswer | None:
    """Begin the request in the connection's transaction; its answer where it was answered before.

    Raises Problem 409 while another transaction runs it, 422 where the key was used for another request.
    """
    digest = hashlib.sha256(f"idempotency\0{request.scope}\0{request.key}".encode()).digest()
    cursor = await conn.execute(TRY_LOCK, [int.from_bytes(digest[:8], "big", signed=True)])
    if (await cursor.fetchone()) != (True,):
        raise Problem(ProblemType.IDEMPOTENCY_KEY_IN_USE, headers={"Retry-After": "1"})
    row = await (await conn.execute(FIND, [request.scope, request.key])).fetchone()
    if row is None:
        return None
    sha256, status, answer = row
    if sha256 != request.sha256:
        raise Problem(ProblemType.IDEMPOTENCY_KEY_REUSED)
    return KeptAnswer(status, answer)


async def keep(conn: Connection, request: KeyedRequest, kept: KeptAnswer) -> None:
    """Keep the answer, in the same transaction."""
    await conn.execute(FORGET)
    answer = orjson.dumps(kept.answer).decode()
    await conn.execute(KEEP, [request.scope, request.key, request.sha256, kept.status, answer])
