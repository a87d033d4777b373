"""What a check finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How it is."""

    OK = "ok"
    WARNING = "warning"  # it runs, but not as well, or not for long
    FAILS = "fails"  # it does not run


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `do`: what to do about it, where something is to be done."""

    check: str
    state: State
    said: str
    do: str | None = None


def ok(check: str, said: str) -> Finding:
    return Finding(check, State.OK, said)


def warning(check: str, said: str, do: str) -> Finding:
    return Finding(check, State.WARNING, said, do)


def fails(check: str, said: str, do: str) -> Finding:
    return Finding(check, State.FAILS, said, do)
