"""Who is to blame for the treaty's end or crisis? (`russia-responsible`, `us-responsible`)"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from services.core.domain.vocabulary import Stance
from workers.extraction.conditions import condition_of
from workers.extraction.exits import Mood, exits
from workers.extraction.propositions.conduct import OPPONENT
from workers.extraction.rulework import from_commitment, negated, stance_of

if TYPE_CHECKING:
    from workers.extraction.findings import Finding
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Hit, Line

_PARTY = {"russia": "russia-responsible", "usa": "us-responsible"}
_TRY = (
    "(try|trying|tried|attempt*|seek*|sought|aim*|mean|meant|want*|effort*|intend*|so-called|allege*|attempt)"
)


def find(scene: Scene, line: Line) -> Iterator[Finding]:
    """The findings of one line."""
    if not _about_the_end(scene, line):
        return
    done: set[tuple[int, str]] = set()
    for finding_hit, party, polarity, rule in _accused(scene, line):
        token = finding_hit.token()
        key = (token.sent.start if rule != "blame" else token.i, party)
        if key in done:
            continue
        done.add(key)
        yield from _at(scene, line, finding_hit, token, party, polarity, rule)
    yield from _our_leaving(scene, line)


def _about_the_end(scene: Scene, line: Line) -> bool:
    if "#treaty" in line.code:
        return True
    return scene.recently(line, "{treaty}", 2) and (
        scene.has(line, "({end}|responsib*|blame|fault|destroy*|bury|forc*|provok*|kill*|undermin*)")
    )


def _accused(scene: Scene, line: Line) -> Iterator[tuple[Hit, str, int, str]]:  # noqa: PLR0912  # a cascade of cases, each of one line
    for hit in scene.find(line, scene.words.pattern("responsibility/shift")):
        party = _party(scene, hit)
        if party:
            trying = scene.has(line, _TRY) or any(
                w in line.before(hit.first, 6) for w in (" try ", " attempt", " seek ")
            )
            yield hit, party, -1 if trying else 1, "shift"
    for source in scene.words.patterns("responsibility/blamed"):
        for hit in scene.find(line, source):
            party = _party(scene, hit)
            if party and not _shifted(scene, line, hit):
                yield hit, party, 1, "blame"
    for source in scene.words.patterns("responsibility/killed"):
        for hit in scene.find(line, source):
            party = _party(scene, hit)
            if party:
                yield hit, party, 1, "killed"
    for source in scene.words.patterns("responsibility/forced"):
        for hit in scene.find(line, source):
            party = _party(scene, hit)
            if party:
                yield hit, party, 1, "forced"
    leaving = [e for e in exits(scene, line) if scene.parts.leaver in e.agents or (not e.agents and e.noun)]
    if leaving:
        for source in scene.words.patterns("responsibility/led-to"):
            for hit in scene.find(line, source):
                if hit.names["h"] > leaving[0].number:
                    yield hit, scene.parts.leaver, 1, "led-to"


def _shifted(scene: Scene, line: Line, hit: Hit) -> bool:
    """ "They try to blame Russia" is what the speaker rejects, unless somebody else says so."""
    before = line.before(hit.names.get("h", hit.first), 5)
    return any(f" {w} " in before for w in ("shift", "pin", "lay", "put", "place")) and scene.has(
        line, scene.words.pattern("responsibility/shift")
    )


def _party(scene: Scene, hit: Hit) -> str | None:
    sign = hit.sign("v")
    if sign is None:
        bearing = hit.line.doc[hit.line.signs[hit.first].first]
        named = [a for a in scene.agents(bearing) if a in _PARTY]
        return named[0] if named else None
    if sign.code in {"@russia", "#9m729"}:
        return "russia"
    if sign.code == "@usa":
        return "usa"
    token = hit.line.doc[sign.first]
    if sign.code in {"we", "us", "our"}:
        speakers = [s for s in scene.speakers(token.idx) if s in _PARTY]
        return speakers[0] if speakers else None
    if sign.code in {"who", "which", "that"}:
        antecedent = scene.cast.antecedent(token)
        named = [a for a in scene.actors(antecedent) if a in _PARTY] if antecedent is not None else []
        return named[0] if named else None
    doers = [a for a in scene.agents(hit.token()) if a in _PARTY]
    return doers[0] if doers else None


def _at(
    scene: Scene, line: Line, hit: Hit, token: Any, party: str, polarity: int, rule: str
) -> Iterator[Finding]:
    number = hit.names.get("h", hit.first)
    if rule in {"blame", "killed"} and (negated(line, number, token) or _tried(line, number)):
        polarity = -polarity
    proposition = _PARTY[party]
    made = partial(from_commitment, scene, line, token)
    commitments = scene.commitments(token, polarity)
    if not commitments and rule == "led-to":
        leaving = exits(scene, line)
        commitments = scene.commitments(leaving[0].token, polarity) if leaving else []
    for commitment in commitments:
        holders = commitment.holders
        if rule in {"killed", "led-to", "forced"} and party in holders:
            continue
        if commitment.polarity > 0 and party in holders:
            continue
        if commitment.polarity < 0 and party not in holders and commitment.rule != "deny":
            continue
        stance = stance_of(commitment.polarity)
        condition = (
            condition_of(scene, line, token, strict=True)
            if stance is Stance.SUPPORTS and rule == "blame"
            else None
        )
        if condition is not None:
            stance = Stance.CONDITIONAL
        kind = (
            "accusation"
            if stance is Stance.SUPPORTS
            else "ultimatum"
            if stance is Stance.CONDITIONAL
            else "denial"
        )
        yield made(
            commitment,
            proposition,
            stance,
            kind=kind,
            recipients=(party,) if commitment.polarity > 0 else (OPPONENT[party],),
            condition=condition,
            rule=f"responsible-{rule}",
            sure=0.8 if rule == "blame" else 0.68,
        )
        if rule == "shift" and polarity < 0:
            blamers = [
                a for a in scene.agents(token.head if token.head.pos_ == "VERB" else token) if a != party
            ]
            if blamers and blamers[0] in _PARTY:
                other = replace(commitment, holders=(blamers[0],), polarity=1, outer=holders, rule="accuser")
                yield made(other, proposition, stance_of(1), rule="responsible-shift", sure=0.55)


def _tried(line: Line, number: int) -> bool:
    return any(w in line.before(number, 4) for w in (" try to ", " attempt to ", " seek to "))


def _our_leaving(scene: Scene, line: Line) -> Iterator[Finding]:
    """ "It was the United States that pulled out"; "Russia quit at its sole discretion"; "Russia took no action to leave"."""
    accused, leaver = scene.parts.accused, scene.parts.leaver
    for leaving in exits(scene, line):
        if leaving.suspends or (
            leaving.mood in {Mood.UNREAL, Mood.THREATENED, Mood.NAMED} and not leaving.negated
        ):
            continue
        made = partial(from_commitment, scene, line, leaving.token)
        if accused in leaving.agents:
            if leaving.mood is not Mood.DONE and not leaving.negated:
                continue
            for commitment in scene.commitments(leaving.token, -1 if leaving.negated else 1):
                left = commitment.polarity > 0
                if (accused in commitment.holders) == left:
                    continue
                yield made(
                    commitment,
                    _PARTY[accused],
                    stance_of(commitment.polarity),
                    kind="accusation" if left else "denial",
                    recipients=(accused if left else OPPONENT[accused],),
                    rule="responsible-left",
                    sure=0.6,
                )
        elif (
            leaver in leaving.agents
            and leaving.mood is Mood.DONE
            and scene.has(line, scene.words.pattern("responsibility/cleft"))
        ):
            for commitment in scene.commitments(leaving.token, 1):
                if leaver not in commitment.holders:
                    yield made(
                        commitment,
                        _PARTY[leaver],
                        stance_of(1),
                        kind="accusation",
                        recipients=(leaver,),
                        rule="responsible-cleft",
                        sure=0.72,
                    )
