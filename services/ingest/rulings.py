"""From what an analyst sends to a ruling in the log: whether it makes sense is decided here, alone.

What stands on the timeline is read from the read tables, which follow the log; what was ruled before is read from
the log itself, so that two who rule at once cannot make a circle.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from services.core.domain.calendar import last_day
from services.core.domain.dossier import Dossier, load_dossier
from services.core.domain.events import RecordCorrected, review_stream, ruling_of
from services.core.domain.ids import derived_id
from services.core.domain.review import Verdict
from services.core.domain.submission import EARLIEST_YEAR, checked_line
from services.core.domain.vocabulary import Precision
from services.core.errors import FieldError, InvalidInput
from services.core.eventstore import locks
from services.core.eventstore.store import StreamWrite, append_async, make_event, read_stream_async
from services.core.web.database import Connection
from services.core.web.middleware import current_traceparent
from services.core.web.problems import Problem
from services.ingest.correction_schemas import (
    MAX_BY,
    MAX_REASON,
    EntryRulingPosted,
    PositionRulingPosted,
    RulingTaken,
    changes_of,
)

LOCK = f"SELECT pg_advisory_xact_lock({locks.APPEND})"
_ENTRY = """
SELECT e.dossier, e.change, e.merged_into, e.review, (
       SELECT first.kind FROM read.entries first WHERE first.id = e.id ORDER BY first.from_position LIMIT 1) AS kind
  FROM read.entries e WHERE e.id = %s AND e.to_position IS NULL
"""
_MENTIONS = "SELECT article_id, story_id FROM read.mentions WHERE entry_id = %s AND to_position IS NULL"
_STANDING = "SELECT dossier, actor, proposition FROM read.standings WHERE id = %s AND to_position IS NULL"
_STATED = """
SELECT DISTINCT coalesce(read_as ->> 0, stance) AS stance, coalesce(read_as ->> 1, date) AS date
  FROM read.statements
 WHERE dossier = %(dossier)s AND actor = %(actor)s AND proposition = %(proposition)s AND to_position IS NULL
   AND ((stance = %(stance)s AND date = %(date)s) OR (read_as ->> 0 = %(stance)s AND read_as ->> 1 = %(date)s))
"""
_LIVE = frozenset({"added", "changed"})


async def rule_on_entry(
    conn: Connection, entry_id: UUID, posted: EntryRulingPosted, *, expected: int | None, key_id: str | None
) -> RulingTaken:
    """Take down a ruling in the connection's transaction, whose caller flushes. Raises Problem, InvalidInput."""
    _check_words(posted, {"amend": "changes", "merge": "into", "split": "articles"})
    await conn.execute(LOCK)
    entry = await _row(conn, _ENTRY, (entry_id,))
    if entry is None:
        raise Problem(404, "There is no such entry")
    before = await _rulings(conn, entry_id)
    _check_version(len(before), posted.version, expected)
    mentions = await _rows(conn, _MENTIONS, (entry_id,))
    verdict = Verdict(posted.verdict)
    _check_standing(entry, _in_force(before), verdict, told=bool(mentions))
    dossier = load_dossier(entry["dossier"])
    event_id = uuid.uuid4()
    more: dict[str, Any] = {}
    if verdict is Verdict.AMEND:
        more["changes"] = _entry_changes(posted, dossier, mentions)
    elif verdict is Verdict.MERGE and posted.into is not None:
        more = await _merger(conn, entry_id, posted.into, dossier.id)
    elif verdict is Verdict.SPLIT:
        more = _split(posted, mentions) | {"part": str(derived_id("part", str(event_id)))}
    event = RecordCorrected(
        record_type="entry",
        record_id=str(entry_id),
        dossier=dossier.id,
        verdict=posted.verdict,
        key_id=key_id,
        kind=entry["kind"],
        **_said(posted),
        **more,
    )
    return await _append(conn, event_id, event, len(before), dossier)


