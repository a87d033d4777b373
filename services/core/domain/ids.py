"""Derived ids: the same cause gives the same id, so that whatever runs twice writes once."""

from __future__ import annotations

import uuid

NAMESPACE = uuid.UUID("6b1f0c3e-5f0e-5a54-9d0b-1f6d1a0c7e21")


def derived_id(*parts: str | int) -> uuid.UUID:
    """UUIDv5 (RFC 9562) of the parts under the project's namespace; parts cannot run into each other."""
    return uuid.uuid5(NAMESPACE, "\x1f".join(str(part) for part in parts))
