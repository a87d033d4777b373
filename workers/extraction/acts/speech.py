"""Speech acts that are events whatever they are about: demands, offers, warnings, ultimatums, backing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from services.core.domain.vocabulary import Status
from workers.extraction.attitudes import addressees
from workers.extraction.event_dates import Basis
from workers.extraction.exits import unreal
from workers.extraction.findings import Finding
from workers.extraction.frames import Frame
from workers.extraction.rulework import evidence, from_commitment, negated
from workers.extraction.scene import Commitment

if TYPE_CHECKING:
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line

_RESPONSE = (
    "(will|would|'ll|have to|forced to|must|shall|going to|need to|ready to|right to) ~4 h=(respond|retaliate|react|counter|answer|mirror|match|reply|hit back)",
    "h=(respond|retaliate|react|answer|act) ~2 (in kind|accordingly|symmetrically|correspondingly|appropriately|adequately|immediately|asymmetrically|swiftly)",
    "(will|would|'ll|have to|forced to|must|shall|going to|need to|right to) ~4 h=(take|adopt|resort|undertake) ~6 (measure|countermeasure)",
    "h=(take) ~4 (countermeasure|retaliatory|response|reciprocal|all necessary)",
    "h=(retaliatory|retaliation|countermeasure|counter-measure|mirror|tit-for-tat|symmetrical|asymmetrical|fitting|adequate|military-technical) ~2 (measure|step|response|reply|action|answer)",
    "(have|entail|bring|lead to|face|with|threaten*|warn*|mean) ~3 h=(grave|serious|severe|dire|dangerous|unpredictable|devastating|catastrophic|heavy|negative|far-reaching) ~1 (consequence|repercussion)",
    "h=(target|aim|point) ~8 (@|territor*|capital|centre|center|countr*|at)",
    "(will not|would not|not) h=(go unanswered|remain unanswered|leave unanswered|unanswered|stand idl* by|stand by idly|stand by|stand idle and|sit idl* by)",
    "(will|would|could|may|can) ~3 (trigger|spark|unleash|lead to|fuel|start|provoke|ignite|launch) ~3 h=(arms|race)",
    "warn ~2 (of|about|that) ~8 h=(race|danger|risk|consequence|war|escalation|confrontation|instability)",
    "no ~1 (choice|option|alternative) but ~4 h=(respond|take|react|build|deploy|develop|answer|follow|act|start|begin|resume)",
    "h=(fitting|adequate|tough|firm|immediate|strong|symmetrical|proportionate) (response|reply|answer)",
)
_OFFER = (
    "(be|remain|stand|stay|continue|as) ~2 h=(ready|open|willing|prepared|available) ~2 (to|for) ~4 (talk|talks|dialogue|discuss*|negotiat*|consult*|work|explain|cooperat*|engage|conversation|meet|contact|agree*|contribut*|constructive|joint|compromise|solution|all|restart|resume|further|contribute|look|step|arms)",
    "h=(readiness|willingness|openness|offer) (to|for) ~4 (talk|dialogue|discuss*|negotiat*|consult*|work|cooperat*|step|engage|contact|resume)",
    "h=(offer|propose|suggest|invite) ~6 (talk|dialogue|negotiation|discussion|meeting|consultation|measure|step|initiative|inspection|agreement|#newtreaty|deal)",
    "why not h=(discuss|negotiate|talk|sign|agree)",
    "h=(want|like|hope|seek|work) ~3 (discuss|negotiate|conclude|work out|reach|sign|develop) ~4 (#newtreaty|agreement)",
    "door ~3 h=(open)",
)
_ULTIMATUM = (
    "h=(give|gave|grant|set) @ ~4 (day|month|week|deadline|ultimatum|until)",
    "h=(ultimatum|deadline)",
)


def find(scene: Scene, line: Line, found: list[Finding]) -> Iterator[Finding]:
    """The findings of one line beyond what the propositions' rules made of it."""
    yield from _ultimatums(scene, line, found)
    yield from _operators(scene, line)
    yield from _phrases(scene, line, _RESPONSE, "warning")
    yield from _phrases(scene, line, _OFFER, "proposal")
    yield from _musts(scene, line)
    yield from _comments(scene, line)


def _ultimatums(scene: Scene, line: Line, found: list[Finding]) -> Iterator[Finding]:
    demanded = [
        f
        for f in found
        if f.kind in {"demand", "accusation", "withdrawal-announced", "suspension", "warning"}
        and f.status is Status.ACTUAL
        and "russia" in f.recipients
        and "russia" not in f.holders
    ]
    positions = [
        f
        for f in found
        if f.rule.startswith(("compliance-return", "elimination/")) and "russia" not in f.holders
    ]
    conditional = scene.has(line, "(unless|unless and until)") or scene.has(
        line, "if ~3 (@russia|it|moscow) ~2 (not|fail*|refuse*|do not)"
    )
    for hit in scene.find(line, _ULTIMATUM[0]):
        token = hit.token()
        agents = scene.agents(token)
        if agents and not any(w in line.code for w in (" interview ",)):
            frame = Frame("act", token, (), agents)
            commitment = Commitment(agents, 1, frame, (), "act", 0.8)
            yield from_commitment(
                scene,
                line,
                token,
                commitment,
                None,
                None,
                kind="ultimatum",
                recipients=addressees(scene, token, agents),
                rule="ultimatum",
            )
            return
    if not conditional or not positions:
        return
    threat = scene.has(
        line,
        "({exit-verb}|pull out|walk away|suspend|stop|withdraw*|leave|end|begin|start|responsib*|blame|consequence|respond|terminat*|cease|answer|face|response|exit)",
    )
    if threat:
        base = next((f for f in demanded if f.when.value), None) or next(
            (f for f in positions if f.when.value), None
        )
        if base is not None and base.when.value:
            from dataclasses import replace  # noqa: PLC0415

            yield replace(
                base,
                kind="ultimatum",
                proposition=None,
                stance=None,
                recipients=("russia",),
                rule="ultimatum-unless",
                weak=False,
            )


