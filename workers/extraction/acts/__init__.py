"""Acts that make events beside the positions: what happened to the treaty, meetings, tests, speech acts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from workers.extraction.acts import meetings, speech, treaty_life, weapons

if TYPE_CHECKING:
    from workers.extraction.findings import Finding
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line


def find_acts(scene: Scene, line: Line, found: list[Finding]) -> Iterator[Finding]:
    """The acts of one line; `found` is what the propositions' rules made of it."""
    yield from treaty_life.find(scene, line)
    yield from meetings.find(scene, line)
    yield from weapons.find(scene, line)
    yield from speech.find(scene, line, found)
