"""Whether an act is told as one that was done or is to come, or only as one denied, asked about, wanted or put off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workers.extraction.exits import unreal
from workers.extraction.frames import is_negated
from workers.extraction.syntax import heads

if TYPE_CHECKING:
    from workers.extraction.frames import Frame
    from workers.extraction.scene import Scene

_CHANCE = frozenset({"may", "might", "could", "can", "should", "must", "ought"})
_NOBODY = frozenset({"nobody", "none", "nothing", "neither", "noone"})
_NO = frozenset({"no", "neither"})
_SCANT = frozenset({"little", "scant", "insufficient"})
_NOR = frozenset({"nor", "neither"})
#: What these govern was not done, unless they are denied themselves: "did not refuse to meet".
_HELD_BACK = frozenset(
    {
        "refuse", "decline", "withhold", "fail", "hesitate", "neglect", "refusal", "failure", "unable", "unwilling",
        "avoid", "deny", "doubt", "dispute", "exclude", "rule", "without", "instead", "short",
    }
)  # fmt: skip
#: What these govern was not done, whether they are denied or not.
_ONLY_WANTED = frozenset(
    {
        "threaten", "threat", "urge", "ask", "want", "wish", "hope", "hop", "demand", "request", "call", "appeal", "beg",
        "invite", "invitation", "offer", "propose", "proposal", "consider", "forbid", "cancel", "postpone",
    }
)  # fmt: skip  # the tagger's "hop" is mostly "hoped"
#: An act that is a noun was not done where these are done to it.
_CALLED_OFF = frozenset(
    {
        "cancel", "postpone", "halt", "prevent", "block", "avert", "forbid", "refuse", "decline", "withhold", "threaten",
        "want", "propose", "demand",
    }
)  # fmt: skip
#: Verbs that only carry out an act that is a noun: "conduct a test".
_CARRYING = frozenset(
    {"conduct", "carry", "hold", "make", "perform", "do", "stage", "take", "give", "lend", "have"}
)
#: Denied, these still take what they govern for granted: "did not know that ...", "it is no secret that ...".
_GRANTING = frozenset(
    {
        "know", "notice", "realise", "realize", "forget", "mind", "hide", "conceal", "secret", "wonder", "surprise",
        "question", "accident", "coincidence",
    }
)  # fmt: skip
_DUE = frozenset({"be", "suppose", "due", "mean", "schedule", "plan", "expect"})
_GOVERNED = frozenset({"xcomp", "ccomp", "acl", "pcomp", "prep", "acomp"})
_AS_NOUN = frozenset({"dobj", "nsubjpass"})
_SUBJECTS = frozenset({"nsubj", "nsubjpass", "expl"})
_CLAUSE = _GOVERNED | _AS_NOUN | {"conj", "pobj", "attr"}
_ENDS = frozenset({".", "?", "!", ";"})
_AHEAD = 80  # words up to the end of a question
_DENYING = frozenset({"deny", "refute", "rebut", "disavow"})
_FALSE = frozenset(
    {"false", "untrue", "groundless", "baseless", "unfounded", "lie", "fiction", "fabrication", "invention"}
)


def told_as_done(token: Any, *, perhaps: bool = False) -> bool:
    """Whether an act, a verb or a noun, is told as done or as sure to be done.

    `perhaps`: what only may be done ("may test") is told as well.
    """
    token = _main(token)
    if is_negated(token) or unreal(token) or asked(token) or not _affirmed(token, perhaps=perhaps):
        return False
    node = token
    for head in heads(token, 5):
        link = node.dep_
        if link == "conj":
            if not _joined(node, head, perhaps=perhaps):
                return False
        elif link in _AS_NOUN and node.pos_ == "NOUN":
            if head.lemma_.lower() in _CALLED_OFF and not is_negated(head):
                return False
            if head.lemma_.lower() not in _CARRYING:
                return True
            if is_negated(head) or not _affirmed(head, perhaps=perhaps):
                return False
        elif link in _GOVERNED and (link != "ccomp" or node.i > head.i):
            if not _leaves_done(head, perhaps=perhaps):
                return False
        else:
            return True
        node = head
    return True


def only_perhaps(token: Any) -> bool:
    """Whether a verb, or one whose auxiliary it shares, has a modal that leaves open whether it is done."""
    token = _main(token)
    for node in (token, *heads(token, 3, {"xcomp", "conj"})):
        if any(c.dep_ == "aux" and c.lower_ in _CHANCE for c in node.children):
            return node is token or token.tag_ == "VB"
    return False


def asked(token: Any) -> bool:
    """Whether a word stands in a question that yes or no would answer: "Did NATO give ...?"; not "Why did ...?"."""
    following = token.doc[token.i : token.i + _AHEAD]
    if next((t.text for t in following if t.text in _ENDS), "") != "?":
        return False
    return any(_inverted(node) for node in (token, *heads(token, 4, _CLAUSE)))


def denied(scene: Scene, token: Any) -> bool:
    """Whether somebody denies what a word says, or pointedly does not say it."""
    for frame in scene.chain(token.idx):
        if frame.cue is None:
            continue
        if _called_false(frame) or (frame.negated and frame.cls in {"say", "claim"}):
            return True
        # who rejects a suspension takes for granted that there was one
        if (
            frame.cls == "deny"
            and frame.lemma != "false"
            and not frame.negated
            and (token.pos_ == "VERB" or frame.lemma in _DENYING)
        ):
            return True
    return False


def _called_false(frame: Frame) -> bool:
    """ "The claim that ... was false", "a lie that ...": not what is only called wrong or unjustified."""
    if frame.lemma == "false":
        return frame.cue.lemma_.lower() in _FALSE
    verb = frame.cue.head
    return (
        frame.noun
        and frame.cue.dep_ == "nsubj"
        and verb.lemma_ == "be"
        and not is_negated(verb)
        and any(c.lemma_.lower() in _FALSE for c in verb.children if c.dep_ in {"acomp", "attr"})
    )


def none_of(noun: Any) -> bool:
    """Whether a noun is none or next to none: "no missile", "neither side", "little backing"."""
    return noun.lower_ in _NOBODY or any(
        c.lower_ in (_NO if c.dep_ != "amod" else _SCANT) and c.i < noun.i for c in noun.children
    )


def _main(token: Any) -> Any:
    """The verb of an auxiliary."""
    return token.head if token.dep_ in {"aux", "auxpass"} else token


def _inverted(verb: Any) -> bool:
    subject = next((c for c in verb.children if c.dep_ in _SUBJECTS), None)
    if subject is None:
        return False
    first = [c for c in verb.children if c.dep_ in {"aux", "auxpass"}] + [verb] * (verb.pos_ == "AUX")
    for auxiliary in first:
        if auxiliary.i < subject.i:
            before = (t for c in verb.children if c.i < auxiliary.i for t in c.subtree)
            return not any(t.tag_ in {"WRB", "WP", "WP$", "WDT"} for t in before)
    return False


def _leaves_done(head: Any, *, perhaps: bool) -> bool:
    """Whether a word still leaves what it governs done or to be done."""
    lemma = head.lemma_.lower()
    if lemma in _HELD_BACK:
        return is_negated(head) or none_of(head)
    if lemma in _ONLY_WANTED:
        return False
    return lemma in _GRANTING or (not is_negated(head) and _affirmed(head, perhaps=perhaps))


def _joined(token: Any, first: Any, *, perhaps: bool) -> bool:
    """Whether what is joined to another verb by "and" is told as done as far as it shares that one's words."""
    if any(c.lower_ == "nor" and first.i < c.i < token.i for c in first.children):
        return False
    own = token.tag_ != "VB" or any(c.dep_ in _SUBJECTS or c.dep_ == "aux" for c in token.children)
    return own or (not is_negated(first) and _affirmed(first, perhaps=perhaps))


def _affirmed(token: Any, *, perhaps: bool) -> bool:
    """Whether nothing beside a word itself says that it was not done, or only could be."""
    if none_of(token) and token.pos_ == "NOUN":
        return False
    if any(c.dep_ in {"nsubj", "nsubjpass", "dobj"} and none_of(c) for c in token.children):
        return False
    if any(c.lower_ in _NOR and c.i < token.i for c in token.children):
        return False
    auxiliaries = {c.lower_ for c in token.children if c.dep_ == "aux"}
    if not perhaps and auxiliaries & _CHANCE:
        return False
    if "have" in auxiliaries:  # "would have met", "was to have met"
        return not auxiliaries & {"would", "could", "might", "should"} and not (
            "to" in auxiliaries and token.head.lemma_.lower() in _DUE
        )
    yet = any(c.lower_ == "yet" and c.i < token.i for c in (*token.children, *token.head.children))
    return not ("to" in auxiliaries and yet)  # "has yet to meet"
