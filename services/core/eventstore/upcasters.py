"""Old payload to current payload, one function per step.

A shipped event type is never edited. When its data must change, add `UPCASTERS[(type, n)]`, which takes the
data of version n to that of version n + 1, and change the dataclass in `domain/events.py`. What is in the log
stays as it is: readers see the current version, `Recorded.metadata["schema_version"]` says what was written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.core.errors import UnknownEventVersion

Data = dict[str, Any]
Upcaster = Callable[[Data], Data]
Upcasters = Mapping[tuple[str, int], Upcaster]

FIRST_VERSION = 1

UPCASTERS: Upcasters = {}
"""No type has changed since it was shipped."""


def current_version(event_type: str, upcasters: Upcasters = UPCASTERS) -> int:
    """The version that this code writes and reads."""
    version = FIRST_VERSION
    while (event_type, version) in upcasters:
        version += 1
    return version


def upcast(event_type: str, data: Data, version: int, upcasters: Upcasters = UPCASTERS) -> Data:
    """`data` of `version` as the current version has it; the argument is left alone.

    Raises UnknownEventVersion for a version newer than this code: an old process must stop, not guess.
    """
    current = current_version(event_type, upcasters)
    if version > current:
        raise UnknownEventVersion(
            f"{event_type} version {version} is newer than this code, which knows {current}: update it"
        )
    for step in range(version, current):
        data = upcasters[event_type, step](dict(data))
    return data
