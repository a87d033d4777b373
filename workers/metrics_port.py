"""The counters of a worker's processes, added up, on a port of this machine's loopback.

Each process counts in files of its own, below `PROMETHEUS_MULTIPROC_DIR`, which the library reads when it is
first imported: `counting_together` comes before whatever imports `services.core.metrics`.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
HOST = "127.0.0.1"


@contextmanager
def counting_together() -> Iterator[None]:
    """Within: processes forked from this one count where their parent sees it."""
    if FOLDER in os.environ:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="treatyline-metrics-") as folder:
        os.environ[FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[FOLDER]


def serve(port: int) -> None:
    """Answers at `/metrics` in a thread, for as long as this process lives. A port in use is told, no more."""
    from prometheus_client import CollectorRegistry, start_http_server  # noqa: PLC0415 - see above
    from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    try:
        server, _ = start_http_server(port, addr=HOST, registry=registry)
    except OSError as error:
        log.error("no metrics of this worker: port %d: %s", port, error.strerror)  # noqa: TRY400
        return
    log.info("metrics of this worker: http://%s:%d/metrics", HOST, server.server_port)
