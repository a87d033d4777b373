"""Words that refer back: "he", "the ministry", "the spokeswoman", "the alliance", "it".

Only what is safe is resolved: the nearest earlier mention that fits, in this sentence or the ones just before.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from services.core.domain.dossier import Dossier
from services.core.domain.reading import Span
from workers.extraction.document import Document
from workers.extraction.gazetteer import ADJECTIVE, DEMONYM, INSTITUTION, METONYM, NAME, PERSON
from workers.extraction.mention import OFFICIAL, PLACE, PRONOUN, ROLE, Mention
from workers.extraction.quote_marks import find_quoted
from workers.extraction.roles import ROLE_WORDS, role_of
from workers.extraction.speech_verbs import SAYING

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
_UNNAMED = frozenset({"spokesman", "spokeswoman", "spokesperson", "official", "diplomat"})
_OWNERS = frozenset({"for", "of", "at", "from", "with", "to"})  # "a spokesman for the company" says whose
_NOT_THE_STATE = frozenset({"congressional", "parliamentary", "legislative", "european", "ruling", "party"})
_ORGANISATIONS = re.compile(
    r"(?i)^(?:association|institut\w+|cent(?:er|re)|university|college|agency|news|times|post|group|foundation|council"
    r"|union|league|society|federation|company|corporation|inc|party|press|journal|network|initiative|campaign|forum"
    r"|congress|court|club|trust|academy|committee|reuters|house|senate|tass|interfax|treaty)$"
)
_RANKS = frozenset({"general", "admiral", "commander"})
_MILITARY = re.compile(r"\b(?:Gen|Adm|Col|Maj|Lt|General|Admiral|Commander|Troops|Forces)\b")
_KINDRED = ({"ambassador", "representative", "envoy"}, {"premier", "minister"})


def refer_back(document: Document, mentions: Sequence[Mention], dossier: Dossier) -> list[Mention]:
    """The mentions with those of referring words among them, in text order."""
    return _Resolver(document, mentions, dossier).run()


class _Resolver:
    def __init__(self, document: Document, mentions: Sequence[Mention], dossier: Dossier) -> None:
        self.document, self.dossier = document, dossier
        self.pending = sorted(mentions, key=lambda m: m.span)
        self.past: list[Mention] = []
        strangers = find_strangers(document, self.pending)
        self.strangers = {m.span for m in strangers}
        self.pending = sorted((*self.pending, *strangers), key=lambda m: m.span)
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
            elif word in {"a", "an"}:
                made = self._unnamed(token)
            following = self.pending[number].span.start if number < len(self.pending) else None
            if made is not None and (following is None or made.span.end <= following):
                self.past.append(made)
        known = {m.span: m for m in self.past if m.span not in self.strangers}
        return sorted(known.values(), key=lambda m: m.span)

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
        if mention.person:
            return False
        return False if mention.name and mention.name.split()[0] in self._men else None

    @cached_property
    def _men(self) -> frozenset[str]:
        """Given names that men of the dossier bear."""
        given = {p.name.split()[0] for p in self.dossier.people.values()}
        return frozenset(name for name in given if not _FEMALE.search(name))

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
        words, span = _office(token, 5, _ROLE_WORDS)
        if not words:
            return None
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

    def _unnamed(self, token: Any) -> Mention | None:
        """'A spokesman said': for the state or body that the sentence or the one before is about."""
        words, span = _office(token, 6, ROLE_WORDS)
        role = role_of(words)
        if role is None or role.name not in _UNNAMED:
            return None
        if _NOT_THE_STATE & set(words) or any((r := role_of([w])) and not r.speaks for w in words):
            return None
        body = next((r.name for w in words if (r := role_of([w])) and r.institution), None)
        if body is not None:
            for mention in self._near(token.idx, _ROLE_REACH):
                if mention.role == body and mention.actor and _same_branch(words, mention, self.document):
                    return Mention(span, mention.actor, None, OFFICIAL, role.name)
            return None
        after = token.i + 1 + len(words)
        if _OWNERS & {*words, *(t.lower_ for t in token.doc[after : after + 1])}:
            return None
        for mention in self._near(token.idx, 1):
            if not self._is_subject(mention):
                continue
            if mention.actor and (mention.kind in _STATES_AND_BODIES or _is_body(mention)):
                return Mention(span, mention.actor, None, OFFICIAL, role.name)
            return None
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
        if role in _RANKS:
            return self._is_military(mention)
        if any({role, mention.role} <= kindred for kindred in _KINDRED):
            return True
        if role.startswith("spokes") and (mention.role or "").startswith("spokes"):
            return self._may_be(mention, role)
        if role.startswith("spokes") and mention.role == "secretary" and mention.person:
            offices = self.dossier.people[mention.person].offices
            return any("Press Secretary" in o.title for o in offices) and self._may_be(mention, role)
        return False

    def _may_be(self, mention: Mention, role: str) -> bool:
        female = self._is_female(mention)
        return role == "spokesperson" or female is None or female == (role == "spokeswoman")

    def _is_military(self, mention: Mention) -> bool:
        if mention.person and any(
            _MILITARY.search(o.title) for o in self.dossier.people[mention.person].offices
        ):
            return True
        before = self.document.text[max(0, mention.span.start - 14) : mention.span.end]
        return bool(_MILITARY.search(before))

    def _last_actor(self, token: Any, span: Span, actors: Sequence[str]) -> Mention | None:
        for mention in self._near(token.idx, 30):
            if mention.actor in actors and mention.kind not in {PLACE, ADJECTIVE}:
                return Mention(span, mention.actor, None, ROLE, "alliance")
        return None


def find_strangers(document: Document, mentions: Sequence[Mention]) -> list[Mention]:
    """People who are quoted and whom no mention explains: experts, former officials, bystanders.

    "He said" after one of them goes on with that one, not with the last official.
    """
    taken = [m.span for m in mentions]
    known: set[str] = set()
    found: list[Mention] = []
    for token in document.doc:
        if token.pos_ != "PROPN" or token.dep_ != "nsubj" or token.head.lemma_.lower() not in SAYING:
            continue
        first = token.i
        while first > 0 and token.doc[first - 1].pos_ == "PROPN" and token.doc[first - 1].dep_ == "compound":
            first -= 1
        name = token.doc[first : token.i + 1]
        span = Span(name.start_char, token.idx + len(token))
        if any(s.start < span.end and span.start < s.end for s in taken):
            continue
        if any(c.dep_ == "det" for c in token.children) or name.text.isupper():
            continue
        if token.lower_ in ROLE_WORDS or any(_ORGANISATIONS.match(t.text) for t in name):
            continue
        if len(name) == 1 and token.lower_ not in known:
            continue
        known.add(token.lower_)
        found.append(Mention(span, None, None, PERSON, name=name.text))
    return found


def _same_branch(words: Sequence[str], mention: Mention, document: Document) -> bool:
    """Whether "a foreign ministry official" is one of the ministry mentioned, not of the ministry of defence."""
    said = mention.span.of(document.text).lower()
    return all(branch not in words or branch[:5] in said for branch in ("foreign", "defence", "defense"))


def last_ministry(text: str, mentions: Sequence[Mention], name: str) -> str | None:
    """Whose ministry of that lower-case name was mentioned last, else whose ministry of any name."""
    branch = next((b for b in ("foreign", "defen") if b in name), name)
    seats = [m for m in reversed(mentions[-40:]) if m.actor and m.role in {"ministry", "minister", "staff"}]
    same = [m for m in seats if branch in m.span.of(text).lower()]
    return next((m.actor for m in (*same, *seats)), None)


def _is_body(mention: Mention) -> bool:
    role = role_of([mention.role]) if mention.role else None
    return role is not None and role.institution


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


def _office(token: Any, most: int, known: Collection[str]) -> tuple[list[str], Span]:
    """The words of an office right after an article or pronoun, and the span of it all."""
    words: list[str] = []
    for following in token.doc[token.i + 1 : token.i + 1 + most]:
        if following.lower_ not in known:
            break
        words.append(following.lower_)
    last = token.doc[token.i + len(words)]
    return words, Span(token.idx, last.idx + len(last))


def _span(token: Any) -> Span:
    return Span(token.idx, token.idx + len(token))
