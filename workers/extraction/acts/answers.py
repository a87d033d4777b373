"""Refusals and denials that a speaker gives in words of its own: "it would not take part", "the claims are groundless"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workers.extraction.reality import asked, none_of
from workers.extraction.rulework import negated, spoken_act
from workers.extraction.syntax import heads

if TYPE_CHECKING:
    from workers.extraction.findings import Finding
    from workers.extraction.frames import Frame
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Hit, Line

_TELLING = frozenset({"say", "claim", "oppose", "deny"})
_WHICH = frozenset({"WDT", "WP", "WP$", "WRB"})
_TOLD = frozenset({"hear", "learn", "read"})  # what others said
#: Behind "would not" these leave the will to do it.
_TURNING = frozenset(
    {
        "hesitate", "refuse", "fail", "stop", "decline", "cease", "avoid", "object", "mind", "oppose", "rule", "exclude",
        "only", "just", "merely", "simply", "but", "help", "delay",
    }
)  # fmt: skip
_CONTRADICTING = frozenset(
    {"deny", "refute", "rebut", "dispute", "contest", "question", "doubt", "contradict"}
)
_SPREADING = frozenset(
    {
        "spread", "make", "repeat", "circulate", "publish", "issue", "voice", "level", "invent", "peddle", "tell", "broadcast",
        "raise", "put", "produce", "push", "promote", "feed",
    }
)  # fmt: skip
_WISH = "(proposal|offer|idea|initiative|plan|invitation|draft|letter|suggestion|demand|call|appeal|request|ultimatum|deadline|overture|#moratorium|talk|negotiation|#verify|condition)"
_REFUSED = (
    "(will|would|'ll|shall|can|could) n=(not|never) ~2 h=(join|participate|negotiate|accept|sign|attend|bargain|accede|comply|agree|consider|scrap|destroy)",
    "(will|would|'ll|shall|can|could) n=(not|never) ~2 h=(take|be) (part|party) (of|in|to)",
    "(take|have|want|play) no h=part (in|of)",
    "(have|see|be) ~1 no h=(interest|intention|plan|desire|reason|need|point|sense|use) ~1 (in|of|to|for) ~1 (join|joining|participate|participating|negotiate|negotiating|accept|accepting|sign|signing|take|taking|talk|talking|attend|attending|discuss|discussing|become|becoming|enter|entering|be|being|it|such|#newtreaty|talks)",
    "not h=interested in",
    "be h=opposed to ~4 (multilateral*|join*|talk|idea|turn*|make|making|#newtreaty)",
    "(there|have) ~2 (nothing|little) to h=(discuss|negotiate|talk|consider|save|disarm)",
)
_POOR = (
    f"o={_WISH} ~8 (be|seem|remain|as|call|find) ~2 h=(unacceptable|unrealistic|absurd|laughable|worthless|insincere|propaganda|ploy|trick|trap|stunt|farce|hypocritical|meaningless|pointless)",
    f"(call|describe|brand|label|dub) ~6 o={_WISH} ~6 h=(unacceptable|unrealistic|absurd|laughable|worthless|insincere|propaganda|ploy|trick|trap|stunt|farce|hypocritical|meaningless|pointless)",
    f"o={_WISH} ~8 n=(not|neither|hardly) ~3 h=(credible|serious|acceptable|reasonable|fair|realistic|sincere|convincing)",
    f"n=(not|neither|hardly) ~5 o={_WISH} ~4 h=(credible|serious|acceptable|reasonable|realistic|sincere|convincing)",
)
_FALSE = "(groundless|unfounded|baseless|false|untrue|unsubstantiated|unproven|far-fetched|absurd|invented|fabricated|nonsense|lie|ungrounded|fabrication|invention|slander|insinuation|slanderous|fantasy|fiction)"
_CHARGE = "(accusation|allegation|claim|charge|statement|remark|suspicion|assertion|report|word|criticism|comment|complaint|talk)"
_DENIED = (
    f"{_CHARGE} ~9 (be|as|seem|remain) ~3 h={_FALSE}",
    f"(call|describe|brand|label|dub|dismiss|reject) ~6 {_CHARGE} ~6 h={_FALSE}",
    f"(call|describe|brand|label|dub|dismiss) ~2 (it|this|that|these|them) ~2 h={_FALSE}",
    f"h={_FALSE} o={_CHARGE}",
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
                if (kind, holders) in done or not _meant(scene, hit, frame, rule):
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


def _meant(scene: Scene, hit: Hit, frame: Frame, rule: str) -> bool:
    """Whether the words are the speaker's and mean what they say: nobody else's act, not denied once more."""
    token, holders = hit.token(), scene.holders(frame)
    if asked(token) or _disowned(scene, token, frame, contradicted=rule != "answer-false"):
        return False
    if "n" in hit.names:  # "would not hesitate to join", "could not agree more", "not only serious but ..."
        between = {sign.code for sign in hit.line.signs[hit.names["n"] + 1 : hit.names["h"]]}
        more = token.lemma_.lower() == "agree" and hit.line.after(hit.names["h"], 1) == " more "
        if between & _TURNING or more:
            return False
    elif rule != "answer-refused" and negated(hit.line, hit.names["h"], token):
        return False
    if rule == "answer-refused":
        return _own(scene, token, holders)
    if rule == "answer-poor":
        return not set(_owners(scene, hit.token("o"))) & set(holders)
    return "o" not in hit.names or not _spread(scene, hit.token("o"), frame)


def _disowned(scene: Scene, token: Any, teller: Frame, *, contradicted: bool) -> bool:
    """Whether somebody between the words and who tells of them denies them: "nobody should say that it would not join"."""
    for frame in (*scene.chain(token.idx), teller):
        if frame.cue is None or frame.lemma == "false":
            continue
        if frame.negated or any(c.dep_ == "nsubj" and none_of(c) for c in frame.cue.children):
            return True
        if contradicted and frame.lemma in _CONTRADICTING:
            return True
        if frame is teller:
            return False
    return False


def _owners(scene: Scene, noun: Any) -> tuple[str, ...]:
    """Whose an offer is."""
    doer = scene.cast.doer(noun)
    return scene.actors(doer) if doer is not None else ()


def _spread(scene: Scene, charge: Any, teller: Frame) -> bool:
    """ "Washington said that Russia spread false claims": that somebody else tells untruths is a charge, no denial."""
    for head in heads(charge, 3, {"dobj", "nsubjpass", "conj"}):
        if head.lemma_.lower() in _SPREADING:
            doers = scene.agents(head)
            its_own = teller.cue in (
                head,
                *heads(head, 2, {"xcomp"}),
            )  # the article calls false what is repeated
            return its_own or (bool(doers) and not set(doers) & set(scene.holders(teller)))
    return False


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
