"""Timeline entries as JSON: rows of `entries` with their mentions, as of a position."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg import sql

from services.api.clocks import Clocks
from services.api.deps import Connection
from services.core.domain.calendar import first_day, last_day
from services.core.domain.review import Ruling, amended_entry
from services.core.domain.timeline import EntryKey, Mention, fold_entry
from services.core.domain.vocabulary import Status

MENTIONS_IN_LISTS = 20  # an entry alone shows all of its mentions; `counts` are always whole

ENTRY_COLUMNS = sql.SQL(
    "e.id, e.dossier, e.kind, e.plover, e.plover_mode, e.date, e.date_from, e.date_to, e.status, e.actors,"
    " e.recipients, e.outlets, e.summary, e.confidence, e.mention_count, e.outlet_count, e.story_count, e.version,"
    " e.from_position, e.change, e.cause, e.merged_into, e.change_number, e.review"
)


_WHOLE = sql.SQL("m.*")
_SHOWN = sql.SQL(  # what `mention_json` takes
    "m.entry_id, m.article_id, m.outlet, m.url, m.published_at, m.story_id, m.is_copy, m.speaker, m.person,"
    " m.confidence, m.evidence_start, m.evidence_end, m.evidence_text"
)


def entry_json(row: Mapping[str, Any], mentions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """An entry in the shape that DESIGN.md fixes. Names with `_` are for filters: `public`."""
    return {
        "id": str(row["id"]),
        "dossier": row["dossier"],
        "kind": row["kind"],
        "plover": row["plover"],
        "plover_mode": row["plover_mode"],
        "date": row["date"],
        "precision": {4: "year", 7: "month", 10: "day"}[len(row["date"])],
        "status": row["status"],
        "actors": row["actors"],
        "recipients": row["recipients"],
        "summary": row["summary"],
        "confidence": round(row["confidence"], 3),
        "counts": {
            "mentions": row["mention_count"],
            "outlets": row["outlet_count"],
            "stories": row["story_count"],
        },
        "version": row["version"],
        "review": row["review"],
        "mentions": list(mentions),
        "_period": (row["date_from"], row["date_to"]),
        "_outlets": row["outlets"],
    }


def public(entry: dict[str, Any]) -> dict[str, Any]:
    """Without what only filters need."""
    return {key: value for key, value in entry.items() if not key.startswith("_")}


def mention_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """A mention: which article tells it, whose words, and where they stand in its text."""
    return {
        "article": row["article_id"],
        "outlet": row["outlet"],
        "url": row["url"],
        "published_at": row["published_at"],
        "story": str(row["story_id"]) if row["story_id"] else None,
        "copy": row["is_copy"],
        "speaker": row["speaker"],
        "person": row["person"],
        "confidence": round(row["confidence"], 3),
        "evidence": {
            "start": row["evidence_start"],
            "end": row["evidence_end"],
            "text": row["evidence_text"],
        },
    }


async def load_mentions(
    conn: Connection, entry_ids: Collection[UUID], clocks: Clocks, *, most: int | None
) -> dict[UUID, list[dict[str, Any]]]:
    """Mention rows by entry: independent ones first, then as published. `most` for each entry: what is shown."""
    if not entry_ids:
        return {}
    reported = (
        sql.SQL(" AND m.published_on <= {}").format(sql.Literal(clocks.reported_by))
        if clocks.reported_by
        else sql.SQL("")
    )
    # Entry by entry: an index has the first of each in this order, however many there are.
    query = sql.SQL(
        "SELECT {columns} FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS e (id, place) CROSS JOIN LATERAL ("
        " SELECT * FROM read.mentions m WHERE m.entry_id = e.id AND {rows}{reported}"
        "  ORDER BY m.is_copy, m.published_on, m.published_at, m.article_id, m.id LIMIT %(most)s) AS m"
        " ORDER BY e.place, m.is_copy, m.published_on, m.published_at, m.article_id, m.id"
    ).format(columns=_WHOLE if most is None else _SHOWN, rows=clocks.rows("m"), reported=reported)
    cursor = await conn.execute(query, {"ids": list(entry_ids), "most": most})
    found: dict[UUID, list[dict[str, Any]]] = {}
    for row in await cursor.fetchall():
        found.setdefault(row["entry_id"], []).append(row)
    return found


def fold_rows(
    id_: UUID, root: EntryKey, rows: Sequence[Mapping[str, Any]], version: int, ruling: Ruling | None
) -> dict[str, Any]:
    """An entry's row as only these mentions tell it: what was published later does not show through."""
    mentions = [_mention(m) for m in rows]
    entry = fold_entry(root, mentions)
    if ruling is not None:
        entry = amended_entry(entry, mentions, ruling.changes)
    key = entry.key
    return {
        "id": id_,
        "dossier": key.dossier,
        "kind": key.kind,
        "plover": entry.plover,
        "plover_mode": entry.plover_mode,
        "date": key.date,
        "date_from": first_day(key.date),
        "date_to": last_day(key.date),
        "status": entry.status.value,
        "actors": list(entry.actors),
        "recipients": list(entry.recipients),
        "outlets": sorted({m.outlet_key for m in mentions}),
        "summary": entry.representative.sentence,
        "confidence": entry.representative.confidence,
        "mention_count": entry.counts.mentions,
        "outlet_count": entry.counts.outlets,
        "story_count": entry.counts.stories,
        "version": version,
        "review": ruling.shown() if ruling else None,
    }


def _mention(row: Mapping[str, Any]) -> Mention:
    return Mention(
        id=row["id"],
        key=EntryKey(row["dossier"], row["kind"], row["date"], tuple(row["actors"])),
        article_id=row["article_id"],
        revision=row["revision"],
        plover=row["plover"],
        plover_mode=row["plover_mode"],
        status=Status(row["status"]),
        recipients=tuple(row["recipients"]),
        person=row["person"],
        speaker=row["speaker"],
        confidence=row["confidence"],
        evidence=(row["evidence_start"], row["evidence_end"]),
        words=row["evidence_text"],
        sentence=row["sentence"],
        outlet=row["outlet"],
        url=row["url"],
        published_at=row["published_at"],
        published_on=row["published_on"],
        story_id=row["story_id"],
        copy=row["is_copy"],
    )
