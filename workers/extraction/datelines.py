"""Where an article carries its date: the dateline behind its place, a stamp such as "Published: ...", a line of its own."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from workers.extraction.dates import words as w
from workers.extraction.dates.calendar_rules import numeric_day
from workers.extraction.dates.values import make_day

_HEAD = 1800  # characters from the top in which a dateline or a stamp is looked for
_TAIL = 300  # and from the end, for stamps below the text

_CLOCK = r"(?:\s*(?:,|-|–|—|\||at|um|T)?\s*\d{1,2}[:.]\d\d(?::\d\d)?(?:\s?(?i:[ap]\.?m\.?))?(?:\s*\(?(?:[A-Z]{2,5}|Z|[+-]\d\d:?\d\d|Moscow time|local time)\)?)?)?"
# Pages run things together: "Feb 02,2019", "February 1, 20199:12 AM ET".
_DAY = rf"(?:{w.DAY}|(?:3[01]|[12]\d|0?[1-9])(?=,(?:19|20)\d\d))"
_YEAR = rf"(?:{w.YEAR}|(?:19|20)\d\d(?=\d{{1,2}}:\d\d))"
_DATE_MDY = rf"(?:(?P<wd1>{w.WEEKDAY_ANY}),?\s+)?(?P<m1>{w.MONTH_ANY})\s+(?P<d1>{_DAY})(?:(?:,\s*|\s+)(?P<y1>{_YEAR}))?"
_DATE_DMY = rf"(?:(?P<wd2>{w.WEEKDAY_ANY}),?\s+)?(?:the\s+)?(?P<d2>{w.DAY})[\s-]+(?:of\s+)?(?P<m2>{w.MONTH_ANY})(?:,?[\s-]+(?P<y2>{w.YEAR}))?"
_DATE_NUM = (
    rf"(?:(?P<wd3>{w.WEEKDAY_ANY}),?\s+)?(?:(?P<a>\d\d?)(?P<sep>[./-])(?P<b>\d\d?)(?P=sep)(?P<y3>(?:19|20)\d\d|\d\d)(?!\d)"
    r"|(?P<y4>(?:19|20)\d\d)(?P<sep4>[-/.])(?P<m4>\d\d?)(?P=sep4)(?P<d4>\d\d?)(?!\d))"
)
_DATE = rf"(?:{_DATE_MDY}|{_DATE_DMY}|{_DATE_NUM})"
_PLACE = r"[A-ZÀ-Þ][\w.'’]*(?:[ -](?:[A-ZÀ-Þ][\w.'’]*|de|of|al|el|la|the|sur|am|on))*"
_AGENCY = r"(?:[/(\[][^/()\[\]\n]{2,40}[/)\]])"
_STAMP = re.compile(
    r"(?P<label>(?i:(?:date\s+of\s+publication|publication\s+date|(?:first\s+)?published|posted|submitted|released|release\s+date|issued|"
    r"created|date|filed|last\s+updated|updated|last\s+modified|modified)))\b"
    rf"(?:\s*:|\s+(?i:on|at|by\s+[\w .]+?\s+on))?\s*(?:\d{{1,2}}:\d\d(?:\s?(?i:[ap]\.?m\.?))?(?:\s[A-Z]{{2,4}})?,?\s+)?{_DATE}{_CLOCK}"
)
_OWN_LINE = re.compile(
    rf"^[ \t]*(?:[•|·*\[(-]\s*)?(?P<place>{_PLACE}(?:,\s{_PLACE})*\s*(?:,|\||-|–|—)\s*)?(?:\d\d?:\d\d,?\s+)?{_DATE},?{_CLOCK}\s*"
    rf"(?P<after>(?:,|\||-|–|—)\s*{_PLACE})?[\])|.]?[ \t]*$",
    re.MULTILINE,
)
_THIS_PIECE = re.compile(
    r"(?i)\b(?:article|story|page|statement|text|piece|document|post|report|interview)\s+(?:was|is|has\s+been)(?:\s+(?:first|last|originally))?$"
)
_DATELINE = re.compile(
    rf"^[ \t]*(?:[•*]\s*)?(?:(?P<place>{_PLACE}(?:\s?(?:,|/)\s?{_PLACE}){{0,3}}?)(?:\s*(?:,|\.|:|—|–|-{{1,2}}|\|))?\s*)?(?:{_AGENCY}\s*(?:,|—|–|-{{1,2}})?\s*)?"
    rf"{_DATE}{_CLOCK}(?P<stop>\s*(?:\.?\s*{_AGENCY}|[.:—–]|-{{1,2}}\s|,?\s+[A-Z/-]{{3,}}[./]|\s\|))",
    re.MULTILINE,
)
_DATE_FIRST = re.compile(rf"^[ \t]*{_DATE},\s+{_PLACE}\s*(?:[:.—–]|-{{1,2}}\s)", re.MULTILINE)
_DATE_BRACKETED = re.compile(
    rf"^[ \t]*{_PLACE}(?:,\s{_PLACE})*,?\s*[(\[]{_DATE}[)\]]\s*(?:[:.—–]|-{{1,2}}\s)", re.MULTILINE
)
_AGENCY_INSIDE = re.compile(
    rf"^[ \t]*(?:{_PLACE}(?:,\s{_PLACE})*\s*[,.—–-]?\s*)?[/(\[](?P<agency>[A-Z][\w .&-]{{1,30}}),?\s+{_DATE}[/)\]]",
    re.MULTILINE,
)
_WHOLE_DATE = re.compile(rf"(?<![\w/.-]){_DATE}(?![A-Za-z_]|\d(?!\d?:\d\d))")
_TELLS = re.compile(
    r"(?i)\b(?:on|of|since|until|till|before|after|by|from|in|and|to|between|for)\s+(?:the\s+)?$"
)
_PROSE, _SENTENCE = 25, 10  # words of a line that is a paragraph; with a full stop fewer will do
_CONTINUES = re.compile(r"\s*(?:,\s*)?(?:[a-z]|the\b)")


class GivenDay:
    """A date as a dateline gives it: month and day, perhaps the year, perhaps the weekday."""

    def __init__(self, found: re.Match[str]) -> None:
        groups = found.groupdict()
        self.weekday = next((w.weekday_number(groups[k]) for k in ("wd1", "wd2", "wd3") if groups[k]), None)
        self.choices: list[dt.date] = []  # in figures, both readings of which may exist
        self.year: int | None = None
        self.month = self.day = 0
        if groups["a"]:
            year = int(groups["y3"])
            first, second = int(groups["a"]), int(groups["b"])
            orders = (
                [(first, second), (second, first)]
                if groups["sep"] == "/"
                else [(second, first), (first, second)]
            )
            full = numeric_day(first, second, year, ".", None)
            year = full.year if full else year
            made = (make_day(year, m, d) for m, d in orders)
            self.choices = list(dict.fromkeys(d for d in made if d))
            if self.weekday is not None:
                self.choices.sort(key=lambda d: d.weekday() != self.weekday)
        elif groups["y4"]:
            day = make_day(int(groups["y4"]), int(groups["m4"]), int(groups["d4"]))
            self.choices = [day] if day else []
        else:
            self.month = w.month_number(groups["m1"] or groups["m2"])
            self.day = int(re.sub(r"\D", "", groups["d1"] or groups["d2"]))
            year_word = groups["y1"] or groups["y2"]
            self.year = int(year_word) if year_word else None
            if self.year and (whole := make_day(self.year, self.month, self.day)):
                self.choices = [whole]

    def near(self, other: dt.date) -> dt.date | None:
        """This day and month in the year that brings it nearest to the other date."""
        days = [
            d
            for y in (other.year - 1, other.year, other.year + 1)
            if (d := make_day(y, self.month, self.day))
        ]
        return min(days, key=lambda day: abs(day - other), default=None)

    @property
    def usable(self) -> bool:
        return bool(self.choices) or (self.year is None and make_day(2000, self.month, self.day) is not None)


def _regions(text: str) -> Iterator[str]:
    yield text[:_HEAD]
    if len(text) > _HEAD:
        yield text[-_TAIL:]


def stamps(text: str) -> tuple[GivenDay | None, GivenDay | None]:
    """The days of publication and of the last update, as stamps and lines of their own give them."""
    published: GivenDay | None = None
    updated: GivenDay | None = None
    for region in _regions(text):
        for match in _STAMP.finditer(region):
            day = GivenDay(match)
            before = region[region.rfind("\n", 0, match.start()) + 1 : match.start()].strip(" \t|•·-*([—–")
            if not day.choices or (
                before and not match["label"][0].isupper() and not _THIS_PIECE.search(before)
            ):
                continue
            if re.search(r"(?i)updated|modified", match["label"]):
                updated = updated or day
            else:
                published = published or day
    if published is None:
        tail = text[-120:] if len(text) > 600 else ""
        lines = (match for region in (text[:600], tail) for match in _OWN_LINE.finditer(region))
        # beside a place only a whole date: "MOSCOW, August 2" begins a report
        days = (
            day
            for match in lines
            if (day := GivenDay(match)).choices or not (match["place"] or match["after"])
        )
        published = next((day for day in days if day.usable), None) or _above_the_report(text)
    return published, updated


def _above_the_report(text: str) -> GivenDay | None:
    """A whole date among what a page shows above its report: "Source: Wire | 2019-02-02 00:37:42 | Editor: ..."."""
    for line in text[:600].splitlines():
        words, sentence = len(line.split()), line.rstrip().endswith((".", "!", "?", '"', "”"))
        if words >= (_SENTENCE if sentence else _PROSE):
            return None
        if sentence:
            continue
        for match in _WHOLE_DATE.finditer(line):
            day = GivenDay(match)
            if day.choices and not _TELLS.search(line[: match.start()]):
                return day
    return None


def dateline(text: str) -> GivenDay | None:
    """The date behind the place that a report begins with."""
    for pattern in (_AGENCY_INSIDE, _DATE_BRACKETED, _DATE_FIRST, _DATELINE):
        for match in pattern.finditer(text[:_HEAD]):
            if pattern is _DATELINE:
                place = match["place"]
                if place and re.match(
                    r"(?:On|In|By|Since|Until|From|At|After|Before|The|This|Last|Next|As)\b", place
                ):
                    continue
                if not place and not re.search(r"[/(\[—–]|-\s|\.\s*[A-Z/]", match["stop"]):
                    continue
                if place and len(place.split()) > 6:
                    continue
                if match["stop"].strip() in {"-", "--"} and not text[match.end() - 1].isspace():
                    continue
            day = GivenDay(match)
            if day.usable:
                return day
    return None
