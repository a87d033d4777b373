"""Whose conduct a word of breach or compliance is about: the doer, the weapon's owner, whoever is accused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Hit, Line


COMPLIED = {"russia": "russia-complied", "usa": "us-complied"}
OPPONENT = {"russia": "usa", "usa": "russia"}


def whose(scene: Scene, line: Line, hit: Hit, token: Any, commitments: list[Any]) -> list[str]:  # noqa: PLR0912  # a cascade of cases, each of one line
    """Whose conduct it is: the doer, the weapon's owner, whoever is accused; else the nearest before it."""
    value = hit.sign("v")
    if value is not None:
        owner = _owner(value.code)
        if owner and value.code not in {"missile", "#inf", "range", "parameter", "characteristic"}:
            return [owner]
    agents = scene.agents(token)
    doers = [a for a in agents if a in COMPLIED]
    if doers:
        return doers[:1]
    if agents and token.pos_ != "NOUN" and not any(c.dep_ == "auxpass" for c in token.children):
        return []
    doer = scene.cast.doer(token)
    if doer is not None:
        sign = line.sign_of(doer.i)
        owner = _owner(line.signs[sign].code) if sign is not None else None
        if owner is None and sign is not None:
            owner = _phrase_owner(line, doer)
        if owner:
            return [owner]
    accusing = next(
        (f for f in scene.chain(token.idx) if f.cls in {"accuse", "oppose", "urge"} and f.cue is not None),
        None,
    )
    if accusing is not None:
        for target in scene.cast.objects(accusing.cue):
            named = [a for a in scene.actors(target) if a in COMPLIED]
            if named:
                return named[:1]
    number = hit.names.get("h", hit.first)
    by = scene.words("by v=(@russia|@usa)")
    after = next((h for h in line.find(by) if number < h.first < number + 8), None)
    if after is not None:
        sign_v = after.sign("v")
        return [sign_v.code[1:]] if sign_v else []
    held = {h for c in commitments if c.rule != "accuser" for h in c.holders}
    denying = any(c.rule == "deny" for c in commitments)
    for back in range(number - 1, max(-1, number - 14), -1):
        owner = _owner(line.signs[back].code)
        if owner and (owner not in held or denying or line.signs[back].code[0] == "#"):
            return [owner]
        if (
            owner
            and owner in held
            and line.signs[back].code[0] == "@"
            and commitments
            and all(c.polarity > 0 for c in commitments)
        ):
            return [owner]
        if line.signs[back].code in {"we", "our", "us"}:
            spoken = [a for a in scene.speakers(token.idx) if a in COMPLIED]
            if spoken:
                return spoken
    if denying:
        return [h for h in held if h in COMPLIED][:1]
    for holder in held:
        if holder not in COMPLIED:
            return [scene.parts.accused]
        if all(c.polarity < 0 for c in commitments):
            return [OPPONENT[holder]]
        return [holder]
    return []


def _owner(code: str) -> str | None:
    if code in {"@russia", "#9m729", "#rumissile"}:
        return "russia"
    if code in {"@usa", "#mk41", "#usmissile"}:
        return "usa"
    return None


def _phrase_owner(line: Line, noun: Any) -> str | None:
    for token in noun.subtree:
        number = line.sign_of(token.i)
        owner = _owner(line.signs[number].code) if number is not None else None
        if owner:
            return owner
    return None
