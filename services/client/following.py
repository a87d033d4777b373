"""Where somebody who follows the stream stands: what to ask for next, what is new, how long to wait. Sends nothing."""

from __future__ import annotations

import time
from typing import Any

import httpx2
from pydantic import ValidationError

from services.client.attempts import PAUSE, TRIES, spread
from services.client.calls import Params
from services.client.errors import (
    TooManyRequests,
    Unavailable,
    UnexpectedAnswer,
    Unreachable,
    refusal,
)
from services.client.models import Change, EntryChange, EntryGone, PositionChange, PositionGone

PATH = "/v1/timeline/stream"
SILENCE_SECONDS = 45.0  # the service says something every fifteen
RETRY_SECONDS, LONGEST_RETRY_SECONDS = 2.0, 60.0
EVENT_BYTES = 16 * 1024 * 1024
AFTER_ALL = 99_999  # greater than the number of any change at one place in the log

_ENTRIES: dict[str, type[EntryChange | EntryGone]] = {
    "entry.added": EntryChange,
    "entry.changed": EntryChange,
    "entry.merged": EntryGone,
    "entry.removed": EntryGone,
}


class Following:
    """One subscription, over as many connections as it takes. Each change is told once.

    `last_id` is the place up to which everything was told: pass it as `after`, also in another process, to go on.
    """

    def __init__(self, asked: Params, after: str | int | None, patience: float | None) -> None:
        self.last_id = f"{after}.{AFTER_ALL}" if isinstance(after, int) else after
        if self.last_id is not None:
            _place(self.last_id)
        self._asked = asked
        self._patience = patience
        self._retry = RETRY_SECONDS
        self._failed = 0
        self._connected = False
        self._silent_since: float | None = None

    def options(self, timeout: float) -> dict[str, Any]:
        """The arguments of an HTTP client's `stream`."""
        headers = {"Accept": "text/event-stream"}
        if self.last_id is not None:
            headers["Last-Event-ID"] = self.last_id
        return {
            "method": "GET",
            "url": PATH,
            "params": self._asked,
            "headers": headers,
            "timeout": httpx2.Timeout(timeout, read=SILENCE_SECONDS),
        }

    def events(self, response: httpx2.Response) -> httpx2.EventSource:
        """The events of a connection that succeeded. Raises UnexpectedAnswer where it is no stream."""
        if not response.headers.get("content-type", "").startswith("text/event-stream"):
            raise UnexpectedAnswer(f"{response.url.copy_with(query=None)} is no stream of events")
        return httpx2.EventSource(response, max_event_size=EVENT_BYTES)

    def told(self, event: httpx2.ServerSentEvent) -> Change | None:
        """The change that an event is; none where it only moves the place to resume from, or was told before."""
        self._connected, self._failed, self._silent_since = True, 0, None
        if event.retry is not None:
            self._retry = min(max(event.retry / 1000, 0.1), LONGEST_RETRY_SECONDS)
        if not event.id:
            return None
        try:
            if self.last_id is not None and _place(event.id) <= _place(self.last_id):
                return None
            change = _change(event) if event.data else None
        except (ValidationError, ValueError) as error:
            raise UnexpectedAnswer(f"the stream's event {event.id} cannot be read") from error
        self.last_id = event.id
        return change

    def after_end(self) -> float:
        """Seconds to wait after the service ended the stream: it is being restarted, or whoever reads may no longer."""
        return self._pause(Unreachable("the stream ended and does not come back"))

    def after_silence(self, error: httpx2.RequestError, where: str) -> float:
        """Seconds to wait after a connection broke or could not be made. Raises Unreachable."""
        if not isinstance(error, httpx2.TransportError) or isinstance(error, httpx2.SSEError):
            raise UnexpectedAnswer(f"{where}: {type(error).__name__}") from error  # the same again, each time
        gone = Unreachable(f"no answer from {where} ({type(error).__name__})")
        if self._connected or self._patience is not None:
            return self._pause(gone)
        self._failed += 1
        if self._failed >= TRIES:
            raise gone from error  # it never was there: the address is wrong, rather
        return spread(PAUSE * 2 ** (self._failed - 1))

    def after_refusal(self, response: httpx2.Response) -> float:
        """Seconds to wait before asking again. Raises what the refusal is, where waiting does not help."""
        error = refusal(response)
        if not isinstance(error, TooManyRequests | Unavailable):
            raise error
        self._connected = True  # somebody is there
        pause, wait = self._pause(error), error.retry_after or 0.0
        if self._patience is not None and wait > self._patience:
            raise error
        return max(pause, wait)

    def _pause(self, error: Exception) -> float:
        now = time.monotonic()
        self._silent_since = self._silent_since or now
        if self._patience is not None and now - self._silent_since > self._patience:
            raise error
        self._failed += 1
        return spread(min(self._retry * 2 ** min(self._failed - 1, 10), LONGEST_RETRY_SECONDS))


def _place(change_id: str) -> tuple[int, int]:
    position, _, number = change_id.partition(".")
    if not (change_id.isascii() and position.isdigit() and number.isdigit()):
        raise ValueError("the id of a change has the form 17.1")
    return int(position), int(number)


def _change(event: httpx2.ServerSentEvent) -> Change:
    data: Any = event.json()
    if not isinstance(data, dict):
        raise ValueError("no object")  # noqa: TRY004 - it came from outside
    known: EntryChange | EntryGone | PositionChange | PositionGone | dict[str, Any] = data
    if model := _ENTRIES.get(event.event):
        known = model.model_validate(data)
    elif event.event == "position.changed":
        gone = data.get("stance") is None
        known = PositionGone.model_validate(data) if gone else PositionChange.model_validate(data)
    return Change(event.id, event.event, known)
