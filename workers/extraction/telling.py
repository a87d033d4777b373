"""When something was told: the date in its clause, else that of the telling around it, else what it leans on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from services.core.domain.reading import Span
from workers.extraction.event_dates import Basis, Dated, is_open, is_repeated
from workers.extraction.frames import Frame
from workers.extraction.narration import Narration

if TYPE_CHECKING:
    from workers.extraction.scene import Scene

_BULLET = 4  # characters before the date of an entry
_HEADED = re.compile(r"[^\w\n]{0,4}(?:[A-Z0-9][\w.]*,? ){0,3}(?:19|20)\d\d\s*(?:[.:]\s|[—–-]\s)")


class Telling:
    """The dates of what is said and done in one scene. Order: codebook, section 3, rule 3."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.document, self.dating = scene.document, scene.dating
        self.article_date, self.operators, self.cast = scene.article_date, scene.operators, scene.cast
        self.own_voice = scene.own_voice
        self._said: dict[tuple[int, tuple[Span, ...]], Dated] = {}
        self._narration = Narration(self)
        self._acts: dict[tuple[int, tuple[Span, ...], bool], str | None] = {}

    def said(self, frame: Frame) -> Dated:
        """When a frame's content was uttered."""
        if frame.cue is None:
            return Dated(self.article_date, Basis.SPEECH)
        key = (frame.cue.i, frame.spans)
        known = self._said.get(key)
        if known is None:
            self._said[key] = Dated(None, Basis.OPEN)  # a loop of frames ends here
            known = self._said[key] = self._said_on(frame)
        return known

    def done(self, token: Any, holders: tuple[str, ...]) -> Dated:
        """When an act was done whose verb or noun is the token: like something said."""
        return self.said(Frame("act", token, (), holders, noun=token.pos_ == "NOUN"))

    def _said_on(self, frame: Frame) -> Dated:
        cue = frame.cue
        explicit = (
            self.act_date(cue, frame.spans, past=True)
            if not self._embedded(frame)
            else self.dating.explicit(cue, climb=False)
        )
        if explicit and not (self.article_date and explicit > self.article_date):
            return Dated(explicit, Basis.EXPLICIT)
        if is_repeated(cue, frame.spans):
            return Dated(None, Basis.OPEN)
        for outer in self.scene.chain(cue.idx):
            if outer.cue is None or outer.cue.i == cue.i:
                continue
            when = self.said(outer)
            same = not self.scene.holders(outer) or bool(
                set(self.scene.holders(outer)) & set(self.scene.holders(frame))
            )
            if not same and (is_open(cue) or frame.noun or cue.tag_ in {"VBD", "VBN"}):
                return Dated(None, Basis.OPEN)
            return Dated(when.value, Basis.SPEECH if when.basis is Basis.EXPLICIT else when.basis)
        if frame.noun and cue.dep_ not in {"dobj", "ROOT"}:
            return Dated(None, Basis.OPEN)
        if cue.dep_ == "advcl" and any(
            c.lower_ in {"after", "before", "since", "when", "until"} for c in cue.children
        ):
            return Dated(None, Basis.OPEN)
        issued = self._issued(cue)
        if issued:
            return Dated(issued, Basis.EXPLICIT)
        verb = cue.head if frame.noun else cue
        if entry := self._entry(cue):
            return Dated(entry, Basis.LEANED)
        if self.own_voice and self.own_voice in frame.holders:
            return Dated(self.article_date, Basis.SPEECH)
        if is_open(verb) and not (self.scene.in_present and frame.cls != "act"):
            return Dated(None, Basis.OPEN)
        leaned = self._narration.day(frame)
        if leaned:
            return Dated(leaned, Basis.LEANED)
        return Dated(self.article_date, Basis.ARTICLE)

    def _issued(self, cue: Any) -> str | None:
        """The day of a report or statement "published on Tuesday" that says it."""
        doer = self.cast.doer(cue)
        for child in doer.children if doer is not None else ():
            if child.dep_ in {"acl", "relcl"} and child.lemma_.lower() in {
                "publish",
                "release",
                "issue",
                "send",
                "post",
            }:
                return self.dating.explicit(child)
        return None

    def _embedded(self, frame: Frame) -> bool:
        """A noun of speech that another operator acts on: "rejected on Friday allegations by ..."."""
        head = frame.cue.head
        return frame.noun and (
            frame.cue.dep_ not in {"dobj", "ROOT"} or head.lemma_.lower() not in self.operators.light
        )

    def act_date(self, token: Any, spans: Iterable[Span] = (), *, past: bool = False) -> str | None:
        """The date that the clause of an act gives it, leaving out dates within `spans`."""
        inside = tuple(spans)
        key = (token.i, inside, past)
        if key not in self._acts:
            self._acts[key] = self._act_date(token, inside, past=past)
        return self._acts[key]

    def _act_date(self, token: Any, inside: tuple[Span, ...], *, past: bool) -> str | None:
        sentence = self.document.sentence_at(token.idx)
        if sentence is None:
            return None
        free = tuple(_gaps(sentence, inside)) if inside else ()
        return self.dating.explicit(token, free, past=past) or self.dating.lone(token, inside)

    def _entry(self, cue: Any) -> str | None:
        """In a chronicle ("December 1979: ...") the last date before a word in its entry."""
        number = max(0, self.document.paragraph_index(cue.idx))
        start = self.document.paragraphs[number].start
        found: str | None = None
        for sentence in range(self.document.sentence_index(start), self.document.sentence_index(cue.idx) + 1):
            for offset, value in sorted(self.dating.dates_of(sentence)):
                if found is None and not (
                    offset - start <= _BULLET and _HEADED.match(self.document.text, start)
                ):
                    return None
                if offset < cue.idx and (found is None or value[:4] == found[:4]):
                    found = value
        return found if found != self.article_date else None


def _gaps(sentence: Span, inside: tuple[Span, ...]) -> Iterator[Span]:
    at = sentence.start
    for span in sorted(inside):
        if span.start > at:
            yield Span(at, min(span.start, sentence.end))
        at = max(at, span.end)
    if at < sentence.end:
        yield Span(at, sentence.end)