async def rule_on_position(
    conn: Connection,
    position_id: UUID,
    posted: PositionRulingPosted,
    *,
    expected: int | None,
    key_id: str | None,
) -> RulingTaken:
    """The same on what an actor stated on a day."""
    _check_words(posted, {"amend": "changes"})
    _check_date("stated.date", posted.stated.date)
    await conn.execute(LOCK)
    cell = await _row(conn, _STANDING, (position_id,))
    if cell is None:
        raise Problem(404, "There is no such position")
    before = await _rulings(conn, position_id)
    _check_version(len(before), posted.version, expected)
    asked = {"stance": posted.stated.stance.value, "date": posted.stated.date}
    found = await _rows(conn, _STATED, cell | asked)
    if not found:
        raise InvalidInput([FieldError("stated", "Nothing tells that this was stated that day")])
    if len(found) > 1 and not (found := [row for row in found if row == asked]):
        detail = "What is shown so was read as several: name stance and date as they were read"
        raise InvalidInput([FieldError("stated", detail)])
    stated = {"actor": cell["actor"], "proposition": cell["proposition"], **found[0]}
    if Verdict(posted.verdict) is Verdict.UNDO and stated not in [r.stated for r in before]:
        raise Problem(409, "Nobody has ruled on this: there is nothing to take back")
    changes = changes_of(posted.changes)
    for name in ("stance", "date", "voice"):
        if name in changes and changes[name] is None:
            raise InvalidInput([FieldError(f"changes.{name}", "Cannot be nothing")])
    if "date" in changes:
        _check_date("changes.date", changes["date"])
    dossier = load_dossier(cell["dossier"])
    event = RecordCorrected(
        record_type="position",
        record_id=str(position_id),
        dossier=dossier.id,
        verdict=posted.verdict,
        key_id=key_id,
        stated=stated,
        changes=changes,
        **_said(posted),
    )
    return await _append(conn, uuid.uuid4(), event, len(before), dossier)


# -- what makes sense ----------------------------------------------------------------------------------------


def _check_words(posted: EntryRulingPosted | PositionRulingPosted, wanted: Mapping[str, str]) -> None:
    """Each verdict comes with what it needs and nothing else."""
    errors = []
    for verdict, name in wanted.items():
        given = getattr(posted, name) is not None
        if posted.verdict == verdict and not given:
            errors.append(FieldError(name, f"A ruling that says {verdict} needs it"))
        elif posted.verdict != verdict and given:
            errors.append(FieldError(name, f"Only a ruling that says {verdict} has it"))
    if posted.changes is not None and not posted.changes.model_fields_set:
        errors.append(FieldError("changes", "Name at least one field"))
    if errors:
        raise InvalidInput(errors)


def _said(posted: EntryRulingPosted | PositionRulingPosted) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for name, longest in (("reason", MAX_REASON), ("by", MAX_BY)):
        try:
            said[name] = checked_line(getattr(posted, name), longest)
        except ValueError as error:
            raise InvalidInput([FieldError(name, str(error))]) from None
    if said["reason"] is None:
        raise InvalidInput([FieldError("reason", "Say why")])
    return said


def _check_version(number: int, version: int | None, expected: int | None) -> None:
    """Raises Problem 409 and 412 where others ruled meanwhile."""
    detail = f"There are {number} rulings on this record"
    if version is not None and version != number:
        raise Problem(409, detail, version=number)
    if expected is not None and expected != number:
        raise Problem(412, detail, version=number)


def _check_standing(
    entry: Mapping[str, Any], in_force: RecordCorrected | None, asked: Verdict, *, told: bool
) -> None:
    """Raises Problem 409 and 410 for an entry that there is nothing to say of."""
    merged = (in_force is not None and in_force.verdict == Verdict.MERGE) or (entry["review"] or {}).get(
        "state"
    ) == "merged"
    if entry["change"] == "merged" and not merged:
        raise Problem(409, "It is part of another entry: rule on that", merged_into=str(entry["merged_into"]))
    if entry["change"] == "removed" and not told:
        raise Problem(410, "No article tells this any longer")
    if asked is Verdict.SPLIT and (merged or entry["change"] not in _LIVE):
        raise Problem(409, "It does not stand on the timeline by itself: there is nothing to split")
    if asked is Verdict.UNDO and in_force is None:
        raise Problem(409, "Nobody has ruled on this: there is nothing to take back")


