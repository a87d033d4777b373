"""Kombu's Redis transport, but for what it does when a broker that went away cannot be told that work is done.

It then raises out of the acknowledgement and goes on counting the message as being worked on. Once as many are
so counted as the worker has processes, it asks for no more, so it does not even notice that the connection is
lost, and waits for ever. Here the message is forgotten: what the broker still has of it is redelivered, and
every task may run twice.
"""

from __future__ import annotations

from typing import Any

from kombu.transport import redis, virtual

NAME = f"{__name__}:Transport"
_GONE = (*redis.Transport.connection_errors, *redis.Transport.channel_errors)


class QoS(redis.QoS):
    """Messages being worked on."""

    def ack(self, delivery_tag: str) -> None:
        try:
            super().ack(delivery_tag)  # type: ignore[no-untyped-call]
        except _GONE:
            self._forget(delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        try:
            super().reject(delivery_tag, requeue=requeue)  # type: ignore[no-untyped-call]
        except _GONE:
            self._forget(delivery_tag)

    def _forget(self, delivery_tag: str) -> None:
        virtual.QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call]


class Channel(redis.Channel):
    """A channel that counts so."""

    QoS: Any = QoS


class Transport(redis.Transport):
    """The transport, named in the application's `broker_transport`."""

    Channel: Any = Channel
