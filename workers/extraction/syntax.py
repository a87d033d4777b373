"""Who does it: the doer of a verb or of a noun of action, read off the dependency parse.

spaCy's labels are those of ClearNLP; control and light verbs are lists of the dossier (`operators.yaml`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workers.extraction.document import Document
    from workers.extraction.mention import Mention

SELF = "self"  # a first person: whoever is speaking
_FIRST = frozenset({"i", "we", "our", "us", "my", "me", "ours", "ourselves"})
_RELATIVE = frozenset({"who", "which", "that", "whom", "whose"})
_VERBS = frozenset({"VERB", "AUX"})
_RAISING = frozenset(
    {
        "believe",
        "consider",
        "deem",
        "think",
        "find",
        "allege",
        "say",
        "judge",
        "know",
        "suspect",
        "report",
        "hold",
    }
)
_MAX_DEPTH = 8


def heads(token: Any, most: int, through: Collection[str] | None = None) -> Iterator[Any]:
    """The words above a word, nearest first; `through`: only as far up as the relations are among these."""
    for _ in range(most):
        if token.head.i == token.i or (through is not None and token.dep_ not in through):
            return
        token = token.head
        yield token


class Cast:
    """The actors of a parsed document by token, and the doers of its verbs and nouns."""

    def __init__(self, document: Document, mentions: list[Mention], operators: Mapping[str, Any]) -> None:
        self.doc = document.doc
        self._control = frozenset(operators["object_control"])
        self._light = frozenset(operators["light"])
        self._accusing = frozenset(operators["verbs"]["accuse"]) | {
            "criticise",
            "criticize",
            "condemn",
            "suspect",
        }
        self._mention_of: dict[int, Mention] = {}
        for mention in sorted(mentions, key=lambda m: m.span.end - m.span.start):
            for token in document.tokens_in(mention.span):
                self._mention_of[token.i] = mention

    def mention(self, token: Any) -> Mention | None:
        """The longest mention that covers the token."""
        return self._mention_of.get(token.i)

    def actors(self, token: Any, *, joined: bool = True) -> tuple[str, ...]:
        """The actors that a noun phrase's head stands for, with those joined to it by "and"; SELF for "we"."""
        found = dict.fromkeys(self._own_actors(token))
        if joined:
            for other in self._conjuncts(token):
                found.update(dict.fromkeys(self._own_actors(other)))
        return tuple(found)

    def doer(self, token: Any, depth: int = 0) -> Any:
        """The head of the phrase that names who does it, None where the sentence does not say."""
        if depth > _MAX_DEPTH:
            return None
        if token.pos_ in _VERBS or (token.tag_.startswith("VB") and token.dep_ not in {"amod", "compound"}):
            return self._doer_of_verb(token, depth)
        if token.pos_ == "ADJ" and token.dep_ in {"acomp", "oprd"}:
            return self._doer_of_verb(token.head, depth + 1)
        return self._doer_of_noun(token, depth)

    def agents(self, token: Any) -> tuple[str, ...]:
        """The actors that do what a verb or noun says; empty where unknown."""
        doer = self.doer(token)
        return self.actors(doer) if doer is not None else ()

    def objects(self, token: Any) -> Iterator[Any]:
        """The heads of a verb's direct, dative and prepositional objects (and a passive's subject)."""
        for child in token.children:
            if child.dep_ in {"dobj", "nsubjpass", "dative", "oprd", "attr"}:
                yield from (
                    (g for g in child.children if g.dep_ == "pobj")
                    if child.dep_ == "dative" and child.pos_ == "ADP"
                    else (child,)
                )
            elif child.dep_ == "prep":
                yield from (g for g in child.children if g.dep_ == "pobj")

    def antecedent(self, token: Any) -> Any:
        """The noun that a relative clause around the token describes."""
        while token.dep_ not in {"relcl", "acl"} and token.head.i != token.i:
            token = token.head
            if token.lemma_ == "be" and any(c.lower_ == "it" for c in token.children):
                cleft = next((c for c in token.children if c.dep_ == "attr"), None)
                if cleft is not None:
                    return cleft
        return token.head if token.dep_ in {"relcl", "acl"} else None

    def _own_actors(self, token: Any, depth: int = 0) -> tuple[str, ...]:
        mention = self._mention_of.get(token.i)
        if mention is not None:
            return (mention.actor,) if mention.actor else ()
        if token.lower_ in _FIRST:
            return (SELF,)
        if token.pos_ not in {"NOUN", "PROPN", "ADJ", "NUM", "DET"} and token.dep_ not in {
            "nsubj",
            "pobj",
            "dobj",
        }:
            return ()
        found: dict[str, None] = {}
        for child in token.children:
            if child.dep_ in {"poss", "compound", "amod", "nmod", "appos"}:
                if child.lower_ in _FIRST:
                    found[SELF] = None
                inner = self._mention_of.get(child.i)
                if inner is not None and inner.actor:
                    found[inner.actor] = None
                    found.update(
                        dict.fromkeys(
                            m.actor
                            for c in self._conjuncts(child)
                            if (m := self._mention_of.get(c.i)) is not None and m.actor
                        )
                    )
                elif child.dep_ == "poss" and depth < 2:
                    found.update(dict.fromkeys(self._own_actors(child, depth + 1)))
        return tuple(found)

    def _conjuncts(self, token: Any) -> Iterator[Any]:
        for child in token.children:
            if child.dep_ == "conj":
                yield child
                yield from self._conjuncts(child)
            elif child.dep_ == "prep" and child.lower_ in {"alongside", "with"} and token.dep_ == "nsubj":
                yield from (g for g in child.children if g.dep_ == "pobj")

    def _doer_of_verb(self, verb: Any, depth: int) -> Any:
        for child in verb.children:
            if child.dep_ == "nsubj":
                if child.lower_ in _RELATIVE and self.mention(child) is None:
                    return self.antecedent(verb)
                return child
        if verb.dep_ in {"xcomp", "ccomp"} and verb.head.lemma_.lower() in _RAISING:
            for child in verb.children:  # "the missile, which they believe to violate ..."
                if child.lower_ in _RELATIVE and child.i < verb.i:
                    return self.antecedent(verb)
            for child in verb.head.children:
                if child.dep_ in {"dobj", "nsubjpass"}:
                    return self.antecedent(verb) if child.lower_ in _RELATIVE else child
        passive = any(c.dep_ in {"nsubjpass", "auxpass"} for c in verb.children)
        for child in verb.children:
            if child.dep_ == "agent" or (passive and child.dep_ == "prep" and child.lower_ == "by"):
                return next((g for g in child.children if g.dep_ == "pobj"), None)
        if passive:
            return None
        return self._inherited(verb, depth)

    def _inherited(self, verb: Any, depth: int) -> Any:  # noqa: PLR0912  # a cascade of cases, each of one line
        head, dep = verb.head, verb.dep_
        if head.i == verb.i:
            return None
        if dep == "conj":
            return self.doer(head, depth + 1)
        if dep in {"xcomp", "ccomp", "advcl", "acomp", "oprd", "dep", "parataxis"}:
            if dep in {"xcomp", "ccomp"} and head.lemma_.lower() in self._control:
                for target in self.objects(head):
                    if self.actors(target):
                        return target
            return self.doer(head, depth + 1)
        if dep == "pcomp":
            if (
                head.dep_ == "prep"
                and head.lower_ in {"of", "for"}
                and head.head.lemma_.lower() in self._accusing
            ):
                for child in head.head.children:
                    if child.dep_ in {"dobj", "nsubjpass"}:
                        return child
            return self.doer(head.head, depth + 1)
        if dep in {"acl", "relcl"}:
            if verb.tag_ == "VBN":
                return None
            own = self._doer_of_noun(head, depth + 1)
            if verb.tag_ == "VBG" and own is None:
                return head
            return own
        return None

    def _doer_of_noun(self, noun: Any, depth: int) -> Any:
        for child in noun.children:
            if child.dep_ in {"poss", "compound", "amod", "nmod"} and (
                child.lower_ in _FIRST or self.actors(child, joined=False)
            ):
                return child
        for child in noun.children:
            if child.dep_ == "prep" and child.lower_ in {"by", "from", "of"}:
                for inner in child.children:
                    named = self.actors(inner, joined=False) if child.lower_ == "by" else self.mention(inner)
                    if inner.dep_ == "pobj" and named:
                        return inner
        if noun.dep_ in {"dobj", "attr", "oprd"} and noun.head.lemma_.lower() in self._light:
            return self._doer_of_verb(noun.head, depth + 1)
        if (
            noun.dep_ == "pobj"
            and noun.head.lower_ in {"in", "out", "within"}
            and noun.head.head.pos_ in _VERBS
        ):
            return self._doer_of_verb(noun.head.head, depth + 1)
        if noun.dep_ == "conj":
            return self._doer_of_noun(noun.head, depth + 1) if depth < _MAX_DEPTH else None
        return None
