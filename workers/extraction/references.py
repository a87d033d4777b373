"""Words that refer back: "he", "the ministry", "the spokeswoman", "the alliance", "it".

Only what is safe is resolved: the nearest earlier mention that fits, in this sentence or the ones just before.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from services.core.domain.dossier import Dossier
from services.core.domain.reading import Span
from workers.extraction.document import Document
from workers.extraction.gazetteer import ADJECTIVE, DEMONYM, INSTITUTION, METONYM, NAME
from workers.extraction.mention import OFFICIAL, PLACE, PRONOUN, ROLE, Mention
from workers.extraction.roles import ROLE_WORDS, role_of

_HE, _SHE = frozenset({"he", "him", "his", "himself"}), frozenset({"she", "her", "hers", "herself"})
_THEY, _IT = frozenset({"they", "their"}), frozenset({"it", "its"})
_OURS = frozenset({"country", "state", "government", "nation", "side", "position"})
_FEMALE = re.compile(
    r"(?i)\b(?:mrs|ms|spokeswoman|chairwoman|congresswoman|queen|madam|lady|stateswoman|maria|mariya|andrea|oana|angela"
    r"|federica|ursula|annegret|theresa|liz|hillary|condoleezza|madeleine|margaret|margot|kersti|dalia|rose|wendy|jen"
    r"|karine|kay|heather|morgan|michele|michelle|nikki|samantha|susan|anna|annalena|catherine|florence|florika|kaja"
    r"|katarina|elizabeth|izumi|hua|mao|marise|julie|penny|linda|victoria|ine|sanna|magdalena|zuzana|eleanor|jane"
    r"|sarah|celeste|bonnie|kathleen|laura|christine|christina|tamara|valentina|svetlana|natalia|elena|yelena|olga)\b"
)
_REACH = 2  # sentences back for a pronoun
_ROLE_REACH = 12  # and for "the ministry"
_GENERIC_PERSONS = frozenset(
    {"official", "diplomat", "politician", "leader", "chief", "head", "statesman", "envoy"}
)
_STATES_AND_BODIES = frozenset({NAME, METONYM, INSTITUTION, DEMONYM})


def refer_back(document: Document, mentions: Sequence[Mention], dossier: Dossier) -> list[Mention]:
    """The mentions with those of referring words among them, in text order."""
    return _Resolver(document, mentions, dossier).run()


class _Resolver:
    def __init__(self, document: Document, mentions: Sequence[Mention], dossier: Dossier) -> None:
        self.document, self.dossier = document, dossier
        self.pending = sorted(mentions, key=lambda m: m.span)
        self.past: list[Mention] = []
        self.subjects: dict[int, bool] = {}

    def run(self) -> list[Mention]:
        doc = self.document.doc
        number = 0
        for token in doc:
            while number < len(self.pending) and self.pending[number].span.start <= token.idx:
                self.past.append(self.pending[number])
                number += 1
            if self.past and self.past[-1].span.end > token.idx:
                continue
            word = token.lower_
            made: Mention | None = None
            if word in _HE or word in _SHE:
                made = self._person(token, female=word in _SHE)
            elif word in _IT and token.dep_ in {"nsubj", "poss", "nsubjpass"}:
                made = self._body(token)
            elif word in _THEY and token.dep_ in {"nsubj", "poss"}:
                made = self._several(token)
            elif word == "the":
                made = self._role(token)
            if made is not None:
                self.past.append(made)
        return sorted({m.span: m for m in self.past}.values(), key=lambda m: m.span)

    def _near(self, offset: int, reach: int) -> list[Mention]:
        """Earlier mentions, nearest sentence first; within a sentence its subject first, then from the left."""
        here = self.document.sentence_index(offset)
        groups: dict[int, list[Mention]] = {}
        for mention in reversed(self.past):
            number = self.document.sentence_index(mention.span.start)
            if here - number > reach:
                break
            groups.setdefault(number, []).append(mention)
        return [m for n in sorted(groups, reverse=True) for m in sorted(groups[n], key=self._rank)]

    def _rank(self, mention: Mention) -> tuple[bool, int]:
        return (not self._is_subject(mention), mention.span.start)

    def _is_subject(self, mention: Mention) -> bool:
        known = self.subjects.get(mention.span.end)
        if known is None:
            tokens = self.document.tokens_in(mention.span)
            known = len(tokens) > 0 and tokens.root.dep_ in {"nsubj", "nsubjpass"}
            self.subjects[mention.span.end] = known
        return known

    def _person(self, token: Any, *, female: bool) -> Mention | None:
        for mention in self._near(token.idx, _REACH):
            if not _is_person(mention):
                continue
            gender = self._is_female(mention)
            if gender is not None and gender != female:
                continue
            return replace(mention, span=_span(token), kind=PRONOUN)
        return None

    def _is_female(self, mention: Mention) -> bool | None:
        words = mention.span.of(self.document.text)
        if mention.person:
            words += " " + self.dossier.people[mention.person].name
        if mention.role in {"spokesman", "chairman", "congressman", "king"}:
            return False
        if mention.kind == PRONOUN and words.split()[0].lower() in _HE | _SHE:
            return words.split()[0].lower() in _SHE
        if _FEMALE.search(words + " " + (mention.name or "") + " " + (mention.role or "")):
            return True
        return False if mention.person else None

    def _body(self, token: Any) -> Mention | None:
        """'It' and 'its' stand for the nearest subject if that is a state or body."""
        for mention in self._near(token.idx, 1):
            if mention.kind in _STATES_AND_BODIES and mention.actor and self._is_subject(mention):
                return replace(mention, span=_span(token), kind=PRONOUN)
            if self._is_subject(mention) and _is_person(mention):
                break
        return None

    def _several(self, token: Any) -> Mention | None:
        for mention in self._near(token.idx, 1):
            plural = mention.span.of(self.document.text).rstrip().endswith("s")
            if mention.kind in {OFFICIAL, DEMONYM, INSTITUTION, ROLE} and plural and not mention.person:
                return replace(mention, span=_span(token), kind=PRONOUN)
        return None

    def _role(self, token: Any) -> Mention | None:
        words: list[str] = []
        last = token
        doc = token.doc
        i = token.i + 1
        while i < len(doc) and len(words) < 5 and doc[i].lower_ in ROLE_WORDS | {"bloc", "alliance"}:
            words.append(doc[i].lower_)
            last = doc[i]
            i += 1
        if not words:
            return None
        span = Span(token.idx, last.idx + len(last))
        if words[-1] == "alliance":
            return self._last_actor(token, span, ("nato", "csto", "warsaw-pact"))
        if words[-1] == "bloc":
            return self._last_actor(token, span, ("nato", "eu"))
        role = role_of(words)
        if role is None or not role.speaks:
            return None
        if role.name in {"statement", "commentary", "position", "source"}:
            return None
        for mention in self._near(token.idx, _ROLE_REACH):
            if mention.role is None or mention.kind == PLACE:
                continue
            if mention.role == role.name or self._fits(mention, role.name):
                return replace(mention, span=span, kind=ROLE)
        if role.name == "side":
            return None
        return None

    def _fits(self, mention: Mention, role: str) -> bool:
        if not _is_person(mention):
            return False
        if role in _GENERIC_PERSONS:
            return mention.actor is not None
        if role.startswith("spokes") and (mention.role or "").startswith("spokes"):
            female = self._is_female(mention)
            return role == "spokesperson" or female is None or female == (role == "spokeswoman")
        return False

    def _last_actor(self, token: Any, span: Span, actors: Sequence[str]) -> Mention | None:
        for mention in self._near(token.idx, 30):
            if mention.actor in actors and mention.kind not in {PLACE, ADJECTIVE}:
                return Mention(span, mention.actor, None, ROLE, "alliance")
        return None


def _is_person(mention: Mention) -> bool:
    return (
        mention.person is not None
        or mention.name is not None
        or (
            mention.kind in {OFFICIAL, ROLE, PRONOUN}
            and mention.role is not None
            and not mention.role.endswith(
                ("ministry", "department", "government", "side", "authorities", "alliance")
            )
        )
    )


def _span(token: Any) -> Span:
    return Span(token.idx, token.idx + len(token))
