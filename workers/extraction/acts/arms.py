"""Whose missiles they are: by who is named with them, else by what they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line

WEAPONS = ("#usmissile", "#rumissile", "#inf", "#9m729")  # the concepts of missiles of the kind in question


def owner(scene: Scene, line: Line, weapon: Any) -> tuple[str, ...]:
    """The actors whose weapons a phrase names; empty where the text does not say."""
    for child in weapon.subtree:
        if child.dep_ in {"relcl", "acl"}:
            break
        mention = scene.cast.mention(child)
        if mention is not None and mention.actor in {scene.parts.leaver, scene.parts.accused, "china"}:
            return (mention.actor,)
    codes = {line.signs[n].code for t in weapon.subtree if (n := line.sign_of(t.i)) is not None}
    if "#usmissile" in codes:
        return (scene.parts.leaver,)
    if codes & {"#rumissile", "#9m729"}:
        return (scene.parts.accused,)
    return ()
