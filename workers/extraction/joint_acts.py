"""Acts of several actors told in one sentence: "Britain and Poland blamed Moscow" is one event with two actors.

What is found for each actor apart (the encoder asks about one at a time) is put together where the sentence puts
the actors together. What each of them holds stays its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from workers.extraction.findings import Finding

if TYPE_CHECKING:
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line

#: Whoever takes part is an actor of these, be it the clause's subject or not: "Lavrov met Maas".
_TAKING_PART = frozenset({"consultation", "agreement-signed"})
#: What opponents who stand side by side direct at each other: two acts, not one.
_DIRECTED = frozenset({"accusation", "denial", "demand", "ultimatum", "warning", "rejection"})


def together(scene: Scene, findings: Iterable[Finding]) -> list[Finding]:
    """The findings for events, those of one act in one with all actors; for positions they are of no use."""
    apart: list[Finding] = []
    told: dict[tuple[int, str, str, str], list[Finding]] = {}
    for finding in findings:
        if finding.kind is None or finding.when.value is None or not finding.holders:
            apart.append(finding)
            continue
        key = (finding.line, finding.kind, finding.when.value, finding.status.value)
        told.setdefault(key, []).append(finding)
    for (number, kind, _, _), same in told.items():
        apart.extend(_united(scene, number, kind, same) if len(same) > 1 else same)
    return apart


def _united(scene: Scene, number: int, kind: str, same: list[Finding]) -> list[Finding]:
    groups = _groups(scene, scene.lines[number], kind, {a for f in same for a in f.holders})
    left = list(same)
    united: list[Finding] = []
    while left:
        one = left.pop(0)
        while (other := next((f for f in left if _joint(scene, kind, one, f, groups)), None)) is not None:
            left.remove(other)
            one = _both(one, other)
        united.append(one)
    return united


def _joint(scene: Scene, kind: str, one: Finding, other: Finding, groups: list[frozenset[str]]) -> bool:
    mine, theirs = set(one.holders), set(other.holders)
    if mine <= theirs or theirs <= mine:
        return True
    if not any(mine & group and theirs & group for group in groups):
        return False
    if kind not in _DIRECTED or {*one.recipients, *other.recipients} - mine - theirs:
        return True
    return not any(scene.dossier.are_adversaries(a, b) for a in mine - theirs for b in theirs - mine)


def _both(one: Finding, other: Finding) -> Finding:
    first, second = (one, other) if one.confidence >= other.confidence else (other, one)
    holders = tuple(dict.fromkeys((*first.holders, *second.holders)))
    alone = holders == first.holders
    return replace(
        first,
        holders=holders,
        recipients=tuple(
            r for r in dict.fromkeys((*first.recipients, *second.recipients)) if r not in holders
        ),
        speaker=first.speaker if alone else None,
        weak=first.weak and second.weak,
    )


def _groups(scene: Scene, line: Line, kind: str, actors: set[str]) -> list[frozenset[str]]:
    """The actors that a sentence puts together: joined by "and", two in one plural, both sides of a meeting."""
    found = {frozenset(group) & actors for group in (*_side_by_side(scene, line), *_tellers(scene, line))}
    if kind in _TAKING_PART:
        met = {frozenset(group) & actors for group in _clauses(scene, line)}
        met = {group for group in met if len(group) > 1}
        found |= met if len(met) > 1 else {frozenset(actors)}
    return sorted((g for g in found if len(g) > 1), key=sorted)


def _side_by_side(scene: Scene, line: Line) -> Iterator[tuple[str, ...]]:
    for token in scene.document.tokens_in(line.span):
        if token.dep_ != "conj" and token.pos_ in {"NOUN", "PROPN", "PRON", "ADJ"}:
            beside = [
                actor
                for prep in token.head.children
                if token.dep_ == "nsubj" and prep.lower_ in {"with", "alongside"} and _along(prep)
                for thing in prep.children
                if thing.dep_ == "pobj"
                for actor in scene.actors(thing)
            ]
            yield (*scene.actors(token), *beside)


def _along(prep: Any) -> bool:
    """Whether it reads "alongside", "together with", "along with": a bare "with" has too many uses."""
    if prep.lower_ == "alongside":
        return True
    return prep.i > 0 and prep.nbor(-1).lower_ in {"together", "along", "jointly"}


def _tellers(scene: Scene, line: Line) -> Iterator[tuple[str, ...]]:
    for frame in scene.frames:
        if frame.cue is not None and line.span.start <= frame.cue.idx < line.span.end:
            yield scene.holders(frame)


def _clauses(scene: Scene, line: Line) -> Iterator[tuple[str, ...]]:
    """A verb's subject and objects, those of its objects ("held talks with Maas") too."""
    for token in scene.document.tokens_in(line.span):
        if token.pos_ != "VERB":
            continue
        things = list(scene.cast.objects(token))
        things += [inner for thing in things for inner in scene.cast.objects(thing)]
        yield (*scene.agents(token), *(actor for thing in things for actor in scene.actors(thing)))
