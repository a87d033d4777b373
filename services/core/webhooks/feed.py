"""The feed of changes as the sender of webhooks needs it. The read service has it; who starts the sender hands it over."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

import psycopg

from services.core.errors import TreatylineError

Connection = psycopg.AsyncConnection[dict[str, Any]]


class FilterUnknown(TreatylineError):  # noqa: N818 - named by what is wrong
    """The filter names what there no longer is."""


class Change(Protocol):
    """One change."""

    @property
    def id(self) -> tuple[int, int]:
        """Its place: global position, and number there."""

    @property
    def name(self) -> str:
        """`entry.added` and so on."""

    @property
    def subject(self) -> Mapping[str, Any]:
        """`id` of the entry or position, and what filters look at."""

    @property
    def data(self) -> bytes:
        """The JSON that subscribers are told."""


class Feed(Protocol):
    """Reads through connections in a transaction of one snapshot, rows as dicts."""

    async def position(self, conn: Connection) -> int:
        """Up to where the feed is complete."""

    def end_of(self, position: int) -> tuple[int, int]:
        """After every change at a position."""

    def filter_of(self, words: Mapping[str, Any]) -> Any:
        """What stored words mean. Raises FilterUnknown."""

    async def read(self, conn: Connection, after: tuple[int, int], upto: int, limit: int) -> Sequence[Change]:
        """The changes that follow one."""

    async def passing(
        self, conn: Connection, changes: Sequence[Any], chosen: Any
    ) -> Collection[tuple[int, int]]:
        """The ids of those that pass a filter."""
