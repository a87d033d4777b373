"""Quotations of an article: source, cue and content with character offsets, the speaker and the actor.

Three ways lead to one: a cue word with its source (`attribution.py`), a label of a transcript, and quoted words that
go on after either. A content that its cue splits makes two quotations.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from services.core.domain.dossier import Dossier
from services.core.domain.reading import Quotation, Span, Speaker
from workers.extraction.attribution import find_attributions
from workers.extraction.attribution_spans import Attribution
from workers.extraction.document import Document
from workers.extraction.mention import Mention
from workers.extraction.quote_marks import Quoted, find_quoted
from workers.extraction.speakers import Speakers
from workers.extraction.transcript import may_speak

_HEADING = re.compile(r"(?P<source>[A-Z][\w'’.-]*(?: [A-Z][\w'’.-]*){0,4}): (?=\S)")
_MAX_HEADING = 160
_LONE_WORDS = 6  # quoted words without a cue: fewer are a title or a phrase, not speech


def find_quotations(
    document: Document, mentions: Sequence[Mention], dossier: Dossier, *, nested: bool = False
) -> list[Quotation]:
    """All quotations in text order. `nested`: also those within the content of another ("X says that Y claims Z")."""
    return _Finder(document, Speakers(document, mentions, dossier), nested=nested).run()


class _Finder:
    def __init__(self, document: Document, speakers: Speakers, *, nested: bool) -> None:
        self.document, self.speakers, self.nested = document, speakers, nested
        self.quoted = find_quoted(document.text[: len(document.doc.text)], document.paragraphs)
        self.spans = tuple(q.span for q in self.quoted)
        self.found: list[Quotation] = []
        self.covered = bytearray(len(document.text))

    def run(self) -> list[Quotation]:
        for source, content in self._spoken():
            speaker, actor = self.speakers.of(source)
            cue = (
                Span(source.end, source.end + 1)
                if self.document.text[source.end : source.end + 1] == ":"
                else None
            )
            self._add(Quotation(content, source, cue, speaker, actor, direct=True))
        self._headed()
        attributions = self.document.once(
            "attributions", lambda: find_attributions(self.document, self.spans)
        )
        for made in attributions if self.nested else self._outer(attributions):
            speaker, actor = self.speakers.of(made.source)
            for content in made.contents:
                self._add(
                    Quotation(content, made.source, made.cue, speaker, actor, direct=self._is_direct(content))
                )
        self._go_on()
        return sorted(self.found, key=lambda q: (q.content, q.cue or q.content))

    def _add(self, quotation: Quotation) -> None:
        self.found.append(quotation)
        start, end = quotation.content.start, quotation.content.end
        self.covered[start:end] = b"\1" * (end - start)

    def _headed(self) -> None:
        """'Novak: We will sign' over an article."""
        if len(self.document.paragraphs) < 2:
            return
        first = self.document.paragraphs[0]
        found = _HEADING.match(self.document.text, first.start, first.end)
        if (
            self.covered[first.end - 1]
            or found is None
            or first.end - first.start > _MAX_HEADING
            or not may_speak(found["source"])
        ):
            return
        source = Span(found.start("source"), found.end("source"))
        content = Span(found.end(), first.end - (self.document.text[first.end - 1] == "."))
        self._add(Quotation(content, source, Span(source.end, source.end + 1), *self.speakers.of(source)))

    def _spoken(self) -> Iterator[tuple[Span, Span]]:
        """(label, words) for every paragraph of every turn."""
        for turn in self.document.turns:
            for paragraph in self.document.paragraphs:
                start, end = max(paragraph.start, turn.content.start), min(paragraph.end, turn.content.end)
                if start < end and self.document.text[start:end].lstrip('"“')[:1] not in {"(", "["}:
                    yield turn.speaker, Span(start, end)

    def _outer(self, attributions: list[Attribution]) -> list[Attribution]:
        """Without those whose cue stands within the content of another, or in what a transcript's speaker says."""
        kept: list[Attribution] = []
        covered = bytearray(self.covered)
        for made in attributions:
            if any(q.start < made.cue.start < q.end and _is_long(q, self.document) for q in self.spans):
                continue
            kept.append(made)
        outer: list[Attribution] = []
        for made in sorted(kept, key=lambda a: (not a.inserted, -sum(c.end - c.start for c in a.contents))):
            if not covered[made.cue.start]:
                outer.append(made)
                for content in made.contents:
                    covered[content.start : content.end] = b"\1" * (content.end - content.start)
        return outer

    def _is_direct(self, content: Span) -> bool:
        number = bisect_left(self.spans, Span(content.start + 2, 0)) - 1
        return (
            number >= 0
            and self.spans[number].end >= content.end - 2
            and self.spans[number].start <= content.start + 1
        )

    def _go_on(self) -> None:
        """Quoted sentences without a cue of their own belong to whoever was quoted last."""
        said = sorted(self.found, key=lambda q: q.content)
        starts = [q.content.start for q in said]
        for quote in self.quoted:
            span = quote.span
            if sum(self.covered[span.start : span.end]) * 2 >= span.end - span.start:
                continue
            if not self._is_speech(quote):
                continue
            before = said[: bisect_left(starts, span.start)]
            last = before[-1] if before else None
            here = self.document.paragraph_index(span.start)
            near = last is not None and here - self.document.paragraph_index(last.content.end - 1) <= 1
            source, speaker, actor = _who(last) if near else (None, None, None)
            made = Quotation(span, source, None, speaker, actor, direct=True)
            self._add(made)
            said.insert(len(before), made)
            starts.insert(len(before), span.start)

    def _is_speech(self, quote: Quoted) -> bool:
        text = self.document.text
        words = len(quote.span.of(text).split())
        if words >= _LONE_WORDS or quote.opens_again:
            return True
        sentence = self.document.sentence_at(quote.span.start)
        whole = (
            sentence is not None and quote.span.start <= sentence.start and sentence.end - quote.span.end <= 1
        )
        return whole and words >= 2 and self.document.paragraph_index(quote.span.start) > 0


def _who(last: Quotation | None) -> tuple[Span | None, Speaker | None, str | None]:
    return (last.source, last.speaker, last.actor) if last else (None, None, None)


def _is_long(quote: Span, document: Document) -> bool:
    return len(quote.of(document.text).split()) >= _LONE_WORDS