def _entry_changes(
    posted: EntryRulingPosted, dossier: Dossier, mentions: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    changes = changes_of(posted.changes)
    errors = [
        FieldError(f"changes.{name}", "Cannot be nothing") for name, value in changes.items() if value is None
    ]
    for name in ("actors", "recipients"):
        for n, actor in enumerate(changes.get(name) or ()):
            if actor not in dossier.actors:
                errors.append(FieldError(f"changes.{name}.{n}", f"The dossier {dossier.id} has no such id"))
        if changes.get(name) is not None:
            changes[name] = sorted(set(changes[name]))
    if set(changes.get("actors") or ()) & set(changes.get("recipients") or ()):
        errors.append(FieldError("changes.recipients", "Nobody is actor and recipient of the same"))
    if (kind := changes.get("kind")) is not None:
        if kind in dossier.kinds:
            known = dossier.kinds[kind]
            changes |= {"plover": known.plover, "plover_mode": known.plover_mode}
        else:
            errors.append(FieldError("changes.kind", f"The dossier {dossier.id} has no such id"))
    if changes.get("date") is not None and (wrong := _date_error(changes["date"])):
        errors.append(FieldError("changes.date", wrong))
    if (article := changes.get("representative")) and article not in {m["article_id"] for m in mentions}:
        errors.append(FieldError("changes.representative", "This article does not tell this entry"))
    if errors:
        raise InvalidInput(errors)
    return changes


async def _merger(conn: Connection, entry_id: UUID, into: UUID, dossier: str) -> dict[str, Any]:
    target = await _row(conn, _ENTRY, (into,))
    wrong = None
    if into == entry_id:
        wrong = "An entry cannot be part of itself"
    elif target is None or target["dossier"] != dossier:
        wrong = "There is no such entry"
    elif target["change"] == "merged":
        wrong = f"It is part of another entry itself: name {target['merged_into']}"
    elif target["change"] not in _LIVE:
        wrong = "It does not stand on the timeline any longer"
    elif await _leads_to(conn, into, entry_id):
        wrong = "Mergers would run in a circle"
    if wrong or target is None:
        raise InvalidInput([FieldError("into", wrong or "")])
    return {"into": str(into), "into_kind": target["kind"]}


async def _leads_to(conn: Connection, start: UUID, entry_id: UUID) -> bool:
    """Whether mergers, as the log has them now, lead from one entry to another."""
    here, seen = start, set[UUID]()
    while here not in seen:
        if here == entry_id:
            return True
        seen.add(here)
        last = _in_force(await _rulings(conn, here))
        if last is None or last.verdict != Verdict.MERGE or last.into is None:
            return False
        here = UUID(last.into)
    return False


def _split(posted: EntryRulingPosted, mentions: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    mentions = list(mentions)
    asked = {str(article): n for n, article in enumerate(posted.articles or ())}
    telling = {m["article_id"] for m in mentions}
    errors = [
        FieldError(f"articles.{n}", "This article does not tell this entry")
        for article, n in asked.items()
        if article not in telling
    ]
    stories = {m["story_id"] for m in mentions if m["article_id"] in asked and m["story_id"]}
    if not errors and all(m["article_id"] in asked or m["story_id"] in stories for m in mentions):
        errors.append(
            FieldError("articles", "With their copies these are all that tell it: nothing would be left")
        )
    if errors:
        raise InvalidInput(errors)
    return {"articles": tuple(sorted(asked)), "stories": tuple(sorted(map(str, stories)))}


def _check_date(field: str, date: str) -> None:
    if wrong := _date_error(date):
        raise InvalidInput([FieldError(field, wrong)])


def _date_error(date: str) -> str | None:
    try:
        Precision.of(date)
        day = last_day(date)
    except ValueError:
        day = None
    if day is None or not day.isoformat().startswith(date):  # "+209", "２０１９"
        return "Wants a date: 2019-08-02, 2019-08 or 2019"
    if not EARLIEST_YEAR <= day.year <= dt.datetime.now(dt.UTC).year + 50:
        return f"Is not between {EARLIEST_YEAR} and fifty years from now"
    return None


# -- reading and writing ---------------------------------------------------------------------------------------


async def _rulings(conn: Connection, record_id: UUID) -> list[RecordCorrected]:
    return [ruling_of(r.data) for r in await read_stream_async(conn, review_stream(record_id))]


def _in_force(rulings: list[RecordCorrected]) -> RecordCorrected | None:
    """The last one that is not a split: those add up."""
    return next((r for r in reversed(rulings) if r.verdict != Verdict.SPLIT), None)


async def _rows(conn: Connection, query: str, parameters: Any) -> list[dict[str, Any]]:
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query.encode(), parameters)
        return await cursor.fetchall()


async def _row(conn: Connection, query: str, parameters: Any) -> dict[str, Any] | None:
    found = await _rows(conn, query, parameters)
    return found[0] if found else None


async def _append(
    conn: Connection, event_id: UUID, event: RecordCorrected, number: int, dossier: Dossier
) -> RulingTaken:
    made = make_event(
        event,
        id=event_id,
        correlation_id=event_id,
        causation_id=None,
        traceparent=current_traceparent(),
        key_id=event.key_id,
        dossier_version=dossier.version,
    )
    write = StreamWrite(review_stream(event.record_id), [made], number - 1)
    appended = await append_async(conn, [write], flush_later=True)
    return RulingTaken(
        id=UUID(event.record_id),
        verdict=Verdict(event.verdict).value,
        version=number + 1,
        global_position=appended.last,
        part=UUID(event.part) if event.part else None,
    )
