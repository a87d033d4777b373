"""What was read out of an article, as JSON with words, and where the timeline shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.api.deps import Connection
from services.api.quotes import quotation_json, span_json, speaker_of
from services.core.domain.timeline import EntryKey
from services.core.domain.vocabulary import Precision
from services.core.eventstore.store import Recorded
from services.core.projections.codecs import standing_id
from services.core.projections.contributions import key_of

Entries = Mapping[EntryKey, str]


async def entries_of(conn: Connection, article_id: str) -> Entries:
    """The timeline entries that an article's political events are part of, by their keys."""
    cursor = await conn.execute(
        "SELECT m.dossier, m.kind, m.date, m.actors, m.entry_id FROM read.mentions m"
        " JOIN read.entries e ON e.id = m.entry_id AND e.to_position IS NULL AND e.change IN ('added', 'changed')"
        " WHERE m.article_id = %s AND m.to_position IS NULL",
        (article_id,),
    )
    return {
        EntryKey(row["dossier"], row["kind"], row["date"], tuple(row["actors"])): str(row["entry_id"])
        async for row in cursor
    }


def reading_json(recorded: Recorded, text: str | None, entries: Entries) -> dict[str, Any]:
    """An `ExtractionCompleted` with the words that its spans point at; without them where `text` is gone."""
    data = recorded.data
    dossier = data["dossier"]

    def told(record: Mapping[str, Any]) -> dict[str, Any]:
        person, speaker = speaker_of(dossier, record["speaker"], text)
        return {
            "date": record["date"],
            "speaker": speaker,
            "person": person,
            "confidence": record["confidence"],
            "evidence": span_json(record["evidence"], text),
        }

    def position(record: Mapping[str, Any]) -> dict[str, Any]:
        return told(record) | {
            "position": str(standing_id(dossier, record["actor"], record["proposition"])),
            "actor": record["actor"],
            "proposition": record["proposition"],
            "stance": record["stance"],
            "condition": span_json(record["condition"], text),
            "voice": record["voice"],
        }

    def political_event(record: Mapping[str, Any]) -> dict[str, Any]:
        key = key_of(dossier, record)
        return told(record) | {
            "entry": entries.get(key),
            "kind": record["kind"],
            "plover": record["plover"],
            "plover_mode": record["plover_mode"],
            "precision": Precision.of(record["date"]).value,
            "status": record["status"],
            "actors": record["actors"],
            "recipients": record["recipients"],
        }

    return {
        "dossier": dossier,
        "dossier_version": data["dossier_version"],
        "extractor_version": data["extractor_version"],
        "revision": data["revision"],
        "language": data["language"],
        "positions": [position(record) for record in data["positions"]],
        "events": [political_event(record) for record in data["political_events"]],
        "quotations": [quotation_json(dossier, q, text) for q in data["quotations"]],
    }
