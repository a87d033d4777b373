"""Who may hold something in a sentence: every actor that speaks or acts in it, and which words are whose.

Each sign of the sentence (signs.py) is put into a zone as seen from one actor:

    h  the actor's own words                d  the same, under a denial
    a  the actor's own act, told by nobody else
    p  the actor's act as another actor tells it
    o  another actor's words or act         x  the words of somebody who speaks for no actor
    n  the article's own words
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workers.extraction.event_dates import Basis, Dated

if TYPE_CHECKING:
    from workers.extraction.frames import Frame
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line

OWN_ZONES = frozenset("hda")
_VERBS = frozenset({"VERB", "AUX"})
_CLIMB = 6


@dataclass(frozen=True, slots=True)
class Candidate:
    """One actor in one sentence; `zones` has a letter for each sign of the line."""

    actor: str
    line: Line
    zones: str
    frame: Frame | None  # the innermost frame that puts words of this line into the actor's mouth

    @property
    def own(self) -> bool:
        """Whether the actor says or does anything here itself."""
        return any(zone in OWN_ZONES for zone in self.zones)


def candidates(scene: Scene, line: Line) -> tuple[Candidate, ...]:
    """Every actor that speaks or acts in a line, in the order in which they first do."""
    key = ("candidates", line.number)
    known: tuple[Candidate, ...] | None = scene.memo.get(key)
    if known is None:
        known = scene.memo[key] = tuple(_candidates(scene, line))
    return known


def _candidates(scene: Scene, line: Line) -> Iterator[Candidate]:
    near = _near(scene, line)
    if not near and not scene.own_voice and not any(sign.code.startswith("@") for sign in line.signs):
        return
    views = [_view(scene, line.doc[sign.last - 1], near) for sign in line.signs]
    actors = dict.fromkeys(a for view in views for a in view.actors())
    for actor in actors:
        zones = "".join(view.zone(actor) for view in views)
        frame = next((f for view in views for f, holders in view.told if actor in holders), None)
        yield Candidate(actor, line, zones, frame)


@dataclass(frozen=True, slots=True)
class _View:
    """Around one sign: the frames with their holders, innermost first, and who acts in the clause."""

    told: tuple[tuple[Frame, tuple[str, ...]], ...]
    doers: tuple[str, ...]

    def actors(self) -> Iterator[str]:
        for _, holders in self.told:
            yield from holders
        yield from self.doers

    def zone(self, actor: str) -> str:
        denials, others = 0, False
        silent = False
        for frame, holders in self.told:
            denials += frame.cls == "deny" and not frame.negated
            if actor in holders:
                if frame.cls == "deny":
                    return "d" if denials % 2 else "h"
                return "o" if others else "x" if silent else "d" if denials % 2 else "h"
            if holders:
                others = True
            elif frame.cls != "deny":
                silent = True
        mine = actor in self.doers
        if others:
            return "p" if mine else "o"
        if silent:
            return "x"
        return "a" if mine else "o" if self.doers else "n"


def _near(scene: Scene, line: Line) -> list[tuple[Frame, tuple[str, ...]]]:
    """The frames that reach into a line with their holders, the smallest first."""
    start, end = line.span.start, line.span.end
    frames = [
        f for f in scene.frames_in(line.number) if any(s.start < end and start < s.end for s in f.spans)
    ]
    return [(f, scene.holders(f)) for f in sorted(frames, key=lambda f: f.size)]


def _view(scene: Scene, token: Any, near: list[tuple[Frame, tuple[str, ...]]]) -> _View:
    told = [
        (frame, holders)
        for frame, holders in near
        if frame.covers(token.idx) and not (frame.cue is not None and frame.cue.i == token.i)
    ]
    if not told and scene.own_voice:
        return _View(((_own_frame(scene), (scene.own_voice,)),), _doers(scene, token))
    return _View(tuple(told), _doers(scene, token))


def _own_frame(scene: Scene) -> Frame:
    from workers.extraction.frames import Frame  # noqa: PLC0415

    return Frame("say", None, (), (scene.own_voice or "",), direct=True)


def _doers(scene: Scene, token: Any) -> tuple[str, ...]:
    """Who does what the clause around a word tells: its noun of speech or its verb."""
    key = ("doers", token.i)
    known: tuple[str, ...] | None = scene.memo.get(key)
    if known is None:
        known = scene.memo[key] = _found_doers(scene, token)
    return known


def _found_doers(scene: Scene, token: Any) -> tuple[str, ...]:
    node = token
    for _ in range(_CLIMB):
        if node.pos_ in _VERBS or (node.pos_ == "NOUN" and node.lemma_.lower() in scene.operators.nouns):
            agents = _agents(scene, node)
            if agents or node.dep_ in {"ROOT", "ccomp", "relcl"}:
                return agents
        if node.head.i == node.i:
            return _agents(scene, node)
        node = node.head
    return ()


def _agents(scene: Scene, token: Any) -> tuple[str, ...]:
    key = ("agents", token.i)
    known: tuple[str, ...] | None = scene.memo.get(key)
    if known is None:
        known = scene.memo[key] = scene.agents(token)
    return known


def anchor(candidate: Candidate) -> Any:
    """The word that stands for what is said or done: the topmost verb of the actor's words, else of its act."""
    doc = candidate.line.doc
    tokens: list[Any] = []
    for wanted in ("hd", "a"):
        tokens = tokens or [
            doc[sign.last - 1]
            for sign, zone in zip(candidate.line.signs, candidate.zones, strict=True)
            if zone in wanted
        ]
    return min([t for t in tokens if t.pos_ in _VERBS] or tokens, key=_depth)


def candidate_of(scene: Scene, line: Line, actor: str) -> Candidate | None:
    """The actor as a candidate in a line; None where it neither speaks nor acts there."""
    return next((c for c in candidates(scene, line) if c.actor == actor), None)


def word_of(line: Line, candidate: Candidate | None) -> Any:
    """The word that stands for what an actor says or does in a line; the line's own verb for whoever is no candidate."""
    if candidate is not None and candidate.own:
        return anchor(candidate)
    tokens = [line.doc[sign.last - 1] for sign in line.signs]
    return next((t for t in tokens if t.dep_ == "ROOT"), tokens[0])


def told_on(scene: Scene, candidate: Candidate | None, token: Any, actor: str) -> Dated:
    """When the telling of a line is dated, by the rules' own order."""
    frame = candidate.frame if candidate is not None else None
    if frame is None:
        return scene.done(token, (actor,))
    if frame.cue is None:
        return Dated(scene.article_date, Basis.SPEECH)
    return scene.said(frame)


def told_days(scene: Scene, line: Line) -> list[str | None]:
    """The days by which the rules date what the actors of a line say and do; None: they leave one open."""
    days = (told_on(scene, c, word_of(line, c), c.actor).value for c in candidates(scene, line))
    return list(dict.fromkeys(days))


def _depth(token: Any) -> tuple[int, int]:
    depth = 0
    node = token
    while node.head.i != node.i and depth < 40:
        node, depth = node.head, depth + 1
    return depth, token.i
