"""What a projection is: a fold of the log into read tables, rebuildable at any time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import psycopg

from services.core.eventstore.store import Recorded

SCHEMA = "read"
"""Where the read tables are (`tables.py`, whose classes only those need who make or compare tables)."""

PROJECTED = "treatyline_projected"
"""NOTIFY channel; the payload is the global position that the projections have reached."""


class Projection(Protocol):
    """A fold of the log into read tables."""

    @property
    def name(self) -> str:
        """The name of its checkpoint."""

    def apply(self, conn: psycopg.Connection[Any], batch: Sequence[Recorded]) -> None:
        """Fold a batch, in log order, into the tables inside the caller's transaction.

        The caller commits the rows and the checkpoint together. The result depends on the events
        alone, not on how they were cut into batches.
        """
