"""Backing: what is done to a proposal, a finding or a decision of somebody else's, and the phrases that give it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workers.extraction.attitudes import addressees
from workers.extraction.event_dates import Basis
from workers.extraction.exits import unreal
from workers.extraction.frames import Frame
from workers.extraction.reality import denied, none_of, told_as_done
from workers.extraction.rulework import dated_act
from workers.extraction.syntax import heads

if TYPE_CHECKING:
    from workers.extraction.findings import Finding
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line

BACKING = frozenset(
    {
        "back", "support", "endorse", "welcome", "praise", "hail", "applaud", "side with", "stand by", "stand with",
        "stand behind", "approve", "share", "commend", "salute", "favour", "favor",
    }
)  # fmt: skip
#: What others decide, find or propose, and so may be backed.
_THINGS = frozenset(
    {
        "decision", "withdrawal", "position", "finding", "conclusion", "move", "assessment", "step", "exit", "stance",
        "initiative", "proposal", "effort", "suspension", "plan", "deployment", "stationing", "idea", "announcement",
        "treaty", "accord", "agreement", "pact", "offer", "judgment", "judgement", "analysis", "aim", "resolution",
        "course", "ratification", "moratorium", "view", "call", "appeal", "destruction", "elimination",
    }
)  # fmt: skip
_JUDGED = frozenset(
    {
        "assessment",
        "conclusion",
        "finding",
        "judgment",
        "judgement",
        "analysis",
        "position",
        "view",
        "aim",
        "stance",
    }
)
#: One sides with a state by these; who welcomes or praises a visitor backs nothing.
_SIDING = frozenset({"back", "support", "side with", "stand by", "stand with", "stand behind", "endorse"})
_POINTING = frozenset({"that", "this", "it", "them", "both", "him", "her"})

_PHRASES = (
    "(give|lend|offer|throw|voice|express|signal|declare|pledge) %12 h=(backing|support|approval|consent|blessing|endorsement|assent)",
    "(show|voice|express|have) ~4 h=understanding for ~4 (decision|step|move|withdrawal|position|stance|reason)",
    "h=(agree|concur) ~3 with ~5 (finding|assessment|conclusion|judgment|judgement|analysis|decision)",
    "h=understand ~4 (decision|step|move|withdrawal|position|stance)",
    "h=vote ~3 (for|approve|ratify|favor|favour|endorse) ~5 (deployment|stationing|treaty|ratification|#treaty|#inf|#usmissile|missile)",
    "h=(associate|align) (itself|himself|herself|themselves) with ~5 (aim|initiative|appeal|call|proposal|statement|decision|idea)",
    "h=second (@|that|this|it|him|her|call|proposal|idea|demand|initiative|view)",
    "h=join in? ~4 (finding|assessment|conclusion|judgment|judgement|initiative|appeal)",
    "h=say yes to ~5 (proposal|idea|initiative|deployment|stationing|treaty|zero|offer|plan|#treaty|#inf)",
    "with ~2 h=(backing|support|approval|consent|blessing) of",
)


#: Support that these are done to is not given by whoever does it.
_NOT_GIVEN = frozenset(
    {
        "withhold", "withdraw", "refuse", "deny", "lack", "lose", "seek", "request", "ask", "need", "want", "await",
        "win", "gain", "secure", "receive",
    }
)  # fmt: skip


def is_backing(scene: Scene, frame: Frame, holders: tuple[str, ...]) -> bool:
    """Whether a frame's own verb backs what somebody else decided, found, proposed, or sides with that actor."""
    if frame.noun or frame.lemma not in BACKING or unreal(frame.cue):
        return False
    for thing in _backed(frame.cue):
        lemma = thing.lemma_.lower()
        whose = scene.cast.doer(thing)
        owners = scene.actors(whose) if whose is not None else ()
        if set(owners) & set(holders) or any(c.dep_ == "poss" and c.lower_ == "own" for c in thing.children):
            continue
        if frame.lemma == "share":
            if lemma in _JUDGED and owners:
                return True
        elif lemma in _THINGS:
            if owners or (
                lemma != "moratorium"
                and any(c.lower_ in {"the", "this", "that", "these"} for c in thing.children)
            ):
                return True
        elif frame.lemma in _SIDING:
            named = scene.actors(thing)
            if (named and set(named) & _sides(scene) and not set(named) & set(holders)) or (
                lemma in _POINTING and thing.dep_ == "dobj"
            ):
                return True
    return False


def _sides(scene: Scene) -> set[str]:
    return {scene.parts.accused, scene.parts.accuser, scene.parts.leaver, "nato"}


def _backed(cue: Any) -> Iterator[Any]:
    """What the verb is done to: its object, a passive's subject, what stands after "with" and "behind"."""
    for child in cue.children:
        if child.dep_ in {"dobj", "nsubjpass"}:
            yield child
            yield from (beside for beside in child.children if beside.dep_ == "conj")
        elif child.dep_ == "prep" and child.lower_ in {"with", "by", "behind", "of"}:
            yield from (inner for inner in child.children if inner.dep_ == "pobj")


def find_backing(scene: Scene, line: Line) -> Iterator[Finding]:
    """Phrases that give support: "lent its backing to the plan", "agreed with the finding", "voted for the deployment"."""
    for source in _PHRASES:
        for hit in scene.find(line, source):
            token = hit.token()
            verb = next((t for t in (token, *heads(token, 5)) if t.pos_ in {"VERB", "AUX"}), token)
            beside = token.dep_ == "pobj" and token.head.lower_ == "with"  # "signed with the backing of"
            if none_of(token) or (not beside and verb.lemma_.lower() in _NOT_GIVEN):
                continue
            if not told_as_done(verb) or not told_as_done(token) or denied(scene, token):
                continue
            actors = _backers(scene, token, verb)
            if not actors:
                continue
            told = any(h and not set(h) & set(actors) for h in map(scene.holders, scene.chain(token.idx)))
            when = scene.done(verb, actors)
            if when.value is None or (told and when.basis is not Basis.EXPLICIT):
                continue
            others = tuple(a for a in addressees(scene, verb, actors) if a not in actors)
            yield dated_act(
                scene, line, token, "endorsement", when.value, actors, others, rule="backing", sure=0.6
            )
            return


def _backers(scene: Scene, token: Any, verb: Any) -> tuple[str, ...]:
    """Who gives it: behind "with the backing of", else the doer of the verb."""
    if token.dep_ == "pobj" and token.head.lower_ == "with":
        found = [
            actor
            for child in token.children
            if child.dep_ == "prep" and child.lower_ == "of"
            for inner in child.children
            if inner.dep_ == "pobj"
            for actor in scene.actors(inner)
        ]
        return tuple(dict.fromkeys(a for a in found if a in scene.dossier.actors))
    if verb.pos_ not in {"VERB", "AUX"}:
        return ()
    return tuple(a for a in scene.agents(verb) if a in scene.dossier.actors)
