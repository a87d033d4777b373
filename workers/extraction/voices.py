"""How a position comes to us: in the actor's own quoted words, paraphrased, or told by its adversary.

It depends on who tells the words of the evidence, not on the rule that read them, and so is worked out here for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from services.core.domain.reading import Position, Span
from services.core.domain.vocabulary import Voice
from workers.extraction.quote_marks import find_quoted

if TYPE_CHECKING:
    from workers.extraction.frames import Frame
    from workers.extraction.scene import Scene

#: What somebody does who tells of another; to deny what another claims is to tell the claim.
_TELLING = frozenset({"say", "claim", "accuse", "deny", "warn", "urge"})
_FEWEST_WORDS = 3  # of a quoted piece: fewer are a term, or held at arm's length


def voiced(scene: Scene, positions: Iterable[Position]) -> list[Position]:
    """The positions with their voices."""
    quoted = [q.span for q in find_quoted(scene.document.text, scene.document.paragraphs)]
    return [replace(p, voice=_voice(scene, p, quoted)) for p in positions]


def _voice(scene: Scene, position: Position, quoted: Sequence[Span]) -> Voice:
    own, outer = _around(scene, position.evidence, position.actor)
    for frame in outer:
        tellers = scene.holders(frame)
        if frame.cls not in _TELLING or not tellers or position.actor in tellers:
            continue
        if frame.cls == "accuse" and (
            position.rule.endswith("/deny") or (own is not None and own.cls == "deny")
        ):
            continue  # "accuses Moscow of ..., a charge that it denies": the answer is no part of the charge
        if any(scene.dossier.are_adversaries(position.actor, teller) for teller in tellers):
            return Voice.ADVERSARY
        break
    if scene.own_voice == position.actor:
        return Voice.OWN
    if own is not None and (own.direct or _quotes(scene, position.evidence, quoted)):
        return Voice.OWN
    return Voice.REPORTED


def _around(scene: Scene, evidence: Span, actor: str) -> tuple[Frame | None, tuple[Frame, ...]]:
    """The innermost frame of the actor around or in the evidence, and the frames outside of it.

    Without one, all frames around the evidence's first word are outside.
    """
    tokens = scene.document.tokens_in(evidence)
    for token in tokens:
        chain = scene.chain(token.idx)
        for number, frame in enumerate(chain):
            if actor in scene.holders(frame):
                return frame, chain[number + 1 :]
    inside = {token.i for token in tokens}
    mine = (f for f in scene.frames if f.cue is not None and f.cue.i in inside and actor in scene.holders(f))
    own = next(mine, None)
    place = own.cue.idx if own is not None else evidence.start
    return own, tuple(f for f in scene.chain(place) if f is not own)


def _quotes(scene: Scene, evidence: Span, quoted: Sequence[Span]) -> bool:
    """Whether the evidence has a quoted piece of some words, or stands in one."""
    text = scene.document.text
    for piece in quoted:
        start, end = max(piece.start, evidence.start), min(piece.end, evidence.end)
        if start < end and len(text[start:end].split()) >= _FEWEST_WORDS:
            return True
    return False
