"""What a speaker says that others have to do, or hopes and wants that they will: demands without a verb of asking.

"Russia has to come back into compliance, he said", "Berlin hoped that Moscow would use the time", "Washington wanted
the missiles destroyed".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workers.extraction.exits import unreal
from workers.extraction.frames import is_negated
from workers.extraction.rulework import spoken_act

if TYPE_CHECKING:
    from workers.extraction.findings import Finding
    from workers.extraction.frames import Frame
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line

_TELLING = frozenset({"say", "claim"})
_HOPING = frozenset({"hope", "hop", "wish"})  # the tagger's "hop" is mostly "hoped"
_WANTING = frozenset({"want", "expect"})
_OUGHT = frozenset({"must", "should", "ought"})
_FUTURE = frozenset({"will", "would", "'ll", "could", "can"})
_CONDITIONS = frozenset({"if", "unless", "whether", "lest", "until"})
#: What one must be or suffer is no call upon anybody to act.
_PASSIVE = frozenset(
    {"be", "feel", "know", "understand", "realise", "realize", "answer", "fear", "expect", "say", "have"}
)
_UNDONE = frozenset(
    {
        "destroy",
        "dismantle",
        "scrap",
        "eliminate",
        "remove",
        "withdraw",
        "cut",
        "disclose",
        "inspect",
        "preserve",
    }
)


def find_wishes(scene: Scene, line: Line) -> Iterator[Finding]:
    """The demands of one line that no verb of asking makes."""
    done: set[tuple[str, ...]] = set()
    for token in scene.document.tokens_in(line.span):
        if token.pos_ not in {"VERB", "AUX"}:
            continue
        for frame, whom, rule in (*_due(scene, token), *_wished(scene, token)):
            holders = scene.holders(frame)
            if len(holders) != 1 or holders in done or frame.negated or frame.noun:
                continue
            if scene.said(frame).value is None:
                continue
            done.add(holders)
            yield spoken_act(scene, line, frame, "demand", whom, rule=rule, sure=0.6)


def _due(scene: Scene, token: Any) -> Iterator[tuple[Frame, tuple[str, ...], str]]:
    """ "Russia must destroy it": whoever says so of another party."""
    verb = _obliged(token)
    if verb is None or unreal(token) or _conditional(token) or is_negated(token):
        return
    frame = next((f for f in scene.chain(token.idx) if scene.holders(f)), None)
    if frame is None or frame.cue is None or frame.cls not in _TELLING or frame.cue.i == token.i:
        return
    whom = _others(scene, token, scene.holders(frame))
    if whom:
        yield frame, whom, "wish-must"


def _obliged(token: Any) -> Any:
    """The verb that stands under "must", "should", "has to", "needs to"; None where it is none or passive."""
    subject = next((c.i for c in token.children if c.dep_ == "nsubj"), -1)
    if any(c.lower_ == "should" and c.i < subject for c in token.children):
        return None  # "should Washington begin, ..." is a condition
    words = {c.lower_ for c in token.children if c.dep_ == "aux"}
    verb = None
    if words & _OUGHT and "have" not in words:
        verb = token
    elif token.lemma_.lower() in {"have", "need"} and not words & {"would", "will", "may", "might", "could"}:
        verb = next(
            (c for c in token.children if c.dep_ == "xcomp" and any(a.lower_ == "to" for a in c.children)),
            None,
        )
    if verb is None or verb.lemma_.lower() in _PASSIVE or any(c.dep_ == "auxpass" for c in verb.children):
        return None
    return verb


def _wished(scene: Scene, token: Any) -> Iterator[tuple[Frame, tuple[str, ...], str]]:
    """ "Hoped that Moscow would", "wants Russia to", "wanted the missiles destroyed"."""
    lemma = token.lemma_.lower()
    if lemma not in _HOPING | _WANTING:
        return
    frame = next(
        (f for f in scene.cued_in(scene.document.sentence_index(token.idx)) if f.cue.i == token.i), None
    )
    if frame is None:
        return
    holders = scene.holders(frame)
    for clause in token.children:
        if clause.dep_ not in {"ccomp", "xcomp"} or clause.i < token.i or is_negated(clause):
            continue
        whom = _others(scene, clause, holders)
        words = {c.lower_ for c in clause.children if c.dep_ == "aux"}
        meant = bool(words & _FUTURE) if lemma in _HOPING else "to" in words
        if whom and meant and clause.lemma_.lower() not in _PASSIVE:
            yield frame, whom, f"wish-{'hope' if lemma in _HOPING else lemma}"
        elif lemma == "want" and clause.tag_ == "VBN" and clause.lemma_.lower() in _UNDONE:
            accused = (scene.parts.accused,)
            yield frame, tuple(a for a in accused if a not in holders), "wish-want"


def _others(scene: Scene, verb: Any, holders: tuple[str, ...]) -> tuple[str, ...]:
    """Who is to do it, where that is parties other than the speaker."""
    subject = next((c for c in verb.children if c.dep_ == "nsubj"), None)
    if subject is None:
        return ()
    actors = scene.actors(subject)
    parties = {scene.parts.accused, scene.parts.accuser, scene.parts.invited, "nato"}
    return actors if actors and not set(actors) & set(holders) and set(actors) & parties else ()


def _conditional(token: Any) -> bool:
    return token.dep_ in {"advcl", "relcl"} and any(
        c.lower_ in _CONDITIONS for c in token.children if c.dep_ in {"mark", "advmod"}
    )
