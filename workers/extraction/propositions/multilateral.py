"""Should the limits be extended to further states, China among them? (`multilateral-treaty`)"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workers.extraction.attitudes import Attitude, addressees
from workers.extraction.frames import is_negated
from workers.extraction.rulework import from_commitment, negated, stance_of
from workers.extraction.things import thing_finding

if TYPE_CHECKING:
    from workers.extraction.findings import Finding
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line

_P = "multilateral-treaty"


def find(scene: Scene, line: Line) -> Iterator[Finding]:
    """The findings of one line."""
    named = any(s.code in {"@china", "@india", "@pakistan"} for s in line.signs)
    if not named and not any(
        w in line.code
        for w in (
            " other ",
            "lateral",
            " further ",
            " universal",
            " global",
            " accession ",
            " three ",
            " wider ",
            " broader ",
            " all ",
        )
    ):
        return
    if scene.has(line, scene.words.pattern("multilateral/past")) or _of_other(scene, line):
        return
    done: set[tuple[tuple[str, ...], int]] = set()
    for source in scene.words.patterns("multilateral/extended"):
        for hit in scene.find(line, source):
            token = hit.token()
            for finding in _at(scene, line, token, hit.names.get("h", hit.first)):
                key = (finding.holders, 1 if finding.stance and finding.stance.value == "supports" else -1)
                if key not in done:
                    done.add(key)
                    yield finding


def _of_other(scene: Scene, line: Line) -> bool:
    return "#other" in line.code and "#treaty" not in line.code and f"@{scene.parts.invited}" not in line.code


def _at(scene: Scene, line: Line, token: Any, number: int) -> Iterator[Finding]:
    yielded = False
    polarity = -1 if negated(line, number, token, 5) else 1
    invited = scene.parts.invited
    for commitment in scene.commitments(token, polarity):
        if commitment.rule == "accuser":
            continue
        holders, sign = commitment.holders, commitment.polarity
        own = holders[0] == invited
        unwilling = not scene.has(line, "(willing|ready|open|support|welcome|agree)")
        if own and sign > 0 and commitment.frame.cls != "propose" and unwilling:
            continue
        if (
            not own
            and sign < 0
            and not (
                commitment.rule == "deny" or scene.has(line, "(oppos*|against|reject*|need not|no need)")
            )
        ):
            continue  # "China is not part of it" is a complaint, not a refusal
        recipients = addressees(scene, commitment.frame.cue, holders)
        kind = (
            "rejection"
            if sign < 0
            else "demand"
            if commitment.frame.cls == "urge" and invited in recipients and commitment.frame.lemma != "want"
            else "proposal"
        )
        wanted = _wanted(scene, line, commitment)
        if sign > 0 and not wanted:
            continue
        if sign < 0 and own:
            recipients = (scene.parts.accuser,)
        elif not recipients and not own and f"@{invited}" in line.code:
            recipients = (invited,)
        yielded = True
        yield from_commitment(
            scene,
            line,
            token,
            commitment,
            _P,
            stance_of(sign),
            kind=kind,
            recipients=recipients,
            rule="multilateral",
            sure=0.7,
        )
    if not yielded:
        yield from _by_doer(scene, line, token, -1 if _refused(line, number, token) else 1)


def _refused(line: Line, number: int, token: Any) -> bool:
    if negated(line, number, token, 5):
        return True
    node = token
    for _ in range(5):
        if (
            node.lemma_.lower()
            in {"refuse", "decline", "reject", "oppose", "rule", "uninterested", "refusal", "opposition"}
            and node.i != token.i
        ):
            return True
        if node.head.i == node.i:
            return False
        node = node.head
        if is_negated(node) and node.lemma_.lower() in {
            "want",
            "intend",
            "join",
            "interest",
            "see",
            "be",
            "have",
            "plan",
            "will",
        }:
            return True
    return False


def _wanted(scene: Scene, line: Line, commitment: Any) -> bool:
    if commitment.frame.cls in {"urge", "propose", "endorse"}:
        return True
    return scene.has(
        line,
        "(should|must|need*|want*|like|hope*|propos*|call*|seek*|idea|favour|favor|better|would|only|why not|necessary|ready|open|support*|welcome*|interest*"
        "|nothing against|important|possible|discuss*|new|future|successor|any|effort*|let 's|include*)",
    )


def _by_doer(scene: Scene, line: Line, token: Any, polarity: int) -> Iterator[Finding]:
    """'Beijing has refused to join', 'Trump wants China in it': told of the doer."""
    if any(scene.holders(f) for f in scene.chain(token.idx)):
        return
    node = token
    for _ in range(5):
        node = node.head
        lemma = node.lemma_.lower()
        if lemma in {
            "refuse",
            "decline",
            "reject",
            "oppose",
            "rule",
            "want",
            "propose",
            "seek",
            "urge",
            "call",
            "refusal",
            "spurn",
            "resist",
            "desire",
            "push",
            "demand",
            "insist",
        }:
            agents = scene.agents(node)
            if agents and (polarity < 0 or lemma not in {"refuse", "decline", "reject", "oppose", "rule"}):
                yield _done(scene, line, token, node, agents, polarity, 0.68)
            return
        if node.head.i == node.i:
            break
    agents = scene.agents(token)
    if agents == (scene.parts.invited,) and polarity < 0:
        yield _done(scene, line, token, token, agents, polarity, 0.65)


def _done(
    scene: Scene, line: Line, token: Any, verb: Any, agents: tuple[str, ...], polarity: int, sure: float
) -> Finding:
    kind = "rejection" if polarity < 0 else "proposal"
    attitude = Attitude(agents, polarity, verb, kind, scene.done(verb, agents))
    stance, rule = stance_of(polarity), "multilateral-doer"
    return thing_finding(scene, line, token, attitude, _P, stance, kind, (), rule=rule, sure=sure)
