"""Timeline entries as JSON: rows of `entries` with their mentions, as of a position."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.rows import tuple_row

from services.api.clocks import Clocks
from services.api.deps import Connection
from services.core.domain.calendar import first_day, last_day
from services.core.domain.review import Ruling, amended_entry
from services.core.domain.timeline import EntryKey, Mention, fold_entry
from services.core.domain.vocabulary import Status

MENTIONS_IN_LISTS = 20  # an entry alone shows all of its mentions; `counts` are always whole

LISTED = sql.SQL(  # what `entry_json` takes, and what sorts lists
    "e.id, e.dossier, e.kind, e.plover, e.plover_mode, e.date, e.date_from, e.status, e.actors, e.recipients, e.summary,"
    " e.confidence, e.mention_count, e.outlet_count, e.story_count, e.version, e.from_position, e.change_number, e.review"
)
ENTRY_COLUMNS = sql.SQL("{}, e.date_to, e.outlets, e.change, e.cause, e.merged_into").format(LISTED)

# Entry by entry: an index has the first of each in this order, however many there are.
_MENTIONS = """
SELECT {columns} FROM unnest(string_to_array(%(ids)s, ',')::uuid[]) WITH ORDINALITY AS e (id, place) CROSS JOIN LATERAL (
    SELECT * FROM read.mentions m WHERE m.entry_id = e.id AND {rows}
     ORDER BY m.is_copy, m.published_on, m.published_at, m.article_id, m.id {limit}) AS m
 ORDER BY e.place, m.is_copy, m.published_on, m.published_at, m.article_id, m.id
"""
_SHOWN = (  # in the order in which `_shown` takes them
    "e.place, m.article_id, m.outlet, m.url, m.published_at, m.story_id::text, m.is_copy, m.speaker, m.person,"
    " m.confidence, m.evidence_start, m.evidence_end, m.evidence_text"
)


def entry_json(row: Mapping[str, Any], mentions: list[dict[str, Any]]) -> dict[str, Any]:
    """An entry in the shape that DESIGN.md fixes."""
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
        "mentions": mentions,
    }


def unseen(row: Mapping[str, Any]) -> dict[str, Any]:
    """What filters look at besides (`TimelineFilter.passes`)."""
    return {"_period": (row["date_from"], row["date_to"]), "_outlets": row["outlets"]}


def mention_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """A mention: which article tells it, whose words, and where they stand in its text."""
    return _shown(
        row["article_id"], row["outlet"], row["url"], row["published_at"],
        str(row["story_id"]) if row["story_id"] else None, row["is_copy"], row["speaker"], row["person"],
        row["confidence"], row["evidence_start"], row["evidence_end"], row["evidence_text"],
    )  # fmt: skip


def _shown(
    article: str, outlet: str | None, url: str | None, published_at: str | None, story: str | None, copy: bool,
    speaker: str | None, person: str | None, confidence: float, start: int, end: int, text: str | None,
) -> dict[str, Any]:  # fmt: skip
    return {
        "article": article,
        "outlet": outlet,
        "url": url,
        "published_at": published_at,
        "story": story,
        "copy": copy,
        "speaker": speaker,
        "person": person,
        "confidence": round(confidence, 3),
        "evidence": {"start": start, "end": end, "text": text},
    }


async def listed(conn: Connection, rows: Sequence[Mapping[str, Any]], clocks: Clocks) -> list[dict[str, Any]]:
    """Rows of entries as lists show them: each with its first mentions."""
    if not rows:
        return []
    mentions: list[list[dict[str, Any]]] = [[] for _ in rows]
    cursor = conn.cursor(row_factory=tuple_row)
    query = _mentions(_SHOWN, _in_force(clocks), MENTIONS_IN_LISTS)
    asked = _asked((row["id"] for row in rows), clocks)
    for place, *told in await (await cursor.execute(query, asked, prepare=True)).fetchall():
        mentions[place - 1].append(_shown(*told))
    return [entry_json(row, told) for row, told in zip(rows, mentions, strict=True)]


async def load_mentions(
    conn: Connection, entry_ids: Collection[UUID], clocks: Clocks
) -> dict[UUID, list[dict[str, Any]]]:
    """All mentions, as rows, by entry: independent ones first, then as published."""
    if not entry_ids:
        return {}
    query = _mentions("m.*", _in_force(clocks), None)
    found: dict[UUID, list[dict[str, Any]]] = {}
    for row in await (await conn.execute(query, _asked(entry_ids, clocks))).fetchall():
        found.setdefault(row["entry_id"], []).append(row)
    return found


def _in_force(clocks: Clocks) -> str:
    return clocks.rows_at("m") + (" AND m.published_on <= %(reported_by)s" if clocks.reported_by else "")


def _asked(entry_ids: Iterable[UUID], clocks: Clocks) -> dict[str, Any]:
    return {
        "ids": ",".join(map(str, entry_ids)),
        "position": clocks.position,
        "reported_by": clocks.reported_by,
    }


@cache
def _mentions(columns: str, rows: str, most: int | None) -> str:
    limit = "" if most is None else f"LIMIT {most}"
    return (
        sql.SQL(_MENTIONS)
        .format(columns=sql.SQL(columns), rows=sql.SQL(rows), limit=sql.SQL(limit))
        .as_string()
    )


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
