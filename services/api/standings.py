"""Where actors stand, folded from their statements as the clocks ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from psycopg import sql

from services.api.clocks import Clocks, both
from services.api.deps import Connection
from services.core.domain.standing import Run, StatedPosition, current
from services.core.domain.timeline import Counts, count
from services.core.domain.vocabulary import Stance, Voice
from services.core.projections.codecs import standing_id

EVIDENCE_IN_LISTS = 10

Cell = tuple[str, str]  # actor, proposition

STATED = sql.SQL(  # what `statement_of` takes
    "s.id, s.dossier, s.actor, s.proposition, s.stance, s.date, s.voice, s.condition, s.person, s.speaker,"
    " s.confidence, s.evidence_start, s.evidence_end, s.evidence_text, s.sentence, s.article_id, s.revision, s.outlet,"
    " s.url, s.published_at, s.published_on, s.story_id, s.is_copy, s.review"
)


def conditions(clocks: Clocks, dossier: str) -> list[sql.Composable]:
    """Which rows of `statements s` the clocks let through."""
    found = [
        clocks.rows("s"),
        sql.SQL("s.dossier = {}").format(sql.Literal(dossier)),
        sql.SQL("NOT s.rejected"),
    ]
    if clocks.as_of:
        found.append(sql.SQL("s.date_to <= {}").format(sql.Literal(clocks.as_of)))
    if clocks.reported_by:
        found.append(sql.SQL("s.published_on <= {}").format(sql.Literal(clocks.reported_by)))
    return found


async def load_statements(
    conn: Connection, where: Sequence[sql.Composable]
) -> dict[Cell, list[StatedPosition]]:
    """Statements by cell."""
    query = sql.SQL("SELECT {} FROM read.statements s WHERE {}").format(STATED, both(where))
    cells: dict[Cell, list[StatedPosition]] = {}
    for row in await (await conn.execute(query)).fetchall():
        cells.setdefault((row["actor"], row["proposition"]), []).append(statement_of(row))
    return cells


def position_json(
    dossier: str, cell: Cell, statements: Sequence[StatedPosition], *, most: int | None
) -> dict[str, Any]:
    """The current stance on one cell in the shape that DESIGN.md fixes; `most` pieces of evidence."""
    run = current(statements)
    if run is None:
        raise ValueError("nothing was stated")
    return standing_json(dossier, cell, run, most=most)


def standing_json(dossier: str, cell: Cell, run: Run, *, most: int | None) -> dict[str, Any]:
    """The same, of the run that is the current one."""
    return {
        "id": _id_of(dossier, *cell),
        "dossier": dossier,
        "actor": cell[0],
        "proposition": cell[1],
        **run_json(run, most=most),
        "alternatives": _alternatives(run.otherwise, most=most),
    }


@lru_cache(maxsize=4096)
def _id_of(dossier: str, actor: str, proposition: str) -> str:
    return str(standing_id(dossier, actor, proposition))


def run_json(run: Run, *, most: int | None) -> dict[str, Any]:
    """A stretch of one stance."""
    return {
        "stance": run.stance.value,
        "condition": run.representative.condition,
        "contested": run.contested,
        "since": run.since,
        "last_stated": run.last_stated,
        "voice": run.representative.voice.value,
        "counts": _counts_json(run.counts),
        "review": run.representative.review,
        "evidence": [statement_json(s) for s in run.told_by[:most]],
    }


def _alternatives(statements: Sequence[StatedPosition], *, most: int | None) -> list[dict[str, Any]]:
    by_stance: dict[Stance, list[StatedPosition]] = {}
    for statement in statements:
        by_stance.setdefault(statement.stance, []).append(statement)
    return [
        {
            "stance": stance.value,
            "counts": _counts_json(count(told)),
            "evidence": [statement_json(s) for s in sorted(told, key=_independent_first)[:most]],
        }
        for stance, told in sorted(by_stance.items())
    ]


def _independent_first(statement: StatedPosition) -> tuple[object, ...]:
    return statement.copy, statement.published_on, statement.published_at or "", str(statement.id)


def _counts_json(counts: Counts) -> dict[str, int]:
    return {"mentions": counts.mentions, "outlets": counts.outlets, "stories": counts.stories}


def statement_json(s: StatedPosition) -> dict[str, Any]:
    """A statement as evidence: like a mention, with its own stance, day, voice and condition."""
    return {
        "article": s.article_id,
        "outlet": s.outlet,
        "url": s.url,
        "published_at": s.published_at,
        "story": str(s.story_id) if s.story_id else None,
        "copy": s.copy,
        "speaker": s.speaker,
        "person": s.person,
        "confidence": round(s.confidence, 3),
        "evidence": {"start": s.evidence[0], "end": s.evidence[1], "text": s.words},
        "stance": s.stance.value,
        "date": s.date,
        "voice": s.voice.value,
        "condition": s.condition,
        "review": s.review,
    }


def statement_of(row: Mapping[str, Any]) -> StatedPosition:
    """The statement that a row of `statements` holds."""
    return StatedPosition(
        id=row["id"],
        dossier=row["dossier"],
        actor=row["actor"],
        proposition=row["proposition"],
        stance=Stance(row["stance"]),
        date=row["date"],
        voice=Voice(row["voice"]),
        condition=row["condition"],
        person=row["person"],
        speaker=row["speaker"],
        confidence=row["confidence"],
        evidence=(row["evidence_start"], row["evidence_end"]),
        words=row["evidence_text"],
        sentence=row["sentence"],
        article_id=row["article_id"],
        revision=row["revision"],
        outlet=row["outlet"],
        url=row["url"],
        published_at=row["published_at"],
        published_on=row["published_on"],
        story_id=row["story_id"],
        copy=row["is_copy"],
        review=row["review"],
    )