def _operators(scene: Scene, line: Line) -> Iterator[Finding]:
    """Verbs of asking, backing, accusing, denying with their own subject and addressee."""
    for frame in scene.frames:
        if frame.cue is None or scene.document.sentence_index(frame.cue.idx) != line.number or frame.negated:
            continue
        holders = scene.holders(frame)
        if not holders:
            continue
        kind = _kind(scene, line, frame, holders)
        if kind is None:
            continue
        told = any(
            h and not set(h) & set(holders) for h in (scene.holders(f) for f in scene.chain(frame.cue.idx))
        )
        when = scene.said(frame)
        if when.value is None or (told and when.basis is not Basis.EXPLICIT):
            continue
        recipients = addressees(scene, frame.cue, holders)
        if kind in {"demand", "accusation"} and not recipients:
            recipients = _inside(scene, frame, holders)
        if kind == "accusation" and not recipients:
            recipients = tuple(a for a in ("russia", "usa") if scene.dossier.are_adversaries(a, holders[0]))[
                :1
            ]
            if not (frame.noun and recipients):
                continue
        if (
            kind == "demand"
            and not recipients
            and frame.lemma
            in {"expect", "want", "insist", "demand", "order", "call for", "advise", "advocate", "recommend"}
        ):
            continue
        yield Finding(
            holders=holders,
            line=line.number,
            evidence=evidence(scene, frame.cue),
            when=when,
            rule=f"speech-{frame.lemma}",
            confidence=0.65,
            kind=kind,
            recipients=tuple(r for r in recipients if r not in holders),
            speaker=scene.speaker(frame, holders[0]) if len(holders) == 1 else None,
        )


def _inside(scene: Scene, frame: Frame, holders: tuple[str, ...]) -> tuple[str, ...]:
    number = scene.document.sentence_index(frame.cue.idx)
    for sign in scene.lines[number].signs:
        if sign.code.startswith("@") and frame.covers(scene.document.doc[sign.first].idx):
            actor = sign.code[1:]
            if actor not in holders and actor != "nobody":
                return (actor,)
    return ()


def _kind(scene: Scene, line: Line, frame: Frame, holders: tuple[str, ...]) -> str | None:
    lemma = frame.lemma
    if frame.cls == "urge" and not (frame.noun and frame.cue.dep_ not in {"dobj", "ROOT"}):
        if lemma in {"expect", "want"}:
            return None
        if lemma in {"ask", "invite", "call for", "advocate"} and not _to_actor(scene, frame, holders):
            return None
        if lemma in {"call for", "advocate", "recommend"} and "#newtreaty" in line.code:
            return None
        if lemma == "invite" or (lemma == "want" and not scene.has(line, "#treaty|#inf*|#9m729|#moratorium")):
            return "proposal" if lemma == "invite" else None
        return "demand"
    if frame.cls == "warn" and not frame.noun and lemma in {"warn", "threaten", "caution"}:
        return "warning"
    if (
        frame.cls == "accuse"
        and frame.noun
        and frame.cue.dep_ == "dobj"
        and frame.cue.head.lemma_.lower() in _VOICING
    ):
        return "accusation" if scene.said(frame).basis is Basis.EXPLICIT else None
    if (
        frame.cls == "accuse"
        and lemma in {"accuse", "blame", "denounce", "fault", "charge"}
        and not frame.noun
    ):
        return "accusation"
    if frame.cls == "endorse" and lemma in {
        "back",
        "support",
        "endorse",
        "welcome",
        "praise",
        "hail",
        "applaud",
        "side with",
        "stand by",
        "stand with",
        "stand behind",
    }:
        content = " ".join(s.code for s in line.signs if frame.covers(scene.document.doc[s.first].idx))
        if any(a not in holders for a in _named(content)) and any(
            w in f" {content} "
            for w in (
                " decision ",
                " withdraw",
                " position ",
                " finding ",
                " conclusion ",
                " move ",
                " assessment ",
                " step ",
                " exit ",
                " stance ",
                " initiative ",
                " proposal ",
                " effort ",
                " action ",
                " #moratorium ",
                " @usa ",
                " suspension ",
                " plan ",
                " deployment ",
            )
        ):
            return "endorsement"
    return None


