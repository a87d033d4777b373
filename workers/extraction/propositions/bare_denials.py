"""Denials that do not repeat the charge: "Moscow denies it", after a line that says what was alleged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workers.extraction.frames import Frame, is_negated
from workers.extraction.propositions.conduct import COMPLIED, OPPONENT
from workers.extraction.rulework import from_commitment, stance_of

if TYPE_CHECKING:
    from workers.extraction.findings import Finding
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line


_CHARGES = frozenset(
    [
        "accusation",
        "allegation",
        "charge",
        "claim",
        "finding",
        "assertion",
        "complaint",
        "insinuation",
        "wrongdoing",
        "contention",
        "suggestion",
        "suspicion",
        "report",
        "accusations",
        "argument",
    ]
)
_REFERRING = frozenset({"which", "it", "this", "that", "them", "these", "so", "those"})
_NO_DENIAL = frozenset(
    {"refuse", "decline", "doubt", "question", "rule out", "turn down", "spurn", "challenge", "discount"}
)


def bare_denials(scene: Scene, line: Line, found: list[Finding]) -> Iterator[Finding]:
    """'Moscow denies the charge', 'which Russia denies': what was alleged stands before, here or in a line above."""
    back = scene.lines[max(0, line.number - 3) : line.number + 1]
    if not any(scene.has(one, scene.words.pattern("compliance/alleged")) for one in back):
        return
    denied = {h for f in found for h in f.holders if f.rule.endswith("/deny") or (f.kind == "denial")}
    for sign in line.signs:
        token = line.doc[sign.first]
        frame = _bare_frame(scene, token)
        if frame is None:
            continue
        for holder in scene.holders(frame):
            if holder not in COMPLIED or holder in denied:
                continue
            denied.add(holder)
            outer = scene.outer_of(scene.chain(token.idx), (holder,))
            commitment = scene.commit((holder,), 1, frame, outer, "deny")
            yield from_commitment(
                scene,
                line,
                token,
                commitment,
                COMPLIED[holder],
                stance_of(1),
                kind="denial",
                recipients=(OPPONENT[holder],),
                rule="compliance-bare",
                sure=0.7,
            )


def _bare_frame(scene: Scene, token: Any) -> Frame | None:
    operator = scene.operators.verb(token) if token.pos_ == "VERB" else None
    lemma = operator[1] if operator else token.lemma_.lower()
    if operator and operator[0] == "deny" and lemma not in _NO_DENIAL and not is_negated(token):
        things = [c for c in token.children if c.dep_ in {"dobj", "nsubjpass", "ccomp", "xcomp", "pobj"}]
        things += [
            g for c in token.children if c.dep_ == "prep" for g in c.children if g.dep_ in {"pobj", "pcomp"}
        ]
        if token.dep_ == "relcl" and token.head.lemma_.lower() in _CHARGES:
            things = [token.head]
        if token.dep_ == "acl" and token.tag_ == "VBN" and token.head.lemma_.lower() in _CHARGES:
            things = [token.head]
        if things and not any(
            t.lower_ in _REFERRING or t.lemma_.lower() in _CHARGES or (t.lemma_ == "do" and t.dep_ == "ccomp")
            for t in things
        ):
            return None
        agents = scene.agents(token)
        return Frame("deny", token, (), agents, lemma=lemma) if agents else None
    if lemma in scene.operators.falsehoods:
        for frame in scene.chain(token.idx):
            holders = scene.holders(frame)
            if holders and frame.cls != "deny":
                target = next((c for c in token.head.children if c.dep_ == "nsubj"), None)
                target = token.head if token.dep_ == "amod" else target
                if target is not None and target.lemma_.lower() in _CHARGES and not frame.negated:
                    return frame
                return None
    return None
