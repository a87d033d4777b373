"""Readings as the log holds them, with the words their spans point at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from services.api.deps import Connection
from services.core.eventstore.bodies import Body, get_bodies_async
from services.core.eventstore.store import Recorded, read_stream_async
from services.core.projections.registry import name_of


async def bodies_of(conn: Connection, keys: Iterable[str]) -> dict[str, Body]:
    """Bodies by their hex keys; a withdrawn one is missing."""
    found = await get_bodies_async(conn, [bytes.fromhex(key) for key in set(keys)])
    return {key.hex(): body for key, body in found.items()}


async def quotations_of(
    conn: Connection, mentions: Sequence[Mapping[str, Any]]
) -> dict[UUID, list[dict[str, Any]]]:
    """For each mention row the quotations that its evidence stands in or overlaps."""
    read = await _readings(conn, {(m["article_id"], m["revision"]) for m in mentions})
    texts = await bodies_of(conn, {r["body_sha256"] for r in read.values()})
    found: dict[UUID, list[dict[str, Any]]] = {}
    for m in mentions:
        reading = read.get((m["article_id"], m["revision"]))
        if reading is None:
            continue
        body = texts.get(reading["body_sha256"])
        found[m["id"]] = [
            quotation_json(m["dossier"], q, body.text if body else None)
            for q in reading["data"]["quotations"]
            if q["content"][0] < m["evidence_end"] and m["evidence_start"] < q["content"][1]
        ]
    return found


async def _readings(
    conn: Connection, revisions: set[tuple[str, int]]
) -> dict[tuple[str, int], dict[str, Any]]:
    cursor = await conn.execute(
        "SELECT r.article_id, r.revision, r.body_sha256, v.data FROM read.article_revisions r"
        " JOIN events v ON v.global_position = r.reading_position AND v.type = 'ExtractionCompleted'"
        " WHERE (r.article_id, r.revision) IN (SELECT * FROM unnest(%s::text[], %s::int[]))",
        ([a for a, _ in revisions], [n for _, n in revisions]),
    )
    return {(row["article_id"], row["revision"]): row async for row in cursor}


async def latest_readings(conn: Connection, article_id: str, revision: int) -> list[Recorded]:
    """The latest completed reading of a revision for each dossier."""
    latest: dict[str, Recorded] = {}
    for recorded in await read_stream_async(conn, f"article-{article_id}"):
        if recorded.type == "ExtractionCompleted" and recorded.data["revision"] == revision:
            latest[recorded.data["dossier"]] = recorded
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
