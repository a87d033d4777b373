"""Should Russia destroy the 9M729? (`9m729-elimination`)"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workers.extraction.findings import Finding
from workers.extraction.rulework import OPPOSES, SUPPORTS, from_commitment, has_modal, negated

if TYPE_CHECKING:
    from workers.extraction.scene import Commitment, Scene
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
        line, "(ssc|@russia ~6 (missile|#inf*|system)|(demand*|call*|urg*|ultimatum|request*) ~6 missile)"
    ):
        return False
    value = hit.sign("v")
    between = line.before(hit.last, 4)
    if value is not None and value.code in {"it", "them"}:
        return "#9m729" in line.code or ("@russia" in line.code and scene.recently(line, "#9m729", 1))
    return "@usa" not in between and not any(
        w in line.code for w in (" 1991 ", " 1987 ", " 2692 ", " 2,692 ", " entire class ")
    )


def _at(scene: Scene, line: Line, hit: Hit, token: Any) -> Iterator[Finding]:
    number = hit.names.get("h", hit.first)
    refusing = False
    for commitment in _who(scene, token):
        holders = commitment.holders
        frame = commitment.frame
        if "russia" in holders:
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
                yield from_commitment(
                    scene,
                    line,
                    token,
                    commitment,
                    _P,
                    OPPOSES,
                    kind="rejection",
                    recipients=("usa",),
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
            yield from_commitment(
                scene,
                line,
                token,
                commitment,
                _P,
                SUPPORTS,
                kind="demand",
                recipients=("russia",),
                rule="elimination",
            )


def _who(scene: Scene, token: Any) -> Iterator[Commitment]:
    """Everybody around the word: here a demand and its refusal are both told."""
    from workers.extraction.scene import Commitment as Made  # noqa: PLC0415

    seen: set[tuple[str, ...]] = set()
    chain = scene.chain(token.idx)
    for place, frame in enumerate(chain):
        holders = scene.holders(frame)
        if not holders or holders in seen:
            continue
        if seen and frame.cls not in {"deny", "endorse"}:
            continue
        seen.add(holders)
        yield Made(holders, 1, frame, scene.outer_of(chain[place + 1 :], holders), frame.cls, 0.78)
    if not chain and scene.own_voice:
        yield scene.own_word(1)
    elif not seen:
        agents = scene.agents(token)
        if "russia" in agents and token.dep_ in {"xcomp", "acl"}:
            refusing = token.head
            if (
                scene.operators.verbs.get(refusing.lemma_.lower()) == "deny"
                or scene.operators.nouns.get(refusing.lemma_.lower()) == "deny"
            ):
                from workers.extraction.frames import Frame  # noqa: PLC0415

                yield Made(("russia",), -1, Frame("deny", refusing, (), ("russia",)), (), "deny", 0.7)


def _conditional(line: Line, number: int) -> bool:
    before = line.before(number, 6)
    return any(f" {w} " in before for w in ("unless", "until", "if", "before", "without", "only"))


def _chance(line: Line, number: int) -> bool:
    before = line.before(number, 6)
    return any(f" {w} " in before for w in ("chance", "opportunity", "time", "way", "solution", "step", "by"))
