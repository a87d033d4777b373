"""Should the treaty be kept alive? (`treaty-preserved`) Keeping and saving, praise, grief, and "obsolete"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workers.extraction.attitudes import Attitude, addressees
from workers.extraction.rulework import from_commitment, has_modal, negated, stance_of
from workers.extraction.things import thing_finding

if TYPE_CHECKING:
    from workers.extraction.findings import Finding
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line

_P = "treaty-preserved"
_KEEP = (
    "h=({preserve}|preservation|viability|survival) !that (of|for)? ~4 {treaty}",
    "h=(keep*) it (alive|in place|in force|going)",
    "h=(preserv*|sav*|salvag*|rescu*) it !(to|for|up|from)",
    "h=(remain|stay|continue) (in|within|party to|a party to|part of|inside) ~3 {treaty}",
    "h=(commit*|devoted|dedicated|attached|attach*) (to|importance to) ~4 {treaty}",
    "h=(commit*) to ~3 ({preserve}|preservation) ~3 {treaty}",
    "h=(stand|stick) (by|to|with|up for) ~2 {treaty}",
    "{treaty} ~6 (must|should|need|ought|have to) ~3 h=({preserve}|remain|stay|survive|live|continue|stand|preserved|saved|honour|honor|respect|observe|uphold)",
    "(want|wish|like|hope) {treaty} ~2 (to)? h=(live|survive|stay|continue|remain|last|endure|keep)",
    "h=(see|seeing) {treaty} (upheld|uphold|preserved|preserve|survive|saved|save|continue|kept|keep)",
    "h=(keep|keeping|kept) {treaty}",
    "h=(keep|keeping) ~4 {treaty} (alive|in place|in force|going)",
    "h=(future|survival|preservation|integrity) of ~2 {treaty}",
    "(way|chance|opportunity|time|window|effort|hope) ~4 to h=(save|preserve|rescue|salvage) ~4 ({treaty}|it)",
    "h=(value|appreciat*|cherish*|champion*|stand for) ~3 {treaty}",
)
_PRAISE = (
    (
        "{treaty} %14 h=(cornerstone|pillar|important|importance|crucial*|crucial|vital|key|essential|valuable|fundamental|contribut*|stabilis*|stabiliz*"
        "|benefit*|success*|significan*|backbone|linchpin|foundation|indispensable|landmark achievement|milestone|bedrock|guarant*|central|instrumental|keystone|serve*|helped|underpin*|stability|wall|anchor|bulwark|safeguard|brake|asset)"
    ),
    "h=(importance|value|significance|merit|role|benefit|contribution) of ~3 {treaty}",
    "h=(cornerstone|pillar|important|crucial|vital|key|essential|valuable|fundamental|backbone|linchpin|bedrock) %10 {treaty}",
    "how ~1 h=(much|important|vital|crucial) %6 {treaty}",
    "h=(good|right) for ~6 {treaty}",
)
_GRIEF = (
    "h=(regret*|lament*|deplor*|mourn*|bemoan*|sad*|sorry|sorrow) ~6 ({end}) ~6 {treaty}",
    "h=(regret*|lament*|deplor*|mourn*|bemoan*) ~3 {treaty} ~4 (end*|collaps*|demise|expir*|terminat*|cease|loss)",
    "({end}) of ~3 {treaty} ~2 (be|will|would|mean|bring|make) ~6 h=({bad})",
    "{treaty} ({end}) ~2 (be|will|would|mean|bring|make) ~6 h=({bad})",
    "(loss|los*|without|absence|end) of? ~3 {treaty} %8 h=({bad}|less secure|less safe|brake|vacuum|more dangerous|arms race|race)",
    "h=(mourn*|bemoan*|lament*|grieve*) ~2 {treaty}",
    "h=(loss|lose|losing) (of)? ~2 ({treaty}|brake)",
    "(not|never|neither) ~4 h=(want|wish|seek|interested|interest|intend|desire|aim) ~4 (destroy|end|kill|collapse|lose|dismantl*|break) ~4 {treaty}",
    "(be|stand|speak) h=against ~3 (dismantl*|end*|{destroy-treaty}|destruction|collapse|breakdown|loss|los*) ~3 {treaty}",
    "h=(regret*|lament*|deplor*|sad*) ~4 {treaty} ~8 (lose|lost|die|go|vanish|disappear|expire|end)",
)
_OBSOLETE = (
    (
        "{treaty} %10 h=(obsolete|outdated|outmoded|outlived|relic|irrelevant|useless|antiquated|anachronis*|dead letter|worthless|no long* relevant|old-fashioned"
        "|no long* serve*|not fit|unfit|ineffective|overtaken|archaic|pointless|a thing of past|past its|fiction|hollow)"
    ),
    "h=(obsolete|outdated|outmoded|antiquated|anachronistic|archaic) ~2 {treaty}",
    "{treaty} (should|must|deserve|need) ~3 h=(go|die|end|scrapped|buried|disappear|abandoned)",
    "no ~2 h=(point|sense|reason|use|value) ~4 (in|to|of)? ~4 {treaty}",
)


def find(scene: Scene, line: Line) -> Iterator[Finding]:
    """The findings of one line."""
    if "#treaty" not in line.code and not scene.recently(line, "{treaty}", 1):
        return
    done: set[int] = set()
    for sources, polarity, sure in (
        (_OBSOLETE, -1, 0.72),
        (_KEEP, 1, 0.75),
        (_GRIEF, 1, 0.65),
        (_PRAISE, 1, 0.65),
    ):
        for source in sources:
            for hit in scene.find(line, source):
                token = hit.token()
                if token.i in done:
                    continue
                done.add(token.i)
                yield from _at(scene, line, token, hit.names["h"], polarity, sure, _keeps(sources))


def _keeps(sources: tuple[str, ...]) -> bool:
    return sources is _KEEP


def _at(
    scene: Scene, line: Line, token: Any, number: int, polarity: int, sure: float, keeping: bool
) -> Iterator[Finding]:
    if keeping and (_about_compliance(line, number) or _about_leaving(line, number)):
        return
    if polarity < 0 and negated(line, number, token):
        return
    if keeping and negated(line, number, token) and not has_modal(token):
        return
    found = False
    for commitment in scene.commitments(token, polarity):
        if commitment.rule == "accuser":
            continue
        found = True
        recipients = addressees(scene, commitment.frame.cue, commitment.holders)
        asked = commitment.frame.cls == "urge" and keeping and _for_others(commitment.frame.cue, recipients)
        if commitment.polarity < 0 and polarity > 0:
            continue
        warned = commitment.frame.cls == "warn" and not keeping
        kind = "demand" if asked else "warning" if warned else "statement"
        recipients = recipients if asked else ()
        yield from_commitment(
            scene,
            line,
            token,
            commitment,
            _P,
            stance_of(commitment.polarity),
            kind=kind,
            recipients=recipients,
            weak=kind == "statement",
            rule="preservation",
            sure=sure,
        )
    if not found and keeping:
        yield from _by_doer(scene, line, token, sure)


def _for_others(cue: Any, recipients: tuple[str, ...]) -> bool:
    """Whether somebody else is asked: an actor, "both sides", "the parties"."""
    if recipients:
        return True
    if cue is None or cue.lemma_.lower() in {"want", "expect", "insist"}:
        return False
    return any(
        t.lemma_.lower() in {"side", "party", "country", "capital", "power", "ally", "signatory", "nation"}
        for t in cue.subtree
        if cue.i < t.i < cue.i + 6
    )


def _about_compliance(line: Line, number: int) -> bool:
    near = line.before(number, 3) + line.after(number, 3)
    return any(word in near for word in (" compliance ", " comply ", " obligation ", " violat", " breach"))


def _about_leaving(line: Line, number: int) -> bool:
    after = line.after(number, 4)
    return any(
        word in after for word in (" withdraw", " exit ", " leav", " decision ", " end ")
    ) and line.signs[number].code.startswith(("support", "defend", "commit", "stand", "appreciat"))


def _by_doer(scene: Scene, line: Line, token: Any, sure: float) -> Iterator[Finding]:
    """'Moscow worked to save the treaty': the doer itself, where nobody is quoted on it."""
    agents = scene.agents(token)
    if not agents or scene.chain(token.idx) or has_modal(token) or token.dep_ in {"advcl", "relcl"}:
        return
    if scene.has(line, "(would|could|may|might|if|unless|only)"):
        return
    attitude = Attitude(agents, 1, token, "statement", scene.done(token, agents))
    kind, rule, sure = "statement", "preservation-doer", sure - 0.05
    yield thing_finding(
        scene, line, token, attitude, _P, stance_of(1), kind, (), rule=rule, sure=sure, weak=True
    )
