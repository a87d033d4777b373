"""Refusals and denials that a speaker gives in words of its own: "it would not take part", "the claims are groundless"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workers.extraction.rulework import negated, spoken_act

if TYPE_CHECKING:
    from workers.extraction.findings import Finding
    from workers.extraction.frames import Frame
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Hit, Line

_TELLING = frozenset({"say", "claim", "oppose", "deny"})
_WHICH = frozenset({"WDT", "WP", "WP$", "WRB"})
_TOLD = frozenset({"hear", "learn", "read"})  # what others said
_WISH = "(proposal|offer|idea|initiative|plan|invitation|draft|letter|suggestion|demand|call|appeal|request|ultimatum|deadline|overture|#moratorium|talk|negotiation|#verify|condition)"
_REFUSED = (
    "(will|would|'ll|shall|can|could) (not|never) ~2 h=(join|participate|negotiate|accept|sign|attend|bargain|accede|comply|agree|consider|scrap|destroy)",
    "(will|would|'ll|shall|can|could) (not|never) ~2 h=(take|be) (part|party) (of|in|to)",
    "(take|have|want|play) no h=part (in|of)",
    "(have|see|be) ~1 no h=(interest|intention|plan|desire|reason|need|point|sense|use) ~1 (in|of|to|for) ~1 (join|joining|participate|participating|negotiate|negotiating|accept|accepting|sign|signing|take|taking|talk|talking|attend|attending|discuss|discussing|become|becoming|enter|entering|be|being|it|such|#newtreaty|talks)",
    "not h=interested in",
    "be h=opposed to ~4 (multilateral*|join*|talk|idea|turn*|make|making|#newtreaty)",
    "(there|have) ~2 (nothing|little) to h=(discuss|negotiate|talk|consider|save|disarm)",
)
_POOR = (
    f"{_WISH} ~8 (be|seem|remain|as|call|find) ~2 h=(unacceptable|unrealistic|absurd|laughable|worthless|insincere|propaganda|ploy|trick|trap|stunt|farce|hypocritical|meaningless|pointless)",
    f"(call|describe|brand|label|dub) ~6 {_WISH} ~6 h=(unacceptable|unrealistic|absurd|laughable|worthless|insincere|propaganda|ploy|trick|trap|stunt|farce|hypocritical|meaningless|pointless)",
    f"{_WISH} ~8 (not|neither|hardly) ~3 h=(credible|serious|acceptable|reasonable|fair|realistic|sincere|convincing)",
    f"(not|neither|hardly) ~5 {_WISH} ~4 h=(credible|serious|acceptable|reasonable|realistic|sincere|convincing)",
)
_FALSE = "(groundless|unfounded|baseless|false|untrue|unsubstantiated|unproven|far-fetched|absurd|invented|fabricated|nonsense|lie|ungrounded|fabrication|invention|slander|insinuation|slanderous|fantasy|fiction)"
_CHARGE = "(accusation|allegation|claim|charge|statement|remark|suspicion|assertion|report|word|criticism|comment|complaint|talk)"
_DENIED = (
    f"{_CHARGE} ~9 (be|as|seem|remain) ~3 h={_FALSE}",
    f"(call|describe|brand|label|dub|dismiss|reject) ~6 {_CHARGE} ~6 h={_FALSE}",
    f"(call|describe|brand|label|dub|dismiss) ~2 (it|this|that|these|them) ~2 h={_FALSE}",
    f"h={_FALSE} {_CHARGE}",
)


def find_answers(scene: Scene, line: Line) -> Iterator[Finding]:
    """The refusals and denials of one line."""
    done: set[tuple[str, tuple[str, ...]]] = set()
    for kind, rule, patterns in (
        ("rejection", "answer-refused", _REFUSED),
        ("rejection", "answer-poor", _POOR),
        ("denial", "answer-false", _DENIED),
    ):
        for source in patterns:
            for hit in scene.find(line, source):
                frame = _teller(scene, hit)
                if frame is None:
                    continue
                holders = scene.holders(frame)
                if rule == "answer-false" and negated(line, hit.names["h"], hit.token()):
                    continue
                if (kind, holders) in done or (
                    rule == "answer-refused" and not _own(scene, hit.token(), holders)
                ):
                    continue
                done.add((kind, holders))
                yield spoken_act(scene, line, frame, kind, _opponents(line, holders), rule=rule, sure=0.6)


def _teller(scene: Scene, hit: Hit) -> Frame | None:
    """Whoever says it, at a known time: the innermost speaker around the word, or of the verb that judges."""
    token = hit.token()
    first = hit.line.doc[hit.line.signs[hit.first].last - 1]
    frames = [f for f in scene.cued_in(hit.line.number) if f.cue.i == first.i and not f.noun]
    frames += [f for f in scene.chain(token.idx) if f.lemma != "false"]
    frame = next((f for f in frames if scene.holders(f)), None)
    if frame is None or frame.cue is None or frame.noun or frame.negated or frame.cls not in _TELLING:
        return None
    if frame.lemma in _TOLD:
        return None
    if len(scene.holders(frame)) != 1 or scene.said(frame).value is None or _asked(token):
        return None
    return frame


def _own(scene: Scene, token: Any, holders: tuple[str, ...]) -> bool:
    """Whether it is the speaker who will not."""
    verb = token
    while verb.pos_ not in {"VERB", "AUX"} and verb.head.i != verb.i:
        verb = verb.head
    doers = scene.agents(verb)
    return not doers or bool(set(doers) & set(holders))


def _asked(token: Any) -> bool:
    """Whether it stands under "if" or in a clause that describes something else."""
    node = token
    for _ in range(4):
        if node.dep_ in {"advcl", "relcl"} and (
            (node.dep_ == "relcl" and any(c.tag_ in _WHICH for c in node.children))
            or any(c.lower_ in {"if", "unless", "whether"} for c in node.children)
        ):
            return True
        if node.head.i == node.i:
            return False
        node = node.head
    return False


def _opponents(line: Line, holders: tuple[str, ...]) -> tuple[str, ...]:
    named = (s.code[1:] for s in line.signs if s.code in {"@usa", "@nato", "@russia"})
    return tuple(dict.fromkeys(a for a in named if a not in holders))
