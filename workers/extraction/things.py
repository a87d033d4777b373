"""Findings about a thing that actors propose, keep or reject."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from services.core.domain.reading import Span
from services.core.domain.vocabulary import Stance
from workers.extraction.attitudes import attitude_words, attitudes
from workers.extraction.findings import Finding
from workers.extraction.rulework import evidence

if TYPE_CHECKING:
    from workers.extraction.attitudes import Attitude
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line


def attitudes_towards(
    scene: Scene, tokens: Iterable[Any], thing: str, counts: Callable[[Attitude], bool] = lambda _: True
) -> Iterator[tuple[Any, Attitude]]:
    """What a line's actors do with a thing named by `tokens`: for each actor and sign the first that counts."""
    seen: set[tuple[tuple[str, ...], int]] = set()
    for token in tokens:
        for attitude in attitudes(scene, token, attitude_words(scene.dossier.id, thing)):
            key = (attitude.holders, attitude.polarity)
            if key not in seen and counts(attitude):
                seen.add(key)
                yield token, attitude


def thing_finding(
    scene: Scene,
    line: Line,
    token: Any,
    attitude: Attitude,
    proposition: str | None,
    stance: Stance | None,
    kind: str | None,
    recipients: tuple[str, ...],
    *,
    rule: str,
    condition: Span | None = None,
    with_word: bool = False,
    sure: float = 0.75,
    weak: bool = False,
) -> Finding:
    """The finding for an attitude (attitudes.py) towards what `token` names.

    `with_word`: its evidence reaches to the word that says what is done with it.
    """
    holders = attitude.holders
    words = (attitude.word,) if with_word and attitude.word is not None else ()
    own = next((f for f in scene.chain(token.idx) if set(scene.holders(f)) & set(holders)), None)
    return Finding(
        holders=holders,
        line=line.number,
        evidence=evidence(scene, token, *words),
        when=attitude.when,
        rule=rule,
        confidence=sure - (0.1 if attitude.reported else 0.0),
        proposition=proposition,
        stance=stance,
        kind=kind,
        recipients=tuple(r for r in recipients if r not in holders),
        condition=condition,
        speaker=scene.speaker(own, holders[0]) if own is not None else None,
        weak=weak,
    )
