"""Whether a request that failed is sent again, and how long before. Decides; nothing here waits or sends."""

from __future__ import annotations

import random
import time
from typing import Any

import httpx2

from services.client.calls import Call
from services.client.errors import (
    Refused,
    TooManyRequests,
    Unavailable,
    UnexpectedAnswer,
    Unreachable,
    refusal,
)

TRIES = 3  # to reach a service that does not answer
PAUSE = 0.2  # seconds before the second try; each later pause is twice as long

_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


class Attempts:
    """The attempts at one call.

    A service that asks to be asked again later (`Retry-After`, with 429, 503, or 409 for a request that still
    runs) is, as long as all waiting stays within `patience` seconds. What may have been done and must not be
    done twice is not sent again.
    """

    def __init__(self, call: Call[Any], patience: float) -> None:
        self._call = call
        self._patience = patience
        self._until: float | None = None
        self._silent = 0

    def after_silence(self, error: httpx2.RequestError, where: str) -> float:
        """Seconds to wait after there was no answer. Raises Unreachable."""
        self._silent += 1
        if not isinstance(error, httpx2.TransportError):
            raise UnexpectedAnswer(f"{where}: {type(error).__name__}") from error
        again = self._call.repeatable or isinstance(error, _NOT_SENT)
        if not again or self._silent >= TRIES or isinstance(error, httpx2.UnsupportedProtocol):
            raise Unreachable(f"no answer from {where} ({type(error).__name__})") from error
        return spread(PAUSE * 2 ** (self._silent - 1))

    def after_refusal(self, response: httpx2.Response) -> float:
        """Seconds to wait before the same again. Raises what the refusal is."""
        error = refusal(response)
        wait = error.retry_after if isinstance(error, Refused) else None
        now = time.monotonic()
        self._until = self._until or now + self._patience  # the time before, it was at work
        if wait is None or not self._may_be_repeated(error) or now + wait > self._until:
            raise error
        return wait + spread(PAUSE)  # not all clients in the same moment

    def _may_be_repeated(self, error: Exception) -> bool:
        if isinstance(error, TooManyRequests):
            return True  # it was not begun
        if isinstance(error, Unavailable):
            return self._call.repeatable
        return isinstance(error, Refused) and error.problem.type.endswith("/idempotency-key-in-use")


def spread(seconds: float) -> float:
    """Between half of it and all of it, by chance: those that failed together do not come back together."""
    return seconds * (0.5 + random.random() / 2)  # noqa: S311 - nothing is kept secret by it
