"""What each process of the system runs. `treatyline run <name>` is one of these in the foreground."""

from __future__ import annotations

import ctypes
import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what starts the processes, and they themselves, import no more than they need
    from services.core.settings import Settings

STOP_SECONDS = 5  # what requests that are being answered get after SIGTERM; open streams are cut
_PR_SET_PDEATHSIG = 1


def web(settings: Settings) -> int:
    """Ingest and api on one port."""
    from services.cli.gateway import create_app  # noqa: PLC0415 - each process imports what it runs

    return _serve(create_app(settings), settings, settings.port)


def ingest(settings: Settings) -> int:
    """The write service alone."""
    from services.ingest.app import create_app  # noqa: PLC0415

    return _serve(create_app(settings), settings, settings.ingest_port)


def api(settings: Settings) -> int:
    """The read service alone."""
    from services.api.app import create_app  # noqa: PLC0415

    return _serve(create_app(settings), settings, settings.api_port)


def worker(settings: Settings) -> int:
    """Celery workers for every queue."""
    from workers.metrics_port import counting_together  # noqa: PLC0415

    if settings.worker_metrics_port is None:
        return _worker(settings)
    with counting_together():
        return _worker(settings)


def _worker(settings: Settings) -> int:
    from services.ingest.feed_items import FeedIntake  # noqa: PLC0415
    from workers.app import main  # noqa: PLC0415

    return main(settings, intake=FeedIntake)


def relay(settings: Settings) -> int:
    """Sends work from the log, and seals it; beside that, sends webhooks and lets articles out of embargo."""
    from services.ingest import embargo  # noqa: PLC0415
    from workers import relay, webhooks  # noqa: PLC0415

    def main(settings: Settings, stop: threading.Event) -> None:
        beside = (
            threading.Thread(target=webhooks.main, args=(settings, _feed, stop), name="webhooks"),
            threading.Thread(target=embargo.main, args=(settings, stop), name="embargo"),
        )
        for thread in beside:
            thread.start()
        try:
            relay.main(settings, stop)
        finally:
            stop.set()
            for thread in beside:
                thread.join()

    return _until_told(main, settings)


def _feed() -> Any:
    """The feed of changes, which is the read service's: workers import none of it."""
    from services.api.push import PushedFeed  # noqa: PLC0415

    return PushedFeed()


def projector(settings: Settings) -> int:
    """Folds the log into the read tables."""
    from workers.projector import main  # noqa: PLC0415

    return _until_told(main, settings)


PROCESSES: dict[str, Callable[[Settings], int]] = {
    "web": web,
    "ingest": ingest,
    "api": api,
    "worker": worker,
    "relay": relay,
    "projector": projector,
}

TOGETHER = ("web", "projector", "relay", "worker")  # what `treatyline up` runs
FIRST = ("web", "worker")  # what the others leave the processor to: who waits for us waits for these
IMPORTING = {  # what they import while the servers start
    "web": (
        "services.cli.gateway",
        "services.cli.access",
        "uvicorn.loops.auto",
        "uvicorn.protocols.http.auto",
    )
}


def import_ahead(name: str) -> None:
    """Import what a process runs that others wait for, while its servers are still starting."""
    for module in IMPORTING.get(name, ()):
        importlib.import_module(module)


def _serve(app: Any, settings: Settings, port: int) -> int:
    import uvicorn  # noqa: PLC0415

    from services.cli.access import check_access  # noqa: PLC0415

    check_access(settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=STOP_SECONDS,
        proxy_headers=bool(settings.trusted_proxies),  # else anyone could claim another's address, or https
        forwarded_allow_ips=list(settings.trusted_proxies),
        server_header=False,
        date_header=True,
    )
    uvicorn.Server(config).run()
    return 0


def _until_told(main: Callable[[Settings, threading.Event], None], settings: Settings) -> int:
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    main(settings, stop)
    return 0


def end_with_parent() -> None:
    """Under `treatyline up`: end when it does, even if it was killed and could not tell us (Linux)."""
    parent = os.environ.get("TREATYLINE_PARENT_PID")
    if not parent or not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(parent):  # it died before we asked
        os.kill(os.getpid(), signal.SIGTERM)
