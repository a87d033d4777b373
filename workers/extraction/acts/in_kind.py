"""One side's answer in kind to the other's suspension ("Russia followed suit"), and what both did together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workers.extraction.event_dates import Basis
from workers.extraction.exits import Exit, Mood, exits
from workers.extraction.reality import asked, denied, told_as_done
from workers.extraction.rulework import dated_act

if TYPE_CHECKING:
    from workers.extraction.findings import Finding
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line

_IN_KIND = (
    "h=follow (suit|on|in|hour|day|week)",
    "h=(do|act) ~1 (likewise|same|so)",
    "h=(answer|respond|reply|retaliate|reciprocate) ~2 (in kind|symmetrically|likewise|in same way|with same)",
    "h=(mirror|match|copy) ~2 (move|step|decision|suspension)",
)
_BACK = 2  # lines
_BOTH = frozenset({"country", "side", "power", "party", "state", "capital", "nation", "government", "both"})


def find(scene: Scene, line: Line) -> Iterator[Finding]:
    """The findings of one line."""
    yield from _answered(scene, line)
    yield from _together(scene, line)


def _answered(scene: Scene, line: Line) -> Iterator[Finding]:
    sides = (scene.parts.leaver, scene.parts.accused)
    for source in _IN_KIND:
        for hit in scene.find(line, source):
            token = hit.token()
            if token.pos_ != "VERB" or not told_as_done(token) or denied(scene, token):
                continue
            actors = tuple(a for a in scene.agents(token) if a in sides)
            if len(actors) != 1:
                continue
            first = _suspended(scene, line, token, actors[0])
            if first is None:
                continue
            date = _date(scene, token, actors)
            if date:
                others = tuple(s for s in sides if s not in actors)
                yield dated_act(
                    scene, line, token, "suspension", date, actors, others, rule="in-kind", sure=0.7
                )
                return


def _suspended(scene: Scene, line: Line, token: Any, actor: str) -> Exit | None:
    """The other side's suspension that is told last before the answer."""
    for other in reversed(scene.lines[max(0, line.number - _BACK) : line.number + 1]):
        told = [
            e
            for e in exits(scene, other)
            if not e.negated and e.mood is not Mood.UNREAL and e.token.i < token.i and actor not in e.agents
        ]
        if told:
            return next((e for e in reversed(told) if e.suspends), None)
    return None


def _date(scene: Scene, token: Any, actors: tuple[str, ...]) -> str | None:
    spans = [span for f in scene.chain(token.idx) for span in f.spans]
    explicit = scene.dating.explicit(token, spans) if spans else scene.act_date(token)
    if explicit:
        return explicit
    for frame in scene.chain(token.idx):
        if set(scene.holders(frame)) & set(actors):
            return scene.said(frame).value
    when = scene.done(token, actors)
    return when.value if when.basis in {Basis.LEANED, Basis.SPEECH} else None


def _together(scene: Scene, line: Line) -> Iterator[Finding]:
    """ "Both countries suspended the treaty in February 2019"."""
    for leaving in exits(scene, line):
        if leaving.agents or leaving.negated or not leaving.suspends or leaving.mood is not Mood.DONE:
            continue
        if denied(scene, leaving.token) or asked(leaving.token):
            continue
        doer = scene.cast.doer(leaving.token)
        if doer is None or doer.lemma_.lower() not in _BOTH:
            continue
        if doer.lower_ != "both" and not any(c.lower_ in {"both", "two"} for c in doer.children):
            continue
        date = scene.act_date(leaving.token)
        if date:
            actors = (scene.parts.accused, scene.parts.leaver)
            yield dated_act(scene, line, leaving.token, "suspension", date, actors, rule="in-kind", sure=0.7)
