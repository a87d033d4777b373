"""Acts that make events beside the positions: what happened to the treaty, meetings, tests, speech acts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from workers.extraction.acts import deployments, encounters, in_kind, meetings, speech, treaty_life, weapons

if TYPE_CHECKING:
    from workers.extraction.findings import Finding
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line


def find_deeds(scene: Scene, line: Line) -> Iterator[Finding]:
    """What is done on a day that the line itself gives."""
    yield from meetings.find(scene, line)
    yield from encounters.find(scene, line)
    yield from weapons.find(scene, line)
    yield from deployments.find(scene, line)


def find_deeds_beside(scene: Scene, line: Line) -> Iterator[Finding]:
    """The deeds of a line a little off the subject: as a family of their own, believed by what it is worth."""
    for finding in find_deeds(scene, line):
        yield replace(finding, rule=f"{finding.rule}-beside")


def find_acts(scene: Scene, line: Line, found: list[Finding]) -> Iterator[Finding]:
    """The acts of one line; `found` is what the propositions' rules made of it."""
    yield from treaty_life.find(scene, line)
    yield from in_kind.find(scene, line)
    yield from find_deeds(scene, line)
    yield from speech.find(scene, line, found)
