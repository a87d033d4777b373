"""A wire to PostgreSQL that breaks where a test wants it to: before or after the n-th statement.

It speaks just enough of the protocol to know where a message begins
(https://www.postgresql.org/docs/current/protocol-message-formats.html).
"""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlsplit, urlunsplit

Side = Literal["before", "after"]

HEADER = 5  # a letter and the length, which counts itself and the rest
STATEMENTS = b"QES"  # Query; Execute; Sync: ends what was executed, and commits it outside a transaction


@dataclass
class Wire:
    """Listens on the loopback in front of the server of a URL. `url` leads through it.

    When it breaks, the server hears of it first: by the time that the client does, the server has done what it was
    sent, rolled back what was not committed, and let go of every lock. What comes next meets nothing half done.
    """

    server_url: str
    url: str = ""
    statements: int = 0  # that passed since `break_at`
    broken: bool = False  # since then
    _at: int = 0
    _side: Side = "before"
    _closed: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _open: set[socket.socket] = field(default_factory=set)

    def __enter__(self) -> Self:
        parts = urlsplit(self.server_url)
        assert parts.hostname is not None
        self._server = (parts.hostname, parts.port or 5432)
        self._listener = socket.create_server(("127.0.0.1", 0))
        address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        who = parts.netloc.rpartition("@")[0]
        plain = "sslmode=disable&gssencmode=disable"
        self.url = urlunsplit(("postgresql", f"{who}@{address}", parts.path, plain, ""))
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # ends the accept
        self._listener.close()
        with self._lock:
            self._closed = True
            left = list(self._open)
        self._cut(*left)

    def break_at(self, number: int, side: Side = "before") -> None:
        """Counts from here on, and breaks once: before the statement of this number, or after it was done.

        0: never. "before": what was sent is done, and not committed. "after": the server has done it all and said
        so, and nobody heard.
        """
        with self._lock:
            self.statements, self.broken, self._at, self._side = 0, False, number, side

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._server)
            except OSError:
                client.close()
                continue
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                late = self._closed
                self._open |= {client, server}
            if late:
                self._cut(client, server)
                return
            line = _Line(self, client, server)
            for target in (line.to_server, line.to_client):
                threading.Thread(target=target, daemon=True).start()

    def _cut(self, *ends: socket.socket) -> None:
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
            self._open.discard(end)

    def _due(self, kind: bytes) -> Side | None:
        """Whether it breaks at this message."""
        if kind not in STATEMENTS:
            return None
        with self._lock:
            self.statements += 1
            if self.broken or self.statements != self._at:
                return None
            self.broken = True
            return self._side


class _Line:
    """One connection through the wire."""

    def __init__(self, wire: Wire, client: socket.socket, server: socket.socket) -> None:
        self.wire, self.client, self.server = wire, client, server
        self.mute = False

    def to_server(self) -> None:
        with contextlib.suppress(OSError, EOFError):
            start = self._exactly(self.client, 4)
            self.server.sendall(start + self._exactly(self.client, int.from_bytes(start, "big") - 4))
            while True:
                kind, message = self._message(self.client)
                side = self.wire._due(kind)
                if side is None:
                    self.server.sendall(message)
                    continue
                self.mute = True
                if side == "after":
                    self.server.sendall(message)
                self.server.shutdown(socket.SHUT_WR)
                return  # the server does what it was sent and ends; the other direction hears of it
        self.wire._cut(self.client, self.server)

    def to_client(self) -> None:
        with contextlib.suppress(OSError, EOFError):
            while True:
                _, message = self._message(self.server)
                if not self.mute:
                    self.client.sendall(message)
        self.wire._cut(self.client, self.server)

    def _message(self, end: socket.socket) -> tuple[bytes, bytes]:
        header = self._exactly(end, HEADER)
        return header[:1], header + self._exactly(end, int.from_bytes(header[1:], "big") - 4)

    @staticmethod
    def _exactly(end: socket.socket, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            if not (part := end.recv(size - len(parts))):
                raise EOFError
            parts += part
        return bytes(parts)
