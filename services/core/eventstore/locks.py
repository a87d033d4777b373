"""The advisory locks of the database, one list, so that no two uses share a key.

PostgreSQL's advisory locks are bigint keys per database. `APPEND` is also written in the append function.
"""

from __future__ import annotations

from typing import Final

_BASE: Final = 0x7472656174790000  # "treaty" in ASCII, then a number

APPEND: Final = _BASE + 1  # held from taking a global position to the commit
MIGRATE: Final = _BASE + 2  # held while migrating
SEAL: Final = _BASE + 3  # held while adding a seal
JUDGE: Final = _BASE + 10  # held while deciding what is a copy of what
RELAY: Final = _BASE + 11  # held by the session of the one relay that leads
PROJECT: Final = _BASE + 12  # held by the session of the one projector that leads
REBUILD: Final = _BASE + 13  # held by the session that rebuilds the read tables, or the index of copies
DELIVER: Final = _BASE + 14  # held by the session of the one that sends webhooks

EMBARGO: Final = (
    15  # with an article's hash, of PostgreSQL's other keys, two integers: what waits under embargo
)
