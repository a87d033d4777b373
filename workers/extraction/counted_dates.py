"""Days counted from another act: "two days after Mr Putin suspended it", "sixteen days after the exit".

Behind the main clause the count leads back to the act that it names: "said on Monday, two days after the
president suspended ..." dates the suspension. At the start of a sentence it leads on from the date told last:
"... left on 2 August. Sixteen days after the exit the Pentagon fired a missile" dates the firing. So it does
wherever it counts from what was told: "replied a week after that hearing".
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

from services.core.domain.reading import Span, Timex
from workers.extraction.dates import deadline

if TYPE_CHECKING:
    from workers.extraction.document import Document

_FROM = re.compile(r"\s+(?P<way>after|before)\s+(?=[\w\"“])")
_TOLD_OF = re.compile(
    r"(?:[Tt]h(?:at|is|ese|ose))\s+(?!(?:day|week|month|year|spring|summer|autumn|fall|winter)\b)[a-z]"
)
_VAGUE = re.compile(
    r"(?i)\b(?:(?:less|more|fewer|longer)\s+than|over|under|nearly|almost|some|about|around|barely|hardly)\s+(?:an?\s+)?$"
)
_EXACT = re.compile(r"P\d+[DMY]$|P1W$")


def counted_from(
    document: Document, timex: Timex, dates: list[tuple[Timex, str]], article: str | None
) -> tuple[str, tuple[int, ...]] | None:
    """The date that a count of days makes, and the tokens of the act that it dates.

    `dates`: the calendar dates of the text before and in the sentence, in text order.
    """
    found = _FROM.match(document.text, timex.end) if timex.type == "DURATION" else None
    sentence = document.sentence_at(timex.start)
    if found is None or sentence is None or not _EXACT.match(timex.value):
        return None
    if _VAGUE.search(document.text[max(sentence.start, timex.start - 16) : timex.start]):
        return None
    word = document.token_at(found.start("way"))
    act = _act(word)
    if act is None:
        return None
    later = found["way"] == "after"
    told_of = bool(_TOLD_OF.match(document.text, found.end()))
    if told_of or not document.text[sentence.start : timex.start].strip(" \"'“‘(—–-"):
        return _onwards(document, timex, act, dates, sentence, later=later)
    base = _own_day(timex, dates, sentence) or article
    if base is None or len(base) < 10:
        return None
    value = _moved(timex, base, back=later)
    return (value, (act.i,)) if value else None


def _act(word: Any) -> Any:
    """The verb or noun that "after" leads to."""
    if word.dep_ == "mark":
        return word.head
    return next((c for c in word.children if c.dep_ in {"pobj", "pcomp"}), None)


def _onwards(
    document: Document, timex: Timex, act: Any, dates: list[tuple[Timex, str]], sentence: Span, *, later: bool
) -> tuple[str, tuple[int, ...]] | None:
    verb = act
    while verb.head.i != verb.i and (verb.i == act.i or verb.pos_ not in {"VERB", "AUX"}):
        verb = verb.head
    number = document.sentence_index(timex.start)
    told = [
        value
        for other, value in dates
        if len(value) == 10
        and other.start < sentence.end
        and number - document.sentence_index(other.start) <= 3
    ]
    if verb.i == act.i or not told:
        return None
    value = _moved(timex, told[-1], back=not later)
    return (value, (verb.i,)) if value else None


def _own_day(timex: Timex, dates: list[tuple[Timex, str]], sentence: Span) -> str | None:
    """The day of what the count follows: the last one told before it in its sentence."""
    told = [value for other, value in dates if sentence.start <= other.start < timex.start]
    return told[-1] if told else None


def _moved(timex: Timex, base: str, *, back: bool) -> str | None:
    return deadline(timex, date.fromisoformat(base), back=back)
