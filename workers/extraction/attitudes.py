"""What somebody does with a thing: proposes, keeps, rejects, ends a moratorium, inspections, a wider treaty.

Climbs from the thing's word up the sentence. Each word on the way that is for or against it turns the sign;
whoever does what that word says has the attitude: in "NATO rejected Russia's proposal to declare a
moratorium" Russia is for it and NATO against.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from workers.extraction.event_dates import Basis, Dated
from workers.extraction.frames import is_negated
from workers.extraction.patterns import load_rules

if TYPE_CHECKING:
    from workers.extraction.scene import Scene

_ASKING = frozenset({"urge", "propose"})
_STOP = frozenset({"relcl"})
_NOUNS_OF_THING = frozenset(
    {"proposal", "offer", "initiative", "idea", "call", "plan", "suggestion", "regime", "issue"}
)


@dataclass(frozen=True, slots=True)
class Attitude:
    """`word` is what is done (None: merely said so), `kind` its class in the word list."""

    holders: tuple[str, ...]
    polarity: int
    word: Any
    kind: str
    when: Dated
    reported: bool = False

    def word_is_own(self, scene: Scene) -> bool:
        """Whether the word's doer is the holder, not only its teller."""
        return self.word is not None and bool(set(scene.agents(self.word)) & set(self.holders))


class AttitudeWords:
    """Words for (+1) and against (-1) a thing, each with the class of act that it makes."""

    def __init__(self, positive: Mapping[str, Iterable[str]], negative: Mapping[str, Iterable[str]]) -> None:
        self.words: dict[str, tuple[int, str]] = {}
        for polarity, groups in ((1, positive), (-1, negative)):
            for kind, words in groups.items():
                self.words.update((word, (polarity, kind)) for word in words)

    def of(self, token: Any) -> tuple[int, str] | None:
        """Sign and class of a word, a particle or preposition taken with it."""
        lemma = token.lemma_.lower()
        for child in token.children:
            if child.i > token.i and child.dep_ in {"prt", "prep", "advmod", "acomp", "oprd"}:
                found = self.words.get(f"{lemma} {child.lower_}")
                if found:
                    return found
        return self.words.get(lemma)


@cache
def attitude_words(dossier_id: str, thing: str) -> AttitudeWords:
    """The dossier's words for and against a thing (`attitudes.yaml`)."""
    groups = load_rules(dossier_id, "attitudes").get(thing, {})
    return AttitudeWords(groups.get("for", {}), groups.get("against", {}))


def attitudes(scene: Scene, token: Any, words: AttitudeWords) -> list[Attitude]:  # noqa: PLR0912  # a cascade of cases, each of one line
    """Who is for or against what `token` names, as its sentence tells."""
    found: dict[tuple[str, ...], Attitude] = {}
    sign, touched, kind, last = 1, False, "", None
    for node, child in _upwards(token):
        entry = words.of(node)
        if entry is None:
            if (
                touched
                and node.pos_ in {"VERB", "AUX"}
                and is_negated(node)
                and child.dep_ in {"xcomp", "acomp", "dobj", "attr", "oprd"}
            ):
                sign = -sign
            continue
        polarity, kind_here = entry
        if is_negated(node) or _no_longer(node):
            polarity = -polarity
        sign *= polarity
        touched, kind, last = True, kind_here, node
        cls = scene.operators.verbs.get(node.lemma_.lower()) or scene.operators.nouns.get(node.lemma_.lower())
        if cls in _ASKING or kind_here in {"demand", "proposal"}:
            for holders in [h for h in found if found[h].kind not in {"demand", "proposal", "rejection"}]:
                del found[holders]  # what is only asked for is not done
        if child.dep_ in {"nsubj", "nsubjpass"} and node.pos_ in {"VERB", "AUX"} and child.dep_ == "nsubj":
            continue
        agents = scene.agents(node)
        if agents:
            for holders in [h for h in found if set(h) & set(agents)]:
                del found[holders]
            found[agents] = Attitude(
                agents, sign, node, kind_here, scene.done(node, agents), _told(scene, node, agents)
            )
    for attitude in _described(scene, token, words):
        if not any(set(h) & set(attitude.holders) for h in found):
            found[attitude.holders] = attitude
    if found:
        return list(found.values())
    if touched:
        return list(_said(scene, token, sign, kind, last))
    return list(_beside(scene, token, words))


