"""Ultimatums: a demand with a deadline, or one under "unless" with a threat."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from services.core.domain.vocabulary import Status
from workers.extraction.attitudes import addressees
from workers.extraction.rulework import doing, from_commitment

if TYPE_CHECKING:
    from workers.extraction.findings import Finding
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line


def find_ultimatums(scene: Scene, line: Line, found: list[Finding]) -> Iterator[Finding]:
    accused = scene.parts.accused
    demanded = [
        f
        for f in found
        if f.kind in {"demand", "accusation", "withdrawal-announced", "suspension", "warning"}
        and f.status is Status.ACTUAL
        and accused in f.recipients
        and accused not in f.holders
    ]
    positions = [
        f
        for f in found
        if f.rule.startswith(("compliance-return", "elimination/")) and accused not in f.holders
    ]
    conditional = scene.has(line, "(unless|unless and until)") or scene.has(
        line, "if ~3 (@russia|it|moscow) ~2 (not|fail*|refuse*|do not)"
    )
    for hit in scene.find(line, scene.words.pattern("speech/ultimatum")):
        token = hit.token()
        agents = scene.agents(token)
        if agents and not any(w in line.code for w in (" interview ",)):
            commitment = doing(token, agents, 0.8)
            asked = addressees(scene, token, agents)
            yield from_commitment(
                scene, line, token, commitment, kind="ultimatum", recipients=asked, rule="ultimatum"
            )
            return
    if not conditional or not positions:
        return
    threat = scene.has(
        line,
        "({exit-verb}|pull out|walk away|suspend|stop|withdraw*|leave|end|begin|start|responsib*|blame|consequence|respond|terminat*|cease|answer|face|response|exit)",
    )
    if threat:
        base = next((f for f in demanded if f.when.value), None) or next(
            (f for f in positions if f.when.value), None
        )
        if base is not None and base.when.value:
            yield replace(
                base,
                kind="ultimatum",
                proposition=None,
                stance=None,
                recipients=(accused,),
                rule="ultimatum-unless",
                weak=False,
            )
