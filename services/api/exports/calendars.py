"""iCalendar (RFC 5545): each entry is a whole-day event as long as its date is coarse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from importlib.metadata import version

from services.api.exports.lines import Line
from services.api.exports.safety import one_line, plain
from services.api.exports.words import as_text
from services.core.domain.calendar import first_day, last_day

MEDIA_TYPE = "text/calendar"
OCTETS = 75  # of a content line, without its line break (3.1)


class Calendar:
    """Writes a calendar part by part."""

    def __init__(self, title: str) -> None:
        self._title = one_line(title)

    def head(self) -> bytes:
        return _lines(
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            f"PRODID:-//Treatyline//{version('treatyline')}//EN",
            "CALSCALE:GREGORIAN",
            f"NAME:{_text(self._title)}",  # RFC 7986; the next line is what older programs read
            f"X-WR-CALNAME:{_text(self._title)}",
            "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
            "X-PUBLISHED-TTL:PT1H",
        )

    def part(self, lines: Sequence[Line]) -> bytes:
        return b"".join(_lines(*_event(line)) for line in lines)

    def tail(self) -> bytes:
        return _lines("END:VCALENDAR")


def _event(line: Line) -> Iterator[str]:
    entry = line.entry
    first, last = first_day(entry["date"]), last_day(entry["date"])
    yield "BEGIN:VEVENT"
    yield f"UID:{entry['id']}@treatyline"
    yield f"DTSTAMP:{_moment(line.updated)}"
    yield f"CREATED:{_moment(line.published)}"
    yield f"LAST-MODIFIED:{_moment(line.updated)}"
    yield f"SEQUENCE:{entry['version'] - 1}"
    yield f"DTSTART;VALUE=DATE:{_day(first)}"
    if last < dt.date.max:  # the end is the day after
        yield f"DTEND;VALUE=DATE:{_day(last + dt.timedelta(days=1))}"
    coarse = "" if entry["precision"] == "day" else f" ({line.when})"
    yield f"SUMMARY:{_text(line.headline + coarse)}"
    yield f"DESCRIPTION:{_text(as_text(line))}"
    yield f"URL:{line.page}"
    yield f"CATEGORIES:{','.join(_text(name) for name in dict.fromkeys((line.kind, *line.actors)))}"
    yield f"STATUS:{'TENTATIVE' if entry['status'] == 'planned' else 'CONFIRMED'}"
    yield "TRANSP:TRANSPARENT"  # nobody is busy because of it
    yield "END:VEVENT"


def _day(day: dt.date) -> str:
    return day.isoformat().replace("-", "")  # strftime leaves out zeros before a year


def _moment(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(text: str) -> str:
    """A value of type TEXT (3.3.11)."""
    shown = plain(text).replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n")
    return shown.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _lines(*lines: str) -> bytes:
    return b"".join(fold(line) for line in lines)


def fold(line: str) -> bytes:
    """A content line in UTF-8, broken where it is too long (3.1), never inside a character."""
    rest = line.encode()
    found = bytearray()
    room = OCTETS
    while len(rest) > room:
        end = room
        while rest[end] & 0xC0 == 0x80:  # a character goes on here
            end -= 1
        found += rest[:end] + b"\r\n "
        rest = rest[end:]
        room = OCTETS - 1  # the blank counts
    return bytes(found) + rest + b"\r\n"
