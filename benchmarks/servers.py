"""An embedded PostgreSQL with the log in it, on a folder that goes again."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.cli.embedded import EmbeddedPostgres
from services.core.eventstore.migrate import migrate


@contextmanager
def log_server(options: dict[str, str] | None = None) -> Iterator[EmbeddedPostgres]:
    """A durable server on its defaults, as `treatyline up` starts it, migrated and empty."""
    with (
        tempfile.TemporaryDirectory(prefix="treatyline-bench-") as folder,
        EmbeddedPostgres(Path(folder) / "pg", options=options) as server,
    ):
        migrate(server.url, server.services_password)
        yield server
