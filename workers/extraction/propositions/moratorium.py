"""A moratorium on deploying ground-based INF-range missiles: who is for it, who against, on what condition."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
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
    if "#moratorium" not in line.code and not (
        " bound " in line.code and scene.recently(line, "#moratorium", 2)
    ):
        return
    for source in scene.words.patterns("moratorium/unbound"):
        for hit in scene.find(line, source):
            yield from _unbound(scene, line, hit.token())
            return
    tokens = [line.doc[sign.last - 1] for sign in line.signs if sign.code == "#moratorium"]
    for token, attitude in attitudes_towards(scene, tokens, "moratorium", partial(_does_it, scene)):
        yield _finding(scene, line, token, attitude)


def _does_it(scene: Scene, attitude: Attitude) -> bool:
    """Whoever tells of its end does not end it."""
    ends = attitude.kind == "end" and attitude.polarity < 0
    return not ends or scene.parts.proposer in attitude.holders or attitude.word_is_own(scene)


def _unbound(scene: Scene, line: Line, token: Any) -> Iterator[Finding]:
    """ "No longer bound by it": against the moratorium, and free to deploy."""
    attitude = _who_is_unbound(scene, token)
    if attitude is None:
        return
    rule = "moratorium-unbound"
    yield thing_finding(
        scene, line, token, attitude, "moratorium", Stance.OPPOSES, "statement", (), rule=rule
    )
    yield thing_finding(
        scene, line, token, attitude, "deployment", Stance.SUPPORTS, None, (), rule=rule, sure=0.65
    )


def _who_is_unbound(scene: Scene, token: Any) -> Attitude | None:
    for frame in scene.chain(token.idx):
        holders = scene.holders(frame)
        if holders:
            return Attitude(holders, -1, frame.cue, "end", scene.said(frame))
    agents = scene.agents(token)
    return Attitude(agents, -1, token, "end", scene.done(token, agents)) if agents else None


def _finding(scene: Scene, line: Line, token: Any, attitude: Attitude) -> Finding:
    stance = stance_of(attitude.polarity)
    kind = attitude.kind
    condition = None
    if attitude.polarity > 0:
        if kind != "rejection":
            condition = condition_of(scene, line, token)
        if (kind in {"pledge", "end"} and condition is not None) or (
            kind == "proposal" and condition is not None and condition.start > token.idx
        ):
            stance = Stance.CONDITIONAL
        else:
            condition = None
        if kind in {"end", "rejection"}:
            kind = "pledge"
    else:
        condition = condition_of(scene, line, token)
        if kind in {"end", "pledge"} and condition is not None and scene.parts.proposer in attitude.holders:
            stance, kind = Stance.CONDITIONAL, "warning"
        else:
            condition = None
        kind = (
            kind
            if kind == "warning"
            else "rejection"
            if kind in {"rejection", "endorsement", "proposal", "demand", "pledge"}
            else "statement"
        )
    recipients = addressees(scene, attitude.word, attitude.holders)
    if kind in {"rejection", "endorsement"} and scene.parts.proposer not in attitude.holders:
        recipients = (scene.parts.proposer,)
    return thing_finding(
        scene,
        line,
        token,
        attitude,
        "moratorium",
        stance,
        kind,
        recipients,
        condition=condition,
        rule="moratorium",
        with_word=True,
    )
