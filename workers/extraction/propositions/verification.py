"""Should Russia and the West inspect each other's disputed sites and weapons? (`mutual-verification`)"""

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
            "ready",
            "readiness",
            "willing",
            "willingness",
            "open",
            "openness",
            "prepared",
            "invite",
            "invitation",
            "discuss",
            "negotiate",
            "focus",
            "adopt",
            "consider",
            "call",
            "introduce",
            "allow",
            "let",
            "permit",
            "advocate",
            "agree",
            "accept",
            "establish",
            "conduct",
            "hold",
            "seek",
            "want",
            "favour",
            "favor",
            "support",
            "welcome",
            "invite",
            "conduct",
        ],
        "demand": ["urge", "appeal", "ask", "request", "demand", "insist", "press"],
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
            "rejection",
            "refusal",
            "oppose",
            "criticise",
            "uninterested",
            "turn down",
            "brush aside",
            "brush off",
            "wave away",
            "rule out",
            "shrug off",
        ],
    },
)
_ACCESS_SHORT = "(let|allow|permit|invite|admit|receive|send|host) ~3 h=(inspector*|inspection*)"
_ACCESS = "(let|allow|permit|invite|give|grant|open) ~6 (inspector*|inspect|access|visit|examine|check) ~8 (site*|launcher*|base*|#mk41|#9m729|missile*|facilit*|#inf*)"


def find(scene: Scene, line: Line) -> Iterator[Finding]:
    """The findings of one line."""
    tokens: list[Any] = [line.doc[s.last - 1] for s in line.signs if s.code == "#verify"]
    tokens += [line.doc[line.signs[h.last - 1].first] for h in scene.find(line, _ACCESS)]
    tokens += [
        h.token()
        for h in scene.find(
            line,
            "(offer|propose|invite|ready|willing|agree|suggest) ~5 h=(show|open|display|demonstrate|inspect|examine) ~5 (#9m729|#mk41|missile|launcher|site)",
        )
    ]
    tokens += [h.token() for h in scene.find(line, _ACCESS_SHORT)]
    tokens += [
        h.token() for h in scene.find(line, "h=(inspect|verify|check|visit) ~2 (each other|one another)")
    ]
    tokens += [
        h.token()
        for h in scene.find(
            line, "(mutual|reciprocal|each other) ~4 h=(inspect*|verif*|check*|visit*|transparen*)"
        )
    ]
    seen: set[tuple[tuple[str, ...], int]] = set()
    for token in tokens:
        if _of_old(line) or not _wanted(scene, line):
            continue
        for attitude in attitudes(scene, token, _WORDS):
            key = (attitude.holders, attitude.polarity)
            if key not in seen:
                seen.add(key)
                yield _finding(scene, line, token, attitude)


def _of_old(line: Line) -> bool:
    """The treaty's own inspections of 1988 to 2001 are history."""
    return any(
        w in line.code for w in (" 1988 ", " 1987 ", " 1991 ", " 2001 ", " voter ", " iran ", " signed ")
    )


def _wanted(scene: Scene, line: Line) -> bool:
    """Disputed sites or weapons, or mutual measures, not verification at large."""
    return scene.has(
        line, "(#mk41|#9m729|#inf*|#moratorium|@usa|@nato|@russia|facilit*|site*|base*|mutual*|reciprocal*)"
    ) or scene.recently(line, "(#mk41|#9m729|#moratorium|#inf*)", 2)


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
    if attitude.polarity < 0 and "russia" not in attitude.holders:
        recipients = ("russia",)
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
        span=evidence(scene, token, attitude.word) if attitude.word is not None else None,
        sure=0.72,
    )
