"""Signatures by Standard Webhooks: headers, secrets, and two signatures while a secret is exchanged. Pure.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Iterable

PREFIX = "whsec_"
SECRET_BYTES = 32  # the standard asks for 24 to 64


def new_secret() -> bytes:
    """A secret that nobody has."""
    return secrets.token_bytes(SECRET_BYTES)


def reveal(secret: bytes) -> str:
    """The secret as its receiver keeps it: `whsec_…`."""
    return PREFIX + base64.b64encode(secret).decode()


def headers(message_id: str, at: dt.datetime, body: bytes, keys: Iterable[bytes]) -> dict[str, str]:
    """`webhook-id`, `-timestamp` and `-signature`: one signature for each key, any of which may be checked."""
    seconds = str(int(at.timestamp()))
    signed = b".".join([message_id.encode(), seconds.encode(), body])
    signatures = [base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
