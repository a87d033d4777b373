"""When something was told: the date in its clause, else that of the telling around it, else what it leans on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from services.core.domain.reading import Span
from workers.extraction.event_dates import Basis, Dated, is_open, is_repeated
from workers.extraction.frames import Frame

if TYPE_CHECKING:
    from workers.extraction.scene import Scene

_RECENT_DAYS = 8
_STORY_DAYS = 3
_MOST_BY_FAR = 3
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
        self._story: dict[str, str | None] = {}
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
        leaned = self._lean(frame)
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

    def _lean(self, frame: Frame) -> str | None:
        """The date of the paragraph's last dated act, or of the same speaker's last recent statement."""
        cue = frame.cue
        paragraph = self.document.paragraph_index(cue.idx)
        if met := self._there(paragraph, cue):
            return met
        mine = self._who(frame)
        same: str | None = None
        before: str | None = None
        for other in self.scene.spoken:
            if other.cue.idx >= cue.idx:
                break
            date = self.act_date(other.cue, other.spans)
            if not date or len(date) < 10 or (self.article_date and date > self.article_date):
                continue
            if self._retold(other, cue):
                continue
            there = self.document.paragraph_index(other.cue.idx)
            if mine & self._who(other) and (paragraph - there <= 1 or self._recent(date)):
                same = date
            if there == paragraph and not self._recent(date, _STORY_DAYS):
                before = date
        return same or before or self._met(paragraph, cue) or self._story_day()

    def _there(self, paragraph: int, cue: Any) -> str | None:
        """The day of what was told last in the paragraph, where something was said "there": at that meeting, on that spot."""
        told = {cue.i, *(child.i for child in cue.children if child.dep_ in {"dobj", "dative"})}
        if not any(t.lower_ == "there" and t.dep_ == "advmod" and t.head.i in told for t in cue.subtree):
            return None
        first = self.document.sentence_index(self.document.paragraphs[max(0, paragraph)].start)
        for number in range(self.document.sentence_index(cue.idx) - 1, first - 1, -1):
            days = [value for _, value in self.dating.dates_of(number) if len(value) == len("2019-01-23")]
            if days:
                return days[-1] if not self.article_date or days[-1] <= self.article_date else None
        return None

    def _story_day(self) -> str | None:
        """The day on which the story plays: that of all its dated statements of the last days, or of most by far."""
        if "story" not in self._story:
            days: Counter[str] = Counter()
            for frame in self.scene.spoken:
                date = self.act_date(frame.cue, frame.spans)
                if (
                    date
                    and len(date) == 10
                    and frame.cue.tag_ in {"VBD", "VBN"}
                    and self._recent(date, _STORY_DAYS)
                    and not self._retold(frame, None)
                ):
                    days[date] += 1
            ranked = days.most_common(2)
            alone = len(ranked) == 1 or (len(ranked) == 2 and ranked[0][1] >= _MOST_BY_FAR * ranked[1][1])
            self._story["story"] = ranked[0][0] if alone else None
        return self._story["story"]

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

    def _retold(self, frame: Frame, cue: Any) -> bool:
        """Whether a telling stands in somebody's direct speech, of which `cue` is no part: it dates no story."""
        return any(
            outer.direct and outer.cue is not frame.cue and (cue is None or not outer.covers(cue.idx))
            for outer in self.scene.chain(frame.cue.idx)
        )

    def _met(self, paragraph: int, cue: Any) -> str | None:
        """The day of a meeting that the paragraph told of before."""
        found = None
        span = self.document.paragraphs[paragraph - 1 if paragraph > 3 else paragraph]
        for line in self.scene.lines:
            if line.span.start < span.start or line.span.start >= cue.idx or line.span.end > cue.idx:
                continue
            for hit in self.scene.find(
                line, "(hold|meet|discuss|gather|convene|host|meeting|talk|consultation)"
            ):
                met = self.act_date(hit.token(), past=True)
                if (
                    met and len(met) == 10
                ):  # "has raised it since 2013 and met with denials" is no meeting's day
                    found = met
        return found

    def _who(self, frame: Frame) -> set[str]:
        speaker = frame.speaker
        if speaker is not None and speaker.person:
            return {speaker.person}
        doer = self.cast.doer(frame.cue)
        mention = self.cast.mention(doer) if doer is not None else None
        if mention is not None and mention.person:
            return {mention.person}
        return {f"actor:{a}" for a in self.scene.holders(frame)}

    def _recent(self, value: str, days: int = _RECENT_DAYS) -> bool:
        if not self.article_date or len(self.article_date) < 10 or len(value) < 10:
            return False
        gap = (date.fromisoformat(self.article_date) - date.fromisoformat(value)).days
        return 0 <= gap <= days


def _gaps(sentence: Span, inside: tuple[Span, ...]) -> Iterator[Span]:
    at = sentence.start
    for span in sorted(inside):
        if span.start > at:
            yield Span(at, min(span.start, sentence.end))
        at = max(at, span.end)
    if at < sentence.end:
        yield Span(at, sentence.end)