_VOICING = frozenset(
    {
        "voice",
        "level",
        "make",
        "raise",
        "repeat",
        "renew",
        "air",
        "lodge",
        "issue",
        "hurl",
        "publish",
        "bring",
    }
)


def _named(content: str) -> list[str]:
    return [w[1:] for w in content.split() if w.startswith("@") and w != "@nobody"]


def _to_actor(scene: Scene, frame: Frame, holders: tuple[str, ...]) -> bool:
    return bool(addressees(scene, frame.cue, holders))


def _phrases(scene: Scene, line: Line, sources: tuple[str, ...], kind: str) -> Iterator[Finding]:
    for source in sources:
        for hit in scene.find(line, source):
            token = hit.token()
            if kind == "warning" and (
                _past(token)
                or (
                    negated(line, hit.names["h"], token)
                    and "unanswered" not in line.code
                    and "stand" not in line.code
                )
            ):
                continue
            if any(f.negated and f.cls in {"say", "claim"} for f in scene.chain(token.idx)):
                continue
            for commitment in _speakers(scene, line, token):
                if kind == "proposal" and "unless" in line.code:
                    continue
                yield from_commitment(
                    scene,
                    line,
                    token,
                    commitment,
                    None,
                    None,
                    kind=kind,
                    recipients=_others(line, commitment.holders),
                    rule=f"speech-{kind}",
                    sure=0.62,
                )
                return


def _comments(scene: Scene, line: Line) -> Iterator[Finding]:
    """Whatever an actor says on the subject on a known day is at least a statement."""
    for frame in scene.frames:
        if (
            frame.cue is None
            or frame.noun
            or frame.cls not in {"say", "claim", "warn", "oppose"}
            or frame.negated
        ):
            continue
        if scene.document.sentence_index(frame.cue.idx) != line.number or frame.cue.pos_ != "VERB":
            continue
        holders = scene.holders(frame)
        outer = [scene.holders(f) for f in scene.chain(frame.cue.idx)]
        if len(holders) != 1 or any(h and h != holders for h in outer):
            continue
        when = scene.said(frame)
        if (
            when.value is None
            or len(when.value) < 10
            or when.basis is not Basis.EXPLICIT
            or frame.lemma not in _SPEAKING
        ):
            continue
        yield Finding(
            holders=holders,
            line=line.number,
            evidence=evidence(scene, frame.cue),
            when=when,
            rule="speech-comment",
            confidence=0.5,
            kind="statement",
            speaker=scene.speaker(frame, holders[0]),
            weak=True,
        )


_SPEAKING = frozenset(
    [
        "say",
        "tell",
        "state",
        "add",
        "note",
        "stress",
        "declare",
        "announce",
        "argue",
        "write",
        "remark",
        "reply",
        "respond",
        "comment",
        "insist",
        "call",
        "describe",
        "regret",
        "deplore",
        "lament",
        "criticise",
        "criticize",
        "condemn",
        "emphasise",
        "emphasize",
        "underline",
        "acknowledge",
        "confirm",
        "point",
        "out",
    ]
)
_MUST = "v=(@russia|@usa|@china|@nato|power|side|party|capital|country|government|washington) (must|should|need to|have to|ought to) ~1 h=(*)"


def _musts(scene: Scene, line: Line) -> Iterator[Finding]:
    """ "Both powers must go on talking": a demand on whoever must."""
    for hit in scene.find(line, _MUST):
        token, sign = hit.token(), hit.sign("v")
        if sign is None or token.pos_ != "VERB" or unreal(token):
            continue
        named = (sign.code[1:],) if sign.code.startswith("@") else tuple(a for a in ("russia", "usa"))
        for frame in scene.chain(token.idx):
            holders = scene.holders(frame)
            if not holders:
                continue
            if frame.cls in {"say", "claim", "warn"} and not set(holders) & set(named) and not frame.negated:
                commitment = Commitment(holders, 1, frame, (), frame.cls, 0.6)
                yield from_commitment(
                    scene,
                    line,
                    token,
                    commitment,
                    None,
                    None,
                    kind="demand",
                    recipients=named,
                    rule="speech-must",
                    sure=0.6,
                )
            break


def _past(token: Any) -> bool:
    return bool(token.tag_ == "VBD")


def _others(line: Line, holders: tuple[str, ...]) -> tuple[str, ...]:
    named = [s.code[1:] for s in line.signs if s.code in {"@usa", "@nato", "@russia", "@china"}]
    return tuple(dict.fromkeys(a for a in named if a not in holders))


def _speakers(scene: Scene, line: Line, token: Any) -> list[Commitment]:
    """Who says it of itself: the speaker, if the doer is the speaker or nobody else."""
    doers = scene.agents(token)
    found = [c for c in scene.commitments(token, 1) if c.polarity > 0 and c.rule != "accuser"]
    made = [c for c in found if not doers or set(doers) & set(c.holders)]
    if made or found or not doers:
        return made[:1]
    frame = Frame("act", token, (), doers)
    del line
    return [Commitment(doers, 1, frame, (), "act", 0.6)] if token.pos_ in {"VERB", "ADJ"} else []
