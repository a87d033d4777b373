"""Offers turned down without being named again: "this is not a credible offer", "dismissed the proposal".

What was on offer is what the other side proposed in the sentences before: a moratorium, inspections.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workers.extraction.attitudes import Attitude
from workers.extraction.findings import Finding
from workers.extraction.rulework import OPPOSES
from workers.extraction.scene import Commitment
from workers.extraction.things import thing_finding

if TYPE_CHECKING:
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line

_OFFER = "(proposal|offer|initiative|idea|plan|suggestion|letter|overture|moratori*|#moratorium|#verify|proposition|call)"
_POOR = "(credible|serious|real|genuine|sincere|acceptable|realistic|new|meaningful|honest|believable|plausible|helpful|interested|enough|convincing)"
_BAD = "(unacceptable|insincere|incredible|worthless|meaningless|disingenuous|implausible|unrealistic|propaganda|ploy|trap|trick|stunt|laughable|hollow|useless|cynical|old|farce|implementable|impossible)"
_JUDGED = (
    f"h={_OFFER} %8 (not|hardly|no|never|neither) ~4 {_POOR}",
    f"(not|hardly|no|never) ~4 {_POOR} h={_OFFER}",
    f"h={_OFFER} %8 (be|seem|look|remain|as) ~3 {_BAD}",
    f"{_BAD} h={_OFFER}",
    f"h=nothing ~2 new ~5 {_OFFER}?",
    f"h={_OFFER} ~4 (nothing|anything) ~3 (new|hear|interest*)",
    f"(nothing|not) ~4 new ~4 h={_OFFER}",
    f"h={_OFFER} ~6 contain nothing",
    f"h={_OFFER} ~3 lack* ~2 credib*",
    "(that|it|this) be ~2 (not|no) ~3 h=(credible|serious|real|genuine) offer",
)
_REFUSE = (
    "h=(reject|dismiss|turn|brush|rebuff|spurn|decline|refuse|rule|wave|ignore|rejection|scorn|shrug|snub)"
)
_REFUSED = (
    f"{_REFUSE} (down|aside|off|out|away)? ~5 {_OFFER}",
    f"{_OFFER} ~4 be ~2 h=(reject|dismiss|rebuff|spurn|turn|brush|decline|ignore)",
    f"h=turn {_OFFER} down",
    "h=(turn|brush|wave) it (down|aside|away)",
    "h=(reject|dismiss|rebuff|decline) it",
)
_TOPICS = {"moratorium": "#moratorium", "mutual-verification": "#verify"}
_REACH = 12
_BEHIND_IT = frozenset({"russia", "china"})  # China has spoken up for what Russia put forward


def find(scene: Scene, line: Line, before: list[Finding], here: list[Finding]) -> Iterator[Finding]:
    """The findings of one line; `before` are those of earlier lines, `here` this line's own."""
    topics = _on_offer(scene, line, before)
    if not topics:
        return
    already = {(h, f.proposition) for f in here for h in f.holders if f.stance is OPPOSES}
    for source in _JUDGED:
        for hit in scene.find(line, source):
            for commitment in _judges(scene, hit.token()):
                yield from _opposing(scene, line, hit.token(), commitment, topics, already)
    for source in _REFUSED:
        for hit in scene.find(line, source):
            token = hit.token()
            agents = tuple(a for a in scene.agents(token) if a not in _BEHIND_IT)
            if agents:
                attitude = Attitude(agents, -1, token, "rejection", scene.done(token, agents))
                yield from _made(scene, line, token, attitude, topics, already)


def _on_offer(scene: Scene, line: Line, before: list[Finding]) -> list[str]:
    """What the proposer put forward in the lines before, or in this one."""
    named = [p for p, code in _TOPICS.items() if code in line.code]
    if named:
        return named
    found = dict.fromkeys(
        f.proposition
        for f in before
        if f.proposition in _TOPICS
        and scene.parts.proposer in f.holders
        and f.stance is not OPPOSES
        and line.number - f.line <= _REACH
    )
    return [p for p in found if p]


def _judges(scene: Scene, token: Any) -> Iterator[Commitment]:
    for commitment in scene.commitments(token, 1):
        if commitment.rule not in {"accuser", "own"} and not _BEHIND_IT & set(commitment.holders):
            yield commitment
            return
    for frame in scene.chain(token.idx):
        holders = scene.holders(frame)
        if holders and not _BEHIND_IT & set(holders):
            yield Commitment(holders, 1, frame, (), frame.cls, 0.7)
            return


def _opposing(
    scene: Scene,
    line: Line,
    token: Any,
    commitment: Commitment,
    topics: list[str],
    already: set[tuple[str, str | None]],
) -> Iterator[Finding]:
    when = scene.said(commitment.frame)
    attitude = Attitude(
        commitment.holders, -1, commitment.frame.cue, "rejection", when, bool(commitment.outer)
    )
    yield from _made(scene, line, token, attitude, topics, already)


def _made(
    scene: Scene,
    line: Line,
    token: Any,
    attitude: Attitude,
    topics: list[str],
    already: set[tuple[str, str | None]],
) -> Iterator[Finding]:
    for topic in topics:
        if all((h, topic) in already for h in attitude.holders):
            continue
        already.update((h, topic) for h in attitude.holders)
        to = (scene.parts.proposer,)
        yield thing_finding(
            scene, line, token, attitude, topic, OPPOSES, "rejection", to, rule="rejection", sure=0.7
        )
