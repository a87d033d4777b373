"""The one error tree. Add yours to the drawing.

    TreatylineError
    ├── UnsafeSettings                a setting is wrong or would let strangers in
    ├── InvalidInput                  what was sent breaks a rule; names each field
    ├── LogError                      the append-only log
    │   ├── WrongExpectedVersion        the stream is not where the writer thought it was
    │   ├── EventIdConflict             some of these events are there already, others not or elsewhere
    │   └── UnknownEventVersion         the log holds an event that this code is too old to read
    ├── DatabaseUnreachable           nothing answers at the database's address, or it lets us not in
    ├── MigrationError                the database cannot be brought to this code's schema
    └── EmbeddedServerError           a server that we start ourselves
        ├── PortInUse                   another program listens there
        └── FolderInUse                 another process runs a server on the same data folder

A class's docstring is its default message. Errors know nothing of HTTP: statuses are given at the edge.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self


class TreatylineError(Exception):
    """Something went wrong."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or inspect.cleandoc(type(self).__doc__ or ""))


class UnsafeSettings(TreatylineError):  # noqa: N818 - named by what is wrong
    """A setting is wrong or unsafe."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One rule broken. `field` is a path such as `published_at` or `tags.3`; "" is the whole."""

    field: str
    detail: str  # a sentence for the sender; never repeats what was sent
    where: str = "body"  # "body", "query", "path" or "header"


class InvalidInput(TreatylineError):  # noqa: N818
    """What was sent breaks a rule."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("; ".join(f"{e.field}: {e.detail}" if e.field else e.detail for e in errors) or None)
        self.errors = tuple(errors)


class LogError(TreatylineError):
    """The log refused the request."""


class WrongExpectedVersion(LogError):  # noqa: N818 - the event stores' own word for it
    """The stream's last position is not the expected one."""


class EventIdConflict(LogError):  # noqa: N818 - named by what happened, as its neighbour
    """Some of the event ids are in the log already, others are not or belong to another stream."""


class UnknownEventVersion(LogError):  # noqa: N818
    """The log holds an event of a version that is newer than this code."""


class DatabaseUnreachable(TreatylineError):  # noqa: N818
    """The database cannot be reached."""

    @classmethod
    def because(cls, error: BaseException) -> Self:
        """With the driver's reason, which names host and port and never a password."""
        return cls(f"the database cannot be reached: {str(error).splitlines()[0]}")


class MigrationError(TreatylineError):
    """The database could not be migrated."""


class EmbeddedServerError(TreatylineError):
    """An embedded server did not start."""


class PortInUse(EmbeddedServerError):  # noqa: N818
    """The port is in use by another program."""


class FolderInUse(EmbeddedServerError):  # noqa: N818
    """Another process runs a server on this data folder."""
