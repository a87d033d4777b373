"""Should Russia destroy the 9M729? (`9m729-elimination`)"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from workers.extraction.frames import Frame
from workers.extraction.rulework import OPPOSES, SUPPORTS, from_commitment, has_modal, negated
from workers.extraction.scene import Commitment

if TYPE_CHECKING:
    from workers.extraction.findings import Finding
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Hit, Line

_P = "9m729-elimination"
_DESTROY = "(destroy*|destruction|eliminat*|dismantl*|scrap*|dispos*|liquidat*|abandon*|remov*|dismantle|junk*|decommission*|retir*|get rid|give up|do away|withdraw*|destruct*|demolish*)"
_PATTERNS = (
    f"h={_DESTROY} (of|with)? ~4 v=(#9m729)",
    f"v=#9m729 ~2 h={_DESTROY}",
    f"v=#9m729 %6 (be|must|should) ~3 h={_DESTROY}",
    f"h={_DESTROY} (of|with)? ~3 v=(missile|system|#inf*|launcher|weapon|arsenal|it|them)",
)


def find(scene: Scene, line: Line) -> Iterator[Finding]:
    """The findings of one line."""
    if not any(
        s in line.code
        for s in (
            "destr",
            "elimin",
            "dismantl",
            "scrap",
            "dispos",
            "liquid",
            "abandon",
            "remov",
            "get rid",
            "give up",
            "withdr",
            "do away",
            "junk",
            "decommission",
            "retir",
            "demolish",
        )
    ):
        return
    done: set[int] = set()
    for number, source in enumerate(_PATTERNS):
        for hit in scene.find(line, source):
            token = hit.token()
            if token.i in done or (number == 3 and not _ours(scene, line, hit)):
                continue
            done.add(token.i)
            yield from _at(scene, line, hit, token)


def _ours(scene: Scene, line: Line, hit: Hit) -> bool:
    """Whether "the missiles" are the 9M729: Russia's, with the 9M729 named in the lines before."""
    if not scene.recently(line, "(#9m729)", 6) and not scene.has(
        line, scene.words.pattern("elimination/at-issue")
    ):
        return False
    value = hit.sign("v")
    between = line.before(hit.last, 4)
    if value is not None and value.code in {"it", "them"}:
        return "#9m729" in line.code or (
            f"@{scene.parts.accused}" in line.code and scene.recently(line, "#9m729", 1)
        )
    return f"@{scene.parts.accuser}" not in between and not scene.has(
        line, scene.words.pattern("elimination/of-old")
    )


def _at(scene: Scene, line: Line, hit: Hit, token: Any) -> Iterator[Finding]:
    number = hit.names.get("h", hit.first)
    refusing = False
    accused, accuser = scene.parts.accused, scene.parts.accuser
    made = partial(from_commitment, scene, line, token)
    for commitment in _who(scene, token):
        holders = commitment.holders
        frame = commitment.frame
        if accused in holders:
            refuses = (
                frame.cls == "deny"
                or negated(line, number, token)
                or scene.has(
                    line,
                    "(unacceptable|impossible|no intention|out of question|absurd|not intend|reject*|refus*|ultimatum|rule out|never)",
                )
            )
            if refuses and not refusing:
                refusing = True
                yield made(
                    commitment,
                    _P,
                    OPPOSES,
                    kind="rejection",
                    recipients=(accuser,),
                    rule="elimination-refused",
                )
            continue
        if frame.cls == "deny" or (
            negated(line, number, token) and "not only" not in line.code and not _conditional(line, number)
        ):
            continue
        directive = (
            frame.cls in {"urge", "warn", "propose"}
            or has_modal(token)
            or _conditional(line, number)
            or _chance(line, number)
        )
        if directive:
            yield made(commitment, _P, SUPPORTS, kind="demand", recipients=(accused,), rule="elimination")


def _who(scene: Scene, token: Any) -> Iterator[Commitment]:
    """Everybody around the word: here a demand and its refusal are both told."""
    seen: set[tuple[str, ...]] = set()
    chain = scene.chain(token.idx)
    for place, frame in enumerate(chain):
        holders = scene.holders(frame)
        if not holders or holders in seen:
            continue
        if seen and frame.cls not in {"deny", "endorse"}:
            continue
        seen.add(holders)
        yield Commitment(holders, 1, frame, scene.outer_of(chain[place + 1 :], holders), frame.cls, 0.78)
    if not chain and scene.own_voice:
        yield scene.own_word(1)
    elif not seen:
        agents = scene.agents(token)
        if scene.parts.accused in agents and token.dep_ in {"xcomp", "acl"}:
            refusing, accused = token.head, (scene.parts.accused,)
            lemma = refusing.lemma_.lower()
            if "deny" in {scene.operators.verbs.get(lemma), scene.operators.nouns.get(lemma)}:
                yield Commitment(accused, -1, Frame("deny", refusing, (), accused), (), "deny", 0.7)


def _conditional(line: Line, number: int) -> bool:
    before = line.before(number, 6)
    return any(f" {w} " in before for w in ("unless", "until", "if", "before", "without", "only"))


def _chance(line: Line, number: int) -> bool:
    before = line.before(number, 6)
    return any(f" {w} " in before for w in ("chance", "opportunity", "time", "way", "solution", "step", "by"))
