"""Acts that make events beside the positions: what happened to the treaty, meetings, tests, speech acts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workers.extraction.findings import Finding
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line


def find_acts(scene: Scene, line: Line, found: list[Finding]) -> Iterator[Finding]:
    """The acts of one line; `found` is what the propositions' rules made of it."""
    yield from ()