def _beside(scene: Scene, token: Any, words: AttitudeWords) -> Iterator[Attitude]:
    """By the order of words alone, where the parse connects nothing: actor, word for or against, thing."""
    line = scene.lines[scene.document.sentence_index(token.idx)]
    place = line.sign_of(token.i)
    if place is None:
        return
    for number in range(place - 1, max(-1, place - 6), -1):
        sign = line.signs[number]
        node = line.doc[sign.first]
        if sign.code in {";", ":", ","}:
            return
        entry = words.of(node) if node.pos_ in {"VERB", "NOUN"} else None
        if entry is None:
            continue
        for back in range(number - 1, max(-1, number - 8), -1):
            mention = line.signs[back].mention
            if mention is not None and mention.actor:
                agents = (mention.actor,)
                polarity = -entry[0] if is_negated(node) else entry[0]
                yield Attitude(
                    agents, polarity, node, entry[1], scene.done(node, agents), _told(scene, node, agents)
                )
                return
        return


def _described(scene: Scene, token: Any, words: AttitudeWords) -> Iterator[Attitude]:
    """ "The moratorium offered by Moscow", "the inspections that Putin proposed"."""
    for noun in (token, *(n for n, _ in _upwards(token) if n.lemma_.lower() in _NOUNS_OF_THING)):
        for verb in noun.children:
            if verb.dep_ not in {"acl", "relcl"}:
                continue
            entry = words.of(verb) or (
                (1, "proposal") if verb.lemma_.lower() in {"make", "offer", "announce"} else None
            )
            if entry is None:
                continue
            agents = scene.agents(verb)
            if agents:
                yield Attitude(
                    agents, entry[0], verb, entry[1], scene.done(verb, agents), _told(scene, verb, agents)
                )


def _upwards(token: Any) -> Iterator[tuple[Any, Any]]:
    child = token
    for _ in range(14):
        node = child.head
        if node.i == child.i or child.dep_ in _STOP:
            return
        yield node, child
        child = node


def _no_longer(node: Any) -> bool:
    return any(c.lower_ in {"longer", "nothing"} for c in node.children)


def _told(scene: Scene, node: Any, agents: tuple[str, ...]) -> bool:
    return any(h and not set(h) & set(agents) for h in (scene.holders(f) for f in scene.chain(node.idx)))


def _said(scene: Scene, token: Any, sign: int, kind: str, word: Any) -> Iterator[Attitude]:
    """Nobody does it in the clause: then it is the speaker who is for or against it."""
    for frame in scene.chain(token.idx):
        holders = scene.holders(frame)
        if holders:
            if frame.cls == "deny":
                sign = -sign
            yield Attitude(holders, sign, frame.cue or word, kind, scene.said(frame))
            return
    if scene.own_voice:
        yield Attitude((scene.own_voice,), sign, word, kind, Dated(scene.article_date, Basis.SPEECH))


def addressees(scene: Scene, word: Any, without: Iterable[str] = ()) -> tuple[str, ...]:
    """The actors that an act is directed at: objects, "to X", "on X", "for X to"."""
    left = frozenset(without)
    found: dict[str, None] = {}
    if word is None:
        return ()
    nodes = [
        word,
        *(c for c in word.children if c.dep_ in {"xcomp", "ccomp", "dobj", "acl"} and c.i > word.i),
    ]
    for node in nodes:
        for child in node.children:
            if child.i < word.i:
                continue
            if child.dep_ in {"dobj", "dative", "nsubj", "nsubjpass"} and child.dep_ != "poss":
                if node is word and child.dep_ in {"nsubj", "nsubjpass"} and node.pos_ == "VERB":
                    continue
                found.update(dict.fromkeys(scene.actors(child)))
            if child.dep_ in {"prep", "dative", "agent"} and child.lower_ in {
                "to",
                "on",
                "upon",
                "for",
                "with",
                "at",
                "against",
                "of",
                "from",
                "by",
            }:
                for inner in child.children:
                    if inner.dep_ == "pobj" and (
                        child.lower_ != "for" or scene.cast.mention(inner) is not None
                    ):
                        found.update(dict.fromkeys(scene.actors(inner)))
    return tuple(a for a in found if a not in left)
