"""Missiles of the kind in question put somewhere, or brought there, on a day, in a month or year that the text gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workers.extraction.acts.arms import WEAPONS, owner
from workers.extraction.exits import unreal
from workers.extraction.frames import is_negated
from workers.extraction.rulework import after, dated_act
from workers.extraction.syntax import heads

if TYPE_CHECKING:
    from workers.extraction.findings import Finding
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line

#: What is done to weapons, and what weapons do themselves.
_PUT = frozenset(
    {
        "deploy", "station", "base", "move", "ship", "send", "bring", "deliver", "fly", "take", "field", "install",
        "transfer", "place", "set", "redeploy", "relocate", "airlift", "transport", "put", "emplace", "keep",
    }
)  # fmt: skip
_COME = frozenset({"arrive", "land", "stand", "come"})
_NOUNS = frozenset(
    {
        "deployment",
        "stationing",
        "arrival",
        "delivery",
        "shipment",
        "presence",
        "emplacement",
        "transfer",
        "basing",
        "appearance",
    }
)
_HARDWARE = frozenset({"launcher", "battery", "missile", "rocket", "system", "battalion"})
_PLANNED = frozenset({"will", "would", "'ll", "shall", "'d"})
_MAYBE = frozenset({"may", "might", "could", "can", "should", "must"})
#: Wanted, feared, promised or denied is not done.
_NOT_DONE = frozenset({"accuse", "deny", "urge", "warn", "propose", "oppose"})
_WANTING = frozenset(
    {
        "want",
        "offer",
        "refuse",
        "threaten",
        "consider",
        "hope",
        "ask",
        "urge",
        "allow",
        "able",
        "ready",
        "plan",
        "right",
    }
)


def find(scene: Scene, line: Line) -> Iterator[Finding]:
    """The findings of one line: one for each actor and date."""
    if not any(sign.code.startswith(WEAPONS) for sign in line.signs):
        return
    done: set[tuple[tuple[str, ...], str]] = set()
    for sign in line.signs:
        token = line.doc[sign.first]
        weapon = _moved(line, token)
        if weapon is None or is_negated(token) or unreal(token) or not _told_as_done(scene, token):
            continue
        date = _date(scene, token)
        actors = _whose(scene, line, token, weapon)
        if not date or not actors or (actors, date) in done or not _fits(scene, token, date):
            continue
        if "#9m729" in line.code and _alleged(scene, token, actors):
            continue
        done.add((actors, date))
        yield dated_act(scene, line, token, "deployment", date, actors, rule="deployed", sure=0.7)


def _moved(line: Line, token: Any) -> Any:
    """The weapons that a verb or noun puts somewhere, if it does: their head word."""
    lemma = token.lemma_.lower()
    if token.pos_ == "VERB" and lemma in _PUT:
        roles = {"dobj", "nsubjpass"}
    elif token.pos_ == "VERB" and lemma in _COME:
        roles = {"nsubj"}
    elif token.pos_ == "NOUN" and lemma in _NOUNS:
        inner = (g for c in token.children if c.dep_ == "prep" and c.lower_ == "of" for g in c.children)
        return next((noun for noun in inner if _is_weapon(line, noun)), None)
    else:
        return None
    for child in token.children:
        if child.dep_ in roles and _is_weapon(line, child):
            return child
    if token.dep_ in {"acl", "relcl"} and token.tag_ in {"VBN", "VBD"} and _is_weapon(line, token.head):
        return token.head  # "a launcher taken to Luzon in April", "missiles that were sent there"
    return None


def _is_weapon(line: Line, noun: Any) -> bool:
    """Whether a phrase names weapons of the kind: by its head, or by what its hardware is called by."""
    number = line.sign_of(noun.i)
    if number is not None and line.signs[number].code.startswith(WEAPONS):
        return True
    if noun.lemma_.lower() not in _HARDWARE | {"part", "component"}:
        return False
    for child in noun.subtree:
        if child.dep_ in {"relcl", "acl"}:
            break
        number = line.sign_of(child.i)
        if number is not None and line.signs[number].code.startswith(WEAPONS):
            return True
    return False


def _told_as_done(scene: Scene, token: Any) -> bool:
    for frame in scene.chain(token.idx):
        if frame.cls in _NOT_DONE or (frame.cls == "claim" and scene.holders(frame)) or frame.negated:
            return False
    auxiliaries = {c.lower_ for c in token.children if c.dep_ == "aux"}
    if auxiliaries & _MAYBE:
        return False
    return not any(
        node.lemma_.lower() in _WANTING or {c.lower_ for c in node.children if c.dep_ == "aux"} & _MAYBE
        for node in heads(token, 3, {"xcomp", "ccomp", "acl", "pcomp", "prep", "dobj", "pobj", "conj"})
    )


def _alleged(scene: Scene, token: Any, actors: tuple[str, ...]) -> bool:
    """Whether only an adversary of theirs says so: of the missile in dispute that is the charge itself."""
    tellers = {a for f in scene.chain(token.idx) for a in scene.holders(f)}
    return not tellers & set(actors) and any(
        scene.dossier.are_adversaries(teller, actor) for teller in tellers for actor in actors
    )


def _date(scene: Scene, token: Any) -> str | None:
    spans = [s for f in scene.chain(token.idx) for s in f.spans if f.cue is not None]
    if token.pos_ == "NOUN":
        return scene.dating.explicit(token, spans, climb=False) or (
            scene.dating.explicit(token, spans) if token.dep_ in {"nsubj", "nsubjpass"} else None
        )
    return scene.dating.explicit(token, spans) if spans else scene.act_date(token)


def _fits(scene: Scene, token: Any, date: str) -> bool:
    """Whether the tense agrees: what will be done lies ahead, what was done does not."""
    ahead = after(date, scene.article_date)
    to_come = any(c.dep_ == "aux" and c.lower_ in _PLANNED | {"to"} for c in token.children)
    if token.pos_ == "NOUN":
        return True
    return ahead or not to_come or len(date) == len("2025")


def _whose(scene: Scene, line: Line, token: Any, weapon: Any) -> tuple[str, ...]:
    """Who puts them there: the doer, else whose weapons they are."""
    theirs = owner(scene, line, weapon)
    doers = tuple(a for a in scene.agents(token) if a in scene.dossier.actors) if token.pos_ == "VERB" else ()
    if token.lemma_.lower() in _COME or not doers:
        return theirs
    return doers if not theirs or set(theirs) & set(doers) else tuple(dict.fromkeys((*doers, *theirs)))
