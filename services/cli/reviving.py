"""Starts an embedded server again that died, and keeps nobody waiting for it: recovery may take minutes."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from queue import SimpleQueue

from services.cli.embedded.server import EmbeddedServer
from services.core.errors import EmbeddedServerError
from services.core.logging import get_logger

log = get_logger(__name__)

PAUSE_SECONDS = 2.0  # between two tries to start a server that cannot start
CLOSE_SECONDS = 10.0


class Reviver:
    """Looks after one server, which was started elsewhere.

    A server ends with the thread that started it. So whatever this starts is started by one thread, which ends
    after the server.
    """

    def __init__(self, server: EmbeddedServer) -> None:
        self._server = server
        self._wanted: SimpleQueue[bool] = SimpleQueue()  # True: start it; False: stop it and end
        self._thread: threading.Thread | None = None
        self._starting = False
        self._closing = False
        self._not_before = 0.0

    def look(self) -> None:
        """Has the server started again if it died. Returns at once."""
        if self._starting or self._server.alive or time.monotonic() < self._not_before:
            return
        if self._thread is None:
            # A daemon: whatever hangs in it does not keep the system from ending.
            self._thread = threading.Thread(target=self._work, name=self._server.label, daemon=True)
            self._thread.start()
        self._starting = True
        self._wanted.put(True)

    def close(self) -> None:
        """Stops a server that this started, or is starting. One that was only looked after is left alone."""
        if self._thread is None:
            return
        self._closing = True
        self._wanted.put(False)
        deadline = time.monotonic() + CLOSE_SECONDS
        while self._thread.is_alive() and time.monotonic() < deadline:
            if self._starting and self._server.alive:
                with suppress(EmbeddedServerError, ProcessLookupError):  # it ended in this moment
                    os.kill(self._server.pid, self._server.kill_signal)
            self._thread.join(0.1)

    def _work(self) -> None:
        while self._wanted.get():
            try:
                if not self._closing:
                    self._start_again()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again, and all else goes on
                if not self._closing:
                    log.error("server did not start", server=self._server.label, error=str(error))  # noqa: TRY400
                self._not_before = time.monotonic() + PAUSE_SECONDS
            self._starting = False
        self._server.stop()

    def _start_again(self) -> None:
        """On the port where the processes look for it."""
        log.warning("server ended, starting it again", server=self._server.label)
        self._server.stop()
        self._server.wanted_port = self._server.port
        self._server.start()
