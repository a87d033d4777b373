"""What the encoder adds to the rules' findings.

The encoder is asked about every actor of every line that is on the subject or stands near one that is; what it
is sure of and the rules did not find is added. Rules say whose words are whose and what a line's telling is dated
by; the encoder says what is held, what is done, and which of the line's own dates belongs to it. Where rules and
encoder differ on a question in a line, the rules' word stands (docs/decisions/0004).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from services.core.domain.vocabulary import Stance, Status
from workers.extraction.attitudes import addressees
from workers.extraction.conditions import condition_of
from workers.extraction.event_dates import Basis, Dated
from workers.extraction.findings import Finding
from workers.extraction.learned.candidates import Candidate, anchor, candidates
from workers.extraction.learned.encoder import DEFAULT, Belief, Encoder, load
from workers.extraction.learned.rendering import Rendered, render
from workers.extraction.rulework import evidence

if TYPE_CHECKING:
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line

RULE = "encoder"
_AROUND = 4  # lines
_DAY = len("2019-08-02")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Probabilities from which on the encoder is believed by itself.

    `position` and `act` as a rule; `coarse` for acts that it dates by a month or a year; `sure` for acts in lines that
    only stand near the subject, for those that the rules date otherwise or leave open, and for those of an outlet's
    owner, of whose own texts it has seen few. Chosen on development articles and those held out of training.
    """

    position: float = 0.65
    act: float = 0.5
    coarse: float = 0.6
    sure: float = 0.85


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
    rendered = [render(scene, line, encoder.pieces) for line in lines]
    return [
        Look(line, row, beliefs)
        for line, row, beliefs in zip(lines, rendered, encoder.beliefs(rendered), strict=True)
    ]


def second_look(scene: Scene, found: Iterable[Finding]) -> list[Finding]:
    """The findings of rules and encoder together; the rules' alone where no encoder was trained."""
    encoder = load(scene.dossier.id)
    known = list(found)
    return known if encoder is None else merged(scene, known, look(scene, encoder), Thresholds())


def merged(scene: Scene, found: list[Finding], looks: list[Look], at: Thresholds) -> list[Finding]:
    """The rules' findings, then what the encoder adds."""
    kept = list(found)
    for this in looks:
        mine = [f for f in kept if f.line == this.line.number]
        near = {c.actor: c for c in candidates(scene, this.line)}
        for actor, belief in this.beliefs.items():
            kept.extend(_stances(scene, this, actor, belief, near.get(actor), mine, at))
            kept.extend(_acts(scene, this, actor, belief, near.get(actor), mine, at))
    return kept


def _stances(
    scene: Scene,
    this: Look,
    actor: str,
    belief: Belief,
    candidate: Candidate | None,
    mine: list[Finding],
    at: Thresholds,
) -> Iterator[Finding]:
    told = {f.proposition for f in mine if actor in f.holders}
    for label, probability in belief.positions.items():
        proposition, _, word = label.partition(" ")
        if probability < at.position or proposition in told:
            continue
        token = _token(this, candidate)
        stance = Stance(word)
        yield replace(
            _finding(
                scene, this, actor, candidate, token, probability, _told(scene, candidate, token, actor)
            ),
            proposition=proposition,
            stance=stance,
            condition=condition_of(scene, this.line, token) if stance is Stance.CONDITIONAL else None,
        )


def _acts(
    scene: Scene,
    this: Look,
    actor: str,
    belief: Belief,
    candidate: Candidate | None,
    mine: list[Finding],
    at: Thresholds,
) -> Iterator[Finding]:
    token = _token(this, candidate)
    told = {(f.kind, f.when.value) for f in mine if actor in f.holders and f.when.value}
    dated = {kind for kind, _ in told}
    told_on = _told(scene, candidate, token, actor)
    for value, kinds in belief.acts.items():
        for kind, probability in kinds.items():
            when = Dated(value, Basis.EXPLICIT) if value != DEFAULT else told_on
            doubtful = kind in dated or when.value is None or actor == scene.own_voice
            if probability < (at.sure if doubtful else _needed(scene, this, kind, value, at)):
                continue
            if when.value is None:
                when = Dated(scene.article_date, Basis.ARTICLE)
            if when.value is None or (kind, when.value) in told:
                continue
            told.add((kind, when.value))
            day = scene.article_date
            yield replace(
                _finding(scene, this, actor, candidate, token, probability, when),
                kind=kind,
                weak=kind == "statement",
                recipients=_recipients(scene, this, actor, candidate, token),
                status=Status.PLANNED if day and when.value > day[: len(when.value)] else Status.ACTUAL,
            )


def _needed(scene: Scene, this: Look, kind: str, value: str, at: Thresholds) -> float:
    """How sure the encoder must be of an act: surer beside the subject, and where only its year or month is told."""
    coarse = value != DEFAULT and len(value) < _DAY and not scene.dossier.kinds[kind].once
    return max(
        at.act if scene.topical[this.line.number] else at.sure,
        at.coarse if coarse else 0.0,
    )


def _finding(
    scene: Scene,
    this: Look,
    actor: str,
    candidate: Candidate | None,
    token: Any,
    probability: float,
    when: Dated,
) -> Finding:
    frame = candidate.frame if candidate is not None else None
    return Finding(
        holders=(actor,),
        line=this.line.number,
        evidence=evidence(scene, token),
        when=when,
        rule=f"{RULE}/{probability:.2f}",
        confidence=probability,
        speaker=scene.speaker(frame, actor) if frame is not None and frame.cue is not None else None,
    )


def _token(this: Look, candidate: Candidate | None) -> Any:
    if candidate is not None and candidate.own:
        return anchor(candidate)
    tokens = [this.line.doc[sign.last - 1] for sign in this.line.signs]
    return next((t for t in tokens if t.dep_ == "ROOT"), tokens[0])


def _told(scene: Scene, candidate: Candidate | None, token: Any, actor: str) -> Dated:
    """When the telling of a line is dated, by the rules' own order."""
    frame = candidate.frame if candidate is not None else None
    if frame is None:
        return scene.done(token, (actor,))
    if frame.cue is None:
        return Dated(scene.article_date, Basis.SPEECH)
    return scene.said(frame)


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
