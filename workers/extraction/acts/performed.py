"""Verbs that are the act which they name: to turn a demand down, to deny a charge, to offer, to promise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workers.extraction.frames import Frame

PERFORMING = frozenset({"deny", "propose", "pledge"})  # the classes of verbs that are looked at here

#: With a charge for an object they deny it, with a demand or an offer they turn it down.
_AGAINST = frozenset(
    {
        "reject",
        "dismiss",
        "brush aside",
        "brush off",
        "wave away",
        "wave aside",
        "repudiate",
        "scoff",
        "ridicule",
    }
)
_DENYING = _AGAINST | {"deny", "refute", "rebut", "dispute", "contest", "debunk", "disavow"}
_REFUSING = _AGAINST | {"turn down", "rebuff", "spurn", "decline", "refuse", "shrug off"}
_CHARGES = frozenset(
    {"accusation", "allegation", "charge", "claim", "assertion", "insinuation", "report", "suspicion"}
)
_WISHES = frozenset(
    {
        "demand", "deadline", "ultimatum", "call", "appeal", "request", "offer", "proposal", "invitation", "initiative",
        "idea", "plan", "condition", "overture", "draft", "plea", "suggestion",
    }
)  # fmt: skip
_SUPPOSED = frozenset({"suggestion", "notion", "idea", "thought"})
_OFFERING = frozenset({"propose", "offer", "put forward", "float"})
#: What is offered for politeness' sake or as an argument changes nothing.
_NO_OFFER = frozenset(
    {
        "evidence", "proof", "detail", "comment", "explanation", "apology", "condolence", "assessment", "thank", "reason",
        "word", "glimpse", "view", "opinion", "example", "answer", "support", "praise", "criticism", "clue", "toast",
    }
)  # fmt: skip
_PROMISING = frozenset({"pledge", "vow", "promise", "undertake", "swear"})
_ANSWERING = frozenset(
    {"respond", "response", "retaliate", "retaliation", "react", "reaction", "answer", "consequence"}
)


def performed(frame: Frame) -> str | None:
    """The kind of the act that a frame's own verb is, by what it is done to; None where the verb alone does not say."""
    cue, lemma = frame.cue, frame.lemma
    if frame.noun or cue is None or cue.pos_ != "VERB":
        return None
    if frame.cls == "deny":
        return _against(cue, lemma)
    if frame.cls == "propose" and lemma in _OFFERING:
        things = {token.lemma_.lower() for token in _objects(cue)}
        return "proposal" if not things & _NO_OFFER and (things or _clause(cue)) else None
    if frame.cls == "pledge" and lemma in _PROMISING and cue.tag_ != "VBN":
        # "vowed to retaliate" is no pledge but a warning, "promised a measured response" may be either
        words = {token.lemma_.lower() for child in cue.children if child.i > cue.i for token in child.subtree}
        said = _clause(cue) or any(True for _ in _objects(cue))  # "just as I promised" promises nothing
        return "pledge" if said and not words & _ANSWERING else None
    return None


def _against(cue: Any, lemma: str) -> str | None:
    things = {token.lemma_.lower() for token in _objects(cue)}
    if things & _CHARGES:
        return "denial" if lemma in _DENYING else None
    if lemma in _DENYING and any(_alleged(token) for token in _objects(cue)):
        return "denial"
    if things & _WISHES:
        return "rejection" if lemma in _REFUSING else None
    if lemma in {"deny", "refute"} and (_clause(cue) or things & {"it", "this", "that"}):
        return "denial"
    return None


def _alleged(noun: Any) -> bool:
    """ "The suggestion that it hosts missiles" is a charge, "the suggestion that it should" is none."""
    if noun.lemma_.lower() not in _SUPPOSED:
        return False
    return any(
        clause.dep_ in {"acl", "ccomp", "relcl"}
        and any(c.dep_ == "mark" and c.lower_ == "that" for c in clause.children)
        and not any(c.dep_ == "aux" and (c.tag_ == "MD" or c.lower_ == "to") for c in clause.children)
        and clause.tag_ != "VB"
        for clause in noun.children
    )


def _objects(cue: Any) -> Iterator[Any]:
    """What the verb is done to: its object, a passive's subject, what "turned down" has behind it."""
    for child in cue.children:
        if child.dep_ in {"dobj", "nsubjpass"}:
            yield child
            yield from (beside for beside in child.children if beside.dep_ == "conj")


def _clause(cue: Any) -> bool:
    """Whether a clause says what is denied or offered: "denied that ...", "offered to ...", "denied breaking ..."."""
    return any(
        child.dep_ in {"ccomp", "xcomp"} and child.i > cue.i and child.pos_ in {"VERB", "AUX"}
        for child in cue.children
    )
