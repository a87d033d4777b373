"""Telling open streams that the server was asked to stop.

uvicorn waits for open answers before it ends an app's lifespan, and an open stream never ends by itself, so the signal itself has to be heard.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def on_stop_signal(callback: Callable[[], None]) -> Iterator[None]:
    """Within: SIGINT and SIGTERM call `callback` in the running loop, then whoever handled them before.

    Does nothing outside the main thread, where Python hears no signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(callback)
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    # Where nobody else listens the default action stands: it ends the process at once.
    chained = [number for number in SIGNALS if callable(before[number])]
    for number in chained:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number in chained:
            if signal.getsignal(number) is handle:
                signal.signal(number, before[number])
