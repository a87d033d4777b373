"""Words of leaving the treaty ("pull out", "its withdrawal from the pact"): who leaves, and how real it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from workers.extraction.frames import is_negated
from workers.extraction.syntax import heads

if TYPE_CHECKING:
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Hit, Line

_VERBS = (
    "h=(withdraw*|pull|walk|back|bail|drop|step|get|opt|bow|pulled|pulling) (out|away|itself out|@ out|out of|unilaterally|from)? ~1 (of|from) ~6 {treaty}",
    "h=(quit*|leave|leaving|exit*|abandon*|scrap*|ditch*|dump*|terminat*|renounc*|denounc*|jettison*|discard*|cancel*|forsake|trash|junk*|shred*|repudiat*|end|ending) ~4 {treaty}",
    "h=(tear|rip|tore|torn|ripped|throw) (up|out|away) ~2 {treaty}",
    "h=(tear|rip|tore|torn|ripped|throw) ~2 {treaty} (up|out|away)",
    "h=(withdraw*|pull out|walk away|bail out|drop out|back out|quit|pull) (out|away)? (of|from) (it|this|that|agreement|deal|accord|pact|both)",
    "h=(withdraw*|quit*) !(from|of|troop|force|missile|soldier|its|his|their|#inf*|#9m729|ambassador|support|proposal)",
    "h=(pull|walk|bail|drop|back|opt) (out|away) !(from|of|troop|force|missile)",
    "{treaty} (be|have be|will be|would be) ~1 h=(abandon*|scrap*|terminat*|ditch*|dump*) by",
    "h=(leave|quit|exit|abandon|scrap|ditch|terminate) it !(to|up|for|open)",
    "{treaty} %8 (it|which|that) ~5 h=(leave|quit|exit|abandon|scrap|ditch|terminate|leaving|abandoning|quitting) !@",
    "h=(take|taking|took|pull|pulling) ~4 out of ~4 {treaty}",
    "h=(stop|cease|halt) ~1 (honour*|honor*|fulfil*|observ*|implement*|comply*|abid*|adher*|respect*) ~4 ({treaty}|{duty})",
    "no (long|longer) ~5 h=(bind|bound) (by ~3 {treaty}|.|,|;|from)",
    "{treaty} (be|have be|will be|would be) ~1 h=(suspend*) by",
    "h=(suspend*) ~5 ({treaty}|{duty}|participation|compliance|membership|adherence|observance|implementation)",
)
_NOUNS = (
    "h=({exit-noun}) (from|of|by) ~5 {treaty}",
    "@usa ~2 h=({exit-noun}) !ultimatum",
    "{treaty} h=({exit-noun})",
    "h=({exit-noun}) (of|by) @ ~3 from? ~3 {treaty}?",
    "(its|his|their|our|this|@russia|announced|planned|formal|unilateral) ~1 h=({exit-noun})",
    "h=(withdrawal|pullout|pull-out|exit|departure)",
    "(law|decree|bill|order|act) on ~2 h=suspension",
    "h=suspension of ~5 ({treaty}|{duty}|participation|compliance)",
)
#: Words of leaving that name no treaty: one of its parties' own, where it was named just before.
_BARE = (
    "h=(leave|quit) (on|in|.|,|;|six|after|last|that|because|for good)",
    "(give|serve|file|submit|deliver) ~3 h=notice (on|in|.|,|;|last|at)",
)
_CLAUSES = frozenset({"xcomp", "ccomp", "acl", "pcomp", "prep", "conj", "dobj", "pobj"})
_FUTURE_HEADS = frozenset(
    [
        "decide",
        "decision",
        "intend",
        "intention",
        "plan",
        "announce",
        "want",
        "vow",
        "will",
        "ready",
        "move",
        "process",
        "start",
        "begin",
        "prepare",
        "procedure",
        "announcement",
        "determination",
        "choose",
        "choice",
        "resolve",
        "go",
        "procedure",
        "step",
        "notice",
        "notify",
    ]
)
_STOPPING = frozenset({"stop", "cease", "halt"})  # to honour it: the treaty is suspended, not left
_THREAT_HEADS = frozenset(
    {
        "threaten",
        "threat",
        "consider",
        "weigh",
        "mull",
        "ponder",
        "might",
        "may",
        "could",
        "option",
        "right",
        "possible",
    }
)
_PART_OF = frozenset(
    {"xcomp", "acl", "ccomp", "pcomp", "prep", "dobj", "pobj", "nsubjpass", "nsubj", "conj", "attr"}
)
_UNREAL_MARKS = frozenset({"if", "until", "whether", "unless", "should", "in case"})


class Mood(StrEnum):
    """How real an exit is told to be."""

    DONE = "done"
    COMING = "coming"
    THREATENED = "threatened"
    UNREAL = "unreal"
    NAMED = "named"  # a noun, nothing said of it


@dataclass(frozen=True, slots=True)
class Exit:
    """One exit word; `number` is its sign, `agents` those who leave, `suspends` where it only suspends."""

    token: Any
    number: int
    agents: tuple[str, ...]
    mood: Mood
    noun: bool
    negated: bool
    suspends: bool


def exits(scene: Scene, line: Line) -> list[Exit]:
    """The exits that a line speaks of, in text order; worked out once."""
    key = ("exits", line.number)
    if key not in scene.memo:
        scene.memo[key] = sorted(_exits(scene, line), key=lambda e: e.number)
    found: list[Exit] = scene.memo[key]
    return found


def _exits(scene: Scene, line: Line) -> Iterator[Exit]:
    done: set[int] = set()
    for source in (*_VERBS, *_NOUNS):
        for hit in scene.find(line, source):
            token = line.doc[line.signs[hit.names.get("h", hit.first)].first]
            if token.i in done or _other(hit, token):
                continue
            done.add(token.i)
            yield _exit(scene, line, token)
    if not scene.recently(line, "{treaty}", 2):
        return
    for source in _BARE:
        for hit in scene.find(line, source):
            token = line.doc[line.signs[hit.names["h"]].first]
            if token.i in done or _other(hit, token) or any(c.dep_ == "dobj" for c in token.children):
                continue
            done.add(token.i)
            bare = _exit(scene, line, token)
            sides = {scene.parts.leaver, scene.parts.accused}
            told = bare.noun or (token.tag_ != "VB" and _a_state(scene, token))  # not "decided to leave"
            if told and set(bare.agents) & sides:
                yield bare


def _a_state(scene: Scene, verb: Any) -> bool:
    """Whether it is a state that leaves, not one of its people or delegations."""
    doer = scene.cast.doer(verb)
    mention = scene.cast.mention(doer) if doer is not None else None
    if mention is None or mention.person is not None or mention.kind in {"official", "role"}:
        return False
    return doer.pos_ != "NOUN" or doer.lemma_.lower() in {"side", "government", "administration", "country"}


def _other(hit: Hit, token: Any) -> bool:
    number = hit.names.get("h", hit.first)
    after = hit.line.after(number, 7)
    treaty = after.find("#treaty")
    for other in (
        " #other",
        " troop",
        " syria",
        " afghanistan",
        " office",
        " room",
        " meeting",
        " job",
        " eu ",
        " brexit",
        " soldier",
    ):
        at = after.find(other)
        if at >= 0 and (treaty < 0 or at < treaty):
            return True
    before = hit.line.before(number, 3)
    if " #other " in before and " #treaty " not in before:
        return True
    if token.lemma_.lower() in {"end", "leave"} and token.pos_ == "NOUN":
        return True
    return token.pos_ not in {"VERB", "NOUN", "PROPN", "AUX", "ADJ"}


def _exit(scene: Scene, line: Line, token: Any) -> Exit:
    lemma = token.lemma_.lower()
    noun = token.pos_ in {"NOUN", "PROPN"} and lemma not in {"quit", "scrap"}
    unbound = lemma in {"bind", "bound"}  # found only where it is "no longer"
    agents = scene.agents(token)
    if not agents and token.dep_ in {"ccomp", "xcomp", "ROOT", "conj", "advcl", "relcl"} and not noun:
        agents = _before(line, line.sign_of(token.i) or 0)
    return Exit(
        token=token,
        number=line.sign_of(token.i) or 0,
        agents=agents,
        mood=Mood.COMING if unbound else _mood(token, noun),
        noun=noun,
        negated=_still_bound(token) if unbound else is_negated(token) or _under_negation(token),
        suspends=lemma.startswith("suspen") or unbound or lemma in _STOPPING,
    )


def _before(line: Line, number: int) -> tuple[str, ...]:
    """The actor right before a verb that the parser gave no subject."""
    for back in range(number - 1, max(-1, number - 5), -1):
        code = line.signs[back].code
        if code.startswith("@") and code != "@nobody":
            return (code[1:],)
        if code in {",", "that", "which"}:
            return ()
    return ()


def _under_negation(token: Any) -> bool:
    for node in heads(token, 4, _CLAUSES):
        if node.lemma_.lower() in {"say", "announce", "tell", "deny", "accuse"}:
            return False
        if is_negated(node) or any(c.dep_ == "det" and c.lower_ == "no" for c in node.children):
            return True
    return False


def _still_bound(token: Any) -> bool:
    """Whether anything beside the "no" of "no longer bound" denies it: "has never been no longer bound"."""
    for node in (token, *heads(token, 4, _CLAUSES)):
        if node.lemma_.lower() in {"say", "announce", "tell", "deny", "accuse"}:
            return False
        for near in (node, *(c for c in node.children if c.dep_ == "aux")):
            for child in near.children:
                words = [t.lower_ for t in child.doc[child.i : child.i + 2]]
                longer = words[0] == "longer" or words == ["no", "longer"]
                if (child.dep_ == "neg" or child.lower_ in {"never", "hardly"}) and not longer:
                    return True
    return False


def _mood(token: Any, noun: bool) -> Mood:  # noqa: PLR0912  # a cascade of cases, each of one line
    if unreal(token):
        return Mood.UNREAL
    modals = {c.lower_ for c in token.children if c.dep_ == "aux"}
    if modals & {"may", "might", "could", "can"}:
        return Mood.THREATENED
    if modals & {"will", "would", "'ll", "wo", "'d", "shall"} or {
        c.lower_ for c in token.children if c.dep_ == "aux"
    } & {"going"}:
        return Mood.COMING
    if token.dep_ == "conj" and token.head.pos_ == "VERB" and token.tag_ == "VB":
        return _mood(token.head, noun)
    for head in heads(token, 4, _PART_OF):
        lemma = head.lemma_.lower()
        if lemma in {
            "complete",
            "finalise",
            "finalize",
            "finish",
            "effect",
            "formalise",
            "formalize",
            "confirm",
        }:
            return Mood.DONE
        if lemma in _THREAT_HEADS:
            return Mood.THREATENED
        if lemma in _FUTURE_HEADS:
            return Mood.NAMED if _bare_decision(head) else Mood.COMING
        if lemma in {"say", "tell", "call", "criticise", "criticize", "support"}:
            break
    if noun:
        return Mood.NAMED
    if token.tag_ in {"VBD", "VBN"}:
        return Mood.DONE if token.dep_ != "amod" else Mood.NAMED
    if token.tag_ in {"VBZ", "VBP"}:
        return Mood.COMING
    if token.tag_ == "VBG" and any(c.dep_ == "aux" for c in token.children):
        return Mood.COMING
    return Mood.NAMED


def _bare_decision(noun: Any) -> bool:
    """ "Trump's decision to leave", not announced, taken or dated here."""
    return noun.pos_ == "NOUN" and not (
        noun.dep_ in {"dobj", "nsubjpass"}
        and noun.head.lemma_.lower()
        in {"announce", "take", "make", "declare", "confirm", "publish", "unveil", "reveal", "state"}
    )


def unreal(token: Any) -> bool:
    """Whether a verb stands under "if", "whether", "unless"."""
    node = token
    for _ in range(5):
        marks = {c.lower_ for c in node.children if c.dep_ in {"mark", "advmod", "aux"} and c.i < node.i}
        if marks & _UNREAL_MARKS and (
            node.dep_ in {"advcl", "ccomp", "ROOT", "pcomp"} or marks & {"if", "whether", "until"}
        ):
            return "should" not in marks or node.dep_ == "advcl"
        if (
            node.dep_ not in {"xcomp", "conj", "ccomp", "acl", "pcomp", "prep", "dobj", "pobj"}
            or node.head.i == node.i
        ):
            return False
        if node.dep_ == "ccomp" and node.head.lemma_.lower() in {"say", "announce", "tell", "declare"}:
            return False
        node = node.head
    return False
