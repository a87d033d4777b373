"""Changes of the timeline and of positions, as the stream tells them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.client.models.parts import Model
from services.client.models.positions import Position
from services.client.models.timeline import Entry


class EntryChange(Entry):
    """An entry as it is from now on, and why it was changed."""

    cause: str


class EntryGone(Model):
    """An entry that is no longer on the timeline: merged into another, or told by no article."""

    id: str
    dossier: str
    kind: str
    date: str
    actors: list[str]
    version: int
    cause: str
    merged_into: str | None = None


class PositionChange(Position):
    """A position as it is from now on, and why it was changed."""

    version: int
    cause: str


class PositionGone(Model):
    """A position that nothing states any longer."""

    id: str
    dossier: str
    actor: str
    proposition: str
    stance: None = None
    version: int
    cause: str


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the timeline or of a position, as the stream tells it.

    `id` is where to go on after it. `data` is a plain dict where the service tells of something that this
    release of the client does not know.
    """

    id: str
    name: str  # entry.added, entry.changed, entry.merged, entry.removed, position.changed
    data: EntryChange | EntryGone | PositionChange | PositionGone | dict[str, Any]
