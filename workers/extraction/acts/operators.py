"""Verbs of asking, backing, accusing and warning that are acts by themselves, with subject and addressee."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from workers.extraction.acts.backing import is_backing
from workers.extraction.acts.performed import PERFORMING, performed
from workers.extraction.attitudes import addressees
from workers.extraction.event_dates import Basis
from workers.extraction.rulework import spoken_act

if TYPE_CHECKING:
    from workers.extraction.findings import Finding
    from workers.extraction.frames import Frame
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line


def find_operators(scene: Scene, line: Line) -> Iterator[Finding]:
    """Verbs of asking, backing, accusing, denying with their own subject and addressee."""
    for frame in scene.cued_in(line.number):
        if frame.negated:
            continue
        holders = scene.holders(frame)
        if not holders:
            continue
        kind = _kind(scene, line, frame, holders)
        if kind is None:
            continue
        told = any(
            h and not set(h) & set(holders) for h in (scene.holders(f) for f in scene.chain(frame.cue.idx))
        )
        when = scene.said(frame)
        if when.value is None or (told and when.basis is not Basis.EXPLICIT):
            continue
        recipients = addressees(scene, frame.cue, holders)
        if kind in {"demand", "accusation"} and not recipients:
            recipients = _inside(scene, frame, holders)
        if kind == "accusation" and not recipients:
            sides = (scene.parts.accused, scene.parts.accuser)
            recipients = tuple(a for a in sides if scene.dossier.are_adversaries(a, holders[0]))[:1]
            if not (frame.noun and recipients):
                continue
        if (
            kind == "demand"
            and not recipients
            and frame.lemma
            in {"expect", "want", "insist", "demand", "order", "call for", "advise", "advocate", "recommend"}
            and not (frame.lemma == "demand" and _on_weapons(scene, line, frame))
        ):
            continue
        family = "performed/" if frame.cls in PERFORMING else "speech-"
        yield spoken_act(scene, line, frame, kind, recipients, rule=family + frame.lemma, sure=0.65)


def _on_weapons(scene: Scene, line: Line, frame: Frame) -> bool:
    """Whether what is demanded has to do with the treaty or its weapons: "demanded that the missiles be destroyed"."""
    return any(
        sign.code[0] == "#" and sign.code != "#other" and frame.covers(scene.document.doc[sign.first].idx)
        for sign in line.signs
    )


def _inside(scene: Scene, frame: Frame, holders: tuple[str, ...]) -> tuple[str, ...]:
    number = scene.document.sentence_index(frame.cue.idx)
    for sign in scene.lines[number].signs:
        if sign.code.startswith("@") and frame.covers(scene.document.doc[sign.first].idx):
            actor = sign.code[1:]
            if actor not in holders and actor != "nobody":
                return (actor,)
    return ()


def _kind(scene: Scene, line: Line, frame: Frame, holders: tuple[str, ...]) -> str | None:
    lemma = frame.lemma
    if frame.cls == "urge" and not (frame.noun and frame.cue.dep_ not in {"dobj", "ROOT"}):
        if lemma in {"expect", "want"}:
            return None
        if lemma in {"ask", "invite", "call for", "advocate"} and not _to_actor(scene, frame, holders):
            return None
        if lemma in {"call for", "advocate", "recommend"} and "#newtreaty" in line.code:
            return None
        if lemma == "invite" or (lemma == "want" and not scene.has(line, "#treaty|#inf*|#9m729|#moratorium")):
            return "proposal" if lemma == "invite" else None
        return "demand"
    if frame.cls == "warn" and not frame.noun and lemma in {"warn", "threaten", "caution"}:
        return "warning"
    if (
        frame.cls == "accuse"
        and frame.noun
        and frame.cue.dep_ == "dobj"
        and frame.cue.head.lemma_.lower() in _VOICING
    ):
        return "accusation" if scene.said(frame).basis is Basis.EXPLICIT else None
    if (
        frame.cls == "accuse"
        and lemma in {"accuse", "blame", "denounce", "fault", "charge"}
        and not frame.noun
    ):
        return "accusation"
    if frame.cls == "endorse" and is_backing(scene, frame, holders):
        return "endorsement"
    return performed(frame)


_VOICING = frozenset(
    {
        "voice",
        "level",
        "make",
        "raise",
        "repeat",
        "renew",
        "air",
        "lodge",
        "issue",
        "hurl",
        "publish",
        "bring",
    }
)


def _to_actor(scene: Scene, frame: Frame, holders: tuple[str, ...]) -> bool:
    return bool(addressees(scene, frame.cue, holders))
