"""On which day a telling goes on that gives none of its own: what an article tells, it tells one thing after another.

"He wrote to the allies on Monday. The ministry answered that ..." goes on on Monday. Whoever goes on speaking does so
on the day on which he began; a paragraph goes on on the day told last in it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

from workers.extraction.event_dates import Basis

if TYPE_CHECKING:
    from workers.extraction.event_dates import Dated
    from workers.extraction.frames import Frame
    from workers.extraction.telling import Telling

_RECENT_DAYS = 8  # within which a meeting is news
_STORY_DAYS = 3
_YEAR = 365
_MOST_BY_FAR = 3
_OFTEN = 3
_HEAD = 2  # paragraphs that tell the news
_FAR = 4  # paragraphs over which somebody goes on
_TELLINGS, _SENTENCES = 60, 40  # looked back over at most, however long a paragraph is
_MEETING = "(hold|meet|discuss|gather|convene|host|meeting|talk|consultation)"
_TOOK_PART = re.compile(r"(?i)\b(?:delegation|negotiat)")
_DAY = len("2019-01-23")


class Narration:
    """The days on which the tellings of one scene go on."""

    def __init__(self, telling: Telling) -> None:
        self._telling = telling
        self._scene, self._document, self._dating = telling.scene, telling.document, telling.dating
        self._article = telling.article_date
        self._days: dict[str, str | None] = {}  # of the whole article, worked out once
        self._speakers: dict[int, frozenset[str]] = {}
        self._passed = 0  # so many of the tellings are dated, in text order

    def day(self, frame: Frame) -> str | None:
        """The day that a telling without one leans on, None where nothing was told that it could lean on."""
        self._pass_to(frame)
        paragraph = self._document.paragraph_index(frame.cue.idx)
        return (
            self._there(paragraph, frame.cue)
            or self._goes_on(paragraph, frame, apart=0)
            or self._in_paragraph(paragraph, frame)
            or self._goes_on(paragraph, frame, apart=_FAR)
            or (self._once("news", self._news) if paragraph <= _HEAD else None)
            or self._met(paragraph, frame.cue)
            or self._once("story", self._story)
        )

    def _pass_to(self, frame: Frame) -> None:
        """Dates the tellings before this one in text order, so that none is asked for through all those after it."""
        spoken = self._scene.spoken
        while self._passed < len(spoken) and spoken[self._passed].cue.idx < frame.cue.idx:
            other = spoken[self._passed]
            self._passed += 1
            if not frame.covers(other.cue.idx):  # what stands in its own words leans on it
                self._telling.said(other)

    def _once(self, name: str, make: Callable[[], str | None]) -> str | None:
        if name not in self._days:
            self._days[name] = make()
        return self._days[name]

    def _goes_on(self, paragraph: int, frame: Frame, apart: int) -> str | None:
        """The day on which the same speaker was last heard, no more than so many paragraphs above."""
        mine = self._who(frame)
        spoken = self._scene.spoken
        last = bisect_left(spoken, frame.cue.idx, key=_place) - 1
        for number in range(last, max(-1, last - _TELLINGS), -1):
            other = spoken[number]
            gap = paragraph - self._document.paragraph_index(other.cue.idx)
            if gap > apart:
                return None
            if (
                not mine
                or mine != self._who(other)
                or frame.covers(other.cue.idx)
                or self._retold(other, frame.cue)
            ):
                continue
            when = self._telling.said(other)
            if when.basis is Basis.ARTICLE or not when.value or not self._is_past_day(when.value):
                continue
            if self._leads_to(when, gap, apart):
                return when.value
        return None

    def _leads_to(self, when: Dated, gap: int, apart: int) -> bool:
        """Whether somebody goes on, so many paragraphs on, on a day: an old one or one that leans itself does not go far."""
        told = when.basis is not Basis.LEANED
        if gap == 0:
            return told or apart > 0
        return (told and gap == 1) or ((told or gap == 1) and self._recent(when.value or ""))

    def _in_paragraph(self, paragraph: int, frame: Frame) -> str | None:
        """The last day told in the paragraph before the sentence."""
        number = self._document.sentence_index(frame.cue.idx)
        first = self._document.sentence_index(self._document.paragraphs[max(0, paragraph)].start)
        for before in range(number - 1, max(first, number - _SENTENCES) - 1, -1):
            days = [
                value
                for offset, value in self._dating.dates_of(before)
                if self._is_past_day(value) and not self._quoted(offset, frame.cue)
            ]
            if days:
                return (
                    days[-1] if self._recent(days[-1], _YEAR) or self._spoken_on(before, days[-1]) else None
                )
        return None

    def _spoken_on(self, sentence: int, day: str) -> bool:
        """Whether somebody speaks or acts in a sentence on a day that it gives: then an old story is being told."""
        span, spoken = self._document.sentences[sentence], self._scene.spoken
        for number in range(bisect_left(spoken, span.start, key=_place), len(spoken)):
            if spoken[number].cue.idx >= span.end:
                return False
            if self._telling.act_date(spoken[number].cue, spoken[number].spans) == day:
                return True
        return False

    def _quoted(self, offset: int, cue: Any) -> bool:
        """Whether a date stands in somebody's direct speech, of which the telling is no part."""
        return any(f.direct and not f.covers(cue.idx) for f in self._scene.chain(offset))

    def _there(self, paragraph: int, cue: Any) -> str | None:
        """The day of what was told last in the paragraph, where something was said "there": at that meeting, on that spot."""
        told = {cue.i, *(child.i for child in cue.children if child.dep_ in {"dobj", "dative"})}
        if not any(t.lower_ == "there" and t.dep_ == "advmod" and t.head.i in told for t in cue.subtree):
            return None
        first = self._document.sentence_index(self._document.paragraphs[max(0, paragraph)].start)
        for number in range(self._document.sentence_index(cue.idx) - 1, first - 1, -1):
            days = [value for _, value in self._dating.dates_of(number) if len(value) == _DAY]
            if days:
                return days[-1] if self._is_past_day(days[-1]) else None
        return None

    def _story(self) -> str | None:
        """The day on which the story plays: that of all its dated statements of the last days, or of most by far."""
        days: Counter[str] = Counter()
        for frame in self._scene.spoken:
            day = self._telling.act_date(frame.cue, frame.spans)
            if (
                day
                and frame.cue.tag_ in {"VBD", "VBN"}
                and self._recent(day, _STORY_DAYS)
                and not self._retold(frame, None)
            ):
                days[day] += 1
        ranked = days.most_common(2)
        alone = len(ranked) == 1 or (len(ranked) == 2 and ranked[0][1] >= _MOST_BY_FAR * ranked[1][1])
        return ranked[0][0] if alone and self._leads(*ranked[0]) else None

    def _met(self, paragraph: int, cue: Any) -> str | None:
        """The day of an older meeting that the paragraph before told of, for whoever is said to have led a side there."""
        here = self._document.sentences[self._document.sentence_index(cue.idx)]
        if paragraph < 1 or not _TOOK_PART.search(self._document.text, here.start, here.end):
            return None
        before = self._document.paragraphs[paragraph - 1]
        found: str | None = None
        for sentence in self._document.sentences_in(before):
            line = self._scene.lines[self._document.sentence_index(sentence.start)]
            for hit in self._scene.find(line, _MEETING):
                met = self._telling.act_date(hit.token(), past=True)
                if met and self._is_past_day(met) and not self._recent(met):
                    found = met
        return found

    def _news(self) -> str | None:
        """The day of the news: the only one of the last days that the first paragraphs give."""
        days = {value for value in self._told(_HEAD) if self._recent(value, _STORY_DAYS)}
        return days.pop() if len(days) == 1 else None

    def _leads(self, day: str, times: int) -> bool:
        """Whether a day that was told so often stands at the head; the fewer times, the less the article's own day may."""
        return day in self._told(_HEAD) and (
            times >= _OFTEN or (times > 1 and self._article not in self._told(len(self._document.paragraphs)))
        )

    def _told(self, paragraphs: int) -> set[str]:
        """The dates that so many paragraphs give, from the top."""
        return {
            value
            for number, sentence in enumerate(self._document.sentences)
            if self._document.paragraph_index(sentence.start) < paragraphs
            for _, value in self._dating.dates_of(number)
        }

    def _retold(self, frame: Frame, cue: Any) -> bool:
        """Whether a telling stands in somebody's direct speech, of which `cue` is no part: it dates no story."""
        return any(
            outer.direct and outer.cue is not frame.cue and (cue is None or not outer.covers(cue.idx))
            for outer in self._scene.chain(frame.cue.idx)
        )

    def _who(self, frame: Frame) -> frozenset[str]:
        """The person who speaks, else the actors."""
        speaker = frame.speaker
        if speaker is not None and speaker.person:
            return frozenset({speaker.person})
        known = self._speakers.get(frame.cue.i)
        if known is None:
            cast = self._telling.cast
            doer = cast.doer(frame.cue)
            mention = cast.mention(doer) if doer is not None else None
            if mention is not None and mention.person:
                known = frozenset({mention.person})
            else:
                known = frozenset(f"actor:{a}" for a in self._scene.holders(frame))
            self._speakers[frame.cue.i] = known
        return known

    def _is_past_day(self, value: str) -> bool:
        return len(value) == _DAY and not (self._article and value > self._article)

    def _recent(self, value: str, days: int = _RECENT_DAYS) -> bool:
        if not self._article or len(self._article) < _DAY or len(value) < _DAY:
            return False
        gap = (date.fromisoformat(self._article) - date.fromisoformat(value)).days
        return 0 <= gap <= days


def _place(frame: Frame) -> int:
    return int(frame.cue.idx)
