"""Did Russia, did the United States keep to the treaty? (`russia-complied`, `us-complied`)

A word of breach or of compliance, the party it is said of, and everybody who commits to it or denies it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from workers.extraction.frames import Frame
from workers.extraction.propositions.bare_denials import bare_denials
from workers.extraction.propositions.conduct import COMPLIED, OPPONENT, whose
from workers.extraction.rulework import from_commitment, has_modal, negated, stance_of

if TYPE_CHECKING:
    from workers.extraction.findings import Finding
    from workers.extraction.scene import Commitment, Scene
    from workers.extraction.signs import Hit, Line


def find(scene: Scene, line: Line) -> Iterator[Finding]:
    """The findings of one line."""
    done: set[int] = set()
    made: list[Finding] = []
    for sources, polarity, presupposed in (
        (scene.words.patterns("compliance/return"), -1, True),
        (scene.words.patterns("compliance/breaches"), -1, False),
        (scene.words.patterns("compliance/kept"), 1, False),
    ):
        for source in sources:
            if not _possible(line, source):
                continue
            for hit in scene.find(line, source):
                token = hit.token()
                if (
                    token.i in done
                    or _elsewhere(scene, hit)
                    or (not presupposed and any(abs(token.i - i) < 3 for i in done))
                ):
                    continue
                found = list(_at(scene, line, hit, token, polarity, presupposed))
                done.update(range(line.signs[hit.first].first, line.signs[hit.last - 1].last))
                made.extend(found)
    yield from made
    yield from bare_denials(scene, line, made)


_STEMS = (
    "violat",
    "breach",
    "compl",
    "break",
    "abid",
    "adher",
    "honor",
    "honour",
    "respect",
    "observ",
    "infring",
    "contraven",
    "flout",
    "cheat",
    "bust",
    "illegal",
    "ban",
    "prohibit",
    "limit",
    "within",
    "commit",
    "faithful",
    "obligation",
    "range",
    "afoul",
    "incompatible",
    "inconsistent",
    "contrary",
    "ignor",
    "disregard",
    "keep",
    "fulfil",
    "permit",
    "allow",
    "forbid",
    "outlaw",
    "exceed",
    "parameter",
    "accord",
    "implement",
    "stick",
    "consistent",
    "cover",
    "subject",
    "fall",
    "conform",
    "circumvent",
    "sidestep",
    "transgress",
    "hold",
    "beyond",
    "dishono",
    "defy",
    "mockery",
    "wrong",
    "#mk41",
    "legal",
    "lawful",
    "fly",
    "trampl",
    " line ",
    "keeping",
    "inf-banned",
)


def _possible(line: Line, _source: str) -> bool:
    return _has_stem(line.code)


@lru_cache(maxsize=256)  # asked again for each of the patterns
def _has_stem(code: str) -> bool:
    return any(stem in code for stem in _STEMS)


def _elsewhere(scene: Scene, hit: Hit) -> bool:
    """Whether the breach is of something else: a border, another treaty, the law."""
    number = hit.names.get("h", hit.first)
    near = hit.line.before(number, 2) + hit.line.after(number, 7)
    other = scene.words(scene.words.pattern("compliance/elsewhere")).search(near)
    if other is not None:
        return "#treaty" not in near or near.index("#treaty") > other.start()
    if not any(code in hit.line.code for code in ("#treaty", "#9m729", "#mk41", "#inf")):
        return not scene.recently(hit.line, "({treaty}|#9m729|#mk41)", 3)
    return not scene.topical[hit.line.number]


def _at(  # noqa: PLR0912  # a cascade of cases, each of one line
    scene: Scene, line: Line, hit: Hit, token: Any, polarity: int, presupposed: bool
) -> Iterator[Finding]:
    number = hit.names.get("h", hit.first)
    if not presupposed and "whether" in line.before(number, 6):
        return
    if (
        presupposed
        and any(c.dep_ == "nsubjpass" for c in token.children)
        and not any(c.dep_ == "agent" for c in token.children)
    ):
        return  # "the treaty should be honoured" charges nobody
    if polarity > 0 and not presupposed and _ceasing(line, number):
        return
    flipped = not presupposed and _is_negated(line, number, token, polarity)
    if flipped:
        polarity = -polarity
    commitments = scene.commitments(token, polarity, presupposed=presupposed)
    if scene.has(line, scene.words.pattern("compliance/each-other")) and not presupposed:
        yield from _mutual(scene, line, token)
        return
    if (
        polarity < 0
        and not flipped
        and any(w in line.before(number, 3) for w in (" alleged ", " so - called ", " supposed "))
    ):
        return
    parties = whose(scene, line, hit, token, commitments)
    if polarity > 0 and len(set(scene.agents(token)) & set(COMPLIED)) > 1:
        return  # "urged both to honour the treaty" charges neither
    for party in parties:
        proposition = COMPLIED[party]
        for commitment in commitments:
            holders = tuple(h for h in commitment.holders if not (presupposed and h == party))
            if not holders:
                continue
            kept = commitment.polarity > 0
            if (
                not presupposed
                and polarity > 0
                and party not in holders
                and not flipped
                and _directive(token, commitment)
            ):
                kept, asked = False, True
            else:
                asked = presupposed
            if not presupposed and party in holders and not kept and commitment.rule != "deny":
                continue  # nobody pleads guilty: a misread party
            yield from_commitment(
                scene,
                line,
                token,
                commitment,
                proposition,
                stance_of(1 if kept else -1),
                kind=_kind(scene, commitment, token, party, kept, asked),
                recipients=_recipients(party, kept, holders),
                rule="compliance-return" if asked else "compliance",
            )


def _ceasing(line: Line, number: int) -> bool:
    """ "Would stop fulfilling its obligations" says nothing of the past."""
    before = line.before(number, 4)
    return any(f" {w} " in before for w in ("stop", "cease", "suspend", "long", "end"))


def _is_negated(line: Line, number: int, token: Any, polarity: int) -> bool:
    before = line.before(number, 7)
    if (
        polarity < 0
        and any(f" {w} " in before for w in ("evidence", "proof", "fact"))
        and any(f" {w} " in before for w in ("no", "any", "without", "lack", "never"))
    ):
        return True
    first = line.signs[number].code
    if (
        first in {"fall", "subject", "cover", "prohibit", "ban", "forbid", "outlaw", "restrict"}
        and polarity > 0
    ):
        return False
    if first.startswith("non"):
        return False
    if polarity < 0 and any(line.after(number, 2).startswith(f" {w} ") for w in ("nothing", "no", "neither")):
        return True
    return negated(line, number, token)


def _directive(token: Any, commitment: Commitment) -> bool:
    return commitment.frame.cls in {"urge", "warn"} or has_modal(token)


def _kind(scene: Scene, commitment: Any, token: Any, party: str, kept: bool, asked: bool) -> str | None:
    if kept:
        return "denial" if party in commitment.holders or commitment.rule == "deny" else "statement"
    if asked:
        directive = commitment.frame.cls == "urge" or _directive(token, commitment)
        refusal = any(
            w in scene.lines[scene.document.sentence_index(token.idx)].code
            for w in (" refus", " fail", " not ", " ignor")
        )
        return "demand" if directive else "accusation" if refusal else None
    return "accusation"


def _recipients(party: str, kept: bool, holders: tuple[str, ...]) -> tuple[str, ...]:
    if not kept:
        return (party,)
    return (OPPONENT[party],) if party in holders else ()


def _mutual(scene: Scene, line: Line, token: Any) -> Iterator[Finding]:
    """ "Both sides accuse each other": each of the other's breach."""
    near = scene.lines[max(0, line.number - 2) : line.number + 1]
    sides = {s.code for one in near for s in one.signs}
    if not {"@russia", "@usa"} <= sides:
        return
    chain = scene.chain(token.idx)
    cue = next((f.cue for f in chain if f.cls == "accuse" and f.cue is not None), token)
    for holder in ("usa", "russia"):
        one = scene.commit(
            (holder,), -1, Frame("accuse", cue, (), (holder,), noun=cue.pos_ == "NOUN"), (), "accuse"
        )
        yield from_commitment(
            scene,
            line,
            token,
            one,
            COMPLIED[OPPONENT[holder]],
            stance_of(-1),
            kind="accusation",
            recipients=(OPPONENT[holder],),
            rule="compliance-mutual",
        )
