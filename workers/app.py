"""The Celery application: queues, when a message counts as done, and the worker process."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import threading
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from celery import Celery, signals
from celery.exceptions import SecurityWarning
from kombu.entity import Queue

from services.core.settings import Settings
from workers import broker, metrics_port
from workers.dispatches import STAGES
from workers.extraction.endpoint.client import endpoint_of
from workers.feeds import TASK as FEEDS
from workers.feeds import MakeIntake
from workers.readings import Reader, load_readers
from workers.tasks import WorkerProcess, register

log = logging.getLogger(__name__)

VISIBILITY_SECONDS = 1800  # longer than any task; the relay sends again what is lost, much sooner
PATIENCE_SECONDS = 4.0  # after SIGTERM, before what is being read is taken away


def make_app(settings: Settings, process: WorkerProcess | None = None) -> Celery:
    """The application with its tasks, for workers and for the relay that sends them work. Opens nothing."""
    app = Celery("treatyline", broker=broker_url(settings.redis_url or ""), set_as_current=False)
    app.conf.update(
        task_queues=[Queue(name) for name in (*STAGES, FEEDS)],  # type: ignore[no-untyped-call]
        task_routes={name: {"queue": name} for name in (*STAGES, FEEDS)},
        task_create_missing_queues=False,
        task_serializer="json",
        accept_content=["json"],
        # A message is done when the task has ended in whatever way: what failed is counted in the database and
        # sent again from there. Only the message of a lost process goes back at once.
        task_acks_late=True,
        task_acks_on_failure=True,
        task_acks_on_timeout=True,
        task_reject_on_worker_lost=True,
        task_ignore_result=True,
        worker_prefetch_multiplier=1,
        worker_disable_prefetch=True,  # a message waits in the queue, where the relay sees it, until a process is free
        worker_concurrency=_concurrency(settings),
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        broker_transport=broker.NAME,
        broker_connection_retry=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_channel_error_retry=True,
        broker_transport_options={
            "visibility_timeout": VISIBILITY_SECONDS,
            "socket_connect_timeout": 2.0,
            "socket_timeout": 10.0,
            "health_check_interval": 10,
        },
    )
    register(app, process or WorkerProcess(settings, _loader(settings)))
    return app


def broker_url(redis_url: str) -> str:
    """The address as kombu writes it."""
    return (
        "redis+socket://" + redis_url.removeprefix("unix://")
        if redis_url.startswith("unix://")
        else redis_url
    )


def main(
    settings: Settings,
    load: Callable[[tuple[str, ...]], Mapping[str, Reader]] | None = None,
    intake: MakeIntake | None = None,
) -> int:
    """Runs a worker in this process's main thread until SIGTERM or SIGINT; the exit code.

    It then takes no more work, ends the articles that are being read, hands back the rest of their batches,
    and after four seconds leaves what is still not done to the relay.
    """
    process = WorkerProcess(settings, load or _loader(settings), intake)
    return _run(make_app(settings, process), process, settings.worker_metrics_port)


def _loader(settings: Settings) -> Callable[[tuple[str, ...]], Mapping[str, Reader]]:
    return partial(load_readers, endpoint=endpoint_of(settings), threads=settings.reader_threads)


def _run(app: Celery, process: WorkerProcess, port: int | None) -> int:
    process.load_readers()  # before the fork: children share the pages. What fails here ends the process, and is told

    def on_start(**_: Any) -> None:
        gc.collect()
        gc.freeze()

    def on_ready(**_: Any) -> None:
        if port is not None:
            metrics_port.serve(port)

    def on_child_end(**_: Any) -> None:
        process.close()

    def on_stop(**_: Any) -> None:
        process.stopping.set()
        timer = threading.Timer(PATIENCE_SECONDS, os.kill, (os.getpid(), signal.SIGQUIT))
        timer.daemon = True
        timer.start()

    # Weak references would be gone at once: the functions live in this frame until the worker ends.
    signals.worker_init.connect(on_start)
    signals.worker_ready.connect(on_ready)
    signals.worker_process_shutdown.connect(on_child_end)
    signals.worker_shutting_down.connect(on_stop)
    warnings.filterwarnings("ignore", category=SecurityWarning)  # of pickles, as root: we take JSON alone
    worker = app.Worker(
        hostname=f"worker-{os.getpid()}@{socket.gethostname()}",
        pool="prefork",
        loglevel="WARNING",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
    )
    worker.start()
    return int(worker.exitcode or 0)


def _concurrency(settings: Settings) -> int | str:
    return "auto" if settings.worker_concurrency == "auto" else int(settings.worker_concurrency)
