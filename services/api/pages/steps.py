"""The steps of the log that concern an article, in words."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.api.deps import Connection
from services.api.pages.words import VERDICTS, number
from services.api.quotes import current_data
from services.core.domain.events import RecordCorrected, review_stream
from services.core.eventstore.store import Recorded
from services.core.projections.codecs import standing_id

OTHERS = 200  # articles judged against this one that are shown
RULINGS = 200

_FORMS = {
    "json": "as JSON",
    "html": "as HTML",
    "ninjs": "as ninjs",
    "feed": "from a feed",
    "ndjson": "in bulk",
}
_SKIPPED = {"off-topic": "not about the subject", "unsupported-language": "in a language that is not read"}
_ASKED = {"retry": "somebody asked for another try", "revision": "its text changed",
          "re-reading": "another reader or dossier is in force"}  # fmt: skip
_FAILED = {"error": "reading it failed", "timeout": "reading it took too long",
           "lost": "the worker that read it was lost, again and again"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One event of the log."""

    position: int
    recorded_at: dt.datetime
    type: str
    says: str
    article: str | None = None  # another one that it speaks of
    entry: str | None = None  # what was ruled on: an entry …
    cell: tuple[str, str] | None = None  # … or a position, by actor and proposition


def steps_of(stream: Sequence[Recorded]) -> list[Step]:
    """An article's own stream."""
    return [
        Step(
            recorded.global_position,
            recorded.recorded_at,
            recorded.type,
            _says(recorded.type, recorded.data),
            recorded.data.get("of") if recorded.type == "ArticleJudgedDuplicate" else None,
        )
        for recorded in stream
    ]


async def copies_judged(conn: Connection, article_id: str, position: int) -> list[Step]:
    """Other articles that were judged copies of this one, as they stand."""
    cursor = await conn.execute(
        "SELECT e.global_position, e.recorded_at, e.type, e.data FROM read.articles a JOIN events e"
        " ON e.stream_name = 'article-' || a.id AND e.type = 'ArticleJudgedDuplicate' AND e.global_position <= %s"
        " WHERE a.duplicate_of = %s AND e.data ->> 'of' = %s ORDER BY e.global_position LIMIT %s",
        (position, article_id, article_id, OTHERS),
    )
    return [
        Step(
            row["global_position"],
            row["recorded_at"],
            row["type"],
            f"another article was judged a copy of this one, {_likeness(row['data'])}",
            row["data"]["article_id"],
        )
        async for row in cursor
    ]


async def rulings_heard(conn: Connection, article: Mapping[str, Any], position: int) -> list[Step]:
    """What analysts ruled on entries that the article tells or told, and on positions as they were read in it."""
    stated = {
        (reading["dossier"], *(record[name] for name in ("actor", "proposition", "stance", "date")))
        for reading in article["readings"]
        for record in reading["positions"]
    }
    told = await conn.execute(
        "SELECT DISTINCT entry_id FROM read.mentions WHERE article_id = %s AND from_position <= %s",
        (article["id"], position),
    )
    records = {row["entry_id"] async for row in told}
    records |= {standing_id(dossier, actor, proposition) for dossier, actor, proposition, *_ in stated}
    cursor = await conn.execute(
        "SELECT * FROM events WHERE stream_name = ANY(%s) AND type = %s AND global_position <= %s"
        " ORDER BY global_position DESC LIMIT %s",
        ([review_stream(record) for record in records], RecordCorrected.type, position, RULINGS),
    )
    found = []
    async for row in cursor:
        data = current_data(row)
        if (cell := data["stated"]) is not None:
            as_read = (data["dossier"], cell["actor"], cell["proposition"], cell["stance"], cell["date"])
            if as_read not in stated:
                continue
        what = "a position" if cell else "an event"
        by = f", {data['by']}" if data["by"] else ""
        says = f"an analyst ruled on {what} told in it: {VERDICTS[data['verdict']]}{by}, “{data['reason']}”"
        found.append(
            Step(
                row["global_position"],
                row["recorded_at"],
                row["type"],
                says,
                entry=None if cell else data["record_id"],
                cell=(cell["actor"], cell["proposition"]) if cell else None,
            )
        )
    return found


def _says(type_: str, data: Mapping[str, Any]) -> str:
    match type_:
        case "ArticleReceived":
            form = _FORMS.get(data["received_as"].partition(":")[0], f"as {data['received_as']}")
            return f"received {form}, {number(data['characters'], 'character')}"
        case "ArticleRevised":
            older = "" if data["current"] else ", older than the one in force"
            return f"revision {data['revision']} received{older}, {number(data['characters'], 'character')}"
        case "ArticleWithdrawn":
            return f"withdrawn: {data['reason']}"
        case "ArticleJudgedOriginal":
            return "no earlier account of the same words was known: it opens a story"
        case "ArticleJudgedDuplicate":
            return f"judged a copy of another article, {_likeness(data)}"
        case "ExtractionRequested":
            return f"to be read again: {_ASKED.get(data['reason'], data['reason'])}"
        case "ExtractionCompleted":
            read = ", ".join(
                number(len(data[name]), one)
                for name, one in (
                    ("political_events", "event"),
                    ("positions", "position"),
                    ("quotations", "quotation"),
                )
            )
            dropped = (
                f"; {number(data['dropped'], 'record')} did not hold and were dropped"
                if data["dropped"]
                else ""
            )
            return f"read with extractor {data['extractor_version']} for {data['dossier']}: {read}{dropped}"
        case "ExtractionSkipped":
            return f"not read for {data['dossier']}: {_SKIPPED.get(data['reason'], data['reason'])}"
        case "ExtractionFailed":
            tries = number(data["attempts"], "attempt")
            return f"{_FAILED.get(data['code'], data['code'])} ({data['error_class']}, {tries})"
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type_).lower()


def _likeness(data: Mapping[str, Any]) -> str:
    return "word for word" if data["method"] == "exact" else f"{data['similarity']:.0%} of its words"
