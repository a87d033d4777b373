"""A moratorium on deploying ground-based INF-range missiles: who is for it, who against, on what condition."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from services.core.domain.vocabulary import Stance
from workers.extraction.attitudes import Attitude, AttitudeWords, addressees, attitudes
from workers.extraction.conditions import condition_of
from workers.extraction.findings import Finding
from workers.extraction.rulework import evidence, stance_of
from workers.extraction.things import thing_finding

if TYPE_CHECKING:
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line

_WORDS = AttitudeWords(
    positive={
        "pledge": [
            "declare",
            "announce",
            "impose",
            "introduce",
            "observe",
            "keep",
            "maintain",
            "adhere",
            "adherence",
            "commit",
            "commitment",
            "stick",
            "reaffirm",
            "reiterate",
            "confirm",
            "extend",
            "continue",
            "abide",
            "respect",
            "uphold",
            "honour",
            "honor",
            "establish",
            "hold",
            "pledge",
            "promise",
            "vow",
            "restate",
            "loyal",
            "stay",
            "remain",
            "institute",
            "enact",
            "prolong",
            "readiness",
            "ready",
            "willing",
            "willingness",
        ],
        "proposal": [
            "propose",
            "proposal",
            "offer",
            "initiative",
            "suggest",
            "suggestion",
            "put",
            "table",
            "float",
            "idea",
            "moot",
            "letter",
            "push",
            "negotiate",
            "discuss",
            "initiate",
            "send",
        ],
        "demand": ["urge", "call", "appeal", "ask", "invite", "request", "demand", "press", "encourage"],
        "endorsement": [
            "support",
            "back",
            "welcome",
            "endorse",
            "favour",
            "favor",
            "join",
            "accept",
            "agree",
            "praise",
            "hail",
            "reciprocate",
            "embrace",
            "match",
            "approve",
            "approval",
        ],
    },
    negative={
        "rejection": [
            "reject",
            "dismiss",
            "refuse",
            "decline",
            "rebuff",
            "spurn",
            "ignore",
            "doubt",
            "question",
            "scorn",
            "rejection",
            "refusal",
            "dismissal",
            "oppose",
            "criticise",
            "criticize",
            "discount",
            "deride",
            "ridicule",
            "disregard",
            "snub",
            "unacceptable",
            "turn down",
            "brush aside",
            "brush off",
            "wave away",
            "wave aside",
            "rule out",
            "shrug off",
            "pour on",
            "play down",
        ],
        "end": [
            "lift",
            "end",
            "abandon",
            "scrap",
            "drop",
            "cancel",
            "withdraw",
            "renounce",
            "repeal",
            "revoke",
            "terminate",
            "quit",
            "leave",
            "breach",
            "violate",
            "break",
            "ditch",
            "discard",
            "suspend",
            "give up",
            "pull out",
            "walk away",
            "back out",
        ],
        "bound": [],
    },
)
_UNBOUND = "(no long*|not|nothing) ~5 h=(bound|tied|constrained|restricted|bind|restrict|constrain|hold|committed|commit) ~6 (#moratorium|it)"
_LAPSED = "(condition|ground|basis|reason|need) ~6 #moratorium ~5 h=(disappear|vanish|go|cease|lapse|evaporate|exist)"
_UNBOUND_AFTER = "#moratorium ~8 (no long*|not|cease|stop) ~4 h= (bind*|hold|valid|apply|exist|relevant|necessary|effect|force)"


def find(scene: Scene, line: Line) -> Iterator[Finding]:
    """The findings of one line."""
    if "#moratorium" not in line.code and not (
        " bound " in line.code and scene.recently(line, "#moratorium", 2)
    ):
        return
    for source in (_UNBOUND, _UNBOUND_AFTER, _LAPSED):
        for hit in scene.find(line, source):
            token = hit.token()
            for frame in scene.chain(token.idx):
                holders = scene.holders(frame)
                if holders:
                    yield thing_finding(
                        scene,
                        line,
                        token,
                        Attitude(holders, -1, frame.cue, "end", scene.said(frame)),
                        "moratorium",
                        Stance.OPPOSES,
                        "statement",
                        (),
                        rule="moratorium-unbound",
                    )
                    yield thing_finding(
                        scene,
                        line,
                        token,
                        Attitude(holders, 1, frame.cue, "end", scene.said(frame)),
                        "deployment",
                        Stance.SUPPORTS,
                        None,
                        (),
                        rule="moratorium-unbound",
                        sure=0.65,
                    )
                    break
            else:
                agents = scene.agents(token)
                if agents:
                    attitude = Attitude(agents, -1, token, "end", scene.done(token, agents))
                    yield thing_finding(
                        scene,
                        line,
                        token,
                        attitude,
                        "moratorium",
                        Stance.OPPOSES,
                        "statement",
                        (),
                        rule="moratorium-unbound",
                    )
                    yield thing_finding(
                        scene,
                        line,
                        token,
                        attitude,
                        "deployment",
                        Stance.SUPPORTS,
                        None,
                        (),
                        rule="moratorium-unbound",
                        sure=0.65,
                    )
            return
    seen: set[tuple[tuple[str, ...], int]] = set()
    for sign in line.signs:
        if sign.code != "#moratorium":
            continue
        token = line.doc[sign.last - 1]
        for attitude in attitudes(scene, token, _WORDS):
            if (
                attitude.kind == "end"
                and attitude.polarity < 0
                and "russia" not in attitude.holders
                and not attitude.word_is_own(scene)
            ):
                continue  # who tells of its end does not end it
            if (attitude.holders, attitude.polarity) in seen:
                continue
            seen.add((attitude.holders, attitude.polarity))
            yield _finding(scene, line, token, attitude)


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
        if kind in {"end", "pledge"} and condition is not None and "russia" in attitude.holders:
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
    if kind in {"rejection", "endorsement"} and "russia" not in attitude.holders:
        recipients = ("russia",)
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
        span=evidence(scene, token, attitude.word) if attitude.word is not None else None,
    )
