"""What every format tells of an entry: its JSON, a headline, who tells it, where its page is, when it changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from services.api.deps import Connection
from services.api.exports.safety import one_line
from services.api.pages.words import date_words, number, source_name, web_address
from services.core.domain.calendar import instant_of
from services.core.domain.dossier import Dossier

BEGINNING = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)  # when nothing was recorded


class Source(NamedTuple):
    """One article's telling, as formats for people show it."""

    outlet: str
    url: str | None  # None also for what is no address of the web
    published_at: str | None
    speaker: str | None
    words: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of the timeline, ready to be written."""

    entry: dict[str, Any]
    dossier: Dossier = field(repr=False)  # large
    page: str  # its permanent address
    published: dt.datetime  # when it was first recorded here
    updated: dt.datetime  # when it last changed

    @property
    def urn(self) -> str:
        """Its id wherever it is shown: another address of the service changes nothing."""
        return f"urn:uuid:{self.entry['id']}"

    @property
    def kind(self) -> str:
        """The kind of political event in words."""
        known = self.dossier.kinds.get(self.entry["kind"])
        return known.label if known else self.entry["kind"]

    @property
    def actors(self) -> list[str]:
        """Names of those who acted."""
        return self._names("actors")

    @property
    def recipients(self) -> list[str]:
        """Names of those whom it was done to."""
        return self._names("recipients")

    @property
    def when(self) -> str:
        """Its date as a person writes it, no finer than it is known."""
        return date_words(self.entry["date"])

    @property
    def headline(self) -> str:
        """Who, what, to whom: `Russia: Suspension (towards United States)`."""
        who = ", ".join(self.actors)
        said = f"{who}: {self.kind}" if who else self.kind
        if self.recipients:
            said += f" (towards {', '.join(self.recipients)})"
        return one_line(f"{said}, planned" if self.entry["status"] == "planned" else said)

    @property
    def told_by(self) -> str:
        """How many tell it: `3 outlets, 2 independent accounts`."""
        counts = self.entry["counts"]
        return f"{number(counts['outlets'], 'outlet')}, {number(counts['stories'], 'independent account')}"

    @property
    def sources(self) -> list[Source]:
        """Who tells it, independent accounts first; of many the first twenty."""
        return [
            Source(
                source_name(m), web_address(m["url"]), m["published_at"], m["speaker"], m["evidence"]["text"]
            )
            for m in self.entry["mentions"]
        ]

    def _names(self, field: str) -> list[str]:
        known = self.dossier.actors
        return [known[id_].name if id_ in known else id_ for id_ in self.entry[field]]


async def lines_of(
    conn: Connection, entries: Sequence[dict[str, Any]], dossier: Dossier, *, position: int, base: str
) -> list[Line]:
    """Entries as `find_entries` gives them, with their times. `base` is the service's address with its slash."""
    times = await _times(conn, [UUID(entry["id"]) for entry in entries], position)
    return [
        Line(
            entry,
            dossier,
            f"{base}entries/{entry['id']}",
            *(times.get(UUID(entry["id"])) or _told(entry)),
        )
        for entry in entries
    ]


async def _times(
    conn: Connection, ids: Collection[UUID], position: int
) -> dict[UUID, tuple[dt.datetime, dt.datetime]]:
    """When entries were first recorded, and when they last changed by a position."""
    cursor = await conn.execute(
        "SELECT k.id, first.recorded_at AS published, last.recorded_at AS updated FROM ("
        "  SELECT id, min(from_position) AS first, max(from_position) AS last FROM read.entries"
        "   WHERE id = ANY(%s) AND from_position <= %s GROUP BY id) AS k"
        " JOIN events first ON first.global_position = k.first JOIN events last ON last.global_position = k.last",
        (list(ids), position),
    )
    return {row["id"]: (row["published"], row["updated"]) async for row in cursor}


def _told(entry: dict[str, Any]) -> tuple[dt.datetime, dt.datetime]:
    """For an entry that only an earlier day's reader would have seen: when it was first and last published."""
    days = sorted(instant_of(m["published_at"]) for m in entry["mentions"] if m["published_at"])
    return (days[0], days[-1]) if days else (BEGINNING, BEGINNING)


def rfc3339(moment: dt.datetime) -> str:
    """A moment in UTC to the second: 2019-08-02T12:00:00Z."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
