"""Is the United States right to leave? (`us-withdrawal`) Its own acts, and what others make of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from workers.extraction.exits import Exit, exits
from workers.extraction.frames import Frame, is_negated
from workers.extraction.propositions.leaving import act_of_leaving
from workers.extraction.rulework import OPPOSES, SUPPORTS, from_commitment
from workers.extraction.scene import Commitment

if TYPE_CHECKING:
    from workers.extraction.findings import Finding
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line


_P = "us-withdrawal"
_REACH = 10


def find(scene: Scene, line: Line) -> Iterator[Finding]:
    """The findings of one line."""
    found = exits(scene, line)
    for leaving in found:
        if scene.parts.leaver in leaving.agents and not leaving.negated:
            yield from act_of_leaving(scene, line, leaving)
    yield from _judgements(scene, line, found)
    yield from _appeals(scene, line, found)
    yield from _backing(scene, line, found)


def _judgements(scene: Scene, line: Line, found: list[Exit]) -> Iterator[Finding]:
    places = [(e.token, e.number) for e in found if _is_its(scene, e) and not e.suspends]
    if not places and _lately(scene, line):
        for hit in scene.find(line, scene.words.pattern("withdrawal/step")):
            number = hit.names.get("h", hit.first)
            if hit.token().tag_ == "NNS":
                continue
            places.append((line.doc[line.signs[number].first], number))
        for hit in scene.find(line, scene.words.pattern("withdrawal/judged-so")):
            number = hit.names["h"]
            if any(s.code in {"this", "it", "that"} for s in line.signs[max(0, number - 1) : number + 2]):
                places.append((line.doc[line.signs[number].first], number))
    if not places and _lately(scene, line, 60):
        places.extend(
            (hit.token(), hit.names["h"] - 1)
            for hit in scene.find(line, scene.words.pattern("withdrawal/error"))
        )
    done: set[tuple[tuple[str, ...], str]] = set()
    for token, number in places:
        for finding in _judged(scene, line, token, number):
            key = (finding.holders, finding.stance.value if finding.stance else "")
            if key not in done:
                done.add(key)
                yield finding


def _is_its(scene: Scene, leaving: Exit) -> bool:
    """Whether it is the leaver's exit, as far as the text tells whose it is."""
    return scene.parts.leaver in leaving.agents or not leaving.agents


def _lately(scene: Scene, line: Line, back: int = 12) -> bool:
    return any(
        scene.parts.leaver in e.agents
        for other in scene.lines[max(0, line.number - back) : line.number + 1]
        for e in exits(scene, other)
    )


def _judged(scene: Scene, line: Line, token: Any, number: int) -> Iterator[Finding]:
    chain = scene.chain(token.idx)
    for frame in chain:
        holders = scene.holders(frame)
        if scene.parts.leaver in holders and frame.cls != "endorse":
            if frame.noun:
                continue
            return
        if not holders:
            continue
        if frame.cls in {"pledge", "propose", "urge"}:
            continue
        stance = _by_frame(frame) or _by_words(scene, line, frame, number)
        if stance is None and frame.cls == "deny":
            return
        if stance is None:
            continue
        commitment = Commitment(
            holders, 1, frame, scene.outer_of(chain[chain.index(frame) + 1 :], holders), frame.cls, 0.75
        )
        yield from _judgement(scene, line, token, commitment, stance, 0.8 if _by_frame(frame) else 0.68)
        return
    if scene.own_voice and scene.own_voice != scene.parts.leaver:
        stance = _near(scene, line, number, 0, len(line.signs))
        if stance is not None:
            yield from _judgement(scene, line, token, scene.own_word(1), stance, 0.68)


def _judgement(
    scene: Scene, line: Line, token: Any, commitment: Commitment, stance: Any, sure: float
) -> Iterator[Finding]:
    bad_faith = stance is OPPOSES and scene.has(line, scene.words.pattern("withdrawal/bad-faith"))
    kind = "accusation" if bad_faith else "endorsement" if stance is SUPPORTS else "statement"
    if scene.parts.leaver in commitment.holders:
        kind = "statement"
    made = partial(from_commitment, scene, line, token, commitment)
    yield made(
        _P,
        stance,
        kind=kind,
        recipients=(scene.parts.leaver,) if kind != "statement" else (),
        weak=kind == "statement",
        rule="withdrawal-judged",
        sure=sure,
    )
    if (
        bad_faith
        and scene.parts.accused in commitment.holders
        and scene.has(line, scene.words.pattern("withdrawal/pretext"))
    ):
        yield made(  # a pretext is a charge without ground
            "russia-complied",
            SUPPORTS,
            kind="denial",
            recipients=(scene.parts.leaver,),
            rule="withdrawal-pretext",
            sure=0.6,
        )


