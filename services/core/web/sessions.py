"""Sessions of people who signed in to the page with a key: a signed cookie, and a token for each form.

A session is `<key id>.<expires>.<nonce>.<signature>`: nothing is stored, and it is worth nothing once its key
is revoked. The signature is of a secret that is not in the database: who reads the hashes there cannot make one.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from fastapi import Request
from starlette.responses import Response

from services.core.access.keys import is_key_id
from services.core.logging import get_logger
from services.core.settings import Settings

log = get_logger(__name__)

COOKIE = "treatyline"
FORM_COOKIE = "treatyline-form"  # of the sign-in form, where there is no session yet
FORM_SECONDS = 3600
NONCE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Session:
    """A key that was shown to us, until when, and what tells this session from others of the key."""

    key_id: str
    expires: int
    nonce: str


class Sessions:
    """Makes and reads cookies and form tokens. Processes that serve one page need the same secret."""

    def __init__(self, secret: bytes, seconds: float) -> None:
        self._secret = secret
        self.seconds = int(seconds)

    def begin(self, key_id: str) -> str:
        """A cookie's value for a key that was just shown."""
        payload = f"{key_id}.{int(time.time()) + self.seconds}.{new_nonce()}"
        return f"{payload}.{self._sign('session', payload)}"

    def read(self, value: str) -> Session | None:
        """The session that a cookie holds, None where it is not ours or over."""
        payload, _, signature = value.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign("session", payload).encode()):
            return None
        key_id, expires, nonce = payload.split(".")
        if int(expires) <= time.time() or not is_key_id(key_id):
            return None
        return Session(key_id, int(expires), nonce)

    def form_token(self, nonce: str) -> str:
        """What a form of a session (or of a sign-in form's cookie) carries: no other site can know it."""
        return self._sign("form", nonce)

    def is_form_token(self, token: str, nonce: str) -> bool:
        return hmac.compare_digest(token.encode(), self.form_token(nonce).encode())

    def _sign(self, purpose: str, payload: str) -> str:
        digest = hmac.digest(self._secret, f"{purpose}\0{payload}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def new_nonce() -> str:
    return secrets.token_urlsafe(NONCE_BYTES)


def make_sessions(settings: Settings) -> Sessions:
    """Sessions by the secret of the settings, else by one kept in the data folder, else by one of this process."""
    if settings.session_secret is not None:
        secret = hashlib.sha256(settings.session_secret.get_secret_value().encode()).digest()
    else:
        secret = _kept_secret(settings.data_dir / "session-secret")
    return Sessions(secret, settings.session_hours * 3600)


def _kept_secret(path: Path) -> bytes:
    made = secrets.token_bytes(32)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Whole under its name or not there: another process may look at the same time.
        new = path.with_name(f"{path.name}.{os.getpid()}")
        with contextlib.suppress(FileNotFoundError):
            new.unlink()
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(made)
        with contextlib.suppress(FileExistsError):
            os.link(new, path)
        new.unlink()
        kept = path.read_bytes()
    except OSError as error:
        log.info("sessions end with this process: set TREATYLINE_SESSION_SECRET", error=type(error).__name__)
        return made
    return kept if len(kept) >= 32 else made


def is_https(request: Request) -> bool:
    return request.url.scheme == "https"


def cookie_name(request: Request, name: str = COOKIE) -> str:
    """Over https a browser takes the cookie from this very host alone, and only so (`__Host-`)."""
    return f"__Host-{name}" if is_https(request) else name


def set_cookie(request: Request, response: Response, value: str, seconds: int, name: str = COOKIE) -> None:
    """No script can read it, no other site can send it along with a form."""
    response.set_cookie(
        cookie_name(request, name),
        value,
        max_age=seconds,
        path="/",
        secure=is_https(request),
        httponly=True,
        samesite="strict" if name == FORM_COOKIE else "lax",
    )


def drop_cookie(request: Request, response: Response, name: str = COOKIE) -> None:
    response.delete_cookie(
        cookie_name(request, name), path="/", secure=is_https(request), httponly=True, samesite="lax"
    )
