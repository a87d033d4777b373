"""Everything that the rules find in an article: each question's and each act's rules over every line."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from workers.extraction.acts import find_acts, find_deeds_beside
from workers.extraction.findings import Finding
from workers.extraction.propositions import RULES, rejections
from workers.extraction.scene import Scene
from workers.extraction.signs import Line

_AROUND = 6  # lines
Rule = Callable[[Scene, Line], Iterator[Finding]]


def find_statements(scene: Scene) -> list[Finding]:
    """The findings of all rules, in text order. Lines that are about something else are not looked at."""
    found: list[Finding] = []
    for line in scene.lines:
        if not line.signs:
            continue
        if not scene.topical[line.number]:
            near = scene.topical[max(0, line.number - _AROUND) : line.number + _AROUND + 1]
            if any(near) and "#other" not in line.code:
                found.extend(find_deeds_beside(scene, line))
            continue
        mine = [finding for rule in RULES for finding in rule(scene, line)]
        mine.extend(list(rejections.find(scene, line, found, mine)))
        found.extend(mine)
        found.extend(find_acts(scene, line, mine))
    return [f for f in found if f.holders or f.kind]
