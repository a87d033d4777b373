"""API keys: what one looks like, what it allows, how it is recognised. Pure.

    tl_3f9a1c20b7d4_9c41…(64)
       │            └ the secret: 256 random bits, shown once and never stored
       └ the key's id: public, in the log and in lists; finds the row

What is stored is the secret's SHA-256. A slow hash is for what people make up: 256 random bits cannot be
guessed from their hash, however fast it is, and the hash is taken at every request.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

ID_BYTES = 6
SECRET_BYTES = 32
MAX_NAME = 100

# Written by us, or by whoever prepares a container: "tl_$(openssl rand -hex 6)_$(openssl rand -hex 32)".
_KEY = re.compile(rf"tl_([0-9a-f]{{{2 * ID_BYTES}}})_([0-9a-f]{{{2 * SECRET_BYTES}}})", re.ASCII)
_ID = re.compile(rf"[0-9a-f]{{{2 * ID_BYTES}}}", re.ASCII)


class Scope(StrEnum):
    """What a key may do. `admin` may do everything."""

    WRITE = "articles:write"  # post articles, withdraw them
    READ = "timeline:read"  # everything that the read service answers, but for the log
    REVIEW = "review"  # rule on what was read
    ADMIN = "admin"  # the log itself, and all of the above


@dataclass(frozen=True, slots=True)
class Key:
    """A key as its bearer has it."""

    id: str
    secret: bytes = field(repr=False)

    @property
    def sha256(self) -> bytes:
        """What is stored of the secret."""
        return hashlib.sha256(self.secret).digest()

    def reveal(self) -> str:
        """The whole key, to be shown once. There is no `str()` of a key: it would end up in a log."""
        return f"tl_{self.id}_{self.secret.hex()}"


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key as it is stored."""

    id: str
    name: str
    scopes: frozenset[Scope]
    sha256: bytes = field(repr=False)
    created_at: dt.datetime | None = None
    last_used_at: dt.datetime | None = None
    revoked_at: dt.datetime | None = None

    def is_of(self, key: Key) -> bool:
        """Whether this is that key, secret and all. Takes the same time however much of it is right."""
        return hmac.compare_digest(self.sha256, key.sha256)

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes or Scope.ADMIN in self.scopes


def new_key() -> Key:
    """A key that nobody has."""
    return Key(secrets.token_hex(ID_BYTES), secrets.token_bytes(SECRET_BYTES))


def parse_key(text: str) -> Key | None:
    """The key that a text is, None where it is none."""
    match = _KEY.fullmatch(text)
    return Key(match[1], bytes.fromhex(match[2])) if match else None


def is_key_id(text: str) -> bool:
    """Whether a text can be a key's id."""
    return _ID.fullmatch(text) is not None


def scopes_of(words: Iterable[str]) -> frozenset[Scope]:
    """The scopes of these names; names of scopes that this code does not know allow nothing."""
    known = {scope.value for scope in Scope}
    return frozenset(Scope(word) for word in words if word in known)
