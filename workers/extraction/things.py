"""A finding about a thing that actors propose, keep or reject."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.core.domain.reading import Span
from services.core.domain.vocabulary import Stance, Voice
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
    speaker, voice = None, Voice.REPORTED
    for frame in scene.chain(token.idx):
        named = scene.holders(frame)
        if not named:
            continue
        if set(named) & set(holders):
            speaker = scene.speaker(frame, holders[0])
            voice = Voice.OWN if frame.direct else Voice.REPORTED
            break
        if scene.dossier.are_adversaries(named[0], holders[0]):
            voice = Voice.ADVERSARY
    else:
        voice = Voice.OWN if scene.own_voice in holders and voice is Voice.REPORTED else voice
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
        speaker=speaker,
        voice=voice,
        weak=weak,
    )
