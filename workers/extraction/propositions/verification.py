"""Should Russia and the West inspect each other's disputed sites and weapons? (`mutual-verification`)"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from services.core.domain.vocabulary import Stance
from workers.extraction.attitudes import Attitude, addressees
from workers.extraction.conditions import condition_of
from workers.extraction.findings import Finding
from workers.extraction.rulework import stance_of
from workers.extraction.things import attitudes_towards, thing_finding

if TYPE_CHECKING:
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line


def find(scene: Scene, line: Line) -> Iterator[Finding]:
    """The findings of one line."""
    if scene.has(line, scene.words.pattern("verification/of-old")) or not _wanted(scene, line):
        return
    tokens: list[Any] = [line.doc[s.last - 1] for s in line.signs if s.code == "#verify"]
    visits = scene.find(line, scene.words.pattern("verification/visits"))
    tokens += [line.doc[line.signs[hit.last - 1].first] for hit in visits]
    tokens += [h.token() for s in scene.words.patterns("verification/access") for h in scene.find(line, s)]
    for token, attitude in attitudes_towards(scene, tokens, "verification"):
        yield _finding(scene, line, token, attitude)


def _wanted(scene: Scene, line: Line) -> bool:
    """Disputed sites or weapons, or mutual measures, not verification at large."""
    return scene.has(line, scene.words.pattern("verification/disputed")) or scene.recently(
        line, "(#mk41|#9m729|#moratorium|#inf*)", 2
    )


def _finding(scene: Scene, line: Line, token: Any, attitude: Attitude) -> Finding:
    stance = stance_of(attitude.polarity)
    condition = condition_of(scene, line, token, strict=True) if attitude.polarity > 0 else None
    if condition is not None:
        stance = Stance.CONDITIONAL
    kind = (
        "rejection"
        if attitude.polarity < 0
        else attitude.kind
        if attitude.kind != "rejection"
        else "proposal"
    )
    recipients = addressees(scene, attitude.word, attitude.holders)
    if attitude.polarity < 0 and scene.parts.proposer not in attitude.holders:
        recipients = (scene.parts.proposer,)
    if kind == "proposal" and not recipients:
        others = [s.code[1:] for s in line.signs if s.code in {"@nato", "@usa", "@russia"}]
        recipients = tuple(dict.fromkeys(o for o in others if o not in attitude.holders))
    return thing_finding(
        scene,
        line,
        token,
        attitude,
        "mutual-verification",
        stance,
        kind,
        recipients,
        condition=condition,
        rule="verification",
        with_word=True,
        sure=0.72,
    )
