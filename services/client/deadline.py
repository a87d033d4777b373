"""How long an article is waited for."""

from __future__ import annotations

import time

from services.client.errors import NotFinished
from services.client.models import ArticleDetail

WAIT_SECONDS = 10.0  # that the service waits along
PAUSE_SECONDS = 0.1


class Deadline:
    """A time that is running out."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until = time.monotonic() + seconds

    def wait(self) -> int:
        """How long the service may wait along."""
        return int(max(0.0, min(WAIT_SECONDS, self._until - time.monotonic())))

    def pause(self, found: ArticleDetail) -> float:
        """How long to wait before asking again. Raises NotFinished."""
        if time.monotonic() >= self._until:
            raise NotFinished(f"article {found.id} is still {found.state} after {self._seconds:g} seconds")
        return PAUSE_SECONDS