def _by_frame(frame: Frame) -> Any:
    if frame.negated:
        return OPPOSES if frame.cls == "endorse" else None
    if frame.cls == "oppose" or (frame.cls == "warn" and frame.lemma in {"concern", "worry", "fear"}):
        return OPPOSES
    if frame.cls == "endorse" or frame.lemma in {"understand", "agree with", "share"}:
        return SUPPORTS
    return None


def _by_words(scene: Scene, line: Line, frame: Frame, number: int) -> Any:
    covered = [n for n, s in enumerate(line.signs) if frame.covers(line.doc[s.first].idx)]
    if not covered:
        return None
    cue = line.sign_of(frame.cue.i) if frame.cue is not None else None
    if (
        frame.lemma
        in {
            "call",
            "describe",
            "label",
            "brand",
            "dub",
            "term",
            "see",
            "view",
            "regard",
            "consider",
            "deem",
            "condemn",
        }
        and cue is not None
    ):
        covered = [*covered, *range(covered[-1] + 1, min(len(line.signs), covered[-1] + 6))]
    return _near(scene, line, number, covered[0], covered[-1] + 1)


def _near(scene: Scene, line: Line, number: int, first: int, last: int) -> Any:
    """The judging word nearest to the exit, not about Russia's conduct and not denied."""
    if scene.has(line, scene.words.pattern("withdrawal/bad-faith")):
        return OPPOSES
    best: tuple[int, Any] | None = None
    for source, stance in (("h=({bad})", OPPOSES), ("h=({good})", SUPPORTS)):
        for hit in scene.find(line, source):
            at = hit.names["h"]
            distance = abs(at - number)
            if not first <= at < last or distance > _REACH or at == number:
                continue
            between = line.signs[min(at, number) + 1 : max(at, number)]
            if (
                any(
                    s.code in {f"@{scene.parts.accused}", ";", "#9m729"}
                    or s.code.startswith(("violat", "breach"))
                    for s in between
                )
                and distance > 3
            ):
                continue
            negative = any(
                s.code in {"not", "no", "never", "hardly"} for s in line.signs[max(0, at - 3) : at]
            )
            judged = stance if not negative else (SUPPORTS if stance is OPPOSES else OPPOSES)
            if negative and stance is OPPOSES:
                continue
            if best is None or distance < best[0]:
                best = (distance, judged)
    return best[1] if best else None


def _backing(scene: Scene, line: Line, found: list[Exit]) -> Iterator[Finding]:
    """ "gave Washington its full support", "sided with the Americans", "stood firmly behind the decision"."""
    if not (found or _lately(scene, line, 40)):
        return
    for source in scene.words.patterns("withdrawal/backing"):
        for hit in scene.find(line, source):
            token = hit.token()
            backer = None if is_negated(token) else _backer(scene, token)
            if backer is not None:
                yield from_commitment(
                    scene,
                    line,
                    token,
                    backer,
                    _P,
                    SUPPORTS,
                    kind="endorsement",
                    recipients=(scene.parts.leaver,),
                    rule="withdrawal-backed",
                    sure=0.65,
                )
                return


def _backer(scene: Scene, token: Any) -> Commitment | None:
    """Whose backing it is: neither the leaver's own nor its accused's."""
    sides = {scene.parts.leaver, scene.parts.accused}
    for commitment in scene.commitments(token, 1):
        if commitment.polarity > 0 and not sides & set(commitment.holders):
            return commitment
    agents = tuple(a for a in scene.agents(token) if a not in sides)
    if not agents or scene.chain(token.idx):
        return None
    frame = Frame("endorse", token, (), agents, noun=token.pos_ == "NOUN")
    return Commitment(agents, 1, frame, (), "endorse", 0.65)


def _appeals(scene: Scene, line: Line, found: list[Exit]) -> Iterator[Finding]:
    tokens = [e.token for e in found if e.negated and _is_its(scene, e)]
    if found or _lately(scene, line):
        tokens += [h.token() for h in scene.find(line, scene.words.pattern("withdrawal/reconsider"))]
    tokens += [
        h.token()
        for h in scene.find(line, scene.words.pattern("withdrawal/stay"))
        if f"@{scene.parts.leaver}" in line.code
    ]
    for token in tokens:
        for frame in scene.chain(token.idx):
            holders = tuple(h for h in scene.holders(frame) if h != scene.parts.leaver)
            if not holders:
                continue
            if frame.cls == "urge" or frame.lemma in {"urge", "ask", "call"}:
                appeal = Commitment(holders, -1, frame, (), "urge", 0.75)
                asked, rule = (scene.parts.leaver,), "withdrawal-appeal"
                yield from_commitment(
                    scene, line, token, appeal, _P, OPPOSES, kind="demand", recipients=asked, rule=rule
                )
            break
