"""Words that refer back: "he", "the ministry", "the spokeswoman", "the alliance", "it".

Only what is safe is resolved: the nearest earlier mention that fits, in this sentence or the ones just before.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from services.core.domain.dossier import Dossier
from services.core.domain.reading import Span
from workers.extraction.document import Document
from workers.extraction.gazetteer import ADJECTIVE, DEMONYM, INSTITUTION, METONYM, NAME
from workers.extraction.mention import OFFICIAL, PLACE, PRONOUN, ROLE, Mention
from workers.extraction.quote_marks import find_quoted
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
_REACH = 3  # sentences back for a pronoun, what is quoted in between not counted
_ROLE_REACH = 12  # and for "the ministry"
_PAPERS = frozenset({"statement", "commentary", "communique", "document", "note", "release"})
_ALLIANCES = {"alliance": ("nato", "csto", "warsaw-pact"), "bloc": ("nato", "eu")}
_ROLE_WORDS = ROLE_WORDS | _PAPERS | _ALLIANCES.keys()
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
        body = document.text[: len(document.doc.text)]
        self.quoted = [
            q.span for q in find_quoted(body, document.paragraphs) if q.span.end - q.span.start > 12
        ]
        self.quote_starts = [q.start for q in self.quoted]

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

    def _quote_at(self, offset: int) -> int:
        number = bisect_right(self.quote_starts, offset) - 1
        return number if number >= 0 and offset < self.quoted[number].end else -1

    def _near(self, offset: int, reach: int) -> list[Mention]:
        """Earlier mentions, nearest sentence first; within a sentence its subject first, then from the left.

        From outside a quotation only what stands outside of any counts.
        """
        here, quote = self.document.sentence_index(offset), self._quote_at(offset)
        groups: dict[int, list[Mention]] = {}
        passed, last = 0, here
        for mention in reversed(self.past):
            number = self.document.sentence_index(mention.span.start)
            inside = self._quote_at(mention.span.start)
            if quote < 0 <= inside:
                last = number
                continue
            if number < last:
                passed += min(
                    last - number,
                    1 if self._quote_at(self.document.sentences[last].start) >= 0 else last - number,
                )
                last = number
            if passed > reach:
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
            plural = mention.span.of(self.document.text).endswith("s") and mention.kind in {
                INSTITUTION,
                DEMONYM,
            }
            if (
                mention.kind in _STATES_AND_BODIES
                and mention.actor
                and self._is_subject(mention)
                and not plural
            ):
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
        doc, i = token.doc, token.i + 1
        while i < len(doc) and len(words) < 5 and doc[i].lower_ in _ROLE_WORDS:
            words.append(doc[i].lower_)
            i += 1
        if not words:
            return None
        span = Span(token.idx, doc[i - 1].idx + len(doc[i - 1]))
        if words[-1] in _ALLIANCES:
            return self._last_actor(token, span, _ALLIANCES[words[-1]])
        if words[-1] in _PAPERS:
            return self._paper(token, span)
        role = role_of(words)
        if role is None or not role.speaks:
            return None
        for mention in self._near(token.idx, _ROLE_REACH):
            if mention.role is None or mention.kind == PLACE:
                continue
            if mention.role == role.name or self._fits(mention, role.name):
                return replace(mention, span=span, kind=ROLE)
        return None

    def _paper(self, token: Any, span: Span) -> Mention | None:
        """'The commentary says': it speaks for whoever issued it, the last body or official who spoke."""
        for mention in self._near(token.idx, 4):
            if not self._is_subject(mention) or mention.former:
                continue
            if mention.actor and mention.kind in {INSTITUTION, OFFICIAL, ROLE}:
                return Mention(span, mention.actor, None, ROLE, "statement")
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
