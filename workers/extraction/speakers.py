"""From the source of a quotation to the speaker and the actor whose words they count for."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from services.core.domain.dossier import Dossier
from services.core.domain.reading import Span, Speaker
from workers.extraction.document import Document
from workers.extraction.gazetteer import ADJECTIVE
from workers.extraction.mention import PLACE, PRONOUN, SELF, Mention

_LABELS = frozenset(
    {"question", "q", "moderator", "reporter", "journalist", "answer", "a", "nobody", "everybody"}
)
_RELATIVE = frozenset({"who", "which", "that"})
_DEPENDENT = frozenset({ADJECTIVE, PLACE, PRONOUN, SELF})  # beside the head of a phrase: "his", "Russian"


class Speakers:
    """Looks up who stands behind a source among the mentions of a document."""

    def __init__(self, document: Document, mentions: Sequence[Mention], dossier: Dossier) -> None:
        self.document, self.dossier = document, dossier
        self.mentions = sorted(mentions, key=lambda m: m.span)
        self._starts = [m.span.start for m in self.mentions]

    def of(self, source: Span | None) -> tuple[Speaker | None, str | None]:
        """(speaker, actor) behind a source span. A source that no mention explains is its own speaker."""
        if source is None:
            return None, None
        mention = self.mention_in(source)
        words = " ".join(source.of(self.document.text).split())
        if mention is None:
            return self._stranger(source, words), None
        if mention.person is not None:
            return Speaker(
                person=mention.person, name=self.dossier.people[mention.person].name
            ), mention.actor
        if mention.name is None and self._nameless(source):
            # "A US official, who asked": the mention lies outside the source and names what the source does not.
            if mention.kind in _DEPENDENT or self._nameless(mention.span):
                return None, mention.actor
            return Speaker(span=mention.span, name=mention.span.of(self.document.text)), mention.actor
        return Speaker(span=source, name=mention.name or words), mention.actor

    def _stranger(self, source: Span, words: str) -> Speaker | None:
        """Whoever no mention explains speaks under the words that name them, if any do."""
        return None if self._nameless(source) else Speaker(span=source, name=words)

    def _nameless(self, source: Span) -> bool:
        """Whether nothing in the source names anybody: "it", "who", "nobody", the label of a questioner."""
        tokens = self.document.tokens_in(source)
        named = any(token.pos_ in {"NOUN", "PROPN", "ADJ"} for token in tokens)
        return not named or " ".join(source.of(self.document.text).split()).strip(":").lower() in _LABELS

    def mention_in(self, source: Span) -> Mention | None:
        """The mention that is the head of the source: its noun, else the person named in it.

        "Poland's opposition" and "his adviser" have none: whom a noun belongs to does not speak.
        """
        tokens = self.document.tokens_in(source)
        if len(tokens) == 1 and tokens[0].lower_ in _RELATIVE and tokens[0].head.dep_ == "relcl":
            whom = tokens[0].head.head
            source = Span(whom.idx, whom.idx + len(whom))
            tokens = self.document.tokens_in(source)
        inside = self._inside(source)
        if not inside:
            return None
        if len(tokens):
            head = tokens.root
            for mention in inside:
                if mention.span.start <= head.idx < mention.span.end:
                    return mention
            first = inside[0]
            if first.kind in _DEPENDENT or first.span.end < head.idx:
                return next((m for m in inside if (m.person or m.name) and m.kind not in _DEPENDENT), None)
        return next((m for m in inside if m.kind not in _DEPENDENT), None)

    def _inside(self, source: Span) -> list[Mention]:
        number = max(0, bisect_left(self._starts, source.start) - 1)
        found = []
        for mention in self.mentions[number:]:
            if mention.span.start >= source.end:
                break
            if mention.span.end > source.start:
                found.append(mention)
        return found
