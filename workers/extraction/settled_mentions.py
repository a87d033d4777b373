"""Mentions once the article's dates are known: who was in office then, whose ministry, whom "it" goes on with."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from services.core.domain.reading import Span
from workers.extraction.mention import PRONOUN, Mention
from workers.extraction.speech_verbs import SAYING

if TYPE_CHECKING:
    from services.core.domain.dossier import Dossier
    from workers.extraction.document import Document
    from workers.extraction.event_dates import Dating

_DAY, _WEEKS = len("2000-01-01"), 28
_NEUTER = frozenset({"it", "its", "they", "their", "itself"})
_COMMITTING = frozenset(
    {"announce", "vow", "pledge", "promise", "decide", "threaten", "agree", "confirm", "declare"}
)


_IN_PLACE = re.compile(
    r"(?:\s+(?:said|says|told\s\w+|stressed|added|announced|declared|warned))?\s+in\s+([A-Z][\w-]+)"
)


def settle(mentions: list[Mention], document: Document, dossier: Dossier, dating: Dating) -> list[Mention]:
    """The mentions with their actors by the sentence's dates and places, and pronouns that go on with a teller."""
    return _Settling(document, dossier, dating).run(mentions)


class _Settling:
    def __init__(self, document: Document, dossier: Dossier, dating: Dating) -> None:
        self.document, self.dossier, self.dating = document, dossier, dating

    def run(self, mentions: list[Mention]) -> list[Mention]:
        return self._coreferent([self._seated(self._in_office(m)) for m in mentions])

    def _in_office(self, mention: Mention) -> Mention:
        """Somebody out of office on the article's day may have been in office on the day told of."""
        if mention.actor or not mention.person or mention.former:
            return mention
        days = self._days_told_of(mention)
        offices = self.dossier.people[mention.person].offices
        for value in days:
            for office in offices:
                end = office.end.isoformat() if office.end else "9999"
                if office.start.isoformat()[: len(value)] <= value <= end:
                    return replace(mention, actor=office.actor)
        return mention

    def _days_told_of(self, mention: Mention) -> list[str]:
        """The sentence's dates, else those of the paragraph's sentence before, which the telling goes on from.

        None where the person says something today: "Gorbachev, who signed it in 1987, said on Thursday".
        """
        tokens = self.document.tokens_in(mention.span)
        if not len(tokens):
            return []
        root = tokens.root
        speaks = root.dep_ == "nsubj" and root.head.lemma_.lower() in SAYING
        number = self.document.sentence_index(mention.span.start)
        days = [value for _, value in self.dating.dates_of(number)]
        if days:
            return [] if speaks and any(self._is_now(value) for value in days) else days
        present = root.dep_ == "nsubj" and root.head.tag_ in {"VBZ", "VBP"}
        if speaks or present or number == 0:
            return []
        paragraph = self.document.paragraph_index(mention.span.start)
        if self.document.paragraph_index(self.document.sentences[number - 1].start) != paragraph:
            return []
        return [value for _, value in self.dating.dates_of(number - 1)]

    def _is_now(self, value: str) -> bool:
        """Whether a day lies within weeks of the article's own."""
        article = self.dating.article
        if not article or len(value) < _DAY or len(article) < _DAY:
            return False
        return abs((date.fromisoformat(article) - date.fromisoformat(value)).days) <= _WEEKS

    def _seated(self, mention: Mention) -> Mention:
        """ "The foreign ministry in Paris" is that of France, whatever else the article is about."""
        if mention.role is None or mention.person or mention.name:
            return mention
        words = mention.span.of(self.document.text)
        actor = self.dossier.actors.get(mention.actor or "")
        if actor is not None and any(
            name in words for name in (actor.name, *actor.adjectives, *actor.metonyms)
        ):
            return mention
        found = _IN_PLACE.match(self.document.text, mention.span.end)
        seats = (a.id for a in self.dossier.actors.values() if found and found[1] in a.metonyms)
        seat = next(seats, None)
        return replace(mention, actor=seat) if seat else mention

    def _coreferent(self, mentions: list[Mention]) -> list[Mention]:
        """ "Moscow said it ...": what follows a verb of saying goes on with its subject."""
        at = {t.i: m for m in mentions for t in self.document.tokens_in(m.span)}
        made: dict[int, Mention] = {m.span.start: m for m in mentions}
        for token in self.document.doc:
            known = at.get(token.i)
            if token.lower_ not in _NEUTER or (known is not None and known.kind != PRONOUN):
                continue
            if known is None and token.dep_ not in {"nsubj", "nsubjpass", "poss"}:
                continue  # as an object "it" is what is spoken of: the treaty, the charge
            teller = self._teller(token, at)
            if teller is not None:
                span = Span(token.idx, token.idx + len(token))
                made[token.idx] = (
                    replace(known, actor=teller.actor)
                    if known
                    else Mention(span, teller.actor, None, PRONOUN)
                )
        return [made[start] for start in sorted(made)]

    def _teller(self, token: Any, at: dict[int, Mention]) -> Mention | None:
        """The subject of the verb of saying above a pronoun, where the pronoun can only mean it."""
        verb = token
        for _ in range(8):
            if (verb.pos_ in {"VERB", "AUX"} and verb.dep_ == "ccomp") or verb.head.i == verb.i:
                break
            verb = verb.head
        if verb.dep_ != "ccomp" or verb.head.pos_ != "VERB":
            return None
        subject = next((c for c in verb.head.children if c.dep_ == "nsubj"), None)
        teller = at.get(subject.i) if subject is not None else None
        if teller is None or not teller.actor or teller.kind == PRONOUN:
            return None
        return teller if teller.person is None or verb.head.lemma_.lower() in _COMMITTING else None
