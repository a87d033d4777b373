"""Which year a date without one belongs to where the article tells an older story.

"On 15 January 2019 ... On 1 February ..." goes on in that year; "its withdrawal last year ... On August 2 it
withdrew" is of last year. A date of the last weeks is news and stays.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from services.core.domain.reading import Span, Timex

if TYPE_CHECKING:
    from workers.extraction.document import Document

_STEM = 6  # letters by which a verb and its noun are the same
_NEWS_DAYS = 45
_YEAR_TOLD = re.compile(r"(?i)\byear\b")
_OF_NOW = re.compile(r"(?i)this\b")
_MONTH = re.compile(r"(?i)\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*\b")


class StoryYears:
    """Moves dates without a year into the older story that they are part of."""

    def __init__(self, document: Document, timexes: Iterable[Timex], article: str | None) -> None:
        self._document = document
        self._article = article
        self._last: tuple[int, str] | None = (
            None  # paragraph and value of the last date with its year in words
        )
        self._moved = -1  # the sentence in which a date was moved last: another one there goes with it
        self._last_years = dict(_last_years(document, timexes))

    def leaning(self, timex: Timex, value: str | None) -> str | None:
        """The value, moved to the year of the date before it where the text tells an older story."""
        if value is None or len(value) < 4 or not self._article:
            return value
        words = self._document.text[timex.start : timex.end]
        paragraph = self._document.paragraph_index(timex.start)
        if re.search(r"\b(?:19|20)\d\d\b", words):
            self._last = (paragraph, value)
            return value
        if (
            (year := self._acted(timex))
            and len(value) >= 7
            and value[:4] == self._article[:4]
            and year < value[:4]
        ):
            return value if self._is_news(value) else year + value[4:]
        if _OF_NOW.match(words) and value[:4] == self._article[:4]:
            self._last = None  # "this July": the story has come back to the article's own year
        last = self._last
        if last is None or len(last[1]) < 7 or len(value) < 7 or paragraph - last[0] > 1:
            return value
        if not _MONTH.search(words) or _YEAR_TOLD.search(words) or value[:4] <= last[1][:4]:
            return value
        if value > self._article[: len(value)] or (
            self._is_news(value) and self._document.sentence_index(timex.start) != self._moved
        ):
            return value
        moved = last[1][:4] + value[4:]
        if moved[:7] < last[1][:7]:
            return value
        self._last = (paragraph, moved)
        self._moved = self._document.sentence_index(timex.start)
        return moved

    def _is_news(self, value: str) -> bool:
        """A date of the last weeks is what the article reports, not part of the older story."""
        year, month, day = (int(part) for part in (value + "-28")[:10].split("-"))
        today = [int(part) for part in (str(self._article) + "-01-01")[:10].split("-")]
        return (dt.date(*today) - dt.date(year, month, day)).days <= _NEWS_DAYS

    def _acted(self, timex: Timex) -> str | None:
        """The year of the act that the date hangs on, if the article says elsewhere that it was last year's."""
        tokens = self._document.tokens_in(Span(timex.start, timex.end))
        if (
            not self._last_years
            or not len(tokens)
            or _YEAR_TOLD.search(self._document.text[timex.start : timex.end])
        ):
            return None
        node = tokens.root
        for _ in range(4):
            node = node.head
            if node.pos_ in {"VERB", "AUX"}:
                break
        return self._last_years.get(_stem(node))


def _last_years(document: Document, timexes: Iterable[Timex]) -> Iterator[tuple[str, str]]:
    """Stems of what a sentence with "last year" tells of, with that year."""
    for timex in timexes:
        if (
            not re.search(r"(?i)\blast year$", document.text[timex.start : timex.end])
            or len(timex.value) != 4
        ):
            continue
        sentence = document.sentence_at(timex.start)
        for token in document.tokens_in(sentence) if sentence else ():
            if token.pos_ in {"VERB", "NOUN"} and len(token.lemma_) >= _STEM:
                yield _stem(token), timex.value


def _stem(token: Any) -> str:
    """ "withdr" of withdraw, withdrawal."""
    return str(token.lemma_.lower()[:_STEM])
