"""What the encoder changes in the rules' findings.

The encoder is asked about every actor of every line that is on the subject or stands near one that is. Rules say
whose words are whose and what a line's telling is dated by; the encoder says what is held, what is done, and which
of the dates in sight belongs to it. What both make of an article is weighed together (weighing.py): of what the
rules found the unlikely is dropped, of what the encoder alone believes the likely is added (docs/decisions/0004).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from services.core.domain.vocabulary import Stance, Status
from workers.extraction.attitudes import addressees
from workers.extraction.conditions import condition_of
from workers.extraction.confidence import EVENTS, POSITIONS
from workers.extraction.event_dates import Basis, Dated
from workers.extraction.findings import Finding
from workers.extraction.learned.candidates import Candidate, candidate_of, told_on, word_of
from workers.extraction.learned.encoder import Belief, Encoder, load
from workers.extraction.learned.rendering import Rendered, Renderer
from workers.extraction.learned.weighing import (
    Case,
    Key,
    Weights,
    cases,
    chance_of,
    keys_of,
    load_weights,
    signs,
)
from workers.extraction.rulework import evidence

if TYPE_CHECKING:
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line

RULE = "encoder"
_AROUND = 8  # lines


@dataclass(frozen=True, slots=True)
class Thresholds:
    """How likely a record must be right to be made. Chosen on development articles and those held out of training.

    What the rules found is dropped below `kept_position` and `kept_act`. What the encoder alone believes is added from
    `position` and `act` on; from `own_position` and `own_act` on where it is an outlet's owner in its own text, of
    which the encoder has seen few, and acts from `left_open` on where the rules say that their time is left open.
    """

    kept_position: float = 0.16
    kept_act: float = 0.22
    position: float = 0.43
    act: float = 0.4
    own_position: float = 0.65
    own_act: float = 0.75
    left_open: float = 0.65

    def wanted(self, case: Case, found: Mapping[str, float]) -> float:
        """How likely a case with these signs must be that the encoder alone believes."""
        own = "own voice" in found
        if case.of == POSITIONS:
            return self.own_position if own else self.position
        return max(self.own_act if own else self.act, self.left_open if "left open" in found else 0.0)


@dataclass(frozen=True, slots=True)
class Look:
    """One line with what the encoder believes of each of its actors."""

    line: Line
    rendered: Rendered
    beliefs: dict[str, Belief]


def look(scene: Scene, encoder: Encoder) -> list[Look]:
    """The encoder's beliefs about every line on the subject and those around it."""
    near = [any(scene.topical[max(0, n - _AROUND) : n + _AROUND + 1]) for n in range(len(scene.lines))]
    lines = [line for line in scene.lines if line.signs and near[line.number]]
    renderer = Renderer(scene, encoder.pieces)
    rendered = [renderer.render(line) for line in lines]
    return [
        Look(line, row, beliefs)
        for line, row, beliefs in zip(lines, rendered, encoder.beliefs(rendered), strict=True)
    ]


def second_look(scene: Scene, found: Iterable[Finding]) -> list[Finding]:
    """The findings of rules and encoder together; the rules' alone where no encoder was trained."""
    encoder, weights = load(scene.dossier.id), load_weights(scene.dossier.id)
    known = list(found)
    if encoder is None or not weights:
        return known
    return merged(scene, known, look(scene, encoder), weights, Thresholds())


def merged(
    scene: Scene, found: list[Finding], looks: list[Look], weights: Weights, at: Thresholds
) -> list[Finding]:
    """What is likely enough of what rules found and the encoder believes, each with how likely it is."""
    among = cases(found, looks)
    found_signs = {key: signs(scene, case, among) for key, case in among.items()}
    chance = {key: chance_of(made, weights[key[0]]) for key, made in found_signs.items()}
    kept = [part for finding in found for part in _kept(finding, chance, at)]
    for key, case in among.items():
        if not case.rules and chance[key] >= at.wanted(case, found_signs[key]):
            kept.append((_act if case.of == EVENTS else _stance)(scene, case, chance[key]))
    return kept


def _kept(finding: Finding, chance: Mapping[Key, float], at: Thresholds) -> Iterator[Finding]:
    """The parts of a rules' finding that are likely enough: each actor's position, and the act of them all."""
    keys = keys_of(finding)
    for key in keys:
        if key[0] == POSITIONS and chance[key] >= at.kept_position:
            yield replace(finding, holders=(key[1],), kind=None, confidence=chance[key])
    acts = [chance[key] for key in keys if key[0] == EVENTS]
    if finding.kind is not None and (not acts or max(acts) >= at.kept_act):
        sure = max(acts, default=finding.confidence)
        yield replace(finding, proposition=None, stance=None, condition=None, confidence=sure)


def _stance(scene: Scene, case: Case, chance: float) -> Finding:
    line = case.best.look.line
    candidate = candidate_of(scene, case.best.look.line, case.actor)
    token = word_of(line, candidate)
    proposition, _, word = case.label.partition(" ")
    stance = Stance(word)
    when = told_on(scene, candidate, token, case.actor)
    return replace(
        _finding(scene, case, candidate, token, chance, when),
        proposition=proposition,
        stance=stance,
        condition=condition_of(scene, line, token) if stance is Stance.CONDITIONAL else None,
    )


def _act(scene: Scene, case: Case, chance: float) -> Finding:
    day, article = case.day or "", scene.article_date
    candidate = candidate_of(scene, case.best.look.line, case.actor)
    token = word_of(case.best.look.line, candidate)
    return replace(
        _finding(scene, case, candidate, token, chance, Dated(day, Basis.EXPLICIT)),
        kind=case.label,
        weak=case.label == "statement",
        recipients=_recipients(scene, case.best.look, case.actor, candidate, token),
        status=Status.PLANNED if article and day > article[: len(day)] else Status.ACTUAL,
    )


def _finding(
    scene: Scene, case: Case, candidate: Candidate | None, token: Any, chance: float, when: Dated
) -> Finding:
    frame = candidate.frame if candidate is not None else None
    return Finding(
        holders=(case.actor,),
        line=case.best.look.line.number,
        evidence=evidence(scene, token),
        when=when,
        rule=f"{RULE}/{case.best.chance:.2f}",
        confidence=chance,
        speaker=scene.speaker(frame, case.actor) if frame is not None and frame.cue is not None else None,
    )


def _recipients(
    scene: Scene, this: Look, actor: str, candidate: Candidate | None, token: Any
) -> tuple[str, ...]:
    """Whom the act is directed at, else the parties that the sentence names."""
    frame = candidate.frame if candidate is not None else None
    cue = frame.cue if frame is not None else token
    direct = addressees(scene, cue, (actor,)) if cue is not None else ()
    if direct:
        return direct
    named = (s.code[1:] for s in this.line.signs if s.code in {"@usa", "@nato", "@russia"})
    return tuple(dict.fromkeys(a for a in named if a != actor))
