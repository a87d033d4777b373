"""Readings as the log holds them, with the words their spans point at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from services.api.deps import Connection
from services.core.domain.events import article_stream
from services.core.eventstore.bodies import Body, get_bodies_async
from services.core.eventstore.store import Recorded
from services.core.eventstore.upcasters import FIRST_VERSION, upcast
from services.core.projections.registry import name_of


async def bodies_of(conn: Connection, keys: Iterable[str]) -> dict[str, Body]:
    """Bodies by their hex keys; a withdrawn one is missing."""
    found = await get_bodies_async(conn, [bytes.fromhex(key) for key in set(keys)])
    return {key.hex(): body for key, body in found.items()}


async def quotations_of(
    conn: Connection, mentions: Sequence[Mapping[str, Any]], position: int
) -> dict[UUID, list[dict[str, Any]]]:
    """For each mention row the quotations that its evidence stands in or overlaps, as read by a position."""
    read = await _readings(conn, {m["article_id"] for m in mentions}, position)
    keys = await _live_bodies(conn, {(m["article_id"], m["revision"]) for m in mentions})
    texts = await bodies_of(conn, keys.values())
    found: dict[UUID, list[dict[str, Any]]] = {}
    for m in mentions:
        revision = (m["article_id"], m["revision"])
        body = texts.get(keys.get(revision, ""))
        found[m["id"]] = [
            quotation_json(m["dossier"], q, body.text if body else None)
            for q in read.get((*revision, m["dossier"]), ())
            if q["content"][0] < m["evidence_end"] and m["evidence_start"] < q["content"][1]
        ]
    return found


async def _readings(
    conn: Connection, articles: set[str], position: int
) -> dict[tuple[str, int, str], list[dict[str, Any]]]:
    """The quotations of the last reading by a position, for each article, revision and dossier."""
    cursor = await conn.execute(
        "SELECT type, data, metadata FROM events WHERE stream_name = ANY(%s) AND type = 'ExtractionCompleted'"
        " AND global_position <= %s ORDER BY global_position",
        ([article_stream(article) for article in articles], position),
    )
    found = {}
    async for row in cursor:
        data = current_data(row)
        found[data["article_id"], data["revision"], data["dossier"]] = data["quotations"]
    return found


async def _live_bodies(conn: Connection, revisions: set[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """Keys of the bodies of revisions. A withdrawn article has none, even where another has the same words."""
    cursor = await conn.execute(
        "SELECT r.article_id, r.revision, r.body_sha256 FROM read.article_revisions r"
        " JOIN read.articles a ON a.id = r.article_id AND a.state <> 'withdrawn'"
        " WHERE (r.article_id, r.revision) IN (SELECT * FROM unnest(%s::text[], %s::int[]))",
        ([article for article, _ in revisions], [revision for _, revision in revisions]),
    )
    return {(row["article_id"], row["revision"]): row["body_sha256"] async for row in cursor}


def current_data(row: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a row of `events` as the current version of its type has it."""
    return upcast(row["type"], row["data"], row["metadata"].get("schema_version", FIRST_VERSION))


def latest_readings(stream: Iterable[Recorded], revision: int) -> list[Recorded]:
    """Of an article's stream the last reading of a revision for each dossier, unless it found nothing to read."""
    latest: dict[str, Recorded] = {}
    for recorded in stream:
        if recorded.data.get("revision") == revision:
            if recorded.type == "ExtractionCompleted":
                latest[recorded.data["dossier"]] = recorded
            elif recorded.type == "ExtractionSkipped":
                latest.pop(recorded.data["dossier"], None)
    return list(latest.values())


def quotation_json(dossier: str, quotation: Mapping[str, Any], text: str | None) -> dict[str, Any]:
    """A quotation of a reading's data, with its words."""
    person, speaker = speaker_of(dossier, quotation["speaker"], text)
    return {
        "source": span_json(quotation["source"], text),
        "cue": span_json(quotation["cue"], text),
        "content": span_json(quotation["content"], text),
        "speaker": speaker,
        "person": person,
        "actor": quotation["actor"],
        "direct": quotation["direct"],
    }


def span_json(span: Sequence[int] | None, text: str | None) -> dict[str, Any] | None:
    """A span of the log with its words; without them where the article is withdrawn."""
    if span is None:
        return None
    start, end = span
    return {"start": start, "end": end, "text": None if text is None else text[start:end]}


def speaker_of(
    dossier: str, speaker: Mapping[str, Any] | None, text: str | None
) -> tuple[str | None, str | None]:
    """Person id and name to show of a speaker in the log."""
    if speaker is None:
        return None, None
    if person := speaker.get("person"):
        return person, name_of(dossier, person)
    span = speaker.get("span")
    return None, " ".join(text[slice(*span)].split()) if span and text is not None else None
