"""The article's own day: as posted, else from its date stamp or dateline, else from what its text pins down.

A dateline often lacks the year ("MOSCOW, October 28."): `article_year` weighs the years against the text.
Without any evidence for the year the date stays unknown.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Callable

from services.core.domain.dossier_records import Dossier
from services.core.domain.reading import ArticleDate, ArticleText
from services.core.domain.vocabulary import DateBasis
from workers.extraction.article_year import Evidence
from workers.extraction.datelines import GivenDay, dateline, stamps
from workers.extraction.dates import find_dates, to_calendar
from workers.extraction.dates import words as w
from workers.extraction.dates.values import make_day

_TOMORROW = dt.timedelta(days=1)  # somewhere it is that already
_UPDATE_LAG = dt.timedelta(days=30)  # between an article and its last update


def _posted_day(published_at: str | None) -> str | None:
    """The day of an ISO 8601 date or time where it was posted: the offset is its own, so it is not shifted."""
    found = re.match(r"\s*(\d{4})-?(\d\d)-?(\d\d)(?!\d)", published_at or "")
    if found is None:
        return None
    day = make_day(int(found[1]), int(found[2]), int(found[3]))
    return day.isoformat() if day else None


def _from_text(article: ArticleText, evidence: Evidence) -> dt.date | None:
    """No dateline: "today, October 28, 2020", or a full date in the lead whose weekday the report names."""
    lead = "\n".join(part for part in (article.title or "", article.text[:700]) if part)
    for timex in find_dates(lead, None):
        date = to_calendar(timex.value) if timex.type == "DATE" else None
        if date is None or len(date) != 10:
            continue
        day = dt.date.fromisoformat(date)
        around = lead[max(0, timex.start - 12) : timex.end + 12].lower()
        if re.search(r"\btoday\b", around):
            return day
        told = [weekday for weekday, past in evidence.weekdays if past]
        named = re.match(w.WEEKDAY, lead[timex.start : timex.end])
        latest = max(evidence.past, default=date) <= date
        if (
            latest
            and day <= evidence.today
            and (
                (told and (day.weekday() == told[0]))
                or (named and w.weekday_number(named[0]) == day.weekday())
            )
        ):
            return day
    if article.url and (found := re.search(r"/((?:19|20)\d\d)[/-](\d\d?)[/-](\d\d?)(?!\d)", article.url)):
        return make_day(int(found[1]), int(found[2]), int(found[3]))
    return None


def work_out_date(
    article: ArticleText, dossier: Dossier | None = None, *, today: dt.date | None = None
) -> ArticleDate:
    """The article's own day and how it is known.

    `published_at` wins: its day where it was posted. Else a date stamp or a dateline, whose missing year is
    worked out; else the text, if it pins the day down. `dossier` lends the offices and the end of its treaty
    to the search for the year. `today` bounds it (the day on which the article was received; the clock's
    where it is not given).
    """
    if posted := _posted_day(article.published_at):
        return ArticleDate(posted, DateBasis.GIVEN)
    bound = today or dt.datetime.now(dt.UTC).date()
    text = article.text
    evidence = functools.cache(lambda: Evidence(text, dossier, bound, article.title))  # most stamps need none
    published, updated = stamps(text)
    headed = dateline(text)
    if headed and not headed.choices and updated and updated.choices:  # the update tells the year
        near = headed.near(updated.choices[0])
        if near and abs(near - updated.choices[0]) < _UPDATE_LAG:
            return ArticleDate(near.isoformat(), DateBasis.DATELINE)
    # What an event is announced for above a report may lie ahead; the report's own day does not.
    candidates = [
        given
        for given in (published, headed, updated)
        if given and (not given.choices or min(given.choices) <= bound + _TOMORROW)
    ]
    for given in sorted(candidates, key=lambda given: not given.choices):  # those with a year first
        if day := _settle(given, evidence):
            return ArticleDate(day.isoformat(), DateBasis.DATELINE)
    day = _from_text(article, evidence())
    return ArticleDate(day.isoformat(), DateBasis.TEXT) if day else ArticleDate(None, DateBasis.UNKNOWN)


def _settle(given: GivenDay, evidence: Callable[[], Evidence]) -> dt.date | None:
    """One day of a given date: of two readings of figures the one that the text fits, the year if missing."""
    if not given.choices:
        return evidence().year_for(given.month, given.day, given.weekday)
    if given.weekday is not None or len(given.choices) == 1:
        return given.choices[0]
    possible = [day for day in given.choices if day <= evidence().today + _TOMORROW] or given.choices
    return min(possible, key=evidence().cost)
