"""A finding about a thing that actors propose, keep or reject."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.core.domain.reading import Span
from services.core.domain.vocabulary import Stance
from workers.extraction.findings import Finding
from workers.extraction.rulework import evidence

if TYPE_CHECKING:
    from workers.extraction.attitudes import Attitude
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line


def thing_finding(
    scene: Scene,
    line: Line,
    token: Any,
    attitude: Attitude,
    proposition: str | None,
    stance: Stance | None,
    kind: str | None,
    recipients: tuple[str, ...],
    *,
    rule: str,
    condition: Span | None = None,
    span: Span | None = None,
    sure: float = 0.75,
    weak: bool = False,
) -> Finding:
    """The finding for an attitude (attitudes.py) towards what `token` names."""
    holders = attitude.holders
    own = next((f for f in scene.chain(token.idx) if set(scene.holders(f)) & set(holders)), None)
    return Finding(
        holders=holders,
        line=line.number,
        evidence=span or evidence(scene, token),
        when=attitude.when,
        rule=rule,
        confidence=sure - (0.1 if attitude.reported else 0.0),
        proposition=proposition,
        stance=stance,
        kind=kind,
        recipients=tuple(r for r in recipients if r not in holders),
        condition=condition,
        speaker=scene.speaker(own, holders[0]) if own is not None else None,
        weak=weak,
    )
