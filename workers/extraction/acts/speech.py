"""Speech acts that are events whatever they are about: demands, offers, warnings, comments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workers.extraction.acts.answers import find_answers
from workers.extraction.acts.backing import find_backing
from workers.extraction.acts.operators import find_operators
from workers.extraction.acts.ultimatums import find_ultimatums
from workers.extraction.acts.wishes import find_wishes
from workers.extraction.event_dates import Basis
from workers.extraction.exits import unreal
from workers.extraction.rulework import doing, from_commitment, negated, spoken_act
from workers.extraction.scene import Commitment

if TYPE_CHECKING:
    from workers.extraction.findings import Finding
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line


def find(scene: Scene, line: Line, found: list[Finding]) -> Iterator[Finding]:
    """The findings of one line beyond what the propositions' rules made of it."""
    yield from find_ultimatums(scene, line, found)
    yield from find_operators(scene, line)
    yield from find_backing(scene, line)
    yield from find_wishes(scene, line)
    yield from find_answers(scene, line)
    yield from _phrases(scene, line, scene.words.patterns("speech/response"), "warning")
    yield from _phrases(scene, line, scene.words.patterns("speech/offer"), "proposal")
    yield from _musts(scene, line)
    yield from _comments(scene, line)


def _phrases(scene: Scene, line: Line, sources: tuple[str, ...], kind: str) -> Iterator[Finding]:
    for source in sources:
        for hit in scene.find(line, source):
            token = hit.token()
            if kind == "warning" and (
                _past(token)
                or (
                    negated(line, hit.names["h"], token)
                    and "unanswered" not in line.code
                    and "stand" not in line.code
                )
            ):
                continue
            if any(f.negated and f.cls in {"say", "claim"} for f in scene.chain(token.idx)):
                continue
            for commitment in _speakers(scene, token):
                if kind == "proposal" and "unless" in line.code:
                    continue
                yield from_commitment(
                    scene,
                    line,
                    token,
                    commitment,
                    kind=kind,
                    recipients=_others(line, commitment.holders),
                    rule=f"speech-{kind}",
                    sure=0.62,
                )
                return


def _comments(scene: Scene, line: Line) -> Iterator[Finding]:
    """Whatever an actor says on the subject on a known day is at least a statement."""
    for frame in scene.cued_in(line.number):
        if frame.noun or frame.cls not in {"say", "claim", "warn", "oppose"} or frame.negated:
            continue
        if frame.cue.pos_ != "VERB":
            continue
        holders = scene.holders(frame)
        outer = [scene.holders(f) for f in scene.chain(frame.cue.idx)]
        if len(holders) != 1 or any(h and h != holders for h in outer):
            continue
        when = scene.said(frame)
        if (
            when.value is None
            or len(when.value) < 10
            or when.basis is not Basis.EXPLICIT
            or frame.lemma not in _SPEAKING
        ):
            continue
        yield spoken_act(scene, line, frame, "statement", rule="speech-comment", sure=0.5, weak=True)


_SPEAKING = frozenset(
    [
        "say",
        "tell",
        "state",
        "add",
        "note",
        "stress",
        "declare",
        "announce",
        "argue",
        "write",
        "remark",
        "reply",
        "respond",
        "comment",
        "insist",
        "call",
        "describe",
        "regret",
        "deplore",
        "lament",
        "criticise",
        "criticize",
        "condemn",
        "emphasise",
        "emphasize",
        "underline",
        "acknowledge",
        "confirm",
        "point",
        "out",
    ]
)


def _musts(scene: Scene, line: Line) -> Iterator[Finding]:
    """ "Both powers must go on talking": a demand on whoever must."""
    both = (scene.parts.accused, scene.parts.accuser)
    for hit in scene.find(line, scene.words.pattern("speech/must")):
        token, sign = hit.token(), hit.sign("v")
        if sign is None or token.pos_ != "VERB" or unreal(token):
            continue
        named = (sign.code[1:],) if sign.code.startswith("@") else both
        for frame in scene.chain(token.idx):
            holders = scene.holders(frame)
            if not holders:
                continue
            if frame.cls in {"say", "claim", "warn"} and not set(holders) & set(named) and not frame.negated:
                commitment = Commitment(holders, 1, frame, (), frame.cls, 0.6)
                yield from_commitment(
                    scene, line, token, commitment, kind="demand", recipients=named, rule="speech-must"
                )
            break


def _past(token: Any) -> bool:
    return bool(token.tag_ == "VBD")


def _others(line: Line, holders: tuple[str, ...]) -> tuple[str, ...]:
    named = [s.code[1:] for s in line.signs if s.code in {"@usa", "@nato", "@russia", "@china"}]
    return tuple(dict.fromkeys(a for a in named if a not in holders))


def _speakers(scene: Scene, token: Any) -> list[Commitment]:
    """Who says it of itself: the speaker, if the doer is the speaker or nobody else."""
    doers = scene.agents(token)
    found = [c for c in scene.commitments(token, 1) if c.polarity > 0 and c.rule != "accuser"]
    made = [c for c in found if not doers or set(doers) & set(c.holders)]
    if made or found or not doers:
        return made[:1]
    return [doing(token, doers, 0.6)] if token.pos_ in {"VERB", "ADJ"} else []
