"""Findings that the model adds where the rules are silent.

The rules win wherever they speak: the model never adds a stance on a question on which the rules already
have one of that actor in the sentence, nor a second event of a kind. It reads only lines on the subject, only
actors that speak or act in them, and dates what it finds as the rules do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from services.core.domain.vocabulary import Stance, Voice
from workers.extraction.attitudes import addressees
from workers.extraction.conditions import condition_of
from workers.extraction.event_dates import Basis, Dated
from workers.extraction.findings import Finding
from workers.extraction.learned.candidates import OWN_ZONES, Candidate, candidates
from workers.extraction.learned.features import features, party_of, word_classes
from workers.extraction.learned.model import Model, load
from workers.extraction.rulework import evidence

if TYPE_CHECKING:
    from workers.extraction.scene import Scene

_RULE = "learned"


def second_look(scene: Scene, found: Iterable[Finding], model: Model | None = None) -> list[Finding]:
    """What the model adds to the rules' findings, in text order."""
    model = model or load(scene.dossier.id)
    if model is None:
        return []
    known = list(found)
    added: list[Finding] = []
    for line in scene.lines:
        if not line.signs or not scene.topical[line.number]:
            continue
        for candidate in candidates(scene, line):
            if candidate.own:
                added.extend(_findings(scene, candidate, model, known))
    return added


def _findings(scene: Scene, candidate: Candidate, model: Model, known: list[Finding]) -> Iterator[Finding]:
    believed = model.believed(
        features(candidate, party_of(candidate.actor, scene.dossier), word_classes(scene.dossier.id))
    )
    if not believed:
        return
    mine = [f for f in known if candidate.actor in f.holders]
    stances = {(f.proposition, f.stance) for f in mine if f.proposition and f.stance}
    here = {f.proposition for f in mine if f.line == candidate.line.number}
    token = anchor(candidate)
    dated = when(scene, candidate, token)
    seen: set[str] = set()
    for label, probability in believed:
        proposition, _, word = label.partition(" ")
        if word:
            stance = Stance(word)
            if proposition in here or proposition in seen or (proposition, stance) in stances:
                continue
            condition = condition_of(scene, candidate.line, token) if stance is Stance.CONDITIONAL else None
            if stance is Stance.CONDITIONAL and condition is None:
                continue
            seen.add(proposition)
            yield _finding(
                scene,
                candidate,
                token,
                dated,
                probability,
                proposition=proposition,
                stance=stance,
                condition=condition,
            )
        elif dated.value is not None and dated.basis is not Basis.OPEN:
            if any(f.kind == label and f.when.value == dated.value for f in mine):
                continue
            if scene.dossier.kinds[label].once and dated.basis is not Basis.EXPLICIT:
                continue  # told as background more often than as the day's news
            yield _finding(
                scene,
                candidate,
                token,
                dated,
                probability,
                kind=label,
                weak=label == "statement",
                recipients=_recipients(scene, candidate, token),
            )


def _finding(
    scene: Scene, candidate: Candidate, token: Any, dated: Dated, probability: float, **more: Any
) -> Finding:
    frame = candidate.frame
    return Finding(
        holders=(candidate.actor,),
        line=candidate.line.number,
        evidence=evidence(scene, token),
        when=dated,
        rule=f"{_RULE}/{probability:.2f}",
        confidence=min(0.6, probability * 0.6),
        speaker=scene.speaker(frame, candidate.actor)
        if frame is not None and frame.cue is not None
        else None,
        voice=Voice.OWN if frame is not None and frame.direct and "h" in candidate.zones else Voice.REPORTED,
        **more,
    )


def anchor(candidate: Candidate) -> Any:
    """The word that stands for what is said or done: the topmost verb of the actor's words, else of its act."""
    doc = candidate.line.doc
    for wanted in ("hd", "a", OWN_ZONES):
        tokens = [
            doc[sign.last - 1]
            for sign, zone in zip(candidate.line.signs, candidate.zones, strict=True)
            if zone in wanted
        ]
        verbs = [t for t in tokens if t.pos_ in {"VERB", "AUX"}] or tokens
        if verbs:
            return min(verbs, key=_depth)
    return doc[candidate.line.signs[0].last - 1]


def _depth(token: Any) -> tuple[int, int]:
    depth = 0
    node = token
    while node.head.i != node.i and depth < 40:
        node, depth = node.head, depth + 1
    return depth, token.i


def when(scene: Scene, candidate: Candidate, token: Any) -> Dated:
    """When the actor said or did it, by the rules' own order."""
    frame = candidate.frame
    if frame is None:
        return scene.done(token, (candidate.actor,))
    if frame.cue is None:
        return Dated(scene.article_date, Basis.SPEECH)
    return scene.said(frame)


def _recipients(scene: Scene, candidate: Candidate, token: Any) -> tuple[str, ...]:
    """Whom the act is directed at, else the parties that the sentence names."""
    me = candidate.actor
    cue = candidate.frame.cue if candidate.frame is not None else token
    direct = addressees(scene, cue, (me,)) if cue is not None else ()
    if direct:
        return direct
    named = (s.code[1:] for s in candidate.line.signs if s.code in {"@usa", "@nato", "@russia"})
    return tuple(dict.fromkeys(a for a in named if a != me))
