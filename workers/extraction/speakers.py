"""From the source of a quotation to the speaker and the actor whose words they count for."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from services.core.domain.dossier import Dossier
from services.core.domain.reading import Span, Speaker
from workers.extraction.document import Document
from workers.extraction.gazetteer import ADJECTIVE
from workers.extraction.mention import PLACE, Mention


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
            return Speaker(span=source, name=words), None
        if mention.person is not None:
            return Speaker(
                person=mention.person, name=self.dossier.people[mention.person].name
            ), mention.actor
        return Speaker(span=source, name=mention.name or words), mention.actor

    def mention_in(self, source: Span) -> Mention | None:
        """The mention that is the head of the source: its noun, else the first that is more than an adjective."""
        inside = self._inside(source)
        if not inside:
            return None
        tokens = self.document.tokens_in(source)
        if len(tokens):
            head = tokens.root
            for mention in inside:
                if mention.span.start <= head.idx < mention.span.end:
                    return mention
            # "Poland's new defence chief": the noun is not ours, what it belongs to does not speak
            first = inside[0]
            if first.kind == ADJECTIVE or first.span.end < head.idx:
                named = [m for m in inside if m.person or m.name]
                return named[0] if named else None
        return next((m for m in inside if m.kind not in {ADJECTIVE, PLACE}), None)

    def _inside(self, source: Span) -> list[Mention]:
        number = max(0, bisect_left(self._starts, source.start) - 1)
        found = []
        for mention in self.mentions[number:]:
            if mention.span.start >= source.end:
                break
            if mention.span.end > source.start:
                found.append(mention)
        return found
