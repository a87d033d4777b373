"""The counters of a worker's processes, added up, on a port of this machine's loopback.

Each process counts in files of its own, below `PROMETHEUS_MULTIPROC_DIR`, which the library reads when it is
first imported: `counting_together` comes before whatever imports `services.core.metrics`.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

log = logging.getLogger(__name__)

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
PREFIX = "treatyline-metrics-"
HOST = "127.0.0.1"


@contextmanager
def counting_together() -> Iterator[None]:
    """Within: processes forked from this one count where their parent sees it."""
    if FOLDER in os.environ:
        yield
        return
    _remove_left()
    folder, lock = _own_folder()
    os.environ[FOLDER] = str(folder)
    try:
        yield
    finally:
        del os.environ[FOLDER]
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _own_folder() -> tuple[Path, int]:
    """A new folder, and the lock that says it is in use: until this process and all forked from it have ended."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        lock = _lock(folder)
        if lock is not None:
            if (
                folder.exists()
            ):  # a worker that starts at the same moment may have taken it for one that is left
                return folder, lock
            os.close(lock)


def _remove_left() -> None:
    """Removes the folders of workers that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        lock = _lock(folder)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def _lock(folder: Path) -> int | None:
    """The open folder, locked; None where another has it, or it is gone or not ours."""
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(opened)
        return None
    return opened


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
